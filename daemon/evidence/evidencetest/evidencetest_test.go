package evidencetest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"umbral/config/policy"
	"umbral/daemon/evidence"
	"umbral/daemon/passage"
)

// reader is a source that wants to see a card three times. Its flaw, if it has one, is what the suite is to find.
type reader struct {
	*evidence.Demands
	flaw  string
	shown chan struct{}
	ran   bool

	// Of the goroutine that runs.
	seen     int
	about    passage.Demand // whom seen is about
	settled  passage.Demand
	answered passage.ID
	first    passage.Demand // of the passage, under which something was seen

	held   chan int      // holds one: how often a card was seen
	nobody chan struct{} // receives from it
}

func newReader(flaw string) *reader {
	r := &reader{
		Demands: evidence.NewDemands(), flaw: flaw, shown: make(chan struct{}), held: make(chan int, 1), nobody: make(chan struct{}),
	}
	r.held <- 0
	return r
}

func (r *reader) Kinds() policy.Set {
	if r.flaw == "kinds" {
		return 1 << policy.Face
	}
	return 1 << policy.Card
}

func (r *reader) Want(d passage.Demand) {
	switch r.flaw {
	case "want blocks":
		r.nobody <- struct{}{}
	case "loses the newest demand":
		if !r.Now().Passage.IsZero() && !d.Passage.IsZero() {
			return
		}
	}
	r.Demands.Want(d)
	if r.flaw == "answers again" {
		r.settled = passage.Demand{}
	}
}

func (r *reader) Bytes() int64 {
	switch r.flaw {
	case "bytes not counted":
		return 0
	case "bytes grow":
		return 100 + int64(r.answered.Number)
	}
	return 100
}

func (r *reader) holds() int {
	n := <-r.held
	r.held <- n
	return n
}

func (r *reader) hold(n int) {
	<-r.held
	r.held <- n
	r.seen = n
}

func (r *reader) Hint() string {
	asked := r.Now().Ask.Has(policy.Card)
	switch {
	case r.flaw == "hint unknown" && asked:
		return "dance"
	case r.flaw == "hint stays" && r.answered.Number > 0:
		return "again"
	case asked && r.holds() > 0:
		return "again"
	}
	return ""
}

func (r *reader) Run(ctx context.Context, observe func(passage.Evidence)) error {
	switch {
	case r.flaw == "leaks":
		go func() { r.nobody <- struct{}{} }()
	case r.flaw == "runs once" && r.ran:
		<-ctx.Done()
		return nil
	}
	r.ran = true
	for {
		select {
		case <-ctx.Done():
			return r.stopped()
		case <-r.Changed():
			r.begin(r.Now())
		case <-r.shown:
			r.see(r.Now(), observe)
		}
	}
}

func (r *reader) stopped() error {
	switch r.flaw {
	case "stops late":
		time.Sleep(time.Minute)
	case "stops with an error":
		return errors.New("stopped")
	}
	return nil
}

// begin forgets what was seen for another demand.
func (r *reader) begin(d passage.Demand) {
	if d != r.about && r.flaw != "keeps" {
		r.hold(0)
	}
	if r.flaw != "answers for the passage before" || !r.about.Ask.Has(policy.Card) || d.Passage.IsZero() {
		r.about = d
	}
}

func (r *reader) see(d passage.Demand, observe func(passage.Evidence)) {
	switch {
	case r.flaw == "not asked" || r.flaw == "answers after the end" && r.about.Passage.IsZero() && r.answered.Number > 0:
	case !d.Ask.Has(policy.Card):
		return
	case r.settled == d && r.flaw != "never enough":
		return
	case r.flaw == "stuck with the first person" && d.Passage == r.first.Passage && d != r.first, r.flaw == "mute":
		return
	}
	r.first = d
	if r.hold(r.seen + 1); r.seen < 3 {
		return
	}
	r.hold(0)
	r.settled, r.answered = d, d.Passage
	if r.flaw == "answers for the passage before" {
		d = r.about
	}
	observe(r.outcome(d))
	if r.flaw == "waits for the next demand" {
		r.settled = r.Now()
	}
}

func (r *reader) outcome(d passage.Demand) passage.Evidence {
	e := passage.Evidence{Kind: policy.Card, Passage: d.Passage, Outcome: passage.Accepted, Subject: d.Subject}
	switch r.flaw {
	case "another kind":
		e.Kind = policy.Finger
	case "no reason":
		e.Outcome = passage.Refused
	case "no outcome":
		e.Outcome = 0
	case "long subject":
		e.Subject = strings.Repeat("a", passage.MaxName+1)
	case "no passage":
		e.Passage = passage.ID{}
	}
	return e
}

// present shows a card ten times a second.
func (r *reader) present(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
		select {
		case r.shown <- struct{}{}:
		case <-ctx.Done():
			return
		default: // nobody looks
			if r.flaw == "holds up frames" {
				r.shown <- struct{}{}
			}
		}
	}
}

func open(flaw string) func(t *testing.T) Rig {
	return func(*testing.T) Rig {
		r := newReader(flaw)
		return Rig{
			Source: r, Kind: policy.Card, Subject: "ana", Present: r.present, Takes: 5 * time.Second, Hints: []string{"again"},
			Held: func() bool { return r.holds() > 0 },
		}
	}
}

func TestReader(t *testing.T) { Run(t, open("")) }

// flawVariable names, in the environment of a test's own process, the flaw of its source.
const flawVariable = "EVIDENCETEST_FLAW"

// TestFlawed runs the suite with a flawed source where TestSuiteHasTeeth asks for it.
func TestFlawed(t *testing.T) {
	flaw := os.Getenv(flawVariable)
	if flaw == "" {
		t.Skip("run by TestSuiteHasTeeth")
	}
	Run(t, open(flaw))
}

// Each flaw is found by the check that is meant to find it. A flawed source may block forever, so each has a process of its
// own.
func TestSuiteHasTeeth(t *testing.T) {
	for _, c := range []struct{ flaw, check, says string }{
		{"kinds", "Kinds", `establishes "face"`},
		{"not asked", "NotAsked", "asked for is"},
		{"mute", "Asked", "0 outcomes"},
		{"never enough", "Asked", "after the outcome of the passage"},
		{"another kind", "Asked", "an outcome of finger"},
		{"no reason", "Asked", "without a reason"},
		{"no outcome", "Asked", "the outcome is none"},
		{"no passage", "Asked", "an outcome of passage b0-000000"},
		{"long subject", "Asked", "65 bytes"},
		{"answers again", "AskedTwice", "2 outcomes of a demand"},
		{"answers for the passage before", "AnotherPassage", "while b1-000003 is under way"},
		{"keeps", "AnotherPassage", "still held"},
		{"loses the newest demand", "AnotherPassage", "0 outcomes in passage b1-000003"},
		{"stuck with the first person", "PersonChanges", "0 outcomes in passage b1-000004"},
		{"answers after the end", "PassageEnded", "after the passage's end: [{"},
		{"hint unknown", "Hint", `"dance" is none of`},
		{"hint stays", "Hint", "although nothing is asked for"},
		{"stops late", "Stop", "has not returned 1s after"},
		{"stops with an error", "Stop", "Run returned stopped"},
		{"runs once", "Stop", "0 outcomes in passage"},
		{"leaks", "Stop", "blocked goroutines remain"},
		{"bytes not counted", "Bytes", "0 bytes are counted"},
		{"bytes grow", "Bytes", "101 bytes after a passage, 100 before"},
		{"want blocks", "WantWithoutRun", "Want blocks"},
		{"holds up frames", "WantWithoutRun", "Present is still busy"},
		{"waits for the next demand", "WantFromObserve", "told within observe"},
	} {
		t.Run(c.flaw, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestFlawed$/^"+c.check+"$")
			cmd.Env = append(os.Environ(), flawVariable+"="+c.flaw)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || !strings.Contains(string(out), c.says) {
				t.Errorf("%v, want a failed check that says %q:\n%s", err, c.says, out)
			}
		})
	}
}
