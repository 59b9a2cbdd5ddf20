package vision

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"umbral/config/paths/pathstest"
)

func mjpg(data []byte) Frame { return Frame{Format: MJPG, Data: data} }

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// fixture is a 75×53 picture in testdata, whose README.md says how the files were made.
func fixture(t testing.TB, name string) []byte { return read(t, filepath.Join("testdata", name)) }

// difference gives the largest and the mean difference of two pictures' samples.
func difference(t *testing.T, got *Image, want image.Image) (largest int, mean float64) {
	t.Helper()
	b := want.Bounds()
	if got.Width != b.Dx() || got.Height != b.Dy() {
		t.Fatalf("size %dx%d, want %v", got.Width, got.Height, b)
	}
	sum := 0
	for y := range got.Height {
		row := got.Row(y)
		for x := range got.Width {
			r, g, b, _ := want.At(b.Min.X+x, b.Min.Y+y).RGBA()
			for c, v := range [3]uint32{r, g, b} {
				d := int(row[3*x+c]) - int(v>>8)
				d = max(d, -d)
				largest = max(largest, d)
				sum += d
			}
		}
	}
	return largest, float64(sum) / float64(3*got.Width*got.Height)
}

// Every pixel is the one that libjpeg-turbo decodes with its accurate integer DCT and repeated chroma.
func TestMJPGIsExact(t *testing.T) {
	d := NewDecoder(75, 53)
	for line := range strings.Lines(string(fixture(t, "decoded.sha256"))) {
		want, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		var got Image
		if err := d.Decode(&got, mjpg(fixture(t, name))); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if sum := fmt.Sprintf("%x", sha256.Sum256(got.Pix)); sum != want {
			t.Errorf("%s: decodes to pixels of SHA-256 %s, want %s", name, sum, want)
		}
	}
}

// The standard library's inverse DCT rounds less carefully, and chroma of weight 1.772 doubles a level's difference.
func TestMJPGAgreesWithStandardLibrary(t *testing.T) {
	names := []string{
		"sampling_1x1.jpg", "sampling_2x1.jpg", "sampling_2x2.jpg", "sampling_1x2.jpg", "sampling_4x1.jpg",
		"sampling_all_2x1.jpg", "grey.jpg", "restart.jpg", "fine_own_tables.jpg", "coarse.jpg",
	}
	d := NewDecoder(75, 53)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			data := fixture(t, name)
			want, err := jpeg.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			var got Image
			if err := d.Decode(&got, mjpg(data)); err != nil {
				t.Fatal(err)
			}
			if largest, mean := difference(t, &got, want); largest > 3 || mean > 0.3 {
				t.Errorf("largest difference %d, mean %.3f; limits 3 and 0.3", largest, mean)
			}
			var luma Grey
			if err := d.Luma(&luma, mjpg(data)); err != nil {
				t.Fatal(err)
			}
			largest := 0
			for y := range luma.Height {
				for x, v := range luma.Row(y) {
					d := int(v) - int(lumaOf(want, x, y))
					largest = max(largest, d, -d)
				}
			}
			if largest > 2 {
				t.Errorf("luma: largest difference %d, limit 2", largest)
			}
		})
	}
}

func lumaOf(m image.Image, x, y int) byte {
	if m, ok := m.(*image.YCbCr); ok {
		return m.Y[m.YOffset(x, y)]
	}
	return m.(*image.Gray).GrayAt(x, y).Y
}

// The reference decoder interpolates chroma where this one repeats it, so colours may differ at edges, luma may not.
func TestMJPGWithoutTablesAgreesWithReference(t *testing.T) {
	dir := pathstest.Data(t, "camera/mjpeg_avi1")
	data := read(t, filepath.Join(dir, "jpeg-decoder_mjpeg.jpg"))
	if bytes.Contains(data, []byte{0xff, markerDHT}) {
		t.Fatal("the reference frame has Huffman tables, so it proves nothing")
	}
	want, err := png.Decode(bytes.NewReader(read(t, filepath.Join(dir, "jpeg-decoder_mjpeg.expected.png"))))
	if err != nil {
		t.Fatal(err)
	}
	d := NewDecoder(960, 720)
	var got Image
	if err := d.Decode(&got, mjpg(data)); err != nil {
		t.Fatal(err)
	}
	if largest, mean := difference(t, &got, want); largest > 12 || mean > 0.5 {
		t.Errorf("largest difference %d, mean %.3f; limits 12 and 0.5", largest, mean)
	}
	var luma Grey
	if err := d.Luma(&luma, mjpg(data)); err != nil {
		t.Fatal(err)
	}
	worst := 0
	for y := range luma.Height {
		row := make([]byte, 3*luma.Width)
		for x := range luma.Width {
			r, g, b, _ := want.At(x, y).RGBA()
			row[3*x], row[3*x+1], row[3*x+2] = byte(r>>8), byte(g>>8), byte(b>>8)
		}
		for x, v := range luma.Row(y) {
			if p := row[3*x:][:3]; min(p[0], p[1], p[2]) > 0 && max(p[0], p[1], p[2]) < 255 { // else clipped
				d := int(v) - int(lumaAt(row, x))
				worst = max(worst, d, -d)
			}
		}
	}
	if worst > 3 {
		t.Errorf("luma: largest difference %d, limit 3", worst)
	}
}

// withoutTables drops the DHT segments, as cameras do.
func withoutTables(t testing.TB, data []byte) []byte {
	t.Helper()
	out := append([]byte(nil), data[:2]...)
	for at := 2; ; {
		length := 2 + int(binary.BigEndian.Uint16(data[at+2:]))
		if data[at+1] != markerDHT {
			out = append(out, data[at:at+length]...)
		}
		if data[at+1] == markerSOS {
			return append(out, data[at+length:]...)
		}
		at += length
	}
}

func TestMJPGWithoutTablesIsTheSamePicture(t *testing.T) {
	for _, name := range []string{"sampling_2x1.jpg", "grey.jpg", "restart.jpg"} {
		full := fixture(t, name)
		bare := withoutTables(t, full)
		if len(bare) == len(full) {
			t.Fatalf("%s has no tables to drop", name)
		}
		d := NewDecoder(75, 53)
		var want, got Image
		if err := d.Decode(&want, mjpg(full)); err != nil {
			t.Fatal(err)
		}
		if err := d.Decode(&got, mjpg(bare)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want.Pix, got.Pix) {
			t.Errorf("%s decodes differently without its standard tables", name)
		}
	}
}

func TestMJPGTruncated(t *testing.T) {
	d := NewDecoder(75, 53)
	for _, name := range []string{"sampling_2x2.jpg", "restart.jpg", "grey.jpg"} {
		data := fixture(t, name)
		var want, got Image
		if err := d.Decode(&want, mjpg(data)); err != nil {
			t.Fatal(err)
		}
		for n := range data {
			err := d.Decode(&got, mjpg(data[:n]))
			// Only what follows the last MCU (its padding bits and EOI) may be missing.
			if err == nil && (n < len(data)-4 || !bytes.Equal(want.Pix, got.Pix)) {
				t.Fatalf("%s cut to %d of %d bytes gives no error", name, n, len(data))
			}
		}
	}
}

func TestMJPGErrorsNameTheCause(t *testing.T) {
	whole := fixture(t, "restart.jpg")
	change := func(f func(data []byte) []byte) []byte { return f(bytes.Clone(whole)) }
	find := func(data []byte, marker byte) int {
		at := bytes.Index(data, []byte{0xff, marker})
		if at < 0 {
			t.Fatalf("no marker %#x", marker)
		}
		return at
	}
	tests := map[string]struct {
		data []byte
		want string
	}{
		"empty":              {nil, "holds no start of a JPEG"},
		"not a picture":      {[]byte("HTTP/1.1 200 OK"), "starts with 48 54"},
		"headers only":       {whole[:40], "cut short"},
		"progressive":        {fixture(t, "progressive.jpg"), "SOF2"},
		"too wide":           {change(func(d []byte) []byte { d[find(d, markerSOF0)+7] = 9; return d }), "limit 75x53"},
		"no height":          {change(func(d []byte) []byte { i := find(d, markerSOF0); d[i+5], d[i+6] = 0, 0; return d }), "75x0"},
		"no width":           {change(func(d []byte) []byte { i := find(d, markerSOF0); d[i+7], d[i+8] = 0, 0; return d }), "0x53"},
		"factor 0":           {change(func(d []byte) []byte { d[find(d, markerSOF0)+11] = 0x01; return d }), "sampling factors 0x1"},
		"12 bits":            {change(func(d []byte) []byte { d[find(d, markerSOF0)+4] = 12; return d }), "12 bits"},
		"factor 5":           {change(func(d []byte) []byte { d[find(d, markerSOF0)+11] = 0x51; return d }), "sampling factors 5x1"},
		"too many blocks":    {change(func(d []byte) []byte { d[find(d, markerSOF0)+11] = 0x44; return d }), "18 blocks"},
		"quantisation table": {change(func(d []byte) []byte { d[find(d, markerSOF0)+12] = 3; return d }), "table 3 without defining"},
		"interval lost":      {change(func(d []byte) []byte { return slices.Delete(d, find(d, 0xd1), find(d, 0xd2)) }), "restart marker 2 where 1"},
		"code that is none": {change(func(d []byte) []byte {
			i := find(d, 0xd1)
			return append(d[:i+2], bytes.Repeat([]byte{0xff, 0}, 99)...)
		}), "no code"},
		"overfull table": {change(func(d []byte) []byte { i := find(d, markerDHT); d[i+5], d[i+7] = 3, 2; return d }), "more codes"},
	}
	d := NewDecoder(75, 53)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := d.Decode(new(Image), mjpg(test.data))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q, want one with %q", err, test.want)
			}
		})
	}
	if err := d.Decode(new(Image), mjpg(whole)); err != nil {
		t.Errorf("a good frame after bad ones: %v", err)
	}
}

func TestMJPGAllocatesNothing(t *testing.T) {
	d := NewDecoder(75, 53)
	var rgb Image
	var luma Grey
	for _, name := range []string{"sampling_2x2.jpg", "fine_own_tables.jpg", "restart.jpg", "grey.jpg"} {
		f := mjpg(fixture(t, name))
		if n := testing.AllocsPerRun(10, func() {
			if d.Decode(&rgb, f) != nil || d.Luma(&luma, f) != nil {
				t.Fatal("decoding failed")
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations a frame, want 0", name, n)
		}
	}
}
