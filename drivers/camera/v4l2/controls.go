package v4l2

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"umbral/drivers/camera/feed"
)

// Kind is what values a control takes.
type Kind string

// The kinds that can be set here. Buttons, texts and arrays are not for a gate.
const (
	Integer Kind = "integer"
	Switch  Kind = "switch"
	Choice  Kind = "choice"
)

// Control is a setting that a camera has (VIDIOC_QUERYCTRL).
type Control struct {
	Name    string  `json:"name"`
	Kind    Kind    `json:"kind"`
	Min     int32   `json:"min"`
	Max     int32   `json:"max"`
	Step    int32   `json:"step"`
	Default int32   `json:"default"`
	Value   int32   `json:"value"`
	Choices []Named `json:"choices,omitempty"` // of a Choice
	// Live says that it can be changed now, also while the camera streams. One that an automatic takes care of can't.
	Live bool `json:"live"`

	id uint32
}

// Named is a value of a Choice.
type Named struct {
	Value int32  `json:"value"`
	Name  string `json:"name"`
}

const (
	nextControl   = 0x80000000 // V4L2_CTRL_FLAG_NEXT_CTRL
	flagDisabled  = 0x0001     // V4L2_CTRL_FLAG_DISABLED
	flagGrabbed   = 0x0002     // V4L2_CTRL_FLAG_GRABBED
	flagReadOnly  = 0x0004     // V4L2_CTRL_FLAG_READ_ONLY
	flagInactive  = 0x0010     // V4L2_CTRL_FLAG_INACTIVE
	flagWriteOnly = 0x0040     // V4L2_CTRL_FLAG_WRITE_ONLY

	kindInteger     = 1 // V4L2_CTRL_TYPE_INTEGER
	kindBoolean     = 2 // V4L2_CTRL_TYPE_BOOLEAN
	kindMenu        = 3 // V4L2_CTRL_TYPE_MENU
	kindIntegerMenu = 9 // V4L2_CTRL_TYPE_INTEGER_MENU
)

// Limits of what a driver may tell.
const (
	maxControls = 256
	maxChoices  = 64
)

// controls lists the controls of an open node in the driver's order.
func controls(fd int) ([]Control, error) {
	var out []Control
	q := controlQuery{}
	for range maxControls {
		last := q.id
		q = controlQuery{id: last | nextControl}
		if err := request(fd, vidiocQueryCtrl, unsafe.Pointer(&q)); err != nil {
			if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTTY) {
				return out, nil // there are no more
			}
			return out, fmt.Errorf("VIDIOC_QUERYCTRL after %#x: %w", last, err)
		}
		if q.id <= last {
			return out, fmt.Errorf("VIDIOC_QUERYCTRL: the driver lists %#x after %#x", q.id, last)
		}
		if c, ok := describe(fd, &q); ok {
			out = append(out, c)
		}
	}
	return out, nil
}

// describe makes a control of what the driver says of it; false for one that is not for us.
func describe(fd int, q *controlQuery) (Control, bool) {
	c := Control{
		Name: feed.SettingName(cString(q.name[:])), Min: q.min, Max: q.max, Step: max(q.step, 1), Default: q.init, id: q.id,
		Live: q.flags&(flagGrabbed|flagReadOnly|flagInactive) == 0,
	}
	switch q.kind {
	case kindInteger:
		c.Kind = Integer
	case kindBoolean:
		c.Kind = Switch
	case kindMenu, kindIntegerMenu:
		c.Kind = Choice
	default:
		return c, false
	}
	if c.Name == "" || q.flags&(flagDisabled|flagWriteOnly) != 0 {
		return c, false
	}
	if c.Kind == Choice {
		for i := max(q.min, 0); i <= q.max && i < maxChoices; i++ {
			m := menuQuery{id: q.id, index: uint32(i)}
			if request(fd, vidiocQueryMenu, unsafe.Pointer(&m)) != nil {
				continue // a hole in the menu
			}
			name := cString(m.name[:])
			if q.kind == kindIntegerMenu {
				name = fmt.Sprint(int64(binary.LittleEndian.Uint64(m.name[:])))
			}
			c.Choices = append(c.Choices, Named{i, name})
		}
	}
	v := controlValue{id: q.id}
	if request(fd, vidiocGetCtrl, unsafe.Pointer(&v)) != nil {
		return c, false
	}
	c.Value = v.value
	return c, true
}

// set sets a control, and looks whether the camera took the value: some take the nearest that they have.
func set(fd int, c *Control, value int32) error {
	switch {
	case value < c.Min || value > c.Max:
		return fmt.Errorf("%s: %d, limit %d to %d", c.Name, value, c.Min, c.Max)
	case c.Kind == Choice && !slices.ContainsFunc(c.Choices, func(n Named) bool { return n.Value == value }):
		return fmt.Errorf("%s: %d, choices are %s", c.Name, value, choices(c))
	}
	v := controlValue{id: c.id, value: value}
	if err := request(fd, vidiocSetCtrl, unsafe.Pointer(&v)); err != nil {
		hint := ""
		if !c.Live {
			hint = " (is an automatic in charge of it?)"
		}
		return fmt.Errorf("%s: %w%s", c.Name, err, hint)
	}
	v = controlValue{id: c.id}
	if err := request(fd, vidiocGetCtrl, unsafe.Pointer(&v)); err != nil {
		return fmt.Errorf("%s: read again: %w", c.Name, err)
	}
	if v.value != value {
		return fmt.Errorf("%s: the camera took %d instead of %d (steps of %d)", c.Name, v.value, value, c.Step)
	}
	c.Value = v.value
	return nil
}

func choices(c *Control) string {
	var out []string
	for _, n := range c.Choices {
		out = append(out, fmt.Sprintf("%d %s", n.Value, n.Name))
	}
	return strings.Join(out, ", ")
}

// apply sets controls: switches and choices first, because a time or a distance can be set only when its automatic is off.
func apply(fd int, wanted []feed.Setting) error {
	known, err := controls(fd)
	errs := []error{err}
	if len(known) > 0 {
		errs = nil
	}
	for _, numbers := range []bool{false, true} {
		for _, w := range wanted {
			i := slices.IndexFunc(known, func(c Control) bool { return c.Name == w.Name })
			switch {
			case i < 0 && !numbers:
				errs = append(errs, fmt.Errorf("%s: this camera has no such control (umbral camera info lists them)", w.Name))
			case i >= 0 && (known[i].Kind == Integer) == numbers:
				errs = append(errs, set(fd, &known[i], w.Value))
			}
		}
	}
	return errors.Join(errs...)
}

func (n *node) control(wanted []feed.Setting) error { return apply(n.fd, wanted) }

// request is ioctl(2).
func request(fd int, what uintptr, data unsafe.Pointer) error {
	for {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), what, uintptr(data))
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return errno
		}
		return nil
	}
}
