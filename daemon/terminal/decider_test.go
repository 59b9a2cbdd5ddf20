package terminal

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"umbral/config/policy"
	"umbral/daemon/clock"
	"umbral/daemon/passage"
	"umbral/daemon/reviews"
	"umbral/drivers/door"
	"umbral/drivers/door/simulated"
)

// recordingDoor notes when it is opened.
type recordingDoor struct {
	door.Door
	mu     sync.Mutex
	opened []time.Duration
	log    *[]string
}

func (d *recordingDoor) Open(pulse time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened = append(d.opened, pulse)
	*d.log = append(*d.log, "open")
	return nil
}

func (d *recordingDoor) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.opened)
}

type bench struct {
	*decider
	frames uint64
	door   *recordingDoor
	events []string
	mu     sync.Mutex
	err    error
}

func newBench(t *testing.T) *bench {
	t.Helper()
	rules := passage.DefaultRules()
	rules.FMR, rules.Population, rules.Software = "1e-6", "test", "test"
	machine, err := passage.New(rules, passage.ID{Boot: 1, Number: 1})
	if err != nil {
		t.Fatal(err)
	}
	b := new(bench)
	b.door = &recordingDoor{log: &b.events}
	b.decider = newDecider(deciderOpts{
		machine: machine, clock: clock.New(false, time.Second), door: b.door, log: slog.New(slog.DiscardHandler),
		decided: func(passage.Effect) {}, changed: func(passage.Screen) {}, alarmed: func(passage.Alarms) {},
		standing: func(_ passage.ID, person string) passage.Standing { return passage.Standing{Person: person} },
		want:     func(passage.Demand) {}, review: func(reviews.Step) {}, opened: func(passage.ID) {},
		append: func(kind string, _ []byte) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.err == nil {
				b.events = append(b.events, "commit "+kind)
			}
			return b.err
		},
	})
	b.observe(passage.Observation{Kind: passage.ObserveCamera, Up: true})
	return b
}

// frame shows one living, enrolled person.
func (b *bench) frame(person string) {
	b.frames++
	f := passage.Frame{Sequence: b.frames}
	f.Add(passage.Face{
		Track: 7, Box: passage.Box{X0: 4000, Y0: 3000, X1: 6000, Y1: 7000},
		Live:  passage.Live{Known: true, Score: passage.ScoreOf(0.98)},
		Match: passage.Match{Known: true, Person: person, Score: passage.ScoreOf(0.8), Second: passage.ScoreOf(0.1)},
	})
	b.observe(passage.Observation{Kind: passage.ObserveFrame, Frame: f})
}

// walkUp shows one living, enrolled person until a decision is on its way to the journal.
func (b *bench) walkUp(t *testing.T, person string) {
	t.Helper()
	for range 40 {
		b.frame(person)
		if len(b.commits) > 0 {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Fatal("forty good frames led to no decision")
}

func TestDoorOpensOnlyAfterTheCommit(t *testing.T) {
	b := newBench(t)
	b.walkUp(t, "ana")
	if b.door.count() != 0 {
		t.Fatal("the door opened before the journal entry was committed")
	}
	b.commit(<-b.commits)
	if b.door.count() != 1 || len(b.events) != 2 || b.events[0] != "commit passage" || b.events[1] != "open" {
		t.Errorf("events %v, want the commit and then one opening", b.events)
	}
}

// While another door is open nobody is granted, though everything else is right; when it is closed the next who comes is.
func TestAnotherDoorIsWaitedFor(t *testing.T) {
	b := newBench(t)
	other, err := simulated.New(simulated.DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	b.door.Door = other
	other.SetInterlock(true)
	b.observeDoor()
	b.walkUp(t, "ana")
	for len(b.commits) > 0 {
		b.commit(<-b.commits)
	}
	if s := b.machine.Screen(); b.door.count() != 0 || s.Code != passage.ScreenDenied || s.Reason != passage.ReasonInterlock {
		t.Errorf("opened %d times, screen %+v", b.door.count(), s)
	}
	other.SetInterlock(false)
	b.observeDoor()
	time.Sleep(passage.DefaultRules().Cooldown)
	b.walkUp(t, "ana")
	b.commit(<-b.commits)
	if b.door.count() != 1 {
		t.Errorf("opened %d times after the other door was closed", b.door.count())
	}
}

func TestNoGrantWithoutJournal(t *testing.T) {
	b := newBench(t)
	b.err = errors.New("no space left")
	b.walkUp(t, "ana")
	for len(b.commits) > 0 {
		b.commit(<-b.commits)
	}
	if b.door.count() != 0 {
		t.Error("the door opened although the journal could not be written")
	}
	if s := b.machine.Screen(); s.Code != passage.ScreenOutOfOrder && s.Code != passage.ScreenDenied {
		t.Errorf("screen %v after a journal that failed", s.Code)
	}
}

func TestFullQueueCountsAsFailedCommit(t *testing.T) {
	b := newBench(t)
	for range commitQueue {
		b.commits <- commit{kind: "other"}
	}
	for i := range 40 {
		var f passage.Frame
		f.Sequence = uint64(i + 1)
		f.Add(passage.Face{
			Track: 7, Box: passage.Box{X0: 4000, Y0: 3000, X1: 6000, Y1: 7000},
			Live:  passage.Live{Known: true, Score: passage.ScoreOf(0.98)},
			Match: passage.Match{Known: true, Person: "ana", Score: passage.ScoreOf(0.8), Second: -passage.MaxScore},
		})
		b.observe(passage.Observation{Kind: passage.ObserveFrame, Frame: f})
	}
	if b.door.count() != 0 {
		t.Error("the door opened although its entry found no room in the queue")
	}
}

func TestCommandIsAnswered(t *testing.T) {
	b := newBench(t)
	b.observe(passage.Observation{Kind: passage.ObserveClock, Clock: passage.Clock{Trust: policy.TrustNTP, Wall: time.Now().UnixMilli()}})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- b.commitLoop(ctx) }()
	e, err := b.command(ctx, passage.Command{Name: passage.CommandOpen, ID: "c1", Key: "operator"})
	if err != nil {
		t.Fatal(err)
	}
	if e.Verdict != passage.Grant || b.door.count() != 1 {
		t.Errorf("verdict %v %v, door opened %d times", e.Verdict, e.Reasons, b.door.count())
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// What is queued when the terminal stops is still written.
func TestCommitLoopDrains(t *testing.T) {
	b := newBench(t)
	b.commits <- commit{kind: "passage"}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.commitLoop(ctx); err != nil {
		t.Fatal(err)
	}
	if len(b.events) != 1 {
		t.Errorf("events %v, want the queued entry", b.events)
	}
}

// The steady path of the decision allocates nothing.
func TestObserveAllocatesNothing(t *testing.T) {
	b := newBench(t)
	var f passage.Frame
	f.Add(passage.Face{Track: 1, Problems: passage.Problems(0).With(passage.TooSmall)})
	if s := b.machine.Screen(); s.Code != passage.ScreenIdle {
		t.Fatalf("before the first frame the screen is %+v", s)
	}
	if n := testing.AllocsPerRun(200, func() {
		f.Sequence++
		b.observe(passage.Observation{Kind: passage.ObserveFrame, Frame: f})
		b.observe(passage.Observation{Kind: passage.ObserveTick})
	}); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
	if s := b.machine.Screen(); s.Code != passage.ScreenGuide || s.Problem != passage.TooSmall {
		t.Errorf("the machine has not seen the frames: the screen is %+v", s)
	}
}
