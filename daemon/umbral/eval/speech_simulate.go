package eval

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"umbral/pipeline/liveness/challenge"
)

// How the clips' people are made to answer a challenge: an answer is the beginning and the end of what the clip's person
// says, with the movement before and after, put together to the length of a digit; between answers are frames of the
// clip's own silence, forwards and backwards. The lag of answers is drawn for each challenge, and varies from answer to
// answer.
const (
	lagLow, lagHigh       = 0.35, 0.9 // s
	lagDeviation          = 0.12      // s
	answerLow, answerHigh = 0.3, 0.55 // s
	margin                = 0.2       // s of the movement before and after speech
	leastSilence          = 0.2       // s
)

// How often each clip is put to the test.
const (
	genuineTrials = 40 // challenges that the clip answers
	otherTrials   = 3  // other schedules that each of these is held against
	attackTrials  = 50 // schedules that each attack is held against
)

// silence is the longer of the two silent parts of a clip, in seconds.
func (o *observed) silence() (from, to float64, ok bool) {
	from, to = 0.1, o.clip.Start-margin
	if a, b := o.clip.End+margin, o.length.Seconds()-0.1; b-a > to-from {
		from, to = a, b
	}
	return from, to, to-from >= leastSilence
}

// source is where a frame is taken from.
type source struct{ samples []challenge.Sample }

// at is the sample that was captured nearest to an instant in seconds.
func (s source) at(seconds float64, as time.Duration) challenge.Sample {
	at := time.Duration(seconds * float64(time.Second))
	best := 0
	for i := range s.samples {
		if (s.samples[i].At - at).Abs() < (s.samples[best].At - at).Abs() {
			best = i
		}
	}
	x := s.samples[best]
	x.At = as
	return x
}

// quiet is the clip's silence, played forwards and backwards for a length of time.
func (o *observed) quiet(which int, length time.Duration) []challenge.Sample {
	from, to, _ := o.silence()
	return o.assemble(which, length, func(at float64) float64 { return bounce(at, from, to) })
}

// bounce goes from from to to and back again.
func bounce(at, from, to float64) float64 {
	span := to - from
	at = math.Mod(at, 2*span)
	if at > span {
		at = 2*span - at
	}
	return from + at
}

// assemble makes samples at the clip's rate, each taken from the instant of the clip that from names.
func (o *observed) assemble(which int, length time.Duration, from func(at float64) float64) []challenge.Sample {
	rate := o.rate
	if which == 1 {
		rate /= halved
	}
	src := source{o.samples[which]}
	out := make([]challenge.Sample, 0, int(length.Seconds()*rate)+1)
	for k := 0; ; k++ {
		at := float64(k) / rate
		as := time.Duration(at * float64(time.Second))
		if as >= length {
			return out
		}
		out = append(out, src.at(from(at), as))
	}
}

// answer is the clip's person answering a schedule.
func (o *observed) answer(which int, s *challenge.Schedule, r *rand.Rand) []challenge.Sample {
	from, to, _ := o.silence()
	lag := lagLow + (lagHigh-lagLow)*r.Float64()
	phase := 2 * (to - from) * r.Float64()
	type burst struct{ at, length float64 }
	var bursts []burst
	for _, a := range s.Prompts() {
		bursts = append(bursts, burst{
			at:     a.At.Seconds() + max(0.1, lag+lagDeviation*r.NormFloat64()),
			length: answerLow + (answerHigh-answerLow)*r.Float64(),
		})
	}
	lead, trail := min(margin, o.clip.Start), min(margin, o.length.Seconds()-o.clip.End)
	return o.assemble(which, s.Length(), func(at float64) float64 {
		for _, b := range bursts {
			switch d := at - b.at; {
			case d >= -lead && d < b.length/2:
				return o.clip.Start + d
			case d >= b.length/2 && d < b.length+trail:
				return o.clip.End + d - b.length
			}
		}
		return bounce(at+phase, from, to)
	})
}

// trial is the outcome of one challenge.
type trial struct {
	outcome challenge.Outcome
	p       float64
}

// hold puts samples before the challenge of a nonce.
func hold(opts challenge.Opts, nonce []byte, samples []challenge.Sample) (trial, error) {
	c, err := challenge.NewChallenge(opts, nonce)
	if err != nil {
		return trial{}, err
	}
	for _, s := range samples {
		c.Push(s)
	}
	r := c.Result(opts.Length())
	return trial{r.Outcome, r.PValue}, nil
}

// trials are those of one clip at one rate; the attacks in the order of attackNames.
type trials struct {
	genuine []trial
	attacks [][]trial
}

// The attacks, in the order in which they are reported.
var attackNames = []string{"other schedule", "other speech in a loop", "silent head motion", stillPicture, pannedPicture, turnedPicture}

// try puts a clip through challenges. The numbers are the same each time, for the same place of the clip in its list.
func (e *eye) try(ctx context.Context, o *observed, opts challenge.Opts, place int, pictures bool) (out [rates]trials, err error) {
	seed := [32]byte{1: byte(place), 2: byte(place >> 8), 3: byte(place >> 16)}
	source := rand.NewChaCha8(seed)
	r := rand.New(source)
	nonce := func() []byte {
		b := make([]byte, 32)
		source.Read(b) // never fails
		return b
	}
	_, _, quiet := o.silence()
	talks := o.clip.Labelled && quiet
	recordings := make([][rates][]challenge.Sample, len(attackNames))
	for which := range rates {
		if talks {
			recordings[1][which] = repeated(o.samples[which], o.length, opts.Length())
			recordings[2][which] = o.quiet(which, opts.Length())
		}
		out[which].attacks = make([][]trial, len(attackNames))
	}
	if pictures {
		for i, m := range motions(o.still.Width, o.still.Height, r) {
			if recordings[3+i], err = e.present(ctx, o.still, o.rate, opts.Length(), m.move, r); err != nil {
				return out, err
			}
		}
	}
	for which := range rates {
		t := &out[which]
		for range genuineTrials {
			if !talks {
				break
			}
			own := nonce()
			s, err := challenge.NewSchedule(opts, own)
			if err != nil {
				return out, err
			}
			answer := o.answer(which, &s, r)
			result, err := hold(opts, own, answer)
			if err != nil {
				return out, err
			}
			t.genuine = append(t.genuine, result)
			for range otherTrials {
				if result, err = hold(opts, nonce(), answer); err != nil {
					return out, err
				}
				t.attacks[0] = append(t.attacks[0], result)
			}
		}
		for k := range attackNames {
			if len(recordings[k][which]) == 0 {
				continue
			}
			for range attackTrials {
				if err := ctx.Err(); err != nil {
					return out, err
				}
				result, err := hold(opts, nonce(), recordings[k][which])
				if err != nil {
					return out, err
				}
				t.attacks[k] = append(t.attacks[k], result)
			}
		}
	}
	return out, nil
}
