package r503

import (
	"context"
	"errors"
	"fmt"

	"umbral/drivers/fingerprint"
	"umbral/drivers/fingerprint/zfm"
)

// Capture takes a picture and reads it. One of an R503 takes 3.4 s at 57,600 baud and 1.7 s at 115,200 baud, one of 256 ×
// 288 pixels twice as long. A picture that arrives damaged is asked for again.
func (s *Sensor) Capture(ctx context.Context) (img fingerprint.Image, err error) {
	err = s.do(ctx, func(ctx context.Context) error {
		if err := s.run(ctx, zfm.GenImg); err != nil {
			return err
		}
		for try := 0; ; try++ {
			size, err := s.upload(ctx)
			if err == nil {
				img = s.unpacked(size)
				return nil
			}
			if ctx.Err() != nil {
				s.link.close() // the rest of the picture may still come
				return err
			}
			if !resumable(err) || try == s.opts.Repeat {
				if damaged(err) {
					err = fmt.Errorf("%w: %v", fingerprint.ErrAnswer, err)
				}
				return err
			}
			s.link.count.Repeated++
			s.link.doubt = true
		}
	})
	return img, err
}

// errUnsent is a module without a picture to send, such as one that lost power after it took one.
var errUnsent = fmt.Errorf("%w: it has no picture to send", fingerprint.ErrAnswer)

// resumable reports whether a picture can be asked for once more: it came damaged, or not to its end.
func resumable(err error) bool { return damaged(err) || errors.Is(err, fingerprint.ErrSilent) }

// upload asks for the picture that was taken and reads it into s.raw.
func (s *Sensor) upload(ctx context.Context) (Size, error) {
	code, _, err := s.command(ctx, zfm.UpImage)
	if err == nil && (code == zfm.NotSent || code == zfm.NoPicture) {
		return Size{}, errUnsent
	}
	if err = either(err, zfm.UpImage, code); err != nil {
		return Size{}, err
	}
	n, err := s.link.data(ctx, s.raw)
	if err != nil {
		return Size{}, err
	}
	size, err := s.opts.size(s.module.size, n)
	if damaged(err) {
		s.link.count.Damaged++
	}
	return size, err
}

// unpacked returns the picture in s.raw, in which a byte holds two pixels of four bits.
func (s *Sensor) unpacked(size Size) fingerprint.Image {
	img := fingerprint.Image{Pix: make([]byte, size.Width*size.Height), Width: size.Width, Height: size.Height, DPI: size.DPI}
	for i, b := range s.raw[:len(img.Pix)/2] {
		img.Pix[2*i], img.Pix[2*i+1] = b>>4*17, b&15*17
	}
	return img
}
