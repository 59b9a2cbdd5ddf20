package symbol

import (
	"bytes"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"umbral/config/paths/pathstest"
)

// photograph is a picture of a code, and its text.
type photograph struct {
	name string
	luma plane
	text string
}

func photographs(t testing.TB) []photograph {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(pathstest.Data(t, "credentials/qr-images"), "*", "*.png"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var list []photograph
	for _, path := range files {
		text, err := os.ReadFile(strings.TrimSuffix(path, ".png") + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, photograph{filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path)),
			readPlane(t, path), string(text)})
	}
	return list
}

func readPlane(t testing.TB, path string) plane {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return planeOf(m)
}

func planeOf(m image.Image) plane {
	b := m.Bounds()
	p := reuse(make([]byte, b.Dx()*b.Dy()), b.Dx(), b.Dy())
	for y := range p.height {
		for x := range p.width {
			r, g, b, _ := m.At(b.Min.X+x, b.Min.Y+y).RGBA()
			p.row(y)[x] = byte((299*r + 587*g + 114*b) / 1000 >> 8)
		}
	}
	return p
}

func (p plane) image() image.Image {
	m := image.NewGray(image.Rect(0, 0, p.width, p.height))
	for y := range p.height {
		copy(m.Pix[y*m.Stride:], p.row(y))
	}
	return m
}

// gozxingAlone reads with gozxing's own detector.
func gozxingAlone(luma plane, harder bool) (text string) {
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	bitmap, err := gozxing.NewBinaryBitmapFromImage(luma.image())
	if err != nil {
		return ""
	}
	hints := map[gozxing.DecodeHintType]any{}
	if harder {
		hints[gozxing.DecodeHintType_TRY_HARDER] = true
	}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, hints)
	if err != nil {
		return ""
	}
	return result.GetText()
}

func stillOpts() ReaderOpts {
	o := DefaultReaderOpts()
	o.MaxWidth, o.MaxHeight = 1280, 1280
	o.Attempts, o.SearchEvery = 0, 1
	return o
}

func same(a, b string) bool {
	return strings.TrimSpace(strings.ReplaceAll(a, "\r\n", "\n")) == strings.TrimSpace(strings.ReplaceAll(b, "\r\n",
		"\n"))
}

func TestPhotographs(t *testing.T) {
	list := photographs(t)
	read, alone, harder, wrong, gated := 0, 0, 0, 0, 0
	byLook := map[int]int{}
	for _, p := range list {
		r, err := NewReader(stillOpts())
		if err != nil {
			t.Fatal(err)
		}
		symbols, err := r.Read(p.luma.pix, p.luma.width, p.luma.height, p.luma.stride)
		if err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
		ok := false
		for _, s := range symbols {
			if same(s.Text, p.text) {
				ok = true
			} else {
				wrong++
				t.Errorf("%s: read %q", p.name, s.Text)
			}
		}
		s := r.Stats()
		if ok {
			read++
			byLook[r.turn]++
		} else {
			t.Logf("%s: not read; %+v", p.name, s)
		}
		if s.Gated > 0 {
			gated++
		}
		if same(gozxingAlone(p.luma, false), p.text) {
			alone++
		}
		if same(gozxingAlone(p.luma, true), p.text) {
			harder++
		}
	}
	t.Logf("%d of %d read, %d wrong; gozxing alone %d, trying harder %d; the gate ended %d; by way of looking %v", read,
		len(list), wrong, alone, harder, gated, byLook)
	// Bounds below what is reached, so that another machine's rounding does not matter.
	if read < len(list)-2 || gated > 1 || read <= alone {
		t.Errorf("%d of %d read (gozxing alone %d), %d ended by the gate", read, len(list), alone, gated)
	}
}

// Photographs of faces hold no codes: what the gate lets pass costs time.
func TestGateOnFaces(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(pathstest.Data(t, "faces"), "lfw", "*", "*", "*.jpg"))
	if err != nil || len(files) < 200 {
		t.Skipf("%d pictures, %v", len(files), err)
	}
	files = files[:200]
	passed := 0
	r, err := NewReader(stillOpts())
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		p := readPlane(t, path)
		if symbols := read(t, r, p); len(symbols) > 0 {
			t.Errorf("%s: read %v", path, symbols)
		}
		if r.gate.look(p) {
			passed++
		}
	}
	t.Logf("the gate lets %d of %d pass", passed, len(files))
	if 5*passed > len(files) {
		t.Errorf("the gate lets %d of %d pass", passed, len(files))
	}
}
