package challenge

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"umbral/config/paths"
	"umbral/config/paths/pathstest"
	"umbral/pipeline/face"
	"umbral/pipeline/models"
	"umbral/pipeline/vision"
)

func newObserver(t testing.TB) (*Observer, *face.Analyzer) {
	t.Helper()
	for _, role := range models.FaceRoles() {
		m, err := models.Default().Of(role)
		if err != nil {
			t.Fatal(err)
		}
		pathstest.Model(t, m.File)
	}
	set, err := models.Load(paths.Models(), models.Default(), models.FaceRoles()...)
	if err != nil {
		t.Fatal(err)
	}
	a, err := face.New(set, face.DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	o, err := NewObserver(a, 5)
	if err != nil {
		t.Fatal(err)
	}
	return o, a
}

// portrait is a photograph, and the box of its face.
func portrait(t testing.TB, a *face.Analyzer) (*vision.Image, vision.Rect) {
	t.Helper()
	data, err := os.ReadFile(pathstest.Picture(t, "sample3.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	img, err := vision.ReadPicture(bytes.NewReader(data), vision.DefaultPictureLimits())
	if err != nil {
		t.Fatal(err)
	}
	faces, err := a.Detect(img)
	if err != nil || len(faces) == 0 {
		t.Fatalf("%d faces, %v", len(faces), err)
	}
	return img, faces[face.Prominent(faces, img.Width, img.Height)].Box
}

// moved is the picture turned, enlarged and shifted about a point.
func moved(img *vision.Image, about vision.Point, scale, degrees float64, x, y, gain float32) *vision.Image {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	m := vision.Similarity{A: float32(scale * cos), B: float32(scale * sin)}
	c := m.Apply(about)
	m.X, m.Y = about.X-c.X+x, about.Y-c.Y+y
	n := img.Width * img.Height
	planes := make([]float32, 3*n)
	vision.WarpTensor(planes, img.Width, img.Height, img, m, vision.Norm{Scale: [3]float32{1, 1, 1}})
	out := vision.NewImage(img.Width, img.Height)
	for i := range n {
		for c := range 3 {
			out.Pix[3*i+c] = byte(min(255, planes[c*n+i]*gain+0.5))
		}
	}
	return out
}

// The mouth of a picture that is moved, or under another light, changes no more than the rest of its face; one that is
// painted over does.
func TestChangeIsThatOfTheMouth(t *testing.T) {
	o, a := newObserver(t)
	img, box := portrait(t, a)
	points, err := a.Landmarks(img, box)
	if err != nil {
		t.Fatal(err)
	}
	five := points.Five()
	nose, apart := five[2], float64(five[1].X-five[0].X)
	size := float32(apart) / 10
	painted := moved(img, nose, 1, 0, 0, 0, 1)
	for y := int(five[3].Y - size); y < int(five[3].Y+size); y++ {
		for x := int(five[3].X); x < int(five[4].X); x++ {
			copy(painted.Pix[y*painted.Stride+3*x:][:3], []byte{30, 10, 10})
		}
	}
	for name, c := range map[string]struct {
		img    *vision.Image
		speaks bool
	}{
		"still":    {img, false},
		"shifted":  {moved(img, nose, 1, 0, size/3, size/4, 1), false},
		"enlarged": {moved(img, nose, 1.02, 0, 0, 0, 1), false},
		"turned":   {moved(img, nose, 1, 1.5, 0, 0, 1), false},
		"darker":   {moved(img, nose, 1, 0, 0, 0, 0.7), false},
		"painted":  {painted, true},
	} {
		o.Reset()
		if s, err := o.Observe(0, img, box); err != nil || !math.IsNaN(float64(s.Mouth)) {
			t.Fatalf("%s: the first frame: %+v, %v", name, s, err)
		}
		s, err := o.Observe(80*time.Millisecond, c.img, box)
		if err != nil {
			t.Fatal(err)
		}
		more := s.Mouth - s.Rest
		if c.speaks != (more > 0.05) || !c.speaks && more > 0.02 {
			t.Errorf("%s: the mouth changes by %.3f, the rest by %.3f", name, s.Mouth, s.Rest)
		}
		if !(s.Aperture >= 0 && s.Aperture < 0.6 && s.Width > 0.5 && s.Width < 1.6 && s.Height > s.Aperture) {
			t.Errorf("%s: %+v", name, s.Shape)
		}
	}
}

// A change is that to a frame about 80 ms old, or unknown.
func TestChangeNeedsAFrameOfThatAge(t *testing.T) {
	o, a := newObserver(t)
	img, box := portrait(t, a)
	points, err := o.Landmarks(img, box)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		at    []time.Duration // milliseconds; the last one's change is looked at
		known bool
	}{
		{"first", []time.Duration{0}, false},
		{"25 a second", []time.Duration{0, 40, 80}, true},
		{"12 a second", []time.Duration{0, 83}, true},
		{"6 a second", []time.Duration{0, 167}, false},
		{"120 a second", []time.Duration{0, 8, 17, 25, 33, 42, 50, 58, 67, 75, 83}, true},
		{"at once", []time.Duration{0, 80, 80}, false},
		{"backwards", []time.Duration{0, 80, 40}, false},
		{"before the begin", []time.Duration{-100, -20}, true},
		{"far away", []time.Duration{0, math.MaxInt64 / 1_000_000}, false},
	} {
		o.Reset()
		var s Sample
		for _, at := range c.at {
			s = o.Measure(at*time.Millisecond, img, &points)
		}
		if known := !math.IsNaN(float64(s.Mouth)) && !math.IsNaN(float64(s.Rest)); known != c.known {
			t.Errorf("%s: %+v", c.name, s.Change)
		}
	}
}

func TestObserverWithHostileInput(t *testing.T) {
	o, a := newObserver(t)
	img, box := portrait(t, a)
	nan := float32(math.NaN())
	for name, c := range map[string]struct {
		img *vision.Image
		box vision.Rect
	}{
		"nil":     {nil, box},
		"empty":   {vision.NewImage(0, 0), box},
		"NaN":     {img, vision.Rect{X0: nan, X1: 10, Y1: 10}},
		"no area": {img, vision.Rect{}},
		"outside": {img, vision.Rect{X0: 90000, Y0: 90000, X1: 90100, Y1: 90100}},
	} {
		if s, err := o.Observe(0, c.img, c.box); err == nil || !strings.HasPrefix(err.Error(), "challenge: ") {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	dark := vision.NewImage(img.Width, img.Height)
	for k := range 3 {
		s, err := o.Observe(time.Duration(k)*80*time.Millisecond, dark, box)
		if err == nil && s.usable(ReadAloud) {
			t.Errorf("a black picture: %+v", s)
		}
	}
	for name, points := range map[string]face.Landmarks{"coinciding": {}, "not numbers": {36: {X: nan}, 40: {Y: nan}, 30: {X: nan}}} {
		o.Reset()
		o.Measure(0, img, &points)
		if s := o.Measure(80*time.Millisecond, img, &points); s.usable(ReadAloud) || s.usable(Move) {
			t.Errorf("%s points: %+v", name, s)
		}
	}
	for looks, a := range map[int]*face.Analyzer{0: a, MaxLooks + 1: a, 1: nil} {
		if _, err := NewObserver(a, looks); err == nil {
			t.Errorf("an observer with %d looks and analyzer %v", looks, a != nil)
		}
	}
}

func TestObserveAllocatesNothing(t *testing.T) {
	o, a := newObserver(t)
	img, box := portrait(t, a)
	at := time.Duration(0)
	var failed error
	if n := testing.AllocsPerRun(10, func() {
		if _, err := o.Observe(at, img, box); err != nil {
			failed = err
		}
		at += 40 * time.Millisecond
	}); n != 0 || failed != nil {
		t.Errorf("%v allocations, wanted 0; %v", n, failed)
	}
}

func BenchmarkObserve(b *testing.B) {
	o, a := newObserver(b)
	img, box := portrait(b, a)
	at := time.Duration(0)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := o.Observe(at, img, box); err != nil {
			b.Fatal(err)
		}
		at += 40 * time.Millisecond
	}
}

func BenchmarkDecide(b *testing.B) {
	c := newChallenge(b, DefaultOpts(), nonceOf(1))
	run(c, 25, person(c.Schedule(), 400*time.Millisecond))
	b.ReportAllocs()
	for b.Loop() {
		c.decided = false
		c.Result(c.opts.Length())
	}
}
