package liveness

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"umbral/pipeline/models"
)

func voteOf(scores ...float32) *Vote {
	v := new(Vote)
	for _, s := range scores {
		v.Add(s)
	}
	return v
}

func repeated(score float32, n int) []float32 {
	all := make([]float32, n)
	for i := range all {
		all[i] = score
	}
	return all
}

func TestDecide(t *testing.T) {
	rule := Rule{MinFrames: 5, Threshold: 0.5, Floor: 0.1, MaxSpread: 0.35}
	if got := NewRule(models.Default().PAD); got != rule {
		t.Errorf("rule of the default calibration is %+v, wanted %+v", got, rule)
	}
	for name, c := range map[string]struct {
		scores []float32
		want   Decision
	}{
		"nothing yet":             {nil, Waiting},
		"too few":                 {repeated(0.99, 4), Waiting},
		"living":                  {repeated(0.9, 5), Live},
		"photograph":              {repeated(0.01, 5), Attack},
		"photograph at once":      {repeated(0.01, 1), Attack},
		"doubtful":                {repeated(0.4, 5), Attack},
		"at the threshold":        {repeated(0.5, 5), Live},
		"at the floor":            {[]float32{0.1, 0.9, 0.9, 0.9, 0.9, 0.9}, Live},
		"good mean, one at 0":     {[]float32{0.99, 0.99, 0.99, 0.99, 0.99, 0.99, 0.99, 0.99, 0.0}, Attack},
		"wide spread":             {[]float32{0.95, 0.15, 0.95, 0.15, 0.95, 0.15, 0.95, 0.95}, Attack},
		"a replay of mean 0.65":   {[]float32{0.98, 0.97, 0.0, 0.95, 0.35}, Attack},
		"not a number":            {[]float32{0.9, 0.9, 0.9, 0.9, float32(math.NaN())}, Attack},
		"out of range":            {[]float32{0.9, 0.9, 0.9, 0.9, 7}, Attack},
		"some of a poor webcam's": {[]float32{0.8, 0.45, 0.6, 0.7, 0.5}, Live},
	} {
		t.Run(name, func(t *testing.T) {
			if got := voteOf(c.scores...).Decide(rule); got != c.want {
				t.Errorf("%v, wanted %v", got, c.want)
			}
		})
	}
}

func TestVoteAgainstDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scores := rapid.SliceOfN(rapid.Float32Range(0, 1), 0, 200).Draw(t, "scores")
		v := voteOf(scores...)
		var sum, lowest float64
		for i, s := range scores {
			sum += float64(s)
			if i == 0 || float64(s) < lowest {
				lowest = float64(s)
			}
		}
		n := float64(max(len(scores), 1))
		var squares float64
		for _, s := range scores {
			squares += (float64(s) - sum/n) * (float64(s) - sum/n)
		}
		for _, c := range []struct {
			name      string
			got, want float64
		}{
			{"count", float64(v.Count()), float64(len(scores))},
			{"mean", float64(v.Mean()), sum / n},
			{"minimum", float64(v.Min()), lowest},
			{"spread", float64(v.Spread()), math.Sqrt(squares / n)},
		} {
			if math.Abs(c.got-c.want) > 1e-5 {
				t.Fatalf("%s of %v: %v, wanted %v", c.name, scores, c.got, c.want)
			}
		}
		v.Reset()
		if *v != (Vote{}) {
			t.Fatal("something remains after Reset")
		}
	})
}

// A frame that gets worse never turns a vote live. The spread is left open: it may shrink as the best frame gets worse.
func TestWorseFramesNeverHelp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule := Rule{MinFrames: 3, Threshold: 0.5, Floor: 0.1, MaxSpread: 0.5}
		scores := rapid.SliceOfN(rapid.Float32Range(0, 1), 1, 20).Draw(t, "scores")
		before := voteOf(scores...).Decide(rule)
		i := rapid.IntRange(0, len(scores)-1).Draw(t, "i")
		scores[i] *= rapid.Float32Range(0, 1).Draw(t, "by")
		if after := voteOf(scores...).Decide(rule); after == Live && before != Live {
			t.Fatalf("%v before, live after frame %d got worse", before, i)
		}
	})
}

func TestRuleIsChecked(t *testing.T) {
	good := NewRule(models.Default().PAD)
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	nan := float32(math.NaN())
	for name, change := range map[string]func(*Rule){
		"no frames":             func(r *Rule) { r.MinFrames = 0 },
		"threshold 0":           func(r *Rule) { r.Threshold = 0 },
		"threshold 1":           func(r *Rule) { r.Threshold = 1 },
		"threshold NaN":         func(r *Rule) { r.Threshold = nan },
		"floor above threshold": func(r *Rule) { r.Floor = 0.6 },
		"spread":                func(r *Rule) { r.MaxSpread = 0.6 },
		"spread NaN":            func(r *Rule) { r.MaxSpread = nan },
	} {
		r := good
		change(&r)
		if err := r.Validate(); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestDecisionsAreNamed(t *testing.T) {
	for d, want := range map[Decision]string{Waiting: "waiting", Live: "live", Attack: "attack", 9: "waiting"} {
		if d.String() != want {
			t.Errorf("%d is %q, wanted %q", d, d.String(), want)
		}
	}
}
