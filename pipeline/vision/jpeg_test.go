package vision

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"umbral/config/paths/pathstest"
)

func mjpg(data []byte) Frame { return Frame{Format: MJPG, Data: data} }

// difference gives the largest and the mean difference of two pictures' samples.
func difference(t *testing.T, got *Image, want func(x, y int) [3]byte) (largest int, mean float64) {
	t.Helper()
	sum := 0
	for y := range got.Height {
		row := got.Row(y)
		for x := range got.Width {
			w := want(x, y)
			for c := range 3 {
				d := int(row[3*x+c]) - int(w[c])
				d = max(d, -d)
				largest = max(largest, d)
				sum += d
			}
		}
	}
	return largest, float64(sum) / float64(3*got.Width*got.Height)
}

func pixelOf(m image.Image) func(x, y int) [3]byte {
	return func(x, y int) [3]byte {
		r, g, b, _ := m.At(m.Bounds().Min.X+x, m.Bounds().Min.Y+y).RGBA()
		return [3]byte{byte(r >> 8), byte(g >> 8), byte(b >> 8)}
	}
}

func TestMJPGWithoutTablesAgreesWithReference(t *testing.T) {
	dir := pathstest.Data(t, "camera/mjpeg_avi1")
	data, err := os.ReadFile(filepath.Join(dir, "jpeg-decoder_mjpeg.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "jpeg-decoder_mjpeg.expected.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte{0xff, markerDHT}) {
		t.Fatal("the reference frame has Huffman tables, so it proves nothing")
	}
	d := NewDecoder(4096, 4096)
	var got Image
	if err := d.Decode(&got, mjpg(data)); err != nil {
		t.Fatal(err)
	}
	if b := want.Bounds(); got.Width != b.Dx() || got.Height != b.Dy() {
		t.Fatalf("size %dx%d, want %v", got.Width, got.Height, b)
	}
	largest, mean := difference(t, &got, pixelOf(want))
	t.Logf("%dx%d, sampling %dx%d: largest difference %d, mean %.3f", got.Width, got.Height, d.jpeg.components[0].h, d.jpeg.components[0].v, largest, mean)
	_ = color.White
	_ = jpeg.Encode
	_ = rand.Int
}
