package v4l2

import (
	"errors"
	"fmt"
	"slices"

	"github.com/blackjack/webcam"
	"golang.org/x/sys/unix"

	"umbral/drivers/camera/feed"
)

// Info is what a camera says about itself.
type Info struct {
	Path     string    `json:"path"`
	Card     string    `json:"card"`
	Bus      string    `json:"bus"`
	Formats  []Format  `json:"formats"`
	Controls []Control `json:"controls"`
	// Now is what it is set to: the format's name, and its size in pixels.
	Now string `json:"now"`
}

// Format is a pixel format that a camera offers.
type Format struct {
	Code string `json:"code"`
	// Usable says that this program can read it.
	Usable bool     `json:"usable"`
	Sizes  []string `json:"sizes"`
}

// Cameras lists the nodes that are cameras, in the order of their numbers.
func Cameras() ([]string, error) {
	paths, err := kernel{}.nodes()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, path := range paths {
		fd, err := openNode(path)
		if err != nil {
			continue
		}
		if _, _, err := inspect(fd); err == nil {
			out = append(out, path)
		}
		unix.Close(fd)
	}
	return out, nil
}

func openNode(path string) (int, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("v4l2: open %s: %w", path, err)
	}
	return fd, nil
}

// Inspect asks a camera about itself. It may stream meanwhile.
func Inspect(path string) (Info, error) {
	d, who, err := kernel{}.open(path)
	if err != nil {
		return Info{}, err
	}
	info := Info{Path: path, Card: who.card, Bus: who.bus}
	fd := -1
	for _, code := range d.formats() {
		f := Format{Code: code.String()}
		_, err := feed.ParseFourCC(f.Code)
		f.Usable = err == nil || rawOf(code) != nil
		info.Formats = append(info.Formats, f)
	}
	switch n := d.(type) {
	case *node:
		fd = n.fd
		for i, code := range n.formats() {
			for _, s := range n.cam.GetSupportedFrameSizes(webcam.PixelFormat(code)) {
				info.Formats[i].Sizes = append(info.Formats[i].Sizes, sizes(s))
			}
		}
	case *planar:
		fd = n.fd
	}
	slices.SortFunc(info.Formats, func(a, b Format) int {
		if a.Usable != b.Usable {
			if a.Usable {
				return -1
			}
			return 1
		}
		return slices.Compare([]byte(a.Code), []byte(b.Code))
	})
	if p, err := d.format(); err == nil {
		info.Now = fmt.Sprintf("%v %d×%d", p.code, p.width, p.height)
	}
	info.Controls, err = controls(fd)
	if err = errors.Join(err, d.close()); err != nil {
		return info, fmt.Errorf("v4l2: %s: %w", path, err)
	}
	return info, nil
}

// sizes is one size, or a range of sizes.
func sizes(s webcam.FrameSize) string {
	if s.MinWidth == s.MaxWidth && s.MinHeight == s.MaxHeight {
		return fmt.Sprintf("%d×%d", s.MinWidth, s.MinHeight)
	}
	return fmt.Sprintf("%d×%d to %d×%d", s.MinWidth, s.MinHeight, s.MaxWidth, s.MaxHeight)
}

// Set sets controls of a camera, which may stream meanwhile. The error names each that could not be set.
func Set(path string, wanted []feed.Setting) error {
	fd, err := openNode(path)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if _, _, err := inspect(fd); err != nil {
		return fmt.Errorf("v4l2: %s: %w", path, err)
	}
	if err := apply(fd, wanted); err != nil {
		return fmt.Errorf("v4l2: %s: %w", path, err)
	}
	return nil
}
