package vision

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

// The lossless file was made of the pixels of the other.
func TestLosslessWebP(t *testing.T) {
	want, err := desk(fixture(t, "sampling_1x1.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := desk(fixture(t, "lossless.webp"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Width != want.Width || !bytes.Equal(got.Pix, want.Pix) {
		t.Error("the pixels differ")
	}
}

func TestLossyWebP(t *testing.T) {
	want, err := desk(fixture(t, "sampling_1x1.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := desk(fixture(t, "lossy.webp"))
	if err != nil {
		t.Fatal(err)
	}
	if mean := lumaDifference(got, want); mean > 4 {
		t.Errorf("mean difference of luma %.1f, limit 4", mean)
	}
}

// extended makes an extended file of a simple one, with an EXIF chunk.
func extended(t testing.TB, data, exif []byte) []byte {
	t.Helper()
	head := append([]byte("VP8X\x0a\x00\x00\x00\x08\x00\x00\x00"), 74, 0, 0, 52, 0, 0)
	out := slices.Concat([]byte("RIFF\x00\x00\x00\x00WEBP"), head, data[12:])
	out = append(out, "EXIF"...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(exif)))
	out = append(out, exif...)
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out
}

func TestWebPTurnsUpright(t *testing.T) {
	data := fixture(t, "lossless.webp")
	plain, err := desk(data)
	if err != nil {
		t.Fatal(err)
	}
	tiff := "MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x08\x00\x00\x00\x00\x00\x00"
	for _, exif := range []string{tiff, "Exif\x00\x00" + tiff} {
		turned, err := desk(extended(t, data, []byte(exif)))
		if err != nil {
			t.Fatal(err)
		}
		// A quarter turn counter-clockwise brings the first pixel to the lower left corner.
		if turned.Width != plain.Height || !bytes.Equal(turned.Row(turned.Height - 1)[:3], plain.Pix[:3]) {
			t.Errorf("a picture of %dx%d pixels with lower left pixel %v", turned.Width, turned.Height, turned.Row(turned.Height - 1)[:3])
		}
	}
}

func TestDamagedWebP(t *testing.T) {
	for _, name := range []string{"lossless.webp", "lossy.webp"} {
		data := fixture(t, name)
		if _, err := desk(append(bytes.Clone(data), "and more"...)); err != nil {
			t.Errorf("%s with trailing data: %v", name, err)
		}
		for _, n := range []int{12, 24, len(data) / 2} {
			if _, err := desk(data[:n]); err == nil || !strings.Contains(err.Error(), "damaged") {
				t.Errorf("%s cut to %d bytes: error %v, want one that says damaged", name, n, err)
			}
		}
	}
}
