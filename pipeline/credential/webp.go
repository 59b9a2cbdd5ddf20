package credential

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"

	"golang.org/x/image/webp"

	"umbral/pipeline/vision"
)

// decodeWebP decodes a WebP picture of at most so many pixels.
func decodeWebP(data []byte, pixels int) (img *vision.Image, err error) {
	if err := checkWebP(data, pixels); err != nil {
		return nil, fmt.Errorf("credential: photograph: %w", err)
	}
	defer func() { // hostile input must not end the terminal, whatever the library does with it
		if r := recover(); r != nil {
			img, err = nil, fmt.Errorf("credential: photograph: WebP: the decoder failed on it: %v", r)
		}
	}()
	decoded, err := webp.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("credential: photograph: %w", err)
	}
	b := decoded.Bounds()
	img = vision.NewImage(b.Dx(), b.Dy())
	for y := range img.Height {
		row := img.Row(y)
		for x := range img.Width {
			pixel(row[3*x:3*x+3], decoded, b.Min.X+x, b.Min.Y+y)
		}
	}
	return img, nil
}

// pixel copies one pixel. WebP's lossy pictures are YCbCr of limited range (RFC 6386, section 9.2), which package image
// takes for full range.
func pixel(to []byte, from image.Image, x, y int) {
	var luma, cb, cr int
	switch m := from.(type) {
	case *image.YCbCr:
		c := m.YCbCrAt(x, y)
		luma, cb, cr = int(c.Y), int(c.Cb), int(c.Cr)
	case *image.NYCbCrA:
		c := m.YCbCrAt(x, y)
		luma, cb, cr = int(c.Y), int(c.Cb), int(c.Cr)
	default:
		r, g, b, _ := from.At(x, y).RGBA()
		to[0], to[1], to[2] = byte(r>>8), byte(g>>8), byte(b>>8)
		return
	}
	// In units of 1/1024: BT.601 as in package vision.
	l, u, v := 1192*(luma-16)+512, cb-128, cr-128
	to[0] = clamp((l + 1634*v) >> 10)
	to[1] = clamp((l - 401*u - 832*v) >> 10)
	to[2] = clamp((l + 2066*u) >> 10)
}

func clamp(v int) byte { return byte(max(0, min(v, 255))) }

// checkWebP compares every size that stands in the file with the limit: the extended header's and that of each frame,
// which a hostile file may let differ (RFC 9649, sections 2.5 to 2.7).
func checkWebP(data []byte, pixels int) error {
	check := func(w, h int) error {
		if w < 1 || h < 1 || w*h > pixels {
			return fmt.Errorf("WebP of %d×%d pixels, limit %d pixels", w, h, pixels)
		}
		return nil
	}
	if len(data) < 12 {
		return errors.New("WebP: cut off")
	}
	frames := 0
	for rest := data[12:]; len(rest) >= 8; {
		kind, size := string(rest[:4]), int64(binary.LittleEndian.Uint32(rest[4:]))
		rest = rest[8:]
		body := rest[:min(size, int64(len(rest)))]
		var err error
		switch {
		case kind == "VP8X" && len(body) >= 10:
			w := 1 + int(body[4]) + int(body[5])<<8 + int(body[6])<<16
			h := 1 + int(body[7]) + int(body[8])<<8 + int(body[9])<<16
			err = check(w, h)
		case kind == "VP8 " && len(body) >= 10:
			frames++
			err = check(int(binary.LittleEndian.Uint16(body[6:])&0x3fff), int(binary.LittleEndian.Uint16(body[8:])&0x3fff))
		case kind == "VP8L" && len(body) >= 5:
			frames++
			bits := binary.LittleEndian.Uint32(body[1:])
			err = check(1+int(bits&0x3fff), 1+int(bits>>14&0x3fff))
		}
		if err != nil {
			return err
		}
		rest = rest[min(size+size&1, int64(len(rest))):]
	}
	if frames != 1 {
		return fmt.Errorf("WebP with %d frames, wanted 1", frames)
	}
	return nil
}
