package challenge

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"umbral/config/policy"
	"umbral/daemon/evidence"
	"umbral/daemon/evidence/evidencetest"
	"umbral/daemon/passage"
	"umbral/pipeline/liveness/challenge"
	"umbral/pipeline/vision"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// person is somebody before the camera, whose face is measured without a picture of it.
type person struct {
	reads  bool // does as asked; otherwise they stand still
	fault  error
	resets int

	moving bool          // their lips, now
	shown  int           // prompts seen of the challenge
	since  time.Time     // the last prompt appeared
	answer time.Duration // how long after it they began
}

func (p *person) Observe(at time.Duration, _ *vision.Image, _ vision.Rect) (challenge.Sample, error) {
	s := challenge.Sample{
		At: at, Shape: challenge.Shape{Aperture: 0.02, Height: 0.3, Width: 0.9, Eyes: 0.3},
		Change: challenge.Change{Mouth: 0.011, Rest: 0.010},
	}
	if p.moving {
		s.Aperture += 0.05
		s.Mouth += 0.05
	}
	return s, p.fault
}

func (p *person) Reset() { p.resets++ }

func (p *person) Bytes() int64 { return 1000 }

// see looks at the screen.
func (p *person) see(prompt challenge.Prompt, running bool, now time.Time) {
	if !running {
		p.shown = 0
	}
	if prompt.Done != p.shown {
		p.shown, p.since = prompt.Done, now
	}
	d := now.Sub(p.since) - p.answer
	p.moving = p.reads && running && p.shown > 0 && d >= 0 && d < 450*time.Millisecond
}

// rig is a source with a person before it.
type rig struct {
	*Source
	person *person
	track  uint64 // of their face

	mu    sync.Mutex
	heard []passage.Evidence
}

func newRig(t *testing.T, change func(*Opts)) *rig {
	t.Helper()
	r := &rig{person: &person{answer: 350 * time.Millisecond}, track: 1}
	o := Opts{Observer: r.person, Prompts: 6, Attempts: 2}
	if change != nil {
		change(&o)
	}
	var err error
	if r.Source, err = New(o); err != nil {
		t.Fatal(err)
	}
	return r
}

// start runs the source until the test ends.
func (r *rig) start(t *testing.T) *rig {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- r.Run(ctx, func(e passage.Evidence) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.heard = append(r.heard, e)
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return r
}

const perFrame = time.Second / 15

// frame lets the person see the screen and the source see the person.
func (r *rig) frame(seen bool) error {
	now := time.Now()
	prompt, running := r.Prompt(now)
	r.person.see(prompt, running, now)
	return r.Look(&evidence.Frame{Captured: now, Seen: seen, Track: r.track})
}

// watch shows the person for so long, and returns what was observed.
func (r *rig) watch(t *testing.T, d time.Duration, seen bool) []passage.Evidence {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); {
		if err := r.frame(seen); err != nil {
			t.Fatal(err)
		}
		time.Sleep(perFrame)
	}
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.heard
}

func (r *rig) holds() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Source.mu.Lock()
	defer r.Source.mu.Unlock()
	return r.now.challenge != nil || r.now.outcome.Outcome != 0
}

// ask returns a demand for speech in a passage of that number.
func ask(number uint64) passage.Demand {
	id := passage.ID{Boot: 1, Number: number}
	return passage.Demand{Passage: id, Ask: policy.Set(0).With(policy.Speech), Subject: "ana"}
}

// bubble runs a test in a bubble, with schedules that are the same each time.
func bubble(t *testing.T, test func(t *testing.T)) {
	cryptotest.SetGlobalRandom(t, 1)
	synctest.Test(t, test)
}

func TestConformance(t *testing.T) {
	for name, reads := range map[string]bool{"read": true, "still": false} {
		t.Run(name, func(t *testing.T) {
			cryptotest.SetGlobalRandom(t, 1)
			evidencetest.Run(t, func(t *testing.T) evidencetest.Rig {
				r := newRig(t, nil)
				r.person.reads = reads
				return evidencetest.Rig{
					Source: r.Source, Kind: policy.Speech, Subject: "ana", Takes: 20 * time.Second, Held: r.holds,
					Present: func(ctx context.Context) {
						for ctx.Err() == nil {
							if err := r.frame(true); err != nil {
								t.Error(err)
							}
							select {
							case <-ctx.Done():
							case <-time.After(perFrame):
							}
						}
					},
				}
			})
		})
	}
}

// length is how long a challenge of the default takes, with a frame to spare.
var length = challenge.DefaultOpts().Length() + 2*perFrame

// A person who reads passes, and one who doesn't is refused at the first attempt.
func TestReading(t *testing.T) {
	for _, c := range []struct {
		name    string
		reads   bool
		outcome passage.Outcome
		detail  passage.Reason
	}{
		{"reads", true, passage.Accepted, ""},
		{"stands still", false, passage.Refused, passage.ReasonSpeech},
	} {
		bubble(t, func(t *testing.T) {
			r := newRig(t, nil).start(t)
			r.person.reads = c.reads
			r.Want(ask(1))
			heard := r.watch(t, length, true)
			if len(heard) != 1 || heard[0].Outcome != c.outcome || heard[0].Detail != string(c.detail) || r.person.resets != 1 {
				t.Errorf("%s: %+v after %d challenges", c.name, heard, r.person.resets)
			}
			if c.reads && heard[0].Score < passage.ScoreOf(0.995) {
				t.Errorf("the score is %v", heard[0].Score)
			}
		})
	}
}

// A person whose face is lost gets another try, as many as there are attempts, and is then nobody's refusal.
func TestUnclear(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil).start(t)
		r.Want(ask(1))
		if heard := r.watch(t, 3*time.Second, false); len(heard) > 0 || r.person.resets != 0 {
			t.Fatalf("%+v of a face that was never seen", heard)
		}
		for attempt := 1; attempt <= 2; attempt++ {
			if heard := r.watch(t, time.Second, true); len(heard) > 0 || r.person.resets != attempt {
				t.Fatalf("attempt %d: %+v after %d challenges", attempt, heard, r.person.resets)
			}
			r.watch(t, length-time.Second, false)
		}
		heard := r.watch(t, length, true)
		if len(heard) != 1 || heard[0].Outcome != passage.Doubtful || heard[0].Detail != string(passage.ReasonSpeechUnclear) {
			t.Errorf("%+v", heard)
		}
		if r.person.resets != 2 {
			t.Errorf("%d challenges, want 2", r.person.resets)
		}
	})
}

// Whoever interrupts the challenge, by letting somebody step in, has no more than two further ones.
func TestInterruptedChallengesAreCounted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil).start(t)
		begun := 0
		for range 20 {
			d := ask(1)
			r.Want(d)
			r.watch(t, perFrame, true)
			if _, running := r.Prompt(time.Now()); running {
				begun++
			}
			d.Ask = 0
			r.Want(d)
			r.watch(t, perFrame, true)
			if _, running := r.Prompt(time.Now()); running {
				t.Error("a prompt is shown although nothing is asked for")
			}
		}
		r.Want(ask(1))
		heard := r.watch(t, perFrame, true)
		if begun != 2+maxInterrupted || len(heard) != 1 || heard[0].Outcome != passage.Doubtful {
			t.Errorf("%d challenges began, %d outcomes: %+v", begun, len(heard), heard)
		}
	})
}

// An interruption is no attempt: what follows is judged like the first challenge, and may be unclear as often.
func TestInterruptionIsNoAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil).start(t)
		d := ask(1)
		r.Want(d)
		r.watch(t, perFrame, true)
		d.Ask = 0
		r.Want(d)
		r.watch(t, perFrame, true)
		r.Want(ask(1))
		r.watch(t, perFrame, true)
		if heard := r.watch(t, length, false); len(heard) > 0 {
			t.Fatalf("%+v: the interruption was counted as an attempt", heard)
		}
		r.person.reads = true
		if heard := r.watch(t, length, true); len(heard) != 1 || heard[0].Outcome != passage.Accepted {
			t.Errorf("%+v", heard)
		}
	})
}

// An outcome that was found while nothing was asked for waits for the passage to ask again.
func TestOutcomeWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.Want(ask(1))
		r.watch(t, length, true) // nobody observes
		quiet := ask(1)
		quiet.Ask = 0
		r.Want(quiet)
		r.start(t)
		if heard := r.watch(t, time.Second, true); len(heard) > 0 {
			t.Errorf("%+v, although nothing is asked for", heard)
		}
		r.Want(ask(1))
		if heard := r.watch(t, time.Second, true); len(heard) != 1 {
			t.Errorf("%d outcomes, want 1", len(heard))
		}
	})
}

// The other kind may be chosen once, while a challenge is under way, and costs no attempt.
func TestAlternative(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(o *Opts) { o.Attempts = 1 }).start(t)
		refused := func(why string) {
			t.Helper()
			if err := r.Alternative(); !errors.Is(err, evidence.ErrRefused) || !strings.Contains(err.Error(), why) {
				t.Errorf("%v, want a refusal that says %q", err, why)
			}
		}
		kind := func(want challenge.Kind) {
			t.Helper()
			if p, running := r.Prompt(time.Now()); !running || p.Kind != want {
				t.Errorf("the kind is %v, running %v, want %v", p.Kind, running, want)
			}
		}
		refused("no challenge is under way")
		r.Want(ask(1))
		refused("no challenge is under way")
		r.watch(t, time.Second, true)
		kind(challenge.ReadAloud)
		if err := r.Alternative(); err != nil {
			t.Fatal(err)
		}
		r.watch(t, time.Second, true)
		kind(challenge.Move)
		refused("chosen already")
		r.Want(ask(2))
		r.watch(t, time.Second, true)
		kind(challenge.ReadAloud)
		r.Want(passage.Demand{})
		refused("no challenge is under way")
	})
}

// Choosing is no attempt: the other kind may be unclear as often as the first.
func TestAlternativeIsNoAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil).start(t)
		r.Want(ask(1))
		r.watch(t, time.Second, true)
		if err := r.Alternative(); err != nil {
			t.Fatal(err)
		}
		r.watch(t, time.Second, true)
		if heard := r.watch(t, challenge.DefaultMoveOpts().Length(), false); len(heard) > 0 {
			t.Errorf("%+v: choosing was counted as an attempt", heard)
		}
	})
}

// What a demand ends is shown no more, even before anybody looks at a frame.
func TestDemandEndsPrompt(t *testing.T) {
	quiet := ask(1)
	quiet.Ask = 0
	for _, d := range []passage.Demand{{}, quiet, ask(2)} {
		r := newRig(t, nil)
		r.Want(ask(1))
		if err := r.frame(true); err != nil {
			t.Fatal(err)
		}
		r.Want(d)
		if _, running := r.Prompt(time.Now()); running {
			t.Errorf("a prompt is shown after the demand %+v", d)
		}
		if err := r.Alternative(); !errors.Is(err, evidence.ErrRefused) {
			t.Errorf("%v after the demand %+v", err, d)
		}
	}
}

// One who steps in takes over nothing: their frames don't count.
func TestAnotherFaceStepsIn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(o *Opts) { o.Attempts = 1 }).start(t)
		r.person.reads = true
		r.Want(ask(1))
		r.watch(t, length/2, true)
		r.track = 2
		heard := r.watch(t, length/2+time.Second, true)
		if len(heard) != 1 || heard[0].Outcome != passage.Doubtful {
			t.Errorf("%+v", heard)
		}
	})
}

// A frame that can't be measured costs the frame.
func TestObserverFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil).start(t)
		r.Want(ask(1))
		r.person.fault = errors.New("no memory")
		if err := r.frame(true); !errors.Is(err, r.person.fault) {
			t.Errorf("%v", err)
		}
		time.Sleep(perFrame)
		r.person.fault, r.person.reads = nil, true
		if heard := r.watch(t, length, true); len(heard) != 1 || heard[0].Outcome != passage.Accepted {
			t.Errorf("%+v", heard)
		}
	})
}

// The kind of the site is the one that comes first.
func TestOpts(t *testing.T) {
	for want, change := range map[string]func(*Opts){
		"no observer": func(o *Opts) { o.Observer = nil },
		"0 attempts":  func(o *Opts) { o.Attempts = 0 },
		"prompts 99":  func(o *Opts) { o.Prompts = 99 },
	} {
		o := Opts{Observer: &person{}, Prompts: 6, Attempts: 2}
		change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error that says %q", err, want)
		}
	}
	s, err := New(Opts{Observer: &person{}, Kind: challenge.Move, Prompts: 4, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	similarity := max(s.opts.MinSimilarity, s.other.MinSimilarity)
	if s.opts.Kind != challenge.Move || s.opts.Prompts != 4 || s.other.Kind != challenge.ReadAloud || similarity != 0 {
		t.Errorf("%+v, the other kind %+v", s.opts, s.other)
	}
	if least := max(s.opts.Bytes(), s.other.Bytes()); s.Bytes() != 1000+least {
		t.Errorf("%d bytes, want %d", s.Bytes(), 1000+least)
	}
}

// Frames cost nothing while nothing is asked for, and little while a challenge is under way.
func TestLookAllocatesNothing(t *testing.T) {
	r := newRig(t, nil)
	f := &evidence.Frame{Captured: time.Now(), Seen: true, Track: 1}
	look := func() {
		f.Captured = f.Captured.Add(perFrame)
		if err := r.Look(f); err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(100, look); n != 0 {
		t.Errorf("%v allocations a frame that nobody asks for", n)
	}
	r.Want(ask(1))
	look()
	if n := testing.AllocsPerRun(100, look); n != 0 {
		t.Errorf("%v allocations a frame of a challenge", n)
	}
}
