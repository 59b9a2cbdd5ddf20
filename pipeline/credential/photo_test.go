package credential

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"strings"
	"testing"

	"umbral/config/paths/pathstest"
)

// pictureOf encodes a picture of that size.
func pictureOf(w, h int, format string) []byte {
	var b bytes.Buffer
	img := image.NewGray(image.Rect(0, 0, w, h))
	if format == "PNG" {
		_ = png.Encode(&b, img)
	} else {
		_ = jpeg.Encode(&b, img, nil)
	}
	return b.Bytes()
}

// Which of the biometrics and attributes is the photograph.
func TestWhichPhoto(t *testing.T) {
	picture, other := pictureOf(16, 16, "JPEG"), pictureOf(16, 16, "PNG")
	faces := func(list ...Biometric) map[Part][]Biometric { return map[Part][]Biometric{Face: list} }
	for name, c := range map[string]struct {
		id     Identity
		format string
		data   []byte
	}{
		"none": {Identity{}, "", nil},
		"an image of the face": {Identity{Biometrics: faces(Biometric{Data: picture, Format: FormatImage})},
			"JPEG", picture},
		"of a format that is not said": {Identity{Biometrics: faces(Biometric{Data: picture, Format: FormatUnknown})},
			"JPEG", picture},
		"a template first": {Identity{Biometrics: faces(Biometric{Data: other, Format: FormatTemplate},
			Biometric{Data: picture, Format: FormatImage})}, "JPEG", picture},
		"templates only": {Identity{Biometrics: faces(Biometric{Data: other, Format: FormatTemplate})},
			"", nil},
		"an image of a thumb": {Identity{Biometrics: map[Part][]Biometric{RightThumb: {{Data: picture}}}}, "",
			nil},
		"the attribute": {Identity{PhotoData: other}, "PNG", other},
		"both": {Identity{PhotoData: other, Biometrics: faces(Biometric{Data: picture})},
			"JPEG", picture},
		"two images": {Identity{Biometrics: faces(Biometric{Data: picture}, Biometric{Data: other})},
			"JPEG", picture},
	} {
		if format, data := c.id.Photo(); format != c.format || !bytes.Equal(data, c.data) {
			t.Errorf("%s: %s of %d bytes", name, format, len(data))
		}
	}
	id := Identity{Biometrics: faces(Biometric{Data: picture}, Biometric{Data: other, Format: FormatTemplate})}
	if f := id.FaceTemplate(); f == nil || !bytes.Equal(f.Data, other) {
		t.Errorf("the template is %+v", f)
	}
	if f := (&Identity{Biometrics: faces(Biometric{Data: picture})}).FaceTemplate(); f != nil {
		t.Errorf("an image is the template %+v", f)
	}
}

func TestImageFormats(t *testing.T) {
	for data, want := range map[string]string{
		"\xff\xd8\xff": "JPEG", "\xff\xd8": "unknown", "RIFF....WEBP": "WebP", "RIFF....WAVE": "unknown",
		"....    WEBP": "unknown", "RIFF": "unknown",
		"\x89PNG\r\n\x1a\n": "PNG", "\x89PNG": "unknown", "\x00\x00\x00\x0cjP  ": "JPEG 2000",
		"\xff\x4f\xff\x51": "JPEG 2000",
		"....ftypavif":     "AVIF", "....ftypavis": "AVIF", "....ftypmif1": "AVIF", "....ftypheic": "unknown",
		"II*\x00": "TIFF", "MM\x00*": "TIFF", "\xff\xa0": "WSQ", "": "unknown",
	} {
		if got := imageFormat([]byte(data)); got != want {
			t.Errorf("%q is %s, want %s", data, got, want)
		}
	}
}

func TestPhotoLimits(t *testing.T) {
	decode := func(data []byte, pixels int) error {
		c := &Credential{Identity: Identity{PhotoData: data}, limits: Limits{MaxPhotoPixels: pixels}}
		img, err := c.DecodePhoto()
		if err == nil && img.Width*img.Height == 0 {
			t.Error("an empty picture")
		}
		return err
	}
	for _, format := range []string{"JPEG", "PNG"} {
		data := pictureOf(40, 50, format)
		if err := decode(data, 2000); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if err := decode(data, 1999); err == nil {
			t.Errorf("%s: decoded beyond the limit", format)
		}
	}
	if err := decode(pictureOf(1024, 1024, "PNG"), 0); err != nil {
		t.Errorf("the default limit: %v", err)
	}
	if err := decode(pictureOf(1024, 1025, "PNG"), 0); err == nil {
		t.Error("decoded beyond the default limit")
	}
	picture := pictureOf(16, 16, "JPEG")
	if err := decode(append(picture, make([]byte, maxPhotoBytes-len(picture))...), 256); err != nil {
		t.Errorf("%d bytes: %v", maxPhotoBytes, err)
	}
	if err := decode(append(picture, make([]byte, maxPhotoBytes-len(picture)+1)...), 256); err == nil ||
		!strings.Contains(err.Error(), "limit") {
		t.Errorf("%d bytes: %v", maxPhotoBytes+1, err)
	}
	torn := pictureOf(200, 200, "JPEG")
	if err := decode(torn[:len(torn)*2/3], 200*200); err == nil {
		t.Error("two thirds of a picture are decoded: what is signed is whole")
	}
	for _, data := range [][]byte{{1}, []byte("abcdef")} {
		if err := decode(data, 256); err == nil || !strings.Contains(err.Error(), "unknown") {
			t.Errorf("% x: %v", data, err)
		}
	}
}

func TestPhotos(t *testing.T) {
	c := &Credential{}
	if _, err := c.DecodePhoto(); err != ErrNoPhoto {
		t.Errorf("without a photograph: %v", err)
	}
	for name, data := range map[string]string{
		"JPEG 2000": "\x00\x00\x00\x0cjP  \r\n\x87\n", "AVIF": "\x00\x00\x00\x1cftypavif", "WSQ": "\xff\xa0",
		"unknown": "?",
	} {
		c.Identity.Biometrics = map[Part][]Biometric{Face: {{Data: []byte(data), Format: FormatImage, SubFormat: 1}}}
		if _, err := c.DecodePhoto(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	picture, err := os.ReadFile(pathstest.Picture(t, "sample3.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	c.Identity = Identity{PhotoData: picture[:min(len(picture), maxPhotoBytes)], PhotoFormat: 1}
	if _, err := c.DecodePhoto(); len(picture) > maxPhotoBytes && err == nil {
		t.Error("half a JPEG is decoded")
	}
}

// The photographs of the vectors are WebP: VP8 in RIFF.
func TestVectorPhotos(t *testing.T) {
	for _, name := range []string{"claim169-example", "refugee-identity"} {
		var v claimVector
		readJSON(t, pathstest.Data(t, "credentials/claim169/test-vectors/valid/"+name+".json"), &v)
		c, _ := newVerifier(t, nil).Verify(v.QR, vectorClock)
		img, err := c.DecodePhoto()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		t.Logf("%s: %d×%d", name, img.Width, img.Height)
		if img.Width < 32 || img.Height < 32 {
			t.Errorf("%s: %d×%d", name, img.Width, img.Height)
		}
		c.limits.MaxPhotoPixels = img.Width*img.Height - 1
		if _, err := c.DecodePhoto(); err == nil {
			t.Errorf("%s: decoded beyond the limit", name)
		}
	}
}
