package nn

import (
	"math"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// strange is a step that counts who did which unit, and in which the pool's worker is held up.
type strange struct {
	mu     sync.Mutex
	done   []int
	first  *worker
	pause  time.Duration
	others atomic.Int64
}

func (s *strange) run(w *worker, from, to int) {
	if w != s.first {
		s.others.Add(1)
		time.Sleep(s.pause)
	} else {
		time.Sleep(100 * time.Microsecond) // so that the worker gets something
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for u := from; u < to; u++ {
		s.done[u]++
	}
}

func (s *strange) check(t *testing.T) {
	t.Helper()
	for u, n := range s.done {
		if n != 1 {
			t.Fatalf("unit %d was done %d times", u, n)
		}
	}
	clear(s.done)
}

// Steps are not shared for a while after a worker kept one waiting. How long the wait and the rest last is the machine's
// business, so nothing here depends on getting a processor in time.
func TestPoolRestsAfterAStall(t *testing.T) {
	p := newPool(2)
	defer p.Close()
	workers := []*worker{{}, {}}
	s := &strange{done: make([]int, 64), first: workers[0], pause: 20 * time.Millisecond}
	e := &entry{step: s, units: len(s.done), cost: int64(len(s.done)) * pieceCost}
	var began, ended time.Time
	for range 500 { // until the worker came and kept the step waiting, which takes luck on a busy machine
		began = time.Now()
		if !p.do(e, workers, true) {
			t.Fatal("the pool rests, though no step had to wait since it rested last")
		}
		ended = time.Now()
		s.check(t)
		if !p.rest.IsZero() {
			break
		}
	}
	if p.rest.IsZero() || s.others.Load() == 0 {
		t.Fatalf("the pool does not rest after the worker came %d times", s.others.Load())
	}
	// The rest is of a wait within the step, and longer than a stall.
	if least, most := began.Add(restFactor*stall), ended.Add(restFactor*ended.Sub(began)); p.rest.Before(least) || p.rest.After(most) {
		t.Errorf("it rests for %v after a step of %v in which a worker took %v", p.rest.Sub(ended), ended.Sub(began), s.pause)
	}
	// The rest that it chose may be over before the next line, so it gets one that is not.
	p.rest = time.Now().Add(time.Hour)
	if p.do(e, workers, true) {
		t.Error("a step is shared while the pool rests")
	}
	p.rest = time.Now()
	if !p.do(e, workers, true) {
		t.Error("the pool rests for ever")
	}
	s.check(t)
}

// The caller finishes alone where no worker comes.
func TestNobodyComes(t *testing.T) {
	p := &Pool{threads: 2}
	p.gate.Store(shut)
	workers := []*worker{{}, {}}
	s := &strange{done: make([]int, 100), first: workers[0]}
	if !p.do(&entry{step: s, units: 100, cost: pieceCost}, workers, true) {
		t.Fatal("the step was not done")
	}
	s.check(t)
}

func TestQuota(t *testing.T) {
	for _, c := range []struct {
		name, groups string
		files        map[string]string
		want         int
	}{
		{"none", "0::/\n", nil, math.MaxInt},
		{"max", "0::/a\n", map[string]string{"a/cpu.max": "max 100000\n"}, math.MaxInt},
		{"two and a half", "0::/a\n", map[string]string{"a/cpu.max": "250000 100000\n"}, 2},
		{"half", "0::/a\n", map[string]string{"a/cpu.max": "50000 100000\n"}, 1},
		{"above", "0::/a/b\n", map[string]string{"a/cpu.max": "300000 100000\n", "a/b/cpu.max": "max 100000\n"}, 3},
		{"in a namespace", "0::/\n", map[string]string{"cpu.max": "100000 100000\n"}, 1},
		{"version 1", "4:memory:/m\n3:cpu,cpuacct:/a\n", map[string]string{"cpu/a/cpu.cfs_quota_us": "200000", "cpu/a/cpu.cfs_period_us": "100000"}, 2},
		{"version 1, none", "3:cpu:/\n", map[string]string{"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, math.MaxInt},
		{"nonsense", "0::/a\n::\n\n5\n", map[string]string{"a/cpu.max": "1e5 0\n"}, math.MaxInt},
		{"no time", "0::/a\n", map[string]string{"a/cpu.max": "100000 0\n"}, math.MaxInt},
		{"upwards", "0::/../../a\n", map[string]string{"a/cpu.max": "400000 100000\n"}, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			mount := t.TempDir()
			for name, text := range c.files {
				path := filepath.Join(mount, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			groups := filepath.Join(mount, "groups")
			if err := os.WriteFile(groups, []byte(c.groups), 0o644); err != nil {
				t.Fatal(err)
			}
			if got := quotaIn(groups, mount); got != c.want {
				t.Errorf("%d processors, want %d", got, c.want)
			}
		})
	}
	if got := quotaIn("/nowhere", "/nowhere"); got != math.MaxInt {
		t.Errorf("%d processors where there are no control groups", got)
	}
}
