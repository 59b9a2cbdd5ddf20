package document

import (
	"fmt"
	"sync"
	"sync/atomic"

	"umbral/pipeline/models"
	"umbral/pipeline/nn"
	"umbral/pipeline/vision"
)

// MaxWorkers bounds how many lines are read at a time. A side has about ten.
const MaxWorkers = 8

// worker reads lines of text, one at a time. Workers of one Reader share the models' weights and nothing else.
type worker struct {
	*recogniser
	direction *models.Stage
	seen      *vision.Image // input of the direction model
	strip     vision.Image
	toned     vision.Image
	slots     [maxAreas][2][]float32 // for the steps of one piece
	requests  chan *request          // all workers'
}

// newWorkers compiles the models that read lines, once for each of the arenas.
func newWorkers(set *models.Set, a *alphabet, arenas []*nn.Arena, o *Opts) ([]*worker, error) {
	recognisers, err := newRecognisers(set, a, arenas, o)
	if err != nil {
		return nil, err
	}
	model, err := set.Of(models.TextDirection)
	if err != nil {
		return nil, err
	}
	size := models.Size{Width: model.Input.Width, Height: model.Input.Height}
	directions, err := set.CompileCopies(models.TextDirection, []models.Size{size}, arenas, o.Limits, o.Pool)
	if err != nil {
		return nil, err
	}
	workers := make([]*worker, len(arenas))
	requests := make(chan *request)
	for i := range workers {
		w := &worker{recogniser: recognisers[i], direction: directions[i][0], seen: vision.NewImage(size.Width, size.Height), requests: requests}
		if p, err := w.direction.Output("directions"); err != nil || len(p) != 2 {
			return nil, fmt.Errorf("document: the direction model gives %d values, want 2 (%v)", len(p), err)
		}
		for k := range w.slots {
			for g := range w.slots[k] {
				w.slots[k][g] = make([]float32, longestLine/stride*len(a.runes))
			}
		}
		workers[i] = w
	}
	return workers, nil
}

// bytes returns what the worker keeps beside its models.
func (w *worker) bytes() (n int64) {
	for _, areas := range w.slots {
		for _, slot := range areas {
			n += 4 * int64(cap(slot))
		}
	}
	for _, c := range w.canvas {
		n += int64(len(c.Pix))
	}
	return n
}

// each calls do once for each index below n, at most one call a worker at a time and low indices first, and waits for all. It
// returns the error of the lowest index that failed. Workers without an index left answer the requests of the others.
func (r *Reader) each(n int, do func(w *worker, i int) error) error {
	errs := make([]error, n)
	panics := make([]any, len(r.workers))
	var next, open atomic.Int64
	open.Store(int64(n))
	over := make(chan struct{}) // no index is open
	if n == 0 {
		close(over)
	}
	one := func(w *worker, i int) {
		defer func() {
			if open.Add(-1) == 0 {
				close(over)
			}
		}()
		errs[i] = do(w, i)
	}
	turn := func(k int) {
		defer func() { panics[k] = recover() }()
		w := r.workers[k]
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			one(w, i)
		}
		for {
			select {
			case <-over:
				return
			case q := <-w.requests:
				q.answer(w)
			}
		}
	}
	var others sync.WaitGroup
	for k := 1; k < len(r.workers); k++ {
		others.Go(func() { turn(k) })
	}
	turn(0)
	others.Wait()
	for _, p := range panics {
		if p != nil {
			panic(p) // on the caller's goroutine, which may survive it
		}
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// request asks another worker for a look at a strip.
type request struct {
	tone  *tone
	strip *vision.Image
	scene *scene

	steps    steps
	err      error
	panicked any
	done     chan struct{} // closed when there is an answer
	taken    chan struct{} // closed when the answerer's memory is needed no longer
}

// ask gives q to an idle worker, and reports whether there is one. The asker must release q, whatever happens.
func (w *worker) ask(q *request) bool {
	q.done, q.taken = make(chan struct{}), make(chan struct{})
	select {
	case w.requests <- q:
		return true
	default:
		return false
	}
}

// answer does what was asked for, and returns when the asker has taken the result.
func (q *request) answer(w *worker) {
	func() {
		defer func() {
			q.panicked = recover()
			close(q.done)
		}()
		q.steps, q.err = w.glance(q.tone, q.strip, q.scene)
	}()
	<-q.taken
}

// wait returns the answer, which is valid until release. A panic becomes the asker's.
func (q *request) wait() (steps, error) {
	<-q.done
	if q.panicked != nil {
		panic(q.panicked)
	}
	return q.steps, q.err
}

// release lets the worker that answered go on.
func (q *request) release() {
	<-q.done
	close(q.taken)
}
