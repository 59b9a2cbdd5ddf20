package document

import (
	"errors"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"umbral/pipeline/vision"
)

func TestEach(t *testing.T) {
	for _, workers := range []int{1, 2, 5} {
		r := &Reader{}
		for range workers {
			r.workers = append(r.workers, new(worker))
		}
		for _, n := range []int{0, 1, 3, 40} {
			done := make([]atomic.Int32, n)
			busy := make([]atomic.Int32, workers)
			err := r.each(n, func(w *worker, i int) error {
				k := slices.Index(r.workers, w)
				if busy[k].Add(1) != 1 {
					t.Errorf("worker %d has two calls at a time", k)
				}
				done[i].Add(1)
				busy[k].Add(-1)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			for i := range done {
				if c := done[i].Load(); c != 1 {
					t.Errorf("%d workers, %d calls: index %d called %d times", workers, n, i, c)
				}
			}
		}
	}
}

func TestEachReturnsTheFirstError(t *testing.T) {
	r := &Reader{workers: []*worker{new(worker), new(worker)}}
	errs := []error{nil, errors.New("one"), errors.New("two"), nil}
	if err := r.each(len(errs), func(_ *worker, i int) error { return errs[i] }); err != errs[1] {
		t.Errorf("got %v, want %v", err, errs[1])
	}
}

// A panic in any worker reaches the caller, after all workers have returned.
func TestEachPanicsOnTheCallersGoroutine(t *testing.T) {
	r := &Reader{workers: []*worker{new(worker), new(worker)}}
	for bad := range 4 {
		func() {
			defer func() {
				if p := recover(); p != bad {
					t.Errorf("recovered %v, want %d", p, bad)
				}
			}()
			_ = r.each(4, func(_ *worker, i int) error {
				if i == bad {
					panic(bad)
				}
				return nil
			})
			t.Errorf("call %d panicked and nothing came of it", bad)
		}()
	}
}

func TestOpts(t *testing.T) {
	good := DefaultOpts()
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Opts){
		"no card": func(o *Opts) { o.MaxCards = 0 }, "5 cards": func(o *Opts) { o.MaxCards = 5 },
		"7 lines": func(o *Opts) { o.MaxLines = 7 }, "65 lines": func(o *Opts) { o.MaxLines = 65 },
		"no worker": func(o *Opts) { o.Workers = 0 }, "9 workers": func(o *Opts) { o.Workers = 9 },
	} {
		o := DefaultOpts()
		change(&o)
		if o.check() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	for _, change := range []func(*Opts){
		func(o *Opts) { o.MaxCards = 4 }, func(o *Opts) { o.MaxCards = 1 }, func(o *Opts) { o.MaxLines = 8 },
		func(o *Opts) { o.MaxLines = 64 }, func(o *Opts) { o.Workers = MaxWorkers },
	} {
		o := DefaultOpts()
		change(&o)
		if err := o.check(); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// An idle worker answers what a busy one asks, and its panic is the asker's.
func TestIdleWorkersAnswer(t *testing.T) {
	requests := make(chan *request)
	r := &Reader{workers: []*worker{{requests: requests}, {requests: requests}}}
	boom := tone{apply: func(_, _ *vision.Image, _ *scene) { panic("boom") }}
	defer func() {
		if p := recover(); p != "boom" {
			t.Errorf("recovered %v", p)
		}
	}()
	err := r.each(1, func(w *worker, _ int) error {
		q := &request{tone: &boom}
		for !w.ask(q) { // until the other worker is idle
			runtime.Gosched()
		}
		defer q.release()
		_, err := q.wait()
		t.Error("the panic was lost")
		return err
	})
	t.Error("each returned", err)
}

// Without an idle worker nothing is given away.
func TestNobodyToAsk(t *testing.T) {
	r := &Reader{workers: []*worker{{requests: make(chan *request)}}}
	if err := r.each(1, func(w *worker, _ int) error {
		if w.ask(new(request)) {
			t.Error("the only worker answers itself")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
