package evidencetest

import (
	"testing/synctest"

	"umbral/config/policy"
	"umbral/daemon/passage"
)

func kinds(b *bench) {
	k := b.Source.Kinds()
	if !k.Has(b.Kind) || k&policy.Camera != 0 || k>>policy.Kinds != 0 {
		b.Errorf("the source establishes %q, want %v among them and nothing that the camera establishes", k, b.Kind)
	}
	b.want(b.next())
	if again := b.Source.Kinds(); again != k {
		b.Errorf("the source establishes %v, and %v when asked", k, again)
	}
}

// notAsked: what nobody asks for is not looked at.
func notAsked(b *bench) {
	b.start()
	b.present()
	b.silent("before the first demand")
	d := b.next()
	d.Ask = (1<<policy.Kinds - 1) &^ b.Source.Kinds()
	b.want(d)
	b.silent("while other evidence is asked for")
	d.Ask = 0
	b.want(d)
	b.silent("while nothing is asked for")
}

// asked: each passage gets one outcome.
func asked(b *bench) {
	b.start()
	b.present()
	for range 2 {
		d := b.next()
		b.want(d)
		b.settled(d)
		b.silent("after the outcome of the passage")
	}
}

// askedTwice: a demand that is told again is the same demand.
func askedTwice(b *bench) {
	b.start()
	b.present()
	d := b.next()
	b.want(d)
	b.push(d)
	b.watch(b.Takes/stages/stages, func() bool { return b.of(d.Passage) > 0 })
	b.want(d)
	if b.of(d.Passage) == 0 {
		b.settled(d)
	}
	b.want(d)
	b.silent("after the outcome of a demand that was told again")
	if n := b.of(d.Passage); n != 1 {
		b.Errorf("%d outcomes of a demand that was told several times, want 1", n)
	}
}

// anotherPassage: the next passage gets its own outcome and nothing of the one before.
func anotherPassage(b *bench) {
	b.start()
	b.interrupted(func(before passage.Demand, _ func()) {
		d := b.next()
		b.want(d)
		b.settled(d)
		if n := b.of(before.Passage); n > 1 {
			b.Errorf("%d outcomes of the passage before, want at most 1", n)
		}
	})
	b.interrupted(func(_ passage.Demand, leave func()) {
		leave()
		b.want(b.next())
		b.forgotten("in the next passage")
	})
}

// personChanges: a demand about somebody else is answered too.
func personChanges(b *bench) {
	b.start()
	b.interrupted(func(d passage.Demand, _ func()) {
		before := b.of(d.Passage)
		d.Subject += "-other"
		b.want(d)
		if before == 0 {
			b.settled(d)
		}
		b.silent("after the outcome of the second demand")
	})
}

// passageEnded: nothing comes after the end, and nothing stays.
func passageEnded(b *bench) {
	b.start()
	b.interrupted(func(_ passage.Demand, leave func()) {
		b.want(passage.Demand{})
		b.silent("after the passage's end")
		leave()
		b.forgotten("after the passage's end")
	})
}

// hint: what the screen adds is known to it, and goes when nothing is asked for.
func hint(b *bench) {
	b.start()
	b.interrupted(func(d passage.Demand, _ func()) {
		d.Ask = 0
		b.want(d)
		synctest.Wait()
		b.checkHint()
		b.watch(b.Takes, nil)
	})
}

// stop: Run returns when it is told to, and can be run again.
func stop(b *bench) {
	b.start()()
	end := b.start()
	b.interrupted(func(passage.Demand, func()) {
		end()
		b.silent("after Run has returned")
		end = b.start()
		d := b.next()
		b.want(d)
		b.settled(d)
	})
}

func bytes(b *bench) {
	before := b.Source.Bytes()
	if before < 0 || before == 0 != b.Weightless {
		b.Errorf("%d bytes are counted, weightless is %v", before, b.Weightless)
	}
	b.start()
	b.present()
	d := b.next()
	b.want(d)
	b.settled(d)
	if after := b.Source.Bytes(); after != before {
		b.Errorf("%d bytes after a passage, %d before: the budget counted too few", after, before)
	}
}

// wantWithoutRun: neither demands nor frames are held up while nobody serves them, and what came of them is nobody else's.
func wantWithoutRun(b *bench) {
	done := make(chan struct{})
	d := b.next()
	go func() {
		defer close(done)
		for range 100 {
			b.push(d)
			b.push(passage.Demand{})
		}
		b.push(d)
	}()
	synctest.Wait()
	select {
	case <-done:
	default:
		b.Fatal("Want blocks while the source does not run")
	}
	end := b.present()
	b.watch(b.Takes, nil)
	end()
	d = b.next()
	b.want(d)
	b.start()
	b.present()
	b.settled(d)
}

// wantFromObserve: an outcome may change what is wanted before observe returns.
func wantFromObserve(b *bench) {
	first, second := b.next(), b.next()
	b.mu.Lock()
	b.answers = func() {
		b.Source.Hint()
		b.Source.Bytes()
		if b.of(second.Passage) == 0 {
			b.push(second)
			return
		}
		b.push(passage.Demand{})
	}
	b.mu.Unlock()
	b.start()
	b.present()
	b.want(first)
	b.settled(first)
	b.watch(b.Takes, func() bool { return b.of(second.Passage) > 0 })
	if n := b.of(second.Passage); n != 1 {
		b.Errorf("%d outcomes of a demand that was told within observe, want 1", n)
	}
}
