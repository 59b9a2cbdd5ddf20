package challenge

import (
	"math"
	"time"
	"unsafe"
)

// Challenge is one challenge of one passage. All its memory is taken when it is made; Push allocates nothing. The same
// samples give the same result. It is not safe for concurrent use.
type Challenge struct {
	opts     Opts
	schedule Schedule
	decoys   draw
	strings  draw

	samples []Sample
	// count is how many frames came, whether the face could be judged or not.
	count int
	last  time.Duration

	track    uint64
	lowInRow int
	other    bool
	thirds   uint8 // in which the face was compared well

	result  Result
	decided bool

	follow follower
	decoy  Schedule // the decoy that is drawn at the moment
	work   [3]trace
	mouth  mouthing
	active []trace // one a channel
	why    [int(reasons)]Reason
}

// NewChallenge draws the schedule and takes the memory. The nonce is the passage's: unpredictable, never used before, 16 to
// 64 bytes.
func NewChallenge(o Opts, nonce []byte) (*Challenge, error) {
	s, err := NewSchedule(o, nonce)
	if err != nil {
		return nil, err
	}
	decoys, err := newDraw(nonce, "decoys "+o.Kind.String())
	if err != nil {
		return nil, err
	}
	strings, err := newDraw(nonce, "strings "+o.Kind.String())
	if err != nil {
		return nil, err
	}
	n, channels := cells(o.Length()), o.Kind.channels()
	c := &Challenge{
		opts: o, schedule: s, decoys: decoys, strings: strings,
		samples: make([]Sample, 0, o.maxSamples()),
		follow:  newFollower(channels, n),
		decoy:   Schedule{opts: o},
		active:  make([]trace, channels),
	}
	for i := range c.work {
		c.work[i] = make(trace, n)
	}
	for i := range c.active {
		c.active[i] = make(trace, n)
	}
	c.result = Result{PValue: 1, StringPValue: 1, Of: o.Prompts}
	return c, nil
}

// maxSamples is how many samples fit into a challenge.
func (o Opts) maxSamples() int { return int(o.Length()/samplesApart) + 1 }

// Bytes is the memory of a challenge with these options.
func (o Opts) Bytes() int64 {
	n, channels := int64(cells(o.Length())), int64(o.Kind.channels())
	return int64(o.maxSamples())*int64(unsafe.Sizeof(Sample{})) +
		(n+1)*4*channels + n*8*(3+channels) + int64(unsafe.Sizeof(Challenge{}))
}

// Schedule is what is asked for when.
func (c *Challenge) Schedule() *Schedule { return &c.schedule }

// Prompt is what the screen shows at an instant after the begin.
func (c *Challenge) Prompt(at time.Duration) Prompt { return c.schedule.At(at) }

// State is how a challenge goes, after a frame.
type State struct {
	// Taken says that the frame counts: the face could be judged and is the person's.
	Taken bool
	// Frames is how many do.
	Frames int
	// Over says that the challenge needs no more frames.
	Over bool
}

// Push takes what a frame says. Frames come in order of time; one that is not later than the one before, comes within
// 12 ms of it, or lies outside the challenge is left out. A frame in which no face was found is pushed as a Sample with
// nothing but At: its values are not taken for a face's.
func (c *Challenge) Push(s Sample) State {
	state := State{Frames: len(c.samples), Over: c.decided}
	if c.decided || s.At < 0 || s.At >= c.opts.Length() || c.count > 0 && s.At-c.last < samplesApart {
		state.Over = c.decided || s.At >= c.opts.Length()
		return state
	}
	c.count++
	c.last = s.At
	if !c.same(&s) || !s.usable(c.opts.Kind) || len(c.samples) == cap(c.samples) {
		return state
	}
	c.samples = append(c.samples, s)
	return State{Taken: true, Frames: len(c.samples)}
}

// same follows whether the face is the person's all along.
func (c *Challenge) same(s *Sample) bool {
	if c.opts.MinSimilarity > 0 && s.Compared {
		if !(s.Similarity >= c.opts.MinSimilarity) {
			c.lowInRow++
			c.other = c.other || c.lowInRow >= 2
			return false
		}
		c.lowInRow = 0
		c.track = s.Track
		c.thirds |= 1 << min(2, 3*s.At/c.opts.Length())
	}
	if len(c.samples) == 0 && c.track == 0 {
		c.track = s.Track
	}
	return s.Track == c.track
}

// Result is what the challenge established up to an instant. It is Pending until the challenge is over, or until another
// face was seen. Deciding takes some milliseconds, once.
func (c *Challenge) Result(at time.Duration) Result {
	if c.decided || at < c.opts.Length() && !c.other {
		return c.result
	}
	c.decided = true
	c.decide()
	return c.result
}

// decide measures what came and judges it.
func (c *Challenge) decide() {
	o, r := &c.opts, &c.result
	r.Reasons = c.why[:0]
	if c.other {
		r.Outcome = Failed
		r.Reasons = append(r.Reasons, OtherFace)
		return
	}
	for i, t := range c.active {
		if o.Kind == Move {
			t.moving(Movement(i), c.samples, &c.work)
		} else {
			t.speaking(c.samples, &c.work)
		}
		c.follow.take(i, t)
	}
	known, gap := c.active[0].known()
	r.Coverage = float64(known) / float64(len(c.active[0]))
	r.Rate = float64(c.count) / o.Length().Seconds()
	if r.Rate < o.MinRate {
		r.Reasons = append(r.Reasons, TooSlow)
	}
	if r.Coverage < o.MinCoverage {
		r.Reasons = append(r.Reasons, TooFewFrames)
	}
	if time.Duration(gap)*cell > o.MaxGap {
		r.Reasons = append(r.Reasons, FaceLost)
	}
	if o.MinSimilarity > 0 && c.thirds != 0b111 {
		r.Reasons = append(r.Reasons, NotCompared)
	}
	if len(r.Reasons) > 0 {
		r.Outcome = Inconclusive
		return
	}
	fit, lag := c.follow.fit(&c.schedule)
	r.Lag = lag
	r.PValue = c.follow.pValue(fit, &c.decoy, c.decoys, o.Decoys)
	c.answers()
	if o.Kind == ReadAloud {
		c.digits()
	}
	r.Outcome, r.Reasons = c.judge(r.Reasons)
}

// answers measures how active the person was in the answers and between them, and counts the answers that stand out: more
// than a third of the way from the latter to the former. An answer that was left out lies at its beginning.
func (c *Challenge) answers() {
	o, r := &c.opts, &c.result
	length := int(o.Answer / cell)
	var inside, outside, in, out float64
	for k := range c.active[0] {
		// Of several channels the one that is asked for counts; between the answers, the one that moves most.
		channel, asked := 0, false
		for _, a := range c.schedule.Prompts() {
			if from := int((a.At + r.Lag) / cell); k >= from && k < from+length {
				channel, asked = o.Kind.channel(a.What), true
			}
		}
		v := c.active[channel][k]
		if !asked {
			for _, t := range c.active {
				v = max(v, t[k])
			}
		}
		switch {
		case math.IsNaN(v):
		case asked:
			inside, in = inside+v, in+1
		default:
			outside, out = outside+v, out+1
		}
	}
	r.Inside, r.Outside = inside/max(in, 1), outside/max(out, 1)
	r.Answered = 0
	var sum, squares float64
	for _, a := range c.schedule.Prompts() {
		channel := o.Kind.channel(a.What)
		mean := (float64(c.follow.within(channel, a.At+r.Lag, length))/float64(length) + float64(c.follow.mean[channel])) / level
		if mean > r.Outside+(r.Inside-r.Outside)/3 {
			r.Answered++
			lag := (c.onset(channel, a.At+r.Lag, length) - a.At).Seconds()
			sum, squares = sum+lag, squares+lag*lag
		}
	}
	if n := float64(r.Answered); n > 0 {
		r.Spread = time.Duration(math.Sqrt(max(0, squares/n-(sum/n)*(sum/n))) * float64(time.Second))
	}
}

// onset is when an answer that begins about at rises above the middle between the activity in answers and that between
// them.
func (c *Challenge) onset(channel int, at time.Duration, length int) time.Duration {
	const early = 6 // cells
	activity := c.active[channel]
	first := int(at / cell)
	for k := max(0, first-early); k < min(first+length, len(activity)); k++ {
		if activity[k] > (c.result.Inside+c.result.Outside)/2 {
			return time.Duration(k) * cell
		}
	}
	return at
}

// digits compares the shapes of the mouth with the prompted string and with others.
func (c *Challenge) digits() {
	o, r := &c.opts, &c.result
	open, wide, scratch := c.work[0], c.work[1], c.work[2]
	open.lips(c.samples, scratch, func(s *Sample) float32 { return s.Height })
	wide.lips(c.samples, scratch, func(s *Sample) float32 { return s.Width })
	words := spelt[o.Language]
	c.mouth = mouthing{}
	var of [MaxPrompts]int // the prompt that each answer belongs to
	for i, a := range c.schedule.Prompts() {
		from, to := c.spoken(a.At+r.Lag, int(o.Answer/cell))
		if at := c.mouth.answers; c.mouth.add(&words, open[from:to], wide[from:to]) {
			of[at] = i
		}
	}
	if c.mouth.answers < 2 {
		return
	}
	prompted := c.mouth.fit(func(answer int) uint8 { return c.schedule.asked[of[answer]].What })
	fitting := 1
	for range o.Decoys {
		c.decoy.drawSequence(c.strings)
		if c.mouth.fit(func(answer int) uint8 { return c.decoy.asked[of[answer]].What }) >= prompted {
			fitting++
		}
	}
	r.StringPValue = float64(fitting) / float64(o.Decoys+1)
}

// spoken is the part of an answer in which the person is more than half as active as at its peak.
func (c *Challenge) spoken(at time.Duration, length int) (from, to int) {
	activity := c.active[0]
	from = min(int(at/cell), len(activity))
	to = min(from+length, len(activity))
	var peak float64
	for _, v := range activity[from:to] {
		if v > peak {
			peak = v
		}
	}
	for from < to && !(activity[from] > peak/2) {
		from++
	}
	for to > from && !(activity[to-1] > peak/2) {
		to--
	}
	return from, min(to, from+maxAnswerCells)
}

// leastActivity is what the activity has to reach in a tenth of the time for anything to have moved at all. The person of
// GRID whose mouth moves least reaches 0.25 in the mean of short answers, a still or moved picture some 0.02.
const leastActivity = 0.1

// judge applies the options to what was measured, and says why not. Whatever it asks beyond the p-value makes it harder to
// pass for everybody, so the p-value keeps its meaning.
func (c *Challenge) judge(why []Reason) (Outcome, []Reason) {
	o, r := &c.opts, &c.result
	follows := r.PValue <= o.MaxPValue && r.Inside > r.Outside
	switch {
	case !(c.liveliest() >= leastActivity):
		return Failed, append(why, NoMovement)
	case follows && r.Answered >= o.Prompts-o.MaxMissed:
		return Passed, why
	case follows:
		return Failed, append(why, Missed)
	case r.Outside > 0.5:
		return Failed, append(why, NotSilent)
	}
	return Failed, append(why, OffRhythm)
}

// liveliest is the activity that is exceeded in a tenth of the time, whatever was asked.
func (c *Challenge) liveliest() float64 {
	most, scratch := c.work[0], c.work[1]
	copy(most, c.active[0])
	for _, t := range c.active[1:] {
		for k, v := range t {
			most[k] = max(most[k], v)
		}
	}
	return most.quantile(0.9, scratch)
}
