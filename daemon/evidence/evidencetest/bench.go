package evidencetest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"umbral/config/policy"
	"umbral/daemon/passage"
)

// bench plays the decision.
type bench struct {
	*testing.T
	Rig

	mu      sync.Mutex
	demand  passage.Demand // the newest
	number  uint64         // of the newest passage
	heard   []passage.Evidence
	answers func() // called within observe; may be nil
}

// start runs the source until the function that it returns is called, or the test ends.
func (b *bench) start() (end func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	var mu sync.Mutex
	over := false
	go func() {
		done <- b.Source.Run(ctx, func(e passage.Evidence) {
			mu.Lock()
			late := over
			mu.Unlock()
			if late {
				b.Errorf("%+v was observed after Run had returned", e)
			}
			b.observe(e)
		})
	}()
	end = sync.OnceFunc(func() {
		b.Helper()
		cancel()
		select {
		case err := <-done:
			if err != nil {
				b.Errorf("Run returned %v after its context ended", err)
			}
		case <-time.After(soon):
			b.Errorf("Run has not returned %v after its context ended", soon)
		}
		mu.Lock()
		over = true
		mu.Unlock()
	})
	b.Cleanup(end)
	return end
}

// present lets the person show the evidence until the function that it returns is called, or the test ends.
func (b *bench) present() (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); b.Present(ctx) }()
	end = sync.OnceFunc(func() {
		b.Helper()
		cancel()
		select {
		case <-done:
		case <-time.After(b.Takes):
			b.Errorf("Present is still busy %v after its context ended: the source holds it up", b.Takes)
		}
	})
	b.Cleanup(end)
	return end
}

// observe takes an outcome.
func (b *bench) observe(e passage.Evidence) {
	b.mu.Lock()
	d, answers := b.demand, b.answers
	b.heard = append(b.heard, e)
	b.mu.Unlock()
	switch {
	case e.Passage != d.Passage:
		b.Errorf("an outcome of passage %v while %v is under way", e.Passage, d.Passage)
	case !b.Source.Kinds().Has(e.Kind) || !d.Ask.Has(e.Kind):
		b.Errorf("an outcome of %v; the source establishes %v, asked for is %v", e.Kind, b.Source.Kinds(), d.Ask)
	}
	switch {
	case e.Outcome < passage.Accepted || e.Outcome > passage.Doubtful:
		b.Errorf("the outcome is %v", e.Outcome)
	case e.Outcome != passage.Accepted && e.Detail == "":
		b.Errorf("an outcome is %v without a reason", e.Outcome)
	}
	if len(e.Subject) > passage.MaxName {
		b.Errorf("an outcome's subject has %d bytes, the limit is %d", len(e.Subject), passage.MaxName)
	}
	if answers != nil {
		answers()
	}
}

// next returns a demand for the source's kind in a new passage.
func (b *bench) next() passage.Demand {
	b.number++
	return passage.Demand{
		Passage: passage.ID{Boot: 1, Number: b.number}, Ask: policy.Set(0).With(b.Kind), Subject: b.Subject,
	}
}

// push tells the source a demand; it is safe within observe.
func (b *bench) push(d passage.Demand) {
	b.mu.Lock()
	b.demand = d
	b.mu.Unlock()
	b.Source.Want(d)
}

// want tells the source a demand when it has done what it does at this instant, so that what is observed later came later.
func (b *bench) want(d passage.Demand) {
	synctest.Wait()
	b.push(d)
}

// of returns the number of outcomes of a passage.
func (b *bench) of(id passage.ID) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.heard {
		if e.Passage == id {
			n++
		}
	}
	return n
}

// watch lets time pass, and sees to it that the source hints at nothing that nobody asks for. It ends early where enough
// reports so, and returns how long it took.
func (b *bench) watch(d time.Duration, enough func() bool) time.Duration {
	b.Helper()
	const looks = 200
	begin := time.Now()
	for range looks {
		time.Sleep(d / looks)
		synctest.Wait()
		b.checkHint()
		if enough != nil && enough() {
			break
		}
	}
	return time.Since(begin)
}

// checkHint compares the hint with what is asked for.
func (b *bench) checkHint() {
	b.Helper()
	b.mu.Lock()
	asked := b.demand.Ask&b.Source.Kinds() != 0
	b.mu.Unlock()
	switch code := b.Source.Hint(); {
	case code == "":
	case !asked:
		b.Fatalf("the hint %q, although nothing is asked for", code)
	case !slices.Contains(b.Hints, code):
		b.Fatalf("the hint %q is none of %q", code, b.Hints)
	}
}

// settled waits for the outcome of a demand and returns how long it took.
func (b *bench) settled(d passage.Demand) time.Duration {
	b.Helper()
	took := b.watch(b.Takes, func() bool { return b.of(d.Passage) > 0 })
	if b.of(d.Passage) != 1 {
		b.Fatalf("%d outcomes in passage %v within %v, want 1", b.of(d.Passage), d.Passage, b.Takes)
	}
	return took
}

// silent sees to it that no further outcome comes.
func (b *bench) silent(what string) {
	b.Helper()
	b.mu.Lock()
	before := len(b.heard)
	b.mu.Unlock()
	b.watch(b.Takes, nil)
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.heard) != before {
		b.Errorf("%s: %+v", what, b.heard[before:])
	}
}

// forgotten sees to it that nothing of a passage is held.
func (b *bench) forgotten(what string) {
	b.Helper()
	synctest.Wait()
	if b.Held != nil && b.Held() {
		b.Errorf("%s: something of the passage before is still held", what)
	}
	b.checkHint()
}

// interrupted calls do at several instants of a presentation that d asked for; leave ends the presentation.
func (b *bench) interrupted(do func(d passage.Demand, leave func())) {
	b.Helper()
	leave := b.present()
	d := b.next()
	b.want(d)
	took := b.settled(d)
	leave()
	b.want(passage.Demand{})
	for i := range time.Duration(stages) {
		leave := b.present()
		d := b.next()
		b.want(d)
		b.watch(took*i/stages, nil)
		do(d, leave)
		leave()
		b.want(passage.Demand{})
	}
}
