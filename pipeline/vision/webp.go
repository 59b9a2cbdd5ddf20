package vision

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"

	"golang.org/x/image/vp8"
	"golang.org/x/image/vp8l"
)

var errWebP = errors.New("it holds no picture")

// webPChunks are what readWebP needs of a file (RFC 9649, section 2.7).
type webPChunks struct {
	lossy, lossless []byte
	animated        bool
	orientation     int
}

// readWebP decodes a WebP within l. The libraries decode the whole picture before it can be reduced, so their memory
// counts: 1.5 bytes a pixel of the lossy kind, 8 of the lossless.
func readWebP(data []byte, l PictureLimits) (img *Image, err error) {
	defer func() { // hostile input must not end the terminal, whatever the library does with it
		if r := recover(); r != nil {
			img, err = nil, damaged("WebP", fmt.Errorf("the decoder failed on it: %v", r))
		}
	}()
	c := parseWebP(data)
	switch {
	case c.lossy != nil:
		return c.readLossy(&l)
	case c.lossless != nil:
		return c.readLossless(&l)
	case c.animated:
		return nil, &unreadable{"an animated WebP", adviceExport}
	}
	return nil, damaged("WebP", errWebP)
}

func parseWebP(data []byte) webPChunks {
	c := webPChunks{orientation: upright}
	for rest := data[12:]; len(rest) >= 8; {
		kind, size := string(rest[:4]), int64(binary.LittleEndian.Uint32(rest[4:]))
		rest = rest[8:]
		body := rest[:min(size, int64(len(rest)))]
		switch {
		case kind == "VP8 " && c.lossy == nil:
			c.lossy = body
		case kind == "VP8L" && c.lossless == nil:
			c.lossless = body
		case kind == "ANMF":
			c.animated = true
		case kind == "EXIF":
			body = bytes.TrimPrefix(body, []byte("Exif\x00\x00")) // some writers keep what JPEG needs
			c.orientation = tiffOrientation(body)
		}
		rest = rest[min(size+size&1, int64(len(rest))):]
	}
	return c
}

func (c *webPChunks) readLossy(l *PictureLimits) (*Image, error) {
	d := vp8.NewDecoder()
	d.Init(bytes.NewReader(c.lossy), len(c.lossy))
	head, err := d.DecodeFrameHeader()
	if err != nil {
		return nil, damaged("WebP", err)
	}
	step, err := webPStep(l, head.Width, head.Height, 3)
	if err != nil {
		return nil, err
	}
	frame, err := d.DecodeFrame()
	if err != nil {
		return nil, damaged("WebP", err)
	}
	return c.finish(head.Width, head.Height, step, func(row []byte, y int) {
		// VP8 is of limited range (RFC 6386, section 9.2), which package image takes for full range.
		luma := frame.Y[y*frame.YStride:][:head.Width]
		chroma := y / 2 * frame.CStride
		for x, v := range luma {
			var two [6]byte
			twoPixels(&two, v, v, frame.Cb[chroma+x/2], frame.Cr[chroma+x/2])
			copy(row[3*x:], two[:3])
		}
	}), nil
}

func (c *webPChunks) readLossless(l *PictureLimits) (*Image, error) {
	head, err := vp8l.DecodeConfig(bytes.NewReader(c.lossless))
	if err != nil {
		return nil, damaged("WebP", err)
	}
	step, err := webPStep(l, head.Width, head.Height, 16)
	if err != nil {
		return nil, err
	}
	decoded, err := vp8l.Decode(bytes.NewReader(c.lossless))
	if err != nil {
		return nil, damaged("WebP", err)
	}
	pixels, ok := decoded.(*image.NRGBA)
	if !ok {
		return nil, damaged("WebP", errWebP)
	}
	return c.finish(head.Width, head.Height, step, func(row []byte, y int) {
		from := pixels.Pix[y*pixels.Stride:]
		for x := range head.Width {
			copy(row[3*x:3*x+3], from[4*x:])
			cover(row[3*x:3*x+3], from[4*x+3])
		}
	}), nil
}

// webPStep returns by how much a picture is reduced. The library takes half as many bytes a pixel as halves says.
func webPStep(l *PictureLimits, w, h, halves int) (step int, err error) {
	if err := l.check("WebP", w, h); err != nil {
		return 0, err
	}
	library := int64(w) * int64(h) * int64(halves) / 2
	for step = 1; step <= 8; step *= 2 {
		if library+3*int64((w+step-1)/step)*int64((h+step-1)/step)+15*int64(w) <= l.Memory {
			return step, nil
		}
	}
	return 0, tooLarge("WebP", w, h, *l)
}

// finish makes the picture of rows, which row writes as they are stored.
func (c *webPChunks) finish(w, h, step int, row func(to []byte, y int)) *Image {
	out := canvas{orientation: c.orientation}
	out.reset((w+step-1)/step, (h+step-1)/step)
	r := reducer{out: &out, step: step, width: w}
	line := make([]byte, 3*w)
	for y := range h {
		row(line, y)
		r.add(line, y, h)
	}
	return out.img
}
