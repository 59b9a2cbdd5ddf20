package challenge

import (
	"fmt"
	"strings"
	"time"
)

// Kind is what the person is asked for.
type Kind uint8

const (
	// ReadAloud asks for digits to be read aloud.
	ReadAloud Kind = iota
	// Move asks for turns of the head, nods and closed eyes: for those who cannot speak.
	Move
)

// String is the kind's name for journals and messages.
func (k Kind) String() string {
	switch k {
	case ReadAloud:
		return "read_aloud"
	case Move:
		return "move"
	}
	return "unknown"
}

// Opts are the options of a challenge. All together they say how long it takes: Opts.Length.
type Opts struct {
	Kind Kind
	// Prompts is how many digits or movements are asked for, 3 to MaxPrompts.
	Prompts int
	// Lead is how long the screen tells what comes, Show how long a prompt stands, Pause the least time between two of
	// them, Tail the time after the last one in which its answer still counts.
	Lead, Show, Pause, Tail time.Duration
	// Slack is spread over the pauses at random in steps of 100 ms: the rhythm that a recording cannot know.
	Slack time.Duration
	// MinLag and MaxLag bound how long after a prompt its answer begins, Answer is how long one lasts.
	MinLag, MaxLag, Answer time.Duration
	// Language is the one that digits are taken to be read in: en, es or zh. It matters to Result.StringPValue alone.
	Language string
	// Decoys is how many other schedules the answers are compared with, 99 to 9999.
	Decoys int
	// MaxPValue is the share of schedules that may fit the answers as well as the prompted one does, itself included: how
	// often somebody passes who does not know the schedule. At least 1 in Decoys+1.
	MaxPValue float64
	// MaxMissed is how many prompts may stay without an answer, 0 to 2.
	MaxMissed int
	// MinRate is the least number of frames a second, 10 or more.
	MinRate float64
	// MinCoverage is the least share of the time in which the face could be judged, 0.5 to 1, and MaxGap the longest time
	// in which it could not.
	MinCoverage float64
	MaxGap      time.Duration
	// MinSimilarity is the least cosine between the face and the reference of the person, which must be reached in each
	// third of the challenge. 0 leaves it to the caller to see that the face stays the same.
	MinSimilarity float32
}

// The bounds of a challenge. They bound its memory as well.
const (
	MaxPrompts = 12
	MaxLength  = time.Minute
	// step is the unit of the random pauses.
	step = 100 * time.Millisecond
)

// DefaultOpts ask for six digits within 14.5 s. Somebody who does not know the rhythm passes once in 200 attempts.
//
// The lags hold what people need to name a digit: lips move some 0.3 to 0.7 s after it appears, later where somebody
// hesitates. Simulated readers made of GRID clips (umbral eval speech) are refused half as often with 6 s of slack as with
// 5 s; five digits, or answers taken to last 0.5 s, cost more.
func DefaultOpts() Opts {
	return Opts{
		Kind: ReadAloud, Prompts: 6,
		Lead: 1500 * time.Millisecond, Show: 800 * time.Millisecond, Pause: 200 * time.Millisecond, Tail: time.Second,
		Slack: 6 * time.Second, Language: "en",
		MinLag: 120 * time.Millisecond, MaxLag: time.Second, Answer: 600 * time.Millisecond,
		Decoys: 1999, MaxPValue: 0.005, MaxMissed: 1,
		MinRate: 11.5, MinCoverage: 0.85, MaxGap: time.Second,
		MinSimilarity: 0.5,
	}
}

// DefaultMoveOpts ask for five movements within 17.5 s.
func DefaultMoveOpts() Opts {
	o := DefaultOpts()
	o.Kind, o.Prompts = Move, 5
	o.Show, o.Pause, o.Tail = 1500*time.Millisecond, 500*time.Millisecond, 2*time.Second
	o.Slack = 4 * time.Second
	o.MinLag, o.MaxLag, o.Answer = 200*time.Millisecond, 1400*time.Millisecond, time.Second
	return o
}

// Length is how long the challenge takes, whatever the schedule.
func (o Opts) Length() time.Duration {
	return o.Lead + time.Duration(o.Prompts)*(o.Show+o.Pause) + o.Slack + o.Tail
}

// latest is how long after the last prompt and its pause the latest answer ends.
func (o Opts) latest() time.Duration { return max(0, o.MaxLag+o.Answer-o.Show-o.Pause) }

// Validate tells what is wrong with the options.
func (o Opts) Validate() error {
	fault := func(name string, value, wanted any) error {
		return fmt.Errorf("challenge: %s %v, wanted %v", name, value, wanted)
	}
	switch {
	case o.Kind > Move:
		return fault("kind", uint8(o.Kind), "ReadAloud or Move")
	case o.Prompts < 3 || o.Prompts > MaxPrompts:
		return fault("prompts", o.Prompts, fmt.Sprintf("3 to %d", MaxPrompts))
	case o.Lead < 0 || o.Lead > 10*time.Second:
		return fault("lead", o.Lead, "0 to 10s")
	case o.Show < 200*time.Millisecond || o.Show > 5*time.Second:
		return fault("show", o.Show, "200ms to 5s")
	case o.Pause < 100*time.Millisecond || o.Pause > 5*time.Second:
		return fault("pause", o.Pause, "100ms to 5s")
	case o.Slack < 10*step || o.Slack > 30*time.Second || o.Slack%step != 0:
		return fault("slack", o.Slack, "1s to 30s in steps of 100ms")
	case o.MinLag < 0 || o.MaxLag < o.MinLag || o.MaxLag > 3*time.Second:
		return fault("lags", fmt.Sprint(o.MinLag, " to ", o.MaxLag), "0 to 3s and rising")
	case o.Answer < 200*time.Millisecond || o.Answer > o.Show+o.Pause:
		return fault("answer", o.Answer, fmt.Sprintf("200ms to show and pause together (%v)", o.Show+o.Pause))
	case o.Tail < o.latest() || o.Tail > 10*time.Second:
		return fault("tail", o.Tail, fmt.Sprintf("%v (so that the latest answer to the last prompt is seen) to 10s", o.latest()))
	case spelt[o.Language] == [10]string{}:
		return fault("language", fmt.Sprintf("%q", o.Language), strings.Join(Languages(), ", "))
	case o.Decoys < 99 || o.Decoys > 9999:
		return fault("decoys", o.Decoys, "99 to 9999")
	case !(o.MaxPValue >= 1/float64(o.Decoys+1) && o.MaxPValue <= 0.05):
		return fault("p-value", o.MaxPValue, fmt.Sprintf("%.2g (1 in decoys + 1) to 0.05", 1/float64(o.Decoys+1)))
	case o.MaxMissed < 0 || o.MaxMissed > 2:
		return fault("missed", o.MaxMissed, "0 to 2")
	case !(o.MinRate >= 10 && o.MinRate <= 60):
		return fault("rate", o.MinRate, "10 to 60 frames a second (slower, a syllable falls between two frames)")
	case !(o.MinCoverage >= 0.5 && o.MinCoverage <= 1):
		return fault("coverage", o.MinCoverage, "0.5 to 1")
	case o.MaxGap < 200*time.Millisecond || o.MaxGap > 5*time.Second:
		return fault("gap", o.MaxGap, "200ms to 5s")
	case !(o.MinSimilarity >= 0 && o.MinSimilarity < 1):
		return fault("similarity", o.MinSimilarity, "0 to below 1")
	case o.Length() > MaxLength:
		return fault("length", o.Length(), fmt.Sprintf("at most %v", MaxLength))
	}
	return nil
}
