package face

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"umbral/pipeline/vision"
)

// meanFace has its five points exactly where the feature model wants them, and lids 0.3 of an eye's width apart.
func meanFace() Landmarks {
	var l Landmarks
	for i := range l {
		l[i] = vision.Point{X: 56, Y: 72}
	}
	eye := func(c vision.Point, outer, a, b, inner, cc, d int) {
		const width, open = 20, 6
		l[outer], l[inner] = vision.Point{X: c.X - width/2, Y: c.Y}, vision.Point{X: c.X + width/2, Y: c.Y}
		l[a], l[b] = vision.Point{X: c.X - 3, Y: c.Y - open/2}, vision.Point{X: c.X + 3, Y: c.Y - open/2}
		l[cc], l[d] = vision.Point{X: c.X + 3, Y: c.Y + open/2}, vision.Point{X: c.X - 3, Y: c.Y + open/2}
	}
	eye(aligned[0], 36, 37, 38, 39, 40, 41)
	eye(aligned[1], 42, 43, 44, 45, 46, 47)
	l[noseTip] = aligned[2]
	l[mouthLeft], l[mouthLeftInside] = aligned[3], aligned[3]
	l[mouthRight], l[mouthRightInside] = aligned[4], aligned[4]
	return l
}

func moved(l Landmarks, m vision.Similarity) Landmarks {
	for i := range l {
		l[i] = m.Apply(l[i])
	}
	return l
}

func TestFive(t *testing.T) {
	l := meanFace()
	for i, p := range l.Five() {
		if distance(p, aligned[i]) > 1e-4 {
			t.Errorf("point %d at %v, wanted %v", i, p, aligned[i])
		}
	}
}

// A face that is moved, turned and enlarged in the picture keeps its shape: only roll follows.
func TestGeometryUnderSimilarity(t *testing.T) {
	level := meanFace()
	before := level.Pose()
	rapid.Check(t, func(t *rapid.T) {
		angle := rapid.Float64Range(-60, 60).Draw(t, "angle")
		scale := rapid.Float64Range(0.5, 8).Draw(t, "scale")
		sin, cos := math.Sincos(angle * math.Pi / 180)
		l := moved(level, vision.Similarity{
			A: float32(scale * cos), B: float32(scale * sin),
			X: rapid.Float32Range(-100, 500).Draw(t, "x"), Y: rapid.Float32Range(-100, 500).Draw(t, "y"),
		})
		pose := l.Pose()
		if abs(pose.Yaw-before.Yaw) > 0.1 || abs(pose.Pitch-before.Pitch) > 0.1 || abs(pose.Roll-before.Roll-float32(angle)) > 0.1 {
			t.Fatalf("turned by %.1f°: %+v, before %+v", angle, pose, before)
		}
		if m := l.misfit(); m > 1e-3 {
			t.Fatalf("misfit %v of the mean face", m)
		}
		if o := l.open(); abs(o-0.3) > 1e-3 {
			t.Fatalf("eyes open by %v, wanted 0.3", o)
		}
	})
}

func TestPoseFollowsTheNose(t *testing.T) {
	shifted := func(dx, dy float32) Pose {
		l := meanFace()
		l[noseTip].X += dx
		l[noseTip].Y += dy
		return l.Pose()
	}
	straight := shifted(0, 0)
	if p := shifted(-8, 0); p.Yaw < straight.Yaw+10 {
		t.Errorf("nose to the left of the picture: yaw %v, straight %v", p.Yaw, straight.Yaw)
	}
	if p := shifted(8, 0); p.Yaw > straight.Yaw-10 {
		t.Errorf("nose to the right of the picture: yaw %v, straight %v", p.Yaw, straight.Yaw)
	}
	if p := shifted(0, 8); p.Pitch > straight.Pitch-8 {
		t.Errorf("nose down: pitch %v, straight %v", p.Pitch, straight.Pitch)
	}
}

// Landmarks of no face must not look like one.
func TestGeometryOfNoFace(t *testing.T) {
	nan := float32(math.NaN())
	for name, change := range map[string]func(*Landmarks){
		"all in one point": func(l *Landmarks) { *l = Landmarks{} },
		"upside down mouth": func(l *Landmarks) {
			for _, i := range []int{mouthLeft, mouthRight, mouthLeftInside, mouthRightInside} {
				l[i].Y = l[leftEyeOuter].Y - 20
			}
		},
		"no eyes": func(l *Landmarks) {
			for i := leftEyeOuter; i <= 47; i++ {
				l[i] = vision.Point{X: 56, Y: 51}
			}
		},
		"NaN": func(l *Landmarks) {
			for i := range l {
				l[i].X = nan
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := meanFace()
			change(&l)
			q := Quality{Size: 200, Share: 0.4, Sharpness: 500, Light: vision.Light{Mean: 128}, Score: 1, Pose: l.Pose(), Misfit: l.misfit(), Open: l.open()}
			q = q.Judge(DefaultLimits())
			if q.Usable() {
				t.Errorf("usable: pose %+v, misfit %v", q.Pose, q.Misfit)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		a, b := template(seed), template(seed+1)
		var want float64
		for i := range a {
			want += float64(a[i]) * float64(b[i])
		}
		if got := Compare(&a, &b); math.Abs(float64(got)-want) > 1e-5 || got != Compare(&b, &a) {
			t.Fatalf("%v, wanted %v", got, want)
		}
		if got := Compare(&a, &a); math.Abs(float64(got)-1) > 1e-5 {
			t.Fatalf("a template against itself: %v", got)
		}
	})
}

// template makes some direction out of a number.
func template(seed uint64) Template {
	var t Template
	for i := range t {
		seed = seed*6364136223846793005 + 1442695040888963407
		t[i] = float32(int64(seed)>>40) / (1 << 23)
	}
	t.normalise()
	return t
}

func TestNormaliseRefusesNoDirection(t *testing.T) {
	for name, v := range map[string]float32{"zero": 0, "NaN": float32(math.NaN()), "infinite": float32(math.Inf(1))} {
		var tpl Template
		tpl[3] = v
		if tpl.normalise() {
			t.Errorf("%s has a direction", name)
		}
	}
}

func TestExpectedAngle(t *testing.T) {
	sharp := func(bin int) []float32 {
		logits := make([]float32, poseBins)
		logits[bin] = 1000
		return logits
	}
	for _, c := range []struct {
		logits []float32
		want   float32
	}{
		{sharp(0), -99}, {sharp(33), 0}, {sharp(65), 96},
		{make([]float32, poseBins), -1.5}, // no preference: the middle of the bins
	} {
		if got := expectedAngle(c.logits); abs(got-c.want) > 1e-3 {
			t.Errorf("%v, wanted %v", got, c.want)
		}
	}
}
