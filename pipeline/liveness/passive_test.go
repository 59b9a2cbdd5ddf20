package liveness

import (
	"bytes"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"umbral/config/paths"
	"umbral/config/paths/pathstest"
	"umbral/pipeline/face"
	"umbral/pipeline/models"
	"umbral/pipeline/vision"
)

func TestRegion(t *testing.T) {
	for name, c := range map[string]struct {
		box  vision.Rect
		want vision.Rect
	}{
		"in the middle":    {vision.Rect{X0: 300, Y0: 200, X1: 340, Y1: 260}, vision.Rect{X0: 239, Y0: 149, X1: 401, Y1: 311}},
		"shifted right":    {vision.Rect{X0: 10, Y0: 200, X1: 50, Y1: 260}, vision.Rect{X0: 0, Y0: 149, X1: 162, Y1: 311}},
		"shifted up, left": {vision.Rect{X0: 600, Y0: 420, X1: 640, Y1: 480}, vision.Rect{X0: 478, Y0: 318, X1: 640, Y1: 480}},
		"shrunk":           {vision.Rect{X0: 250, Y0: 140, X1: 390, Y1: 340}, vision.Rect{X0: 80, Y0: 0, X1: 560, Y1: 480}},
		"largest that fits": {
			vision.Rect{X0: 250, Y0: 151.5, X1: 390, Y1: 151.5 + 177}, vision.Rect{X0: 81.05, Y0: 1.05, X1: 558.95, Y1: 478.95},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Region(c.box, 640, 480, 2.7)
			if err != nil {
				t.Fatal(err)
			}
			for i, d := range []float32{got.X0 - c.want.X0, got.Y0 - c.want.Y0, got.X1 - c.want.X1, got.Y1 - c.want.Y1} {
				if math.Abs(float64(d)) > 0.01 {
					t.Fatalf("side %d: %v, wanted %v", i, got, c.want)
				}
			}
		})
	}
}

// The region is a square inside the picture, as large as asked for where there is room, and it holds the face's centre.
func TestRegionInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 2000).Draw(t, "w"), rapid.IntRange(1, 2000).Draw(t, "h")
		height := rapid.Float32Range(1, 3000).Draw(t, "height")
		x, y := rapid.Float32Range(0, float32(w)).Draw(t, "x"), rapid.Float32Range(0, float32(h)).Draw(t, "y")
		box := vision.Rect{X0: x - height/3, Y0: y - height/2, X1: x + height/3, Y1: y + height/2}
		r, err := Region(box, w, h, 2.7)
		if err != nil {
			t.Fatal(err)
		}
		const tolerance = 0.01
		if r.X0 < 0 || r.Y0 < 0 || r.X1 > float32(w)+tolerance || r.Y1 > float32(h)+tolerance {
			t.Fatalf("%v leaves the picture", r)
		}
		if math.Abs(float64(r.Dx()-r.Dy())) > tolerance {
			t.Fatalf("%v is no square", r)
		}
		if want := min(2.7*height, float32(w), float32(h)); math.Abs(float64(r.Dy()-want)) > 0.001*float64(want)+tolerance {
			t.Fatalf("side %v, wanted %v", r.Dy(), want)
		}
		if x < r.X0-tolerance || x > r.X1+tolerance || y < r.Y0-tolerance || y > r.Y1+tolerance {
			t.Fatalf("%v does not hold the face at (%v, %v)", r, x, y)
		}
	})
}

func TestRegionRefusesWhatIsNoFace(t *testing.T) {
	nan := float32(math.NaN())
	for name, box := range map[string]vision.Rect{
		"NaN":        {X0: nan, Y0: 0, X1: 10, Y1: 10},
		"no area":    {},
		"inside out": {X0: 20, Y0: 20, X1: 10, Y1: 10},
		"outside":    {X0: 5000, Y0: 10, X1: 5010, Y1: 20},
	} {
		if r, err := Region(box, 640, 480, 2.7); err == nil {
			t.Errorf("%s: %v", name, r)
		}
	}
}

func newPassive(t testing.TB) (*Passive, *face.Analyzer) {
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
	p, err := NewPassive(set, DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	a, err := face.New(set, face.DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	return p, a
}

func picture(t testing.TB, path string) *vision.Image {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	img, err := vision.ReadPicture(bytes.NewReader(data), vision.DefaultPictureLimits())
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// Every eighth of the labelled webcam pictures. With red first instead of blue, several go wrong.
func TestLabelledWebcamPictures(t *testing.T) {
	list := pathstest.Data(t, "spoof/nuaa/labels.csv")
	f, err := os.Open(list)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	p, a := newPassive(t)
	seen := map[bool]int{}
	for i := 1; i < len(rows); i += 8 {
		img := picture(t, filepath.Join(filepath.Dir(list), rows[i][0]))
		faces, err := a.Detect(img)
		if err != nil {
			t.Fatal(err)
		}
		at := face.Prominent(faces, img.Width, img.Height)
		if at < 0 {
			t.Errorf("%s: no face", rows[i][0])
			continue
		}
		score, err := p.Score(img, faces[at].Box)
		if err != nil {
			t.Fatal(err)
		}
		live := rows[i][1] == "live"
		seen[live]++
		if live != (score >= models.Default().PAD.Threshold) {
			t.Errorf("%s is %s and scores %.3f", rows[i][0], rows[i][1], score)
		}
	}
	if seen[true] < 5 || seen[false] < 3 {
		t.Errorf("%d living faces and %d attacks seen, wanted 5 and 3", seen[true], seen[false])
	}
}

func TestScoreAllocatesNothing(t *testing.T) {
	p, a := newPassive(t)
	img := picture(t, pathstest.Picture(t, "sample3.jpg"))
	faces, err := a.Detect(img)
	if err != nil || len(faces) == 0 {
		t.Fatalf("%d faces, %v", len(faces), err)
	}
	box := faces[0].Box
	var failed error
	if n := testing.AllocsPerRun(3, func() {
		if _, err := p.Score(img, box); err != nil {
			failed = err
		}
	}); n != 0 || failed != nil {
		t.Errorf("%v allocations, wanted 0; %v", n, failed)
	}
	if b := p.Budget(); b.Arena <= 0 || b.Sum() > 32<<20 {
		t.Errorf("budget %+v", b)
	}
	if c := p.Context(); c != 2.7 {
		t.Errorf("context %v, wanted 2.7", c)
	}
}

func TestScoreWithHostileInput(t *testing.T) {
	p, _ := newPassive(t)
	box := vision.Rect{X0: 1, Y0: 1, X1: 5, Y1: 6}
	for name, img := range map[string]*vision.Image{"nil": nil, "empty": vision.NewImage(0, 0)} {
		if _, err := p.Score(img, box); err == nil || !strings.Contains(err.Error(), "empty") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := p.Score(vision.NewImage(640, 480), vision.Rect{X0: 3000, Y0: 3000, X1: 3100, Y1: 3100}); err == nil {
		t.Error("a box outside the picture has a score")
	}
	if score, err := p.Score(vision.NewImage(1, 1), vision.Rect{X1: 1, Y1: 1}); err != nil || !(score >= 0 && score <= 1) {
		t.Errorf("one black pixel: %v, %v", score, err)
	}
}

func BenchmarkScore(b *testing.B) {
	p, a := newPassive(b)
	img := picture(b, pathstest.Picture(b, "sample3.jpg"))
	faces, err := a.Detect(img)
	if err != nil || len(faces) == 0 {
		b.Fatalf("%d faces, %v", len(faces), err)
	}
	box := faces[0].Box
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Score(img, box); err != nil {
			b.Fatal(err)
		}
	}
}
