package face

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"umbral/pipeline/vision"
)

// good is a face without any problem.
func good() Quality {
	return Quality{
		Size: 180, Share: 0.35, Sharpness: 150, Light: vision.Light{Mean: 125}, Misfit: 0.08, Open: 0.3, Score: 0.99,
	}
}

func TestProblemsInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Quality)
		want   []Problem
	}{
		"good":             {func(*Quality) {}, nil},
		"cut off":          {func(q *Quality) { q.Edge = true }, []Problem{CutOff}},
		"far":              {func(q *Quality) { q.Size = 79 }, []Problem{TooFar}},
		"close":            {func(q *Quality) { q.Share = 0.9 }, []Problem{TooClose}},
		"to the side":      {func(q *Quality) { q.Pose.Yaw = -31 }, []Problem{Turned}},
		"down":             {func(q *Quality) { q.Pose.Pitch = -26 }, []Problem{Turned}},
		"tilted":           {func(q *Quality) { q.Pose.Roll = 31 }, []Problem{Turned}},
		"covered":          {func(q *Quality) { q.Misfit = 0.3 }, []Problem{Covered}},
		"dark":             {func(q *Quality) { q.Light.Mean = 20 }, []Problem{TooDark}},
		"half black":       {func(q *Quality) { q.Light.Dark = 0.5 }, []Problem{TooDark}},
		"bright":           {func(q *Quality) { q.Light.Mean = 240 }, []Problem{TooBright}},
		"half white":       {func(q *Quality) { q.Light.Bright = 0.5 }, []Problem{TooBright}},
		"blurred":          {func(q *Quality) { q.Sharpness = 10 }, []Problem{Blurred}},
		"one eye":          {func(q *Quality) { q.Eyes.LeftClosed, q.Open = 1, 0.1 }, nil},
		"eyes, only model": {func(q *Quality) { q.Eyes = Eyes{1, 1} }, nil},
		"eyes":             {func(q *Quality) { q.Eyes, q.Open = Eyes{1, 1}, 0.1 }, []Problem{EyesClosed}},
		"small, dark, cut": {
			func(q *Quality) { q.Light.Mean, q.Size, q.Edge = 10, 20, true },
			[]Problem{CutOff, TooFar, TooDark},
		},
		"nothing measured": {
			func(q *Quality) {
				nan := float32(math.NaN())
				q.Size, q.Share, q.Pose.Yaw, q.Misfit, q.Light.Mean, q.Sharpness = nan, nan, nan, nan, nan, nan
			},
			[]Problem{TooFar, TooClose, Turned, Covered, TooDark, TooBright, Blurred},
		},
	} {
		t.Run(name, func(t *testing.T) {
			q := good()
			c.change(&q)
			q = q.Judge(DefaultLimits())
			if got := q.Problems(); !slices.Equal(got, c.want) {
				t.Errorf("problems %v, wanted %v", got, c.want)
			}
			usable := len(c.want) == 0 || c.want[0] == EyesClosed
			if q.Usable() != usable {
				t.Errorf("usable %v, wanted %v", q.Usable(), usable)
			}
			if !(q.Value >= 0 && q.Value <= 1) {
				t.Errorf("value %v", q.Value)
			}
		})
	}
}

func TestProblemsAreNamed(t *testing.T) {
	codes := map[string]bool{}
	for p := Problem(1); p < problems; p++ {
		if p.Text() == "" || p.String() == "" || codes[p.String()] {
			t.Errorf("problem %d: code %q, text %q", p, p.String(), p.Text())
		}
		codes[p.String()] = true
	}
	for _, p := range []Problem{0, problems, 255} {
		if p.String() != "unknown" || p.Text() != "" {
			t.Errorf("problem %d: code %q, text %q", p, p.String(), p.Text())
		}
	}
}

// Whatever is worse in a face does not raise its value.
func TestValueFallsWithEachMeasure(t *testing.T) {
	l := DefaultLimits()
	worse := map[string]func(q *Quality, by float32){
		"size":      func(q *Quality, by float32) { q.Size -= 100 * by },
		"yaw":       func(q *Quality, by float32) { q.Pose.Yaw += 40 * by },
		"pitch":     func(q *Quality, by float32) { q.Pose.Pitch -= 40 * by },
		"misfit":    func(q *Quality, by float32) { q.Misfit += 0.3 * by },
		"dark":      func(q *Quality, by float32) { q.Light.Mean -= 110 * by },
		"clipped":   func(q *Quality, by float32) { q.Light.Bright += 0.9 * by },
		"sharpness": func(q *Quality, by float32) { q.Sharpness -= 140 * by },
		"score":     func(q *Quality, by float32) { q.Score -= 0.4 * by },
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"size", "yaw", "pitch", "misfit", "dark", "clipped", "sharpness", "score"}).Draw(t, "measure")
		a := rapid.Float32Range(0, 1).Draw(t, "a")
		b := rapid.Float32Range(0, 1).Draw(t, "b")
		less, more := good(), good()
		worse[name](&less, min(a, b))
		worse[name](&more, max(a, b))
		if x, y := less.Judge(l).Value, more.Judge(l).Value; x < y {
			t.Fatalf("%s: value %v, and %v where it is worse", name, x, y)
		}
	})
}

func TestEnrolmentIsNeverLaxer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := good()
		q.Size = rapid.Float32Range(20, 300).Draw(t, "size")
		q.Pose.Yaw = rapid.Float32Range(-50, 50).Draw(t, "yaw")
		q.Misfit = rapid.Float32Range(0, 0.4).Draw(t, "misfit")
		q.Light.Mean = rapid.Float32Range(0, 255).Draw(t, "light")
		q.Sharpness = rapid.Float32Range(0, 200).Draw(t, "sharpness")
		enrol, pass := q.Judge(EnrolLimits()), q.Judge(DefaultLimits())
		if enrol.Usable() && !pass.Usable() {
			t.Fatalf("good enough to enrol but not to pass: %v", pass.Problems())
		}
	})
}

func TestLimitsAreChecked(t *testing.T) {
	for name, change := range map[string]func(*Limits){
		"size 0":       func(l *Limits) { l.MinSize = 0 },
		"yaw NaN":      func(l *Limits) { l.MaxYaw = float32(math.NaN()) },
		"light turned": func(l *Limits) { l.MinLight, l.MaxLight = 200, 100 },
		"clipped 2":    func(l *Limits) { l.MaxClipped = 2 },
	} {
		l := DefaultLimits()
		change(&l)
		if err := l.validate(); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	for _, l := range []Limits{DefaultLimits(), EnrolLimits()} {
		if err := l.validate(); err != nil {
			t.Error(err)
		}
	}
}
