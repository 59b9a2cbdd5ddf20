package vision

import (
	"fmt"
	"image"
	"image/jpeg"
	"io"
)

// PictureLimits bound what ReadPicture accepts and takes.
type PictureLimits struct {
	MaxBytes  int64 // of the file
	MaxPixels int   // width times height, as the file states them
	// Memory is how many bytes the picture and its decoding may take beside the file's own. A larger picture is
	// reduced by 2, 4 or 8 while it is decoded.
	Memory int64
	// MaxMissing is the share of a damaged picture that may be missing, 0 to 1. It is filled with grey.
	MaxMissing float64
}

// DefaultPictureLimits admits what telephones make, up to 65 megapixels in 32 MiB, and takes 64 MiB to decode it:
// then a JPEG of 22 megapixels keeps its full size. A quarter of a damaged picture may be missing.
func DefaultPictureLimits() PictureLimits {
	return PictureLimits{MaxBytes: 32 << 20, MaxPixels: 65_000_000, Memory: 64 << 20, MaxMissing: 0.25}
}

// ReadPicture reads a photograph from a file: JPEG, PNG, WebP, or binary PGM and PPM (P5, P6), turned upright by its
// EXIF orientation. Transparent parts become black. A damaged picture is read as far as it goes, within the limits.
// The error says in plain words what is wrong with the file and what to do.
func ReadPicture(r io.Reader, l PictureLimits) (*Image, error) {
	data, err := io.ReadAll(io.LimitReader(r, l.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("vision: reading a picture: %w", err)
	}
	if int64(len(data)) > l.MaxBytes {
		return nil, fmt.Errorf("vision: picture of more than %d bytes (limit)", l.MaxBytes)
	}
	switch kind := kindOf(data); kind {
	case kindJPEG:
		return readJPEG(data, l)
	case kindPNG:
		return readPNG(data, l)
	case kindWebP:
		return readWebP(data, l)
	case kindPNM:
		return readPNM(data, l)
	default:
		return nil, refuseKind(kind, data)
	}
}

// check compares the size that a file states with the limit, before anything is allocated from it.
func (l *PictureLimits) check(kind string, w, h int) error {
	if w < 1 || h < 1 {
		return fmt.Errorf("vision: %s of %dx%d pixels is empty", kind, w, h)
	}
	if int64(w)*int64(h) > int64(l.MaxPixels) {
		return tooLarge(kind, w, h, *l)
	}
	return nil
}

// judge refuses a picture of which more is missing than may be.
func (l *PictureLimits) judge(kind string, missing float64, cause error) error {
	if missing <= l.MaxMissing {
		return nil
	}
	return fmt.Errorf("vision: %.0f %% of this %s is missing: %s (%w)", max(1, 100*missing), kind, adviceAgain, cause)
}

// WriteJPEG writes img as a baseline JPEG of the given quality, 1 to 100.
func WriteJPEG(w io.Writer, img *Image, quality int) error {
	if img.Width < 1 || img.Height < 1 || img.Width > maxJPEGSide || img.Height > maxJPEGSide {
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
