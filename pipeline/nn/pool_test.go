package nn_test

import (
	"slices"
	"sync"
	"testing"

	"umbral/pipeline/nn"
)

// Programs that share a pool compute the same as alone, whoever has the workers.
func TestConcurrentProgramsShareAPool(t *testing.T) {
	pool := nn.NewPool(3)
	defer pool.Close()
	var group sync.WaitGroup
	for _, m := range benchmarkModels[1:4] {
		alone := compiled(t, m.file, m.shapes, nil, "")
		if err := alone.Run(); err != nil {
			t.Fatal(err)
		}
		want, _, err := alone.Output("output")
		if err != nil {
			t.Fatal(err)
		}
		shared := compiled(t, m.file, m.shapes, pool, "")
		group.Go(func() {
			for range 10 {
				if err := shared.Run(); err != nil {
					t.Error(err)
				}
				if got, _, err := shared.Output("output"); err != nil || !slices.Equal(got, want) {
					t.Errorf("%s: the output with a shared pool differs (%v)", m.file, err)
				}
			}
		})
	}
	group.Wait()
}

// A pool may be closed at any time, also while programs run, and twice.
func TestClosingWhileRunning(t *testing.T) {
	pool := nn.NewPool(2)
	program := compiled(t, "fr_landmark.onnx", nil, pool, "")
	var group sync.WaitGroup
	group.Go(func() {
		for range 20 {
			if err := program.Run(); err != nil {
				t.Error(err)
			}
		}
	})
	pool.Close()
	pool.Close()
	group.Wait()
	if pool.Threads() != 2 {
		t.Errorf("%d threads, want 2", pool.Threads())
	}
}

// A pool without workers is no burden.
func TestPoolOfOne(t *testing.T) {
	pool := nn.NewPool(0)
	defer pool.Close()
	if pool.Threads() != 1 {
		t.Errorf("%d threads, want 1", pool.Threads())
	}
	if err := compiled(t, "fr_eye.onnx", nil, pool, "").Run(); err != nil {
		t.Error(err)
	}
}
