package credential

import (
	"bytes"
	"errors"
	"fmt"

	"umbral/pipeline/vision"
)

// maxPhotoBytes is more than a QR code can carry.
const maxPhotoBytes = 64 << 10

// ErrNoPhoto is returned for a credential without a photograph of the face.
var ErrNoPhoto = errors.New("credential: no photograph of the face")

// Photo returns the photograph for the comparison and its format: the first image of the face among the biometrics
// (attribute 62), else the binary image (16), which the specification has deprecated.
func (id *Identity) Photo() (format string, data []byte) {
	for _, b := range id.Biometrics[Face] {
		if b.Format == FormatImage || b.Format == FormatUnknown {
			return imageFormat(b.Data), b.Data
		}
	}
	if len(id.PhotoData) > 0 {
		return imageFormat(id.PhotoData), id.PhotoData
	}
	return "", nil
}

// FaceTemplate returns the first template of the face, or nil. Only the issuer of its format can compare it.
func (id *Identity) FaceTemplate() *Biometric {
	for i, b := range id.Biometrics[Face] {
		if b.Format == FormatTemplate {
			return &id.Biometrics[Face][i]
		}
	}
	return nil
}

// imageFormat returns the format that data begin with. Format numbers are not relied on: issuers write wrong ones.
func imageFormat(data []byte) string {
	has := func(at int, prefix string) bool { return len(data) >= at && bytes.HasPrefix(data[at:], []byte(prefix)) }
	switch {
	case has(0, "\xff\xd8\xff"):
		return "JPEG"
	case has(0, "RIFF") && has(8, "WEBP"):
		return "WebP"
	case has(0, "\x89PNG\r\n\x1a\n"):
		return "PNG"
	case has(0, "\x00\x00\x00\x0cjP  "), has(0, "\xff\x4f\xff\x51"):
		return "JPEG 2000"
	case has(4, "ftypavif"), has(4, "ftypavis"), has(4, "ftypmif1"):
		return "AVIF"
	case has(0, "II*\x00"), has(0, "MM\x00*"):
		return "TIFF"
	case has(0, "\xff\xa0"):
		return "WSQ"
	}
	return "unknown"
}

// DecodePhoto decodes the photograph, a JPEG, PNG or WebP. Its size is compared with Limits.MaxPhotoPixels before
// memory is taken. JPEG 2000, AVIF, TIFF and WSQ are refused by name.
func (c *Credential) DecodePhoto() (*vision.Image, error) {
	format, data := c.Identity.Photo()
	if data == nil {
		return nil, ErrNoPhoto
	}
	if len(data) > maxPhotoBytes {
		return nil, fmt.Errorf("credential: photograph of %d bytes, limit %d", len(data), maxPhotoBytes)
	}
	pixels := c.limits.MaxPhotoPixels
	if pixels == 0 {
		pixels = DefaultLimits().MaxPhotoPixels
	}
	switch format {
	case "JPEG", "PNG", "WebP":
		l := vision.DefaultPictureLimits()
		l.MaxBytes, l.MaxPixels = maxPhotoBytes, pixels
		l.MaxMissing = 0 // what an issuer signed is whole
		img, err := vision.ReadPicture(bytes.NewReader(data), l)
		if err != nil {
			return nil, fmt.Errorf("credential: photograph: %w", err)
		}
		return img, nil
	}
	return nil, fmt.Errorf("credential: photograph is %s (starts with % x), wanted JPEG, PNG or WebP",
		format, data[:min(4, len(data))])
}
