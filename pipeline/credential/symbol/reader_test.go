package symbol

import (
	"bytes"
	"image"
	_ "image/png"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

func newReader(t testing.TB, change func(*ReaderOpts)) *Reader {
	t.Helper()
	o := DefaultReaderOpts()
	if change != nil {
		change(&o)
	}
	r, err := NewReader(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t testing.TB, r *Reader, p plane) []Symbol {
	t.Helper()
	symbols, err := r.Read(p.pix, p.width, p.height, p.stride)
	if err != nil {
		t.Fatal(err)
	}
	return symbols
}

func TestSeveralCodes(t *testing.T) {
	s := newScene(1280, 720, 5)
	want := map[string]point{}
	for i, h := range []shown{
		{x: 200, y: 180, module: 3.5, dark: 20, light: 230},
		{x: 640, y: 200, module: 3.5, turn: 20, dark: 40, light: 200},
		{x: 1080, y: 180, module: 3.5, turn: -70, dark: 230, light: 20},
		{x: 640, y: 560, module: 3.5, turn: 180, dark: 10, light: 255},
	} {
		text := credentialText(60+20*i, s.rng)
		rows, err := EncodeQR(text, Medium)
		if err != nil {
			t.Fatal(err)
		}
		s.draw(rows, quiet, quiet, h)
		want[text] = point{h.x, h.y}
	}
	r := newReader(t, func(o *ReaderOpts) { o.Attempts, o.SearchEvery = 0, 1 })
	for range 2 { // the second time from where they were seen
		symbols := read(t, r, s.frame)
		if len(symbols) != len(want) {
			t.Errorf("%d of %d codes", len(symbols), len(want))
		}
		for _, f := range symbols {
			at, is := want[f.Text]
			if !is {
				t.Errorf("read %q", f.Text)
			}
			x, y := 0.0, 0.0
			for _, c := range f.Corners {
				x, y = x+float64(c.X)/4, y+float64(c.Y)/4
			}
			if math.Hypot(x-at.x, y-at.y) > 3 {
				t.Errorf("found at (%.0f, %.0f), drawn at %v", x, y, at)
			}
		}
	}
}

// drawBarcode draws a bar code into a scene.
func drawBarcode(t testing.TB, s *scene, text string, h shown) {
	t.Helper()
	row, err := barcodeRow(text)
	if err != nil {
		t.Fatal(err)
	}
	s.draw(slices.Repeat([][]bool{row}, barHeight), quietBar, quiet, h)
}

func TestBarcodes(t *testing.T) {
	const text = "11010519491231002X94287082"
	type hardship struct {
		module, dark, light float64
		blur                int
	}
	hardships := []hardship{{2, 30, 220, 0}, {1.6, 30, 220, 0}, {3, 30, 220, 1}, {4, 20, 235, 2}, {3, 90, 150, 0}}
	for i, turn := range []float64{0, 8, 90, 180, 45, -30, 70} {
		some := hardships
		if i > 1 { // turned otherwise, one is enough
			some = hardships[:1]
		}
		for _, c := range some {
			s := newScene(1280, 720, uint64(turn)+200)
			drawBarcode(t, s, text, shown{x: 640, y: 360, module: c.module, turn: turn, dark: c.dark, light: c.light})
			if c.blur > 0 {
				s.blur(c.blur)
			}
			s.noise(4)
			symbols := read(t, newReader(t, func(o *ReaderOpts) { o.Attempts = 0 }), s.frame)
			if len(symbols) != 1 || symbols[0].Text != text || symbols[0].Format != Code128 {
				t.Errorf("turned by %g°, %+v: %v", turn, c, symbols)
			}
		}
	}
}

// Frames without a code allocate nothing, and neither do those in which the gate sees something that is none.
func TestNothingAllocated(t *testing.T) {
	r := newReader(t, nil)
	s := newScene(1280, 720, 9)
	s.noise(3)
	if n := testing.AllocsPerRun(20, func() { read(t, r, s.frame) }); n != 0 {
		t.Errorf("%v allocations a frame without a code", n)
	}
	if g := r.Stats(); g.Gated != g.Frames {
		t.Errorf("%+v: the gate let a frame without a code pass", g)
	}
}

func TestHostileFrames(t *testing.T) {
	r := newReader(t, func(o *ReaderOpts) { o.Attempts, o.SearchEvery = 0, 1 })
	s := newScene(640, 480, 3)
	for i := range s.frame.pix {
		s.frame.pix[i] = byte(s.rng.Uint32())
	}
	frames := []plane{s.frame}
	stripes, checks := reuse(make([]byte, 640*480), 640, 480), reuse(make([]byte, 640*480), 640, 480)
	rings := reuse(make([]byte, 640*480), 640, 480)
	for y := range 480 {
		for x := range 640 {
			stripes.pix[y*640+x] = byte(255 * (x / 3 % 2))
			checks.pix[y*640+x] = byte(255 * ((x/4 + y/4) % 2))
			// A field of finder patterns.
			if d := max(x%36-18, 18-x%36, y%36-18, 18-y%36) / 4; d != 2 {
				rings.pix[y*640+x] = 0
			} else {
				rings.pix[y*640+x] = 255
			}
		}
	}
	frames = append(frames, stripes, checks, rings, reuse(make([]byte, 640*480), 640, 480))
	for i, f := range frames {
		if symbols := read(t, r, f); len(symbols) > 0 {
			t.Errorf("frame %d: read %v", i, symbols)
		}
	}
	for _, c := range []struct{ n, w, h, stride int }{{0, 640, 480, 640}, {100, 640, 480, 640},
		{640 * 480, 640, 480, 600}, {1 << 20, 31, 480, 640}, {1 << 20, 1281, 480, 1281}} {
		if _, err := r.Read(make([]byte, c.n), c.w, c.h, c.stride); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

// A code that leaves and comes back, and one that was read, are found where they were.
func TestFoundAgain(t *testing.T) {
	frame, text := drawHard(t, hardCases[0], 77)
	r := newReader(t, func(o *ReaderOpts) { o.SearchEvery = 1000 })
	for i := range 10 {
		if symbols := read(t, r, frame); len(symbols) != 1 || symbols[0].Text != text {
			t.Fatalf("frame %d: %d symbols", i, len(symbols))
		}
	}
	if s := r.Stats(); s.Searched != 1 || s.Attempts != 10 {
		t.Errorf("%+v: wanted one search of the whole frame and one look a frame", s)
	}
}

// Annex E of ISO/IEC 18004, as gozxing has it.
func TestAlignmentPositions(t *testing.T) {
	for version := 2; version <= 40; version++ {
		v, err := decoder.Version_GetVersionForNumber(version)
		if err != nil {
			t.Fatal(err)
		}
		want := v.GetAlignmentPatternCenters()
		at, n := alignmentPositions(version)
		if n != len(want) {
			t.Fatalf("version %d: %d positions, want %v", version, n, want)
		}
		for i := range want {
			if at[i] != want[i] {
				t.Errorf("version %d: %v, want %v", version, at[:n], want)
				break
			}
		}
	}
}

// A drawn code fits its own grid perfectly.
func TestFitness(t *testing.T) {
	for _, chars := range []int{10, 60, 300, 1478, 4200} {
		rows, err := EncodeQR(strings.Repeat("A", chars), Low)
		if err != nil {
			t.Fatal(err)
		}
		n := len(rows)
		bits := reuse(make([]byte, 16*n*n), 4*n, 4*n)
		for y := range bits.height {
			for x := range bits.width {
				if rows[y/4][x/4] {
					bits.pix[y*bits.stride+x] = 1
				}
			}
		}
		g := grid{bits: bits, dimension: n, m: homography{a: 4, e: 4}}
		if f := g.fitness(); f != perfect(n) {
			t.Errorf("%d modules: fitness %d, want %d", n, f, perfect(n))
		}
	}
}

func TestWriteAndRead(t *testing.T) {
	for _, level := range []Level{Low, Medium, Quartile, High} {
		for _, text := range []string{"1", "UMBRAL1:%69 VD92EX0", "ñandú 门", strings.Repeat("0123456789ABC ", 80)} {
			var b bytes.Buffer
			if err := WriteQR(&b, text, level, 4); err != nil {
				t.Fatal(err)
			}
			m, _, err := image.Decode(&b)
			if err != nil {
				t.Fatal(err)
			}
			symbols := read(t, newReader(t, func(o *ReaderOpts) { *o = stillOpts() }), planeOf(m))
			if len(symbols) != 1 || symbols[0].Text != text {
				t.Errorf("level %c, %d bytes: %v", level, len(text), symbols)
			}
		}
	}
	for _, text := range []string{"", strings.Repeat("x", 3000)} {
		if err := WriteQR(&bytes.Buffer{}, text, Low, 4); err == nil {
			t.Errorf("%d bytes are written", len(text))
		}
	}
}

func BenchmarkGate(b *testing.B) {
	s := newScene(1280, 720, 9)
	s.noise(3)
	g := newGate(1280)
	for b.Loop() {
		g.look(s.frame)
	}
}

func BenchmarkLines(b *testing.B) {
	s := newScene(1280, 720, 9)
	s.noise(3)
	l := newCode128Reader(1280)
	for b.Loop() {
		l.read(s.frame, linesAFrame)
	}
}

func BenchmarkRead(b *testing.B) {
	for _, c := range []string{"plain", "largest"} {
		for _, h := range hardCases {
			if h.name != c {
				continue
			}
			frame, _ := drawHard(b, h, 1)
			b.Run(c, func(b *testing.B) {
				r := newReader(b, nil)
				for b.Loop() {
					read(b, r, frame)
				}
			})
		}
	}
}
