package challenge

import (
	"math"
	"time"
)

// Schedule says what is asked for when. It is a function of the options and the nonce.
type Schedule struct {
	opts  Opts
	asked [MaxPrompts]Asked
}

// Asked is one prompt of a schedule.
type Asked struct {
	// At is when it appears, after the challenge's begin; it stands for Opts.Show.
	At time.Duration
	// What is the digit 0 to 9, or the Movement.
	What uint8
}

// Movement is what a challenge of kind Move asks for. Left and right are the person's own; the camera's picture is taken
// not to be mirrored.
type Movement uint8

// The movements.
const (
	TurnLeft Movement = iota
	TurnRight
	Nod
	CloseEyes
	movements
)

var movementNames = [movements]string{"turn_left", "turn_right", "nod", "close_eyes"}

// String is the movement's code.
func (m Movement) String() string {
	if m >= movements {
		return "unknown"
	}
	return movementNames[m]
}

// NewSchedule draws a schedule. The parts of the slack are a uniform draw among all ways to spread it, in steps of
// 100 ms, over the times before each prompt and after the last one; the sequence is a uniform draw among all without
// the same one twice in a row, since the person would see no change.
func NewSchedule(o Opts, nonce []byte) (Schedule, error) {
	if err := o.Validate(); err != nil {
		return Schedule{}, err
	}
	d, err := newDraw(nonce, "schedule "+o.Kind.String())
	if err != nil {
		return Schedule{}, err
	}
	s := Schedule{opts: o}
	s.draw(d)
	return s, nil
}

// choices is how many things a kind can ask for.
func (k Kind) choices() int {
	if k == Move {
		return int(movements)
	}
	return 10
}

func (s *Schedule) draw(d draw) {
	o := &s.opts
	// Stars and bars: each choice of Prompts places among units+Prompts is one way to spread the units.
	units := int(o.Slack / step)
	at, next := o.Lead, 0
	for left := units + o.Prompts; next < o.Prompts; left-- {
		if d.below(left) >= o.Prompts-next {
			at += step
			continue
		}
		s.asked[next].At = at
		at += o.Show + o.Pause
		next++
	}
	s.drawSequence(d)
}

// drawSequence draws what is asked for, without when.
func (s *Schedule) drawSequence(d draw) {
	o := &s.opts
	n := o.Kind.choices()
	for i := range s.asked[:o.Prompts] {
		if i == 0 {
			s.asked[i].What = uint8(d.below(n))
			continue
		}
		// One of the others: those from the last one on are one further.
		v := uint8(d.below(n - 1))
		if v >= s.asked[i-1].What {
			v++
		}
		s.asked[i].What = v
	}
}

// Prompts are what is asked for, in order. The slice is the schedule's own.
func (s *Schedule) Prompts() []Asked { return s.asked[:s.opts.Prompts] }

// Length is when the challenge is over.
func (s *Schedule) Length() time.Duration { return s.opts.Length() }

// Entropy is the information that the schedule holds, in bits: of the rhythm and of the sequence. Both are uniform, so
// this is the min-entropy too, as long as the nonce has more. The rhythm's counts steps of 100 ms, finer than anybody
// answers: how often another rhythm fits all the same is what the p-value tells.
func (o Opts) Entropy() (rhythm, sequence float64) {
	units := int(o.Slack / step)
	for i := 1; i <= o.Prompts; i++ {
		rhythm += math.Log2(float64(units+i) / float64(i))
	}
	n := float64(o.Kind.choices())
	return rhythm, math.Log2(n) + float64(o.Prompts-1)*math.Log2(n-1)
}
