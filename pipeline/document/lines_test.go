package document

import (
	"encoding/binary"
	"math"
	"testing"
)

// draw fills a rectangle at an angle in a map.
func drawBox(m []float32, w, h int, b box, v float32) {
	up := b.along.normal()
	for y := range h {
		for x := range w {
			d := Point{float64(x), float64(y)}.minus(b.centre)
			if math.Abs(d.dot(b.along)) <= b.width/2 && math.Abs(d.dot(up)) <= b.height/2 {
				m[y*w+x] = v
			}
		}
	}
}

func TestBoxesAtAnyAngle(t *testing.T) {
	const w, h = 200, 160
	finder := newLineFinder()
	for degrees := -85.0; degrees <= 90; degrees += 7 {
		s, c := math.Sincos(degrees * math.Pi / 180)
		want := box{centre: Point{90, 80}, along: Point{c, s}, width: 80, height: 12}
		m := make([]float32, w*h)
		drawBox(m, w, h, want, 0.9)
		drawBox(m, w, h, box{centre: Point{180, 20}, along: Point{X: 1}, width: 20, height: 8}, 0.4) // too faint
		found := finder.boxes(m, w, h, 10)
		if len(found) != 1 {
			t.Fatalf("%v°: %d boxes", degrees, len(found))
		}
		got := found[0]
		d := want.width * want.height * unclip / (2 * (want.width + want.height))
		if got.centre.minus(want.centre).length() > 1 || math.Abs(got.along.cross(want.along)) > 0.03 ||
			math.Abs(got.width-want.width-2*d) > 3 || math.Abs(got.height-want.height-2*d) > 3 {
			t.Errorf("%v°: %+v, drawn %+v", degrees, got, want)
		}
	}
}

func TestSmallestRectangle(t *testing.T) {
	points := []Point{{0, 0}, {4, 0}, {4, 2}, {0, 2}, {1, 1}, {2, 0}}
	b := smallestRectangle(hull(points))
	if b.width != 4 || b.height != 2 || b.centre != (Point{2, 1}) {
		t.Errorf("%+v", b)
	}
	for _, few := range [][]Point{nil, {{3, 4}}, {{3, 4}, {3, 4}}, {{0, 0}, {3, 4}}} {
		if b := smallestRectangle(hull(few)); b.height != 0 || !b.centre.finite() || !b.along.finite() {
			t.Errorf("of %v: %+v", few, b)
		}
	}
}

func TestNoiseIsBounded(t *testing.T) {
	const w, h = 640, 416
	m := make([]float32, w*h)
	for i := range m {
		if (i+i/w)%2 == 0 {
			m[i] = 1
		}
	}
	finder := newLineFinder()
	if found := finder.boxes(m, w, h, 8); len(found) > 8 {
		t.Errorf("%d boxes", len(found))
	}
	for i := range m {
		m[i] = float32(math.NaN())
	}
	if found := finder.boxes(m, w, h, 8); len(found) != 0 {
		t.Errorf("%d boxes in no numbers", len(found))
	}
}

func FuzzBoxes(f *testing.F) {
	f.Add(uint8(20), []byte{0, 0, 0x80, 0x3f})
	f.Add(uint8(3), []byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, width uint8, data []byte) {
		w := int(width)
		if w == 0 || len(data)/4 < w {
			return
		}
		h := len(data) / 4 / w
		m := make([]float32, w*h)
		for i := range m {
			m[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		for _, b := range newLineFinder().boxes(m, w, h, 5) {
			if !b.centre.finite() || !b.along.finite() || !(b.width >= b.height) || math.Abs(b.along.length()-1) > 1e-6 {
				t.Errorf("%+v", b)
			}
		}
	})
}
