// Package footage renders a scene of package replay into the frames that the emulated camera shows.
package footage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"

	"umbral/config/paths"
	"umbral/drivers/camera/feed"
	"umbral/drivers/camera/replay"
	"umbral/scripts/device/usbip"
)

// quality of the JPEGs: what cameras send is of this order.
const quality = 85

// Frame is one rendered frame.
type Frame struct {
	Label string // of the scene's step
	usbip.Picture
}

// Render plays the scene in a file once, at its own rate, width by height pixels.
func Render(ctx context.Context, path string, width, height int) ([]Frame, error) {
	o := feed.DefaultOpts()
	o.Width, o.Height, o.Pictures = width, height, paths.Pictures()
	o.Pace, o.Once = feed.AsTaken, true
	s, err := replay.New(path, o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	var out []Frame
	for {
		f, err := s.Frame(ctx)
		if errors.Is(err, feed.ErrEnd) {
			return out, <-done
		}
		if err != nil {
			cancel()
			return nil, errors.Join(err, <-done)
		}
		frame, err := convert(f)
		frame.Label = s.Stats().Note
		f.Release()
		if err != nil {
			cancel()
			return nil, errors.Join(err, <-done)
		}
		out = append(out, frame)
	}
}

// Text renders a scene that is given as text.
func Text(ctx context.Context, dir, scene string, width, height int) ([]Frame, error) {
	path := filepath.Join(dir, "scene.toml")
	if err := os.WriteFile(path, []byte(scene), 0o644); err != nil {
		return nil, fmt.Errorf("footage: %w", err)
	}
	return Render(ctx, path, width, height)
}

// Loop shows frames again and again.
func Loop(frames []Frame) func(n int) usbip.Picture {
	return func(n int) usbip.Picture { return frames[n%len(frames)].Picture }
}

func convert(f *feed.Frame) (Frame, error) {
	if f.Format != feed.YUYV {
		return Frame{}, fmt.Errorf("footage: %v frames, wanted YUYV", f.Format)
	}
	m := image.NewYCbCr(image.Rect(0, 0, f.Width, f.Height), image.YCbCrSubsampleRatio422)
	// V4L2's YUYV is in studio range, JPEG in full range.
	full := func(v byte, offset, span int) byte {
		return byte(min(max((int(v)-offset)*255/span, 0), 255))
	}
	for y := range f.Height {
		line := f.Data[y*f.Stride:]
		for x := range f.Width {
			m.Y[y*m.YStride+x] = full(line[2*x], 16, 219)
		}
		for x := range f.Width / 2 {
			m.Cb[y*m.CStride+x] = byte(128 + (int(line[4*x+1])-128)*255/224)
			m.Cr[y*m.CStride+x] = byte(128 + (int(line[4*x+3])-128)*255/224)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		return Frame{}, fmt.Errorf("footage: %w", err)
	}
	return Frame{Picture: usbip.Picture{JPEG: b.Bytes(), YUYV: usbip.YUYV(m)}}, nil
}
