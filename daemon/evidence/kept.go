package evidence

import "umbral/daemon/passage"

// Kept is an outcome that came while its passage did not ask for it, as one does for a moment while the person is not alone:
// a code that counts once would be lost. A source's own goroutine uses it.
type Kept struct{ outcome passage.Evidence }

// Keep takes an outcome in; one that says nothing changes nothing.
func (k *Kept) Keep(e passage.Evidence) {
	if e.Outcome != 0 {
		k.outcome = e
	}
}

// Deliver reports what is kept once its passage asks for it, and drops it when that passage is over.
func (k *Kept) Deliver(w *Demands, observe func(passage.Evidence)) {
	e := k.outcome
	switch {
	case e.Outcome == 0:
	case w.Asks(e.Passage, e.Kind):
		k.outcome = passage.Evidence{}
		observe(e)
	case w.Now().Passage != e.Passage:
		k.outcome = passage.Evidence{}
	}
}
