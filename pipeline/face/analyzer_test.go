package face

import (
	"bytes"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"umbral/config/paths"
	"umbral/config/paths/pathstest"
	"umbral/pipeline/models"
	"umbral/pipeline/nn"
	"umbral/pipeline/vision"
)

// faceRoles are those that an Analyzer needs.
var faceRoles = []models.Role{models.Detect, models.Landmark, models.Feature, models.Pose, models.Eye}

func modelSet(t testing.TB) *models.Set {
	t.Helper()
	for _, role := range faceRoles {
		m, err := models.Default().Of(role)
		if err != nil {
			t.Fatal(err)
		}
		pathstest.Model(t, m.File)
	}
	set, err := models.Load(paths.Models(), models.Default(), faceRoles...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func newAnalyzer(t testing.TB) *Analyzer {
	t.Helper()
	a, err := New(modelSet(t), DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	return a
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

// portrait is one woman out of a group, as a camera of 640×480 would see her from the front: with the middle of the frame
// at (x, y) of the photograph and width pixels of it across.
func portrait(t testing.TB, x, y, width float32) *vision.Image {
	t.Helper()
	group := picture(t, pathstest.Picture(t, "sample3.jpg"))
	img := vision.NewImage(640, 480)
	vision.Resize(img, group, vision.Rect{X0: x - width/2, Y0: y - width*3/8, X1: x + width/2, Y1: y + width*3/8})
	return img
}

// embed is the template of the face that a picture is about.
func embed(t testing.TB, a *Analyzer, img *vision.Image) (Template, bool) {
	t.Helper()
	faces, err := a.Detect(img)
	if err != nil {
		t.Fatal(err)
	}
	at := Prominent(faces, img.Width, img.Height)
	if at < 0 {
		return Template{}, false
	}
	points, err := a.Landmarks(img, faces[at].Box)
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := a.Embed(img, points)
	if err != nil {
		t.Fatal(err)
	}
	return tpl, true
}

func TestAnalyzerOnAPhotograph(t *testing.T) {
	a := newAnalyzer(t)
	img := portrait(t, 690, 470, 700)
	faces, err := a.Detect(img)
	if err != nil || len(faces) == 0 {
		t.Fatalf("%d faces, %v", len(faces), err)
	}
	d := faces[0]
	points, err := a.Landmarks(img, d.Box)
	if err != nil {
		t.Fatal(err)
	}
	five := points.Five()
	for i, p := range five {
		if p.X < d.Box.X0 || p.X > d.Box.X1 || p.Y < d.Box.Y0 || p.Y > d.Box.Y1 {
			t.Errorf("point %d at %v lies outside the box %v", i, p, d.Box)
		}
	}
	if !(five[0].X < five[1].X && five[0].Y < five[2].Y && five[2].Y < five[3].Y) {
		t.Errorf("points are not those of an upright face: %v", five)
	}
	exact, err := a.Pose(img, d.Box)
	if err != nil {
		t.Fatal(err)
	}
	quick := points.Pose()
	if abs(exact.Yaw-quick.Yaw) > 15 || abs(exact.Pitch-quick.Pitch) > 25 || abs(exact.Roll-quick.Roll) > 15 {
		t.Errorf("pose by the model %+v, by the landmarks %+v", exact, quick)
	}
	q := a.Quality(img, d, points, quick)
	if !q.Usable() {
		t.Errorf("a good photograph is not usable: %v (%+v)", q.Problems(), q)
	}
	tpl, err := a.Embed(img, points)
	if err != nil {
		t.Fatal(err)
	}
	if c := Compare(&tpl, &tpl); c < 0.9999 || c > 1.0001 {
		t.Errorf("template of length² %v", c)
	}
	if b := a.Budget(); b.Arena <= 0 || b.Sum() > 64<<20 {
		t.Errorf("budget %+v", b)
	}
}

// The same face, moved and shrunk in the frame, keeps its template: what the gate relies on as people walk.
func TestTemplateKeepsWithPlaceAndSize(t *testing.T) {
	a := newAnalyzer(t)
	img := portrait(t, 690, 470, 700)
	reference, ok := embed(t, a, img)
	if !ok {
		t.Fatal("no face")
	}
	for name, moved := range map[string]*vision.Image{
		"half the size": portrait(t, 690, 470, 1000),
		"to the side":   portrait(t, 760, 420, 700),
		"nearer":        portrait(t, 690, 470, 550),
	} {
		probe, ok := embed(t, a, moved)
		if !ok {
			t.Errorf("%s: no face", name)
			continue
		}
		if c := Compare(&reference, &probe); c < 0.9 {
			t.Errorf("%s: cosine %v to the same face", name, c)
		}
	}
}

func TestFaceCutByTheEdge(t *testing.T) {
	a := newAnalyzer(t)
	img := portrait(t, 690, 470, 700)
	faces, err := a.Detect(img)
	if err != nil || len(faces) == 0 {
		t.Fatalf("%d faces, %v", len(faces), err)
	}
	box := faces[0].Box
	var cut vision.Image
	vision.Crop(&cut, img, vision.Rect{X0: box.X0 + 0.35*box.Dx(), X1: float32(img.Width), Y1: float32(img.Height)})
	faces, err = a.Detect(&cut)
	if err != nil {
		t.Fatal(err)
	}
	halves := 0
	for _, d := range faces {
		if d.Box.X0 > 0.2*box.Dx() {
			continue
		}
		halves++
		points, err := a.Landmarks(&cut, d.Box)
		if err != nil {
			t.Fatal(err)
		}
		q := a.Quality(&cut, d, points, points.Pose())
		if !d.Edge || q.Usable() || q.Problems()[0] != CutOff {
			t.Errorf("half a face at the edge: %+v, problems %v", d, q.Problems())
		}
	}
	if halves != 1 {
		t.Errorf("%d faces at the cut, wanted 1", halves)
	}
}

// Nothing that a camera or a caller brings may panic or give a template out of nothing.
func TestAnalyzerWithHostileInput(t *testing.T) {
	a := newAnalyzer(t)
	noise := vision.NewImage(64, 48)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = byte(r.Uint32())
	}
	for name, img := range map[string]*vision.Image{
		"noise": noise, "one pixel": vision.NewImage(1, 1), "a line": vision.NewImage(2000, 1), "black": vision.NewImage(640, 480),
	} {
		faces, err := a.Detect(img)
		if err != nil || len(faces) > DefaultOpts().MaxFaces {
			t.Errorf("%s: %d faces, %v", name, len(faces), err)
		}
	}
	for name, img := range map[string]*vision.Image{"nil": nil, "empty": vision.NewImage(0, 0)} {
		if _, err := a.Detect(img); err == nil || !strings.Contains(err.Error(), "empty") {
			t.Errorf("%s: detect: %v", name, err)
		}
		if _, err := a.Embed(img, meanFace()); err == nil {
			t.Errorf("%s: embed gave a template", name)
		}
		if _, err := a.Eyes(img, meanFace()); err == nil {
			t.Errorf("%s: eyes", name)
		}
	}
	nan := float32(0)
	nan /= nan
	for name, box := range map[string]vision.Rect{
		"NaN":                           {X0: nan, Y0: 1, X1: 20, Y1: 20},
		"outside":                       {X0: 700, Y0: 10, X1: 800, Y1: 100},
		"inside out":                    {X0: 20, Y0: 20, X1: 10, Y1: 10},
		"no area":                       {},
		"huge":                          {X0: -1e9, Y0: -1e9, X1: 1e9, Y1: 1e9},
		"wide, with its square outside": {X0: -1000, Y0: 10, X1: 2, Y1: 20},
	} {
		if _, err := a.Landmarks(noise, box); err == nil {
			t.Errorf("%s: landmarks in a box that no face can have", name)
		}
		q := a.Quality(noise, Detection{Box: box, Score: 1}, meanFace(), Pose{})
		if name != "wide, with its square outside" && (q.Usable() || q.Value != 0) {
			t.Errorf("%s: quality %+v", name, q)
		}
	}
	if _, err := a.Pose(noise, vision.Rect{X0: nan}); err == nil {
		t.Error("pose of a box that is not a number")
	}
	if _, err := a.Embed(noise, Landmarks{}); err == nil {
		t.Error("embed: landmarks in one point gave a template")
	}
}

func TestAnalyzerAllocatesNothing(t *testing.T) {
	a := newAnalyzer(t)
	img := portrait(t, 690, 470, 700)
	faces, err := a.Detect(img)
	if err != nil || len(faces) == 0 {
		t.Fatalf("%d faces, %v", len(faces), err)
	}
	d := faces[0]
	points, err := a.Landmarks(img, d.Box)
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	var usable, problems int
	keep := func(err error) {
		if err != nil {
			failed = err
		}
	}
	for name, call := range map[string]func(){
		"detect":    func() { _, err := a.Detect(img); keep(err) },
		"landmarks": func() { _, err := a.Landmarks(img, d.Box); keep(err) },
		"embed":     func() { _, err := a.Embed(img, points); keep(err) },
		"pose":      func() { _, err := a.Pose(img, d.Box); keep(err) },
		"quality": func() {
			q := a.Quality(img, d, points, points.Pose())
			if q.Usable() {
				usable++
			}
			problems += len(q.Problems())
		},
	} {
		if n := testing.AllocsPerRun(3, call); n != 0 {
			t.Errorf("%s: %v allocations, wanted 0", name, n)
		}
	}
	if failed != nil || usable == 0 {
		t.Errorf("usable %d times, %d problems, %v", usable, problems, failed)
	}
}

func TestOptsAreChecked(t *testing.T) {
	for name, change := range map[string]func(*Opts){
		"no faces":   func(o *Opts) { o.MaxFaces = 0 },
		"many faces": func(o *Opts) { o.MaxFaces = 65 },
		"score 0":    func(o *Opts) { o.MinScore = 0 },
		"score 1":    func(o *Opts) { o.MinScore = 1 },
		"overlap":    func(o *Opts) { o.MaxOverlap = -1 },
		"limits":     func(o *Opts) { o.Quality = Limits{} },
	} {
		o := DefaultOpts()
		change(&o)
		if _, err := New(nil, o); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// A model of another kind under a role is refused at start, not met in the middle of a passage.
func TestNewRefusesAnotherKindOfModel(t *testing.T) {
	set := modelSet(t)
	for i := range set.Models {
		if set.Models[i].Role == models.Detect {
			set.Models[i].Outputs = map[string]string{"scores": "boxes", "boxes": "scores"}
		}
	}
	if _, err := New(set, DefaultOpts()); err == nil || !strings.Contains(err.Error(), "another kind of model?") {
		t.Errorf("scores and boxes exchanged: %v", err)
	}
}

func benchmark(b *testing.B, call func(a *Analyzer, img *vision.Image, d Detection, points Landmarks) error) {
	pool := nn.NewPool(2)
	defer pool.Close()
	o := DefaultOpts()
	o.Pool = pool
	a, err := New(modelSet(b), o)
	if err != nil {
		b.Fatal(err)
	}
	img := portrait(b, 690, 470, 700)
	faces, err := a.Detect(img)
	if err != nil || len(faces) == 0 {
		b.Fatalf("%d faces, %v", len(faces), err)
	}
	d := faces[0]
	points, err := a.Landmarks(img, d.Box)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := call(a, img, d, points); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDetect(b *testing.B) {
	benchmark(b, func(a *Analyzer, img *vision.Image, _ Detection, _ Landmarks) error {
		_, err := a.Detect(img)
		return err
	})
}

func BenchmarkLandmarks(b *testing.B) {
	benchmark(b, func(a *Analyzer, img *vision.Image, d Detection, _ Landmarks) error {
		_, err := a.Landmarks(img, d.Box)
		return err
	})
}

func BenchmarkQuality(b *testing.B) {
	benchmark(b, func(a *Analyzer, img *vision.Image, d Detection, points Landmarks) error {
		a.Quality(img, d, points, points.Pose())
		return nil
	})
}

func BenchmarkPose(b *testing.B) {
	benchmark(b, func(a *Analyzer, img *vision.Image, d Detection, _ Landmarks) error {
		_, err := a.Pose(img, d.Box)
		return err
	})
}

func BenchmarkEmbed(b *testing.B) {
	benchmark(b, func(a *Analyzer, img *vision.Image, _ Detection, points Landmarks) error {
		_, err := a.Embed(img, points)
		return err
	})
}
