package face

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"umbral/config/paths/pathstest"
	"umbral/pipeline/vision"
)

// group is the photograph of three women side by side, and selfie the middle one of them so near that her face fills the
// picture.
func group(t testing.TB) *vision.Image { return picture(t, pathstest.Picture(t, "sample3.jpg")) }

func selfie(t testing.TB, a *Analyzer) *vision.Image {
	t.Helper()
	g := group(t)
	p, err := a.Portrait(g, 2)
	if err != nil {
		t.Fatal(err)
	}
	var face vision.Image
	c, side := p.Box.Centre(), p.Box.Dy()
	vision.Crop(&face, g, vision.Rect{X0: c.X - 0.5*side, Y0: c.Y - 0.6*side, X1: c.X + 0.5*side, Y1: c.Y + 0.6*side})
	return &face
}

// A photograph is enrolled upright however it lies, and so is its mirror image.
func TestPortraitTurnsUpright(t *testing.T) {
	a := newAnalyzer(t)
	for name, img := range map[string]*vision.Image{"selfie": selfie(t, a), "portrait": portrait(t, 690, 470, 700)} {
		var upright Portrait
		for quarters := range 4 {
			p, err := a.Portrait(vision.Turn(img, quarters), 0)
			if err != nil {
				t.Fatalf("%s turned by %d quarters: %v", name, quarters, err)
			}
			if p.Turn != (4-quarters)%4 {
				t.Errorf("%s turned by %d quarters was turned by %d more", name, quarters, p.Turn)
			}
			if quarters == 0 {
				upright = p
			}
			if same := Compare(&upright.Template, &p.Template); same < 0.95 {
				t.Errorf("%s turned by %d quarters: similarity %.2f with the upright one, want at least 0.95", name, quarters, same)
			}
			m, err := a.Portrait(vision.Turn(vision.Mirror(img), quarters), 0)
			if err != nil {
				t.Fatalf("mirror image of %s turned by %d quarters: %v", name, quarters, err)
			}
			if same := Compare(&upright.Template, &m.Template); same < 0.9 {
				t.Errorf("mirror image of %s turned by %d quarters: similarity %.2f, want at least 0.9", name, quarters, same)
			}
		}
	}
}

// Of several faces the one that is meant is enrolled, counted from the left however the photograph lies.
func TestPortraitAsksWhichFace(t *testing.T) {
	a := newAnalyzer(t)
	img := group(t)
	_, err := a.Portrait(img, 0)
	var refusal Refusal
	if !errors.As(err, &refusal) || !strings.Contains(err.Error(), "3 faces were found: 1 at ") || !strings.Contains(err.Error(), "--face 1 to 3") {
		t.Errorf("a group: %v", err)
	}
	var left float32
	for which := 1; which <= 3; which++ {
		p, err := a.Portrait(img, which)
		if err != nil {
			t.Fatal(err)
		}
		x := p.Box.Centre().X
		if !strings.Contains(refusal.Error(), fmt.Sprintf("%d at %.0f,%.0f (", which, x, p.Box.Centre().Y)) {
			t.Errorf("face %d lies at %v, which %q does not say", which, p.Box.Centre(), refusal)
		}
		if which > 1 && x <= left {
			t.Errorf("face %d lies at column %.0f, left of the one before", which, x)
		}
		left = x
		turned, err := a.Portrait(vision.Turn(img, 1), which)
		if err != nil {
			t.Fatal(err)
		}
		if same := Compare(&p.Template, &turned.Template); same < 0.95 {
			t.Errorf("face %d is another one in the turned photograph: similarity %.2f", which, same)
		}
	}
	for _, which := range []int{-1, 4} {
		if _, err := a.Portrait(img, which); err == nil || !strings.Contains(err.Error(), "wanted 1 to 3") {
			t.Errorf("face %d: %v", which, err)
		}
	}
}

// A photograph that makes no good reference is refused for its one cause, in words for photographs.
func TestPortraitRefusals(t *testing.T) {
	a := newAnalyzer(t)
	img := selfie(t, a)
	w, h := float32(img.Width), float32(img.Height)
	crop := func(x0, y0, x1, y1 float32) *vision.Image {
		var out vision.Image
		vision.Crop(&out, img, vision.Rect{X0: x0 * w, Y0: y0 * h, X1: x1 * w, Y1: y1 * h})
		return &out
	}
	resized := func(to int) *vision.Image {
		out := vision.NewImage(to, to*img.Height/img.Width)
		vision.Resize(out, img, img.Bounds())
		return out
	}
	blurred := vision.NewImage(img.Width, img.Height)
	vision.Resize(blurred, vision.Reduce(img, img.Width/36), vision.Rect{X1: 36, Y1: 36 * h / w})
	filled := func(y0, y1 float32, level byte) *vision.Image {
		out := crop(0, 0, 1, 1)
		for y := int(y0 * h); y < int(y1*h); y++ {
			row := out.Row(y)
			for i := range row {
				row[i] = level
			}
		}
		return out
	}
	lit := func(factor, plus float32) *vision.Image {
		out := crop(0, 0, 1, 1)
		for i, v := range out.Pix {
			out.Pix[i] = byte(max(0, min(255, factor*float32(v)+plus)))
		}
		return out
	}
	tests := map[string]struct {
		img  *vision.Image
		want string
	}{
		"nobody":           {vision.NewImage(320, 240), "no face was found"},
		"one pixel":        {vision.NewImage(1, 1), "no face was found"},
		"one row":          {vision.NewImage(3000, 1), "no face was found"},
		"one column":       {vision.NewImage(1, 3000), "no face was found"},
		"far too small":    {resized(30), "too small"},
		"too small":        {resized(60), "too small"},
		"blurred":          {blurred, "blurred"},
		"too dark":         {lit(0.15, 0), "too dark"},
		"too bright":       {lit(0.4, 170), "too bright"},
		"half is outside":  {crop(0, 0, 0.55, 1), "lies outside"},
		"chin is outside":  {crop(0, 0, 1, 0.72), "lies outside"},
		"eyes barred":      {filled(0.3, 0.36, 0), "uncovered"},
		"mouth is missing": {filled(0.62, 0.75, 128), "uncovered"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := a.Portrait(test.img, 0)
			var refusal Refusal
			if !errors.As(err, &refusal) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want a refusal with %q", err, test.want)
			}
		})
	}
	if _, err := a.Portrait(nil, 0); err == nil || errors.As(err, new(Refusal)) {
		t.Errorf("no picture: %v, want an error that blames nobody's photograph", err)
	}
}

// Both models must name one turn, and each must find it good.
func TestTurnNeedsBothModels(t *testing.T) {
	good, bad := symmetry{apart: 0.02, alike: 0.97}, symmetry{apart: 0.5, alike: 0.6}
	far, unlike := symmetry{apart: 0.11, alike: 0.99}, symmetry{apart: 0.01, alike: 0.91}
	tests := map[string]struct {
		seen [4]*symmetry
		turn int
		ok   bool
	}{
		"one of four":               {[4]*symmetry{&bad, &bad, &good, &bad}, 2, true},
		"the only one":              {[4]*symmetry{nil, &good, nil, nil}, 1, true},
		"points of none are near":   {[4]*symmetry{&far, &bad, nil, nil}, 0, false},
		"templates of none alike":   {[4]*symmetry{&unlike, &bad, nil, nil}, 0, false},
		"the models name different": {[4]*symmetry{&unlike, &far, nil, nil}, 0, false},
		"nothing was seen":          {[4]*symmetry{}, 0, false},
	}
	for name, test := range tests {
		turn, ok := agreed(&test.seen)
		if ok != test.ok || ok && turn != test.turn {
			t.Errorf("%s: turn %d, %v", name, turn, ok)
		}
	}
	for _, s := range []symmetry{good, far, unlike, {apart: 0.3, alike: 0.8}, {apart: 0.1, alike: 0.6}} {
		if s.isNone() {
			t.Errorf("%+v counts as no face", s)
		}
	}
	if !bad.isNone() {
		t.Error("neither near nor alike counts as a face")
	}
}

// A photograph larger than any reduction gives the template that the same one in a usual size gives.
func TestPortraitOfALargePhotograph(t *testing.T) {
	a := newAnalyzer(t)
	img := selfie(t, a)
	large := vision.NewImage(8*img.Width, 8*img.Height)
	vision.Resize(large, img, img.Bounds())
	p, err := a.Portrait(img, 0)
	if err != nil {
		t.Fatal(err)
	}
	l, err := a.Portrait(vision.Turn(large, 3), 0)
	if err != nil {
		t.Fatal(err)
	}
	if same := Compare(&p.Template, &l.Template); same < 0.95 {
		t.Errorf("similarity %.2f, want at least 0.95", same)
	}
}

// A stripe of one colour across the face is a bar, or what is missing of a damaged picture.
func TestBarredFaces(t *testing.T) {
	var points Landmarks
	for i := range points {
		points[i] = vision.Point{X: 20 + float32(i%8)*8, Y: 20 + float32(i%9)*9}
	}
	picture := func(change func(x, y int) bool) *vision.Image {
		img := vision.NewImage(120, 120)
		for i := range img.Pix {
			img.Pix[i] = byte(i * i >> 3)
		}
		for y := range img.Height {
			for x := range img.Width {
				if change(x, y) {
					copy(img.Row(y)[3*x:], []byte{7, 8, 9})
				}
			}
		}
		return img
	}
	for name, test := range map[string]struct {
		change func(x, y int) bool
		want   bool
	}{
		"nothing":                 {func(x, y int) bool { return false }, false},
		"a bar":                   {func(x, y int) bool { return y >= 50 && y < 60 }, true},
		"a bar on its side":       {func(x, y int) bool { return x >= 50 && x < 60 }, true},
		"a line":                  {func(x, y int) bool { return y >= 50 && y < 54 }, false},
		"two lines":               {func(x, y int) bool { return y >= 50 && y < 54 || y >= 60 && y < 64 }, false},
		"a bar across half of it": {func(x, y int) bool { return y >= 50 && y < 60 && x < 50 }, false},
		"a bar below":             {func(x, y int) bool { return y >= 100 }, false},
	} {
		if got := points.barred(picture(test.change)); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// Of two people of whom one lies on her side, nobody is enrolled with the template of a face that is not upright.
func TestPortraitBesideOneWhoLies(t *testing.T) {
	a := newAnalyzer(t)
	upright := selfie(t, a)
	lying := vision.Turn(upright, 1)
	both := vision.NewImage(upright.Width+lying.Width, max(upright.Height, lying.Height))
	for y := range upright.Height {
		copy(both.Row(y), upright.Row(y))
	}
	for y := range lying.Height {
		copy(both.Row(y)[3*upright.Width:], lying.Row(y))
	}
	want, err := a.Portrait(upright, 0)
	if err != nil {
		t.Fatal(err)
	}
	for which := range 3 {
		p, err := a.Portrait(both, which)
		if err != nil {
			if !errors.As(err, new(Refusal)) {
				t.Fatal(err)
			}
			continue
		}
		if same := Compare(&want.Template, &p.Template); same < 0.9 {
			t.Errorf("face %d: similarity %.2f with her upright face", which, same)
		}
	}
}

// A face that only one model finds upright is not enrolled, though the photograph is upright.
func TestPortraitNeedsAnUprightFace(t *testing.T) {
	a := newAnalyzer(t)
	v := newPhotograph(selfie(t, a)).turns[0]
	for _, s := range []symmetry{{apart: 0.2, alike: 0.97}, {apart: 0.02, alike: 0.9}} {
		d := &found{Detection: Detection{Box: vision.Rect{X1: 100, Y1: 100}}, symmetry: &s}
		if _, err := a.portrait(v, d); !errors.As(err, new(Refusal)) || !strings.Contains(err.Error(), "upright") {
			t.Errorf("%+v: %v, want a refusal", s, err)
		}
	}
}
