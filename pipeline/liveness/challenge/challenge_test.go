package challenge

import (
	"bytes"
	"math"
	"testing"
	"time"
)

func nonceOf(n byte) []byte { return bytes.Repeat([]byte{n, 3, 7, ^n}, 8) }

func newChallenge(t testing.TB, o Opts, nonce []byte) *Challenge {
	t.Helper()
	c, err := NewChallenge(o, nonce)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// reader is somebody who opens the mouth for half a second, lag after each prompt.
func reader(s *Schedule, at, lag time.Duration) Sample {
	x := Sample{At: at, Track: 1, Similarity: 0.9, Compared: true}
	x.Shape = Shape{Aperture: 0.02, Height: 0.3, Width: 0.9, Eyes: 0.3}
	x.Change = Change{Mouth: 0.011, Rest: 0.010}
	for i, a := range s.Prompts() {
		jitter := time.Duration(i%3-1) * 60 * time.Millisecond
		if d := at - a.At - lag - jitter; d >= 0 && d < 450*time.Millisecond {
			x.Aperture += 0.05 * float32(math.Sin(math.Pi*float64(d)/450e6))
			x.Mouth += 0.05
		}
	}
	return x
}

// run pushes samples at a rate and gives the result.
func run(c *Challenge, rate float64, sample func(at time.Duration) Sample) Result {
	for k := 0; ; k++ {
		at := time.Duration(float64(k) / rate * float64(time.Second))
		if at >= c.schedule.Length() {
			return c.Result(at)
		}
		c.Push(sample(at))
	}
}

func TestReaderPasses(t *testing.T) {
	for _, rate := range []float64{12, 15, 25, 30, 60, 200} {
		passed := 0
		for n := range byte(10) {
			c := newChallenge(t, DefaultOpts(), nonceOf(n))
			r := run(c, rate, func(at time.Duration) Sample { return reader(c.Schedule(), at, 450*time.Millisecond) })
			if r.Outcome == Passed {
				passed++
			} else {
				t.Logf("rate %v nonce %d: %+v", rate, n, r)
			}
		}
		t.Log(rate, passed)
		if passed < 9 {
			t.Errorf("at %v frames a second %d of 10 readers pass", rate, passed)
		}
	}
}
