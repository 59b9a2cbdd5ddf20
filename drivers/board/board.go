package board

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Board is what is known of this machine.
type Board struct {
	Model        string        `json:"model"`
	Compatible   []string      `json:"compatible,omitempty"` // by the device tree, the board first and the SoC last
	Profile      string        `json:"profile"`
	Kernel       string        `json:"kernel"`
	Arch         string        `json:"arch"`
	Memory       int64         `json:"memory_bytes"`
	Buses        []Bus         `json:"buses"`
	Temperatures []Temperature `json:"temperatures"`
	LEDs         []string      `json:"leds"`
	Throttled    []string      `json:"throttled,omitempty"` // what the SoC tells, nil where it tells nothing
}

// Read looks at this machine. A profile of "auto" is found by the device tree. What cannot be read is left out.
func Read(profile string) (Board, *Profile, error) {
	b, err := readFrom("/")
	if err != nil {
		return b, nil, err
	}
	b.Temperatures, b.LEDs = temperatures(), leds()
	var name unix.Utsname
	var info unix.Sysinfo_t
	if err := unix.Uname(&name); err != nil {
		return b, nil, fmt.Errorf("board: uname: %w", err)
	}
	if err := unix.Sysinfo(&info); err != nil {
		return b, nil, fmt.Errorf("board: sysinfo: %w", err)
	}
	b.Kernel = unix.ByteSliceToString(name.Sysname[:]) + " " + unix.ByteSliceToString(name.Release[:])
	b.Arch = unix.ByteSliceToString(name.Machine[:])
	b.Memory = int64(info.Totalram) * int64(info.Unit)
	p, err := Find(profile, b.Compatible)
	if err != nil {
		return b, nil, err
	}
	b.Profile = p.ID
	return b, p, nil
}

// readFrom reads the files below root.
func readFrom(root string) (b Board, err error) {
	tree := filepath.Join(root, "sys/firmware/devicetree/base")
	b.Model = read(filepath.Join(tree, "model"))
	if text, err := os.ReadFile(filepath.Join(tree, "compatible")); err == nil {
		for name := range bytes.FieldsFuncSeq(text, func(r rune) bool { return r == 0 }) {
			b.Compatible = append(b.Compatible, string(name))
		}
	}
	if b.Model == "" { // a PC
		dmi := filepath.Join(root, "sys/class/dmi/id")
		b.Model = strings.TrimSpace(read(filepath.Join(dmi, "sys_vendor")) + " " + read(filepath.Join(dmi, "product_name")))
	}
	if b.Model == "" {
		b.Model = "unknown"
	}
	b.Throttled = throttled(read(filepath.Join(root, "sys/devices/platform/soc/soc:firmware/get_throttled")))
	b.Buses, err = buses(root)
	return b, err
}

// SoC returns the name of the SoC by the device tree; empty where it is not known.
func (b *Board) SoC() string {
	if len(b.Compatible) == 0 {
		return ""
	}
	return b.Compatible[len(b.Compatible)-1]
}

// read returns the text of a small file of the kernel's without its end; empty where there is none.
func read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(bytes.Trim(text, "\x00\n "))
}

// throttled explains the bits of the Raspberry Pi firmware's get_throttled.
func throttled(text string) (list []string) {
	n, err := strconv.ParseUint(strings.TrimPrefix(text, "0x"), 16, 32)
	if err != nil {
		return nil
	}
	list = []string{}
	for bit, what := range []string{"under-voltage", "frequency capped", "throttled", "soft temperature limit"} {
		switch {
		case n>>bit&1 == 1:
			list = append(list, what+" now")
		case n>>(bit+16)&1 == 1:
			list = append(list, what+" since the boot")
		}
	}
	return list
}
