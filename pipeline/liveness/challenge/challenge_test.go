package challenge

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
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

// resting is a face that does nothing.
func resting(at time.Duration) Sample {
	return Sample{
		At: at, Track: 1, Similarity: 0.9, Compared: true,
		Shape:  Shape{Aperture: 0.02, Height: 0.3, Width: 0.9, Eyes: 0.3},
		Change: Change{Mouth: 0.011, Rest: 0.010},
	}
}

// person answers each prompt some time after it: with a movement of the mouth, or with the one that is asked for.
func person(s *Schedule, lag time.Duration) func(time.Duration) Sample {
	return func(at time.Duration) Sample {
		x := resting(at)
		for i, a := range s.Prompts() {
			jitter := time.Duration(i%3-1) * 60 * time.Millisecond
			length := 450 * time.Millisecond
			if s.opts.Kind == Move {
				length = 900 * time.Millisecond
			}
			d := at - a.At - lag - jitter
			if d < 0 || d >= length {
				continue
			}
			much := float32(math.Sin(math.Pi * float64(d) / float64(length)))
			switch {
			case s.opts.Kind == ReadAloud:
				x.Aperture += 0.05 * much
				x.Mouth += 0.05
			case Movement(a.What) == TurnLeft:
				x.Yaw -= 25 * much
			case Movement(a.What) == TurnRight:
				x.Yaw += 25 * much
			case Movement(a.What) == Nod:
				x.Pitch -= 12 * much
			case Movement(a.What) == CloseEyes:
				x.Eyes -= 0.15 * much
			}
		}
		return x
	}
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

func TestWhoDoesAsAskedPasses(t *testing.T) {
	for _, o := range []Opts{DefaultOpts(), DefaultMoveOpts()} {
		for _, rate := range []float64{12, 12.5, 15, 25, 30, 60, 200} {
			passed := 0
			for n := range byte(10) {
				c := newChallenge(t, o, nonceOf(n))
				lag := 250*time.Millisecond + time.Duration(n)*50*time.Millisecond
				r := run(c, rate, person(c.Schedule(), lag))
				if r.Outcome != Passed {
					t.Logf("%v at %v: %+v", o.Kind, rate, r)
					continue
				}
				passed++
				if r.Answered < o.Prompts-1 || (r.Lag-lag).Abs() > 250*time.Millisecond {
					t.Errorf("%v: %d answered with a lag of %v, wanted %d and about %v", o.Kind, r.Answered, r.Lag, o.Prompts, lag)
				}
			}
			if passed < 9 {
				t.Errorf("%v at %v frames a second: %d of 10 pass", o.Kind, rate, passed)
			}
		}
	}
}

func TestWhoDoesNotFails(t *testing.T) {
	nan := float32(math.NaN())
	for _, o := range []Opts{DefaultOpts(), DefaultMoveOpts()} {
		other, err := NewSchedule(o, nonceOf(100))
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			rate    float64
			sample  func(s *Schedule) func(time.Duration) Sample
			outcome Outcome
			why     Reason
		}{
			"still": {25, func(*Schedule) func(time.Duration) Sample { return resting }, Failed, NoMovement},
			"another schedule": {25, func(*Schedule) func(time.Duration) Sample {
				return person(&other, 400*time.Millisecond)
			}, Failed, OffRhythm},
			"too slow": {9, func(s *Schedule) func(time.Duration) Sample { return person(s, 400*time.Millisecond) }, Inconclusive, TooSlow},
			"nobody": {25, func(*Schedule) func(time.Duration) Sample {
				return func(at time.Duration) Sample { return Sample{At: at} }
			}, Inconclusive, TooFewFrames},
			"not numbers": {25, func(*Schedule) func(time.Duration) Sample {
				return func(at time.Duration) Sample {
					x := resting(at)
					x.Aperture, x.Yaw, x.Mouth = nan, nan, nan
					return x
				}
			}, Inconclusive, TooFewFrames},
			"away for two seconds": {25, func(s *Schedule) func(time.Duration) Sample {
				do := person(s, 400*time.Millisecond)
				return func(at time.Duration) Sample {
					if at > 6*time.Second && at < 8*time.Second {
						return Sample{At: at}
					}
					return do(at)
				}
			}, Inconclusive, FaceLost},
			"never compared": {25, func(s *Schedule) func(time.Duration) Sample {
				do := person(s, 400*time.Millisecond)
				return func(at time.Duration) Sample {
					x := do(at)
					x.Compared = false
					return x
				}
			}, Inconclusive, NotCompared},
			"somebody else": {25, func(s *Schedule) func(time.Duration) Sample {
				do := person(s, 400*time.Millisecond)
				return func(at time.Duration) Sample {
					x := do(at)
					if at > 5*time.Second {
						x.Similarity = 0.1
					}
					return x
				}
			}, Failed, OtherFace},
			"another track that is not compared": {25, func(s *Schedule) func(time.Duration) Sample {
				do := person(s, 400*time.Millisecond)
				return func(at time.Duration) Sample {
					x := do(at)
					if at > 5*time.Second {
						x.Track, x.Compared = 2, false
					}
					return x
				}
			}, Inconclusive, FaceLost},
		} {
			ch := newChallenge(t, o, nonceOf(1))
			r := run(ch, c.rate, c.sample(ch.Schedule()))
			if r.Outcome != c.outcome || !slices.Contains(r.Reasons, c.why) {
				t.Errorf("%v, %s: %v because of %v, wanted %v because of %v; %+v", o.Kind, name, r.Outcome, r.Reasons, c.outcome, c.why, r)
			}
		}
	}
}

func TestOneWhoTalksAllTheTimeFails(t *testing.T) {
	c := newChallenge(t, DefaultOpts(), nonceOf(1))
	r := run(c, 25, func(at time.Duration) Sample {
		x := resting(at)
		x.Mouth += 0.05
		x.Aperture += 0.05 * float32(math.Abs(math.Sin(9*at.Seconds())))
		return x
	})
	if r.Outcome != Failed || !slices.Contains(r.Reasons, NotSilent) {
		t.Errorf("%+v", r)
	}
}

func TestTheOppositeTurnIsNone(t *testing.T) {
	c := newChallenge(t, DefaultMoveOpts(), nonceOf(1))
	do := person(c.Schedule(), 400*time.Millisecond)
	r := run(c, 25, func(at time.Duration) Sample {
		x := do(at)
		x.Yaw = -x.Yaw
		return x
	})
	if r.Outcome == Passed {
		t.Errorf("%+v", r)
	}
}

// A track may end and another begin, if the face was compared.
func TestAnotherTrackOfTheSameFace(t *testing.T) {
	c := newChallenge(t, DefaultOpts(), nonceOf(1))
	do := person(c.Schedule(), 400*time.Millisecond)
	frame := 0
	r := run(c, 25, func(at time.Duration) Sample {
		x := do(at)
		x.Compared = frame%10 == 0
		if frame == 200 {
			x.Similarity = 0.3 // once is no other face: it may have been blurred
		}
		if frame >= 100 {
			x.Track = 7
		}
		frame++
		return x
	})
	if r.Outcome != Passed {
		t.Errorf("%+v", r)
	}
}

func TestPendingUntilOver(t *testing.T) {
	c := newChallenge(t, DefaultOpts(), nonceOf(1))
	if r := c.Result(c.opts.Length() - 1); r.Outcome != Pending || r.PValue != 1 {
		t.Errorf("%+v", r)
	}
	if s := c.Push(resting(c.opts.Length())); !s.Over || s.Taken {
		t.Errorf("after the end: %+v", s)
	}
	r := c.Result(c.opts.Length())
	if r.Outcome != Inconclusive {
		t.Errorf("without a frame: %+v", r)
	}
	if s := c.Push(resting(time.Second)); !s.Over || s.Taken || c.Result(0).Outcome != Inconclusive {
		t.Error("a frame after the decision changes it")
	}
}

// Whoever does not know the schedule passes as seldom as the p-value says, whatever he does: here in ways that were made
// to pass. Each activity is held against many schedules.
func TestPValueIsExact(t *testing.T) {
	o := DefaultOpts()
	o.Decoys = 99
	n := cells(o.Length())
	activities := map[string]func(k int, r *rand.Rand) float64{
		"every 1.1 s": func(k int, _ *rand.Rand) float64 {
			if k%27 < 14 {
				return 1
			}
			return 0
		},
		"slow swell":     func(k int, _ *rand.Rand) float64 { return float64(k) / float64(n) },
		"middle":         func(k int, _ *rand.Rand) float64 { return math.Exp(-math.Pow(float64(k-n/2)/60, 2)) },
		"noise":          func(_ int, r *rand.Rand) float64 { return r.Float64() },
		"mostly unknown": func(k int, r *rand.Rand) float64 { return []float64{math.NaN(), math.NaN(), r.Float64()}[k%3] },
	}
	const trials = 1000
	for name, activity := range activities {
		f := newFollower(1, n)
		a := make(trace, n)
		r := rand.New(rand.NewPCG(1, 2))
		for k := range a {
			a[k] = activity(k, r)
		}
		f.take(0, a)
		s, decoy := Schedule{opts: o}, Schedule{opts: o}
		prompts, decoys := drawOf(t, 1, "test prompts"), drawOf(t, 1, "test decoys")
		low := map[float64]int{0.01: 0, 0.05: 0, 0.5: 0}
		for range trials {
			s.draw(prompts)
			fit, _ := f.fit(&s)
			p := f.pValue(fit, &decoy, decoys, o.Decoys)
			for limit := range low {
				if p <= limit {
					low[limit]++
				}
			}
		}
		for limit, count := range low {
			deviation := math.Sqrt(trials * limit * (1 - limit))
			if over := (float64(count) - trials*limit) / deviation; over > 4 {
				t.Errorf("%s: p ≤ %v in %d of %d, %.1f deviations more than that share", name, limit, count, trials, over)
			}
		}
	}
}

// The same samples give the same p-value, whatever came before them is the decoys' own.
func TestResultsRepeat(t *testing.T) {
	var first Result
	for i := range 2 {
		c := newChallenge(t, DefaultOpts(), nonceOf(4))
		r := run(c, 25, person(c.Schedule(), 500*time.Millisecond))
		r.Reasons = nil
		if i > 0 && !equal(first, r) {
			t.Errorf("%+v, then %+v", first, r)
		}
		first = r
	}
}

func equal(a, b Result) bool {
	return a.Outcome == b.Outcome && a.PValue == b.PValue && a.StringPValue == b.StringPValue && a.Lag == b.Lag &&
		a.Answered == b.Answered && a.Inside == b.Inside && a.Outside == b.Outside
}

func TestPushAndResultAllocateNothing(t *testing.T) {
	for _, o := range []Opts{DefaultOpts(), DefaultMoveOpts()} {
		c := newChallenge(t, o, nonceOf(2))
		do := person(c.Schedule(), 400*time.Millisecond)
		at := time.Duration(0)
		if n := testing.AllocsPerRun(300, func() {
			c.Push(do(at))
			c.Prompt(at)
			c.Result(at)
			at += 40 * time.Millisecond
		}); n != 0 {
			t.Errorf("%v: %v allocations a frame", o.Kind, n)
		}
		if n := testing.AllocsPerRun(1, func() {
			c.decided = false
			c.Result(o.Length())
		}); n != 0 {
			t.Errorf("%v: %v allocations to decide", o.Kind, n)
		}
		if b := o.Bytes(); b < 50_000 || b > 1<<20 {
			t.Errorf("%v: %d bytes", o.Kind, b)
		}
	}
}

// No sequence of samples brings a challenge to panic, to pass without the face, or to a p-value outside its range.
func FuzzPush(f *testing.F) {
	f.Add(uint8(0), []byte{})
	seed := make([]byte, 0, 20*100)
	for k := range 100 {
		seed = binary.LittleEndian.AppendUint32(seed, uint32(k*40))
		for _, v := range []float32{0.02, 0.03, 0.9, float32(math.Inf(1))} {
			seed = binary.LittleEndian.AppendUint32(seed, math.Float32bits(v))
		}
	}
	f.Add(uint8(0), seed)
	f.Add(uint8(1), seed)
	f.Fuzz(func(t *testing.T, kind uint8, data []byte) {
		o := DefaultOpts()
		if kind&1 == 1 {
			o = DefaultMoveOpts()
		}
		o.MinCoverage, o.MaxGap, o.Decoys, o.MaxPValue = 0.5, 5*time.Second, 99, 0.01
		if kind&2 == 2 {
			o.MinSimilarity = 0
		}
		c, err := NewChallenge(o, nonceOf(kind))
		if err != nil {
			t.Fatal(err)
		}
		for len(data) >= 20 {
			value := func(i int) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])) }
			at := time.Duration(int32(binary.LittleEndian.Uint32(data))) * time.Millisecond
			s := Sample{At: at, Track: uint64(data[0] & 1), Similarity: value(1), Compared: data[1]&1 == 0}
			s.Shape = Shape{Aperture: value(1), Height: value(2), Width: value(3), Yaw: value(1), Pitch: value(2), Eyes: value(3)}
			s.Change = Change{Mouth: value(3), Rest: value(4)}
			c.Push(s)
			c.Result(at)
			data = data[20:]
		}
		r := c.Result(math.MaxInt64)
		if r.Outcome == Pending || !(r.PValue >= 0.01 && r.PValue <= 1) || !(r.StringPValue > 0 && r.StringPValue <= 1) {
			t.Errorf("%+v", r)
		}
		for _, v := range []float64{r.Inside, r.Outside, r.Coverage} {
			if !(v >= 0 && v <= 1) {
				t.Errorf("%+v", r)
			}
		}
	})
}
