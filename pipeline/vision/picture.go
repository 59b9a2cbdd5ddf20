package vision

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
)

// PictureLimits bound what ReadPicture accepts.
type PictureLimits struct {
	MaxBytes  int64 // of the file
	MaxPixels int   // width times height
}

// DefaultPictureLimits admits a phone's photograph of 16 megapixels in 16 MiB. The picture itself then takes 48 MB; a
// progressive JPEG of that size takes up to 200 MB more while it is decoded.
func DefaultPictureLimits() PictureLimits {
	return PictureLimits{MaxBytes: 16 << 20, MaxPixels: 16_000_000}
}

// maxScans bounds the work that a progressive JPEG can ask for: a scan of a few bytes passes over the whole picture.
// Encoders write about ten.
const maxScans = 100

// ReadPicture reads a photograph from a file: JPEG (baseline and progressive, turned upright by its EXIF orientation),
// PNG (transparent parts become black), or binary PGM and PPM (P5, P6). The size is compared with the limits before
// memory is taken for the pixels.
func ReadPicture(r io.Reader, l PictureLimits) (*Image, error) {
	data, err := io.ReadAll(io.LimitReader(r, l.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("vision: reading a picture: %w", err)
	}
	if int64(len(data)) > l.MaxBytes {
		return nil, fmt.Errorf("vision: picture of more than %d bytes (limit)", l.MaxBytes)
	}
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8")):
		return readJPEG(data, l)
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return readPNG(data, l)
	case bytes.HasPrefix(data, []byte("P5")), bytes.HasPrefix(data, []byte("P6")):
		return readPNM(data, l)
	case len(data) == 0:
		return nil, errors.New("vision: picture is an empty file")
	}
	return nil, fmt.Errorf("vision: picture starts with % x, which is none of JPEG, PNG, PGM (P5), PPM (P6)", data[:min(4, len(data))])
}

func (l PictureLimits) check(kind string, w, h int) error {
	if w < 1 || h < 1 {
		return fmt.Errorf("vision: %s of %dx%d pixels is empty", kind, w, h)
	}
	if int64(w)*int64(h) > int64(l.MaxPixels) {
		return fmt.Errorf("vision: %s of %dx%d pixels, limit %d pixels", kind, w, h, l.MaxPixels)
	}
	return nil
}

func readJPEG(data []byte, l PictureLimits) (*Image, error) {
	head, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("vision: JPEG header: %w", err)
	}
	if err := l.check("JPEG", head.Width, head.Height); err != nil {
		return nil, err
	}
	if n := bytes.Count(data, []byte{0xff, markerSOS}); n > maxScans {
		return nil, fmt.Errorf("vision: JPEG of %d scans, limit %d (made to take long?)", n, maxScans)
	}
	decoded, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("vision: JPEG: %w", err)
	}
	return orient(toRGB(decoded), exifOrientation(data)), nil
}

func readPNG(data []byte, l PictureLimits) (*Image, error) {
	head, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("vision: PNG header: %w", err)
	}
	if err := l.check("PNG", head.Width, head.Height); err != nil {
		return nil, err
	}
	decoded, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("vision: PNG: %w", err)
	}
	return toRGB(decoded), nil
}

// toRGB copies a decoded picture. The kinds that photographs come in go by rows; the rest pixel by pixel.
func toRGB(from image.Image) *Image {
	b := from.Bounds()
	to := NewImage(b.Dx(), b.Dy())
	for y := range to.Height {
		row := to.Row(y)
		switch m := from.(type) {
		case *image.Gray:
			greyToRGB(row, m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):])
		case *image.RGBA:
			pixels := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):]
			for x := range to.Width {
				copy(row[3*x:3*x+3], pixels[4*x:])
			}
		case *image.YCbCr:
			for x := range to.Width {
				c := m.YCbCrAt(b.Min.X+x, b.Min.Y+y)
				fullRange((*[3]byte)(row[3*x:]), c.Y, c.Cb, c.Cr)
			}
		default:
			for x := range to.Width {
				r, g, b, _ := from.At(b.Min.X+x, b.Min.Y+y).RGBA()
				p := row[3*x:][:3]
				p[0], p[1], p[2] = byte(r>>8), byte(g>>8), byte(b>>8)
			}
		}
	}
	return to
}

// WriteJPEG writes img as a baseline JPEG of the given quality, 1 to 100.
func WriteJPEG(w io.Writer, img *Image, quality int) error {
	if img.Width < 1 || img.Height < 1 || img.Width > 65535 || img.Height > 65535 {
		return fmt.Errorf("vision: writing a JPEG of %dx%d pixels, each side 1 to 65535", img.Width, img.Height)
	}
	rgba := image.NewRGBA(image.Rect(0, 0, img.Width, img.Height))
	for y := range img.Height {
		row, to := img.Row(y), rgba.Pix[y*rgba.Stride:]
		for x := range img.Width {
			copy(to[4*x:], row[3*x:3*x+3])
			to[4*x+3] = 255
		}
	}
	if err := jpeg.Encode(w, rgba, &jpeg.Options{Quality: quality}); err != nil {
		return fmt.Errorf("vision: writing a JPEG: %w", err)
	}
	return nil
}
