package nn_test

import (
	"math"
	"runtime"
	"testing"

	"umbral/config/paths/pathstest"
	"umbral/pipeline/nn"
)

// heap is the live bytes of the Go heap.
func heap() int64 {
	var m runtime.MemStats
	for range 3 { // a cycle frees, the next ones sweep and drop what finalizers held
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// What Budget says is what a program takes once its Model is dropped.
func TestBudgetIsWhatTheProgramTakes(t *testing.T) {
	for _, m := range benchmarkModels {
		t.Run(m.file, func(t *testing.T) {
			before := heap()
			program := compiled(t, m.file, m.shapes, nil, "")
			grown := heap() - before
			stated := program.Budget().Sum()
			// Size classes of the allocator round up; 64 KiB allows for the test's own.
			if d := math.Abs(float64(grown - stated)); d > 0.1*float64(stated)+64<<10 {
				t.Errorf("budget %+v is %d bytes, the heap grew by %d", program.Budget(), stated, grown)
			}
			runtime.KeepAlive(program)
		})
	}
}

// A second program of a Model costs no second copy of the packed weights.
func TestProgramsShareWeights(t *testing.T) {
	model, err := nn.Open(pathstest.Model(t, "ch_PP-OCRv4_rec_infer.onnx"), nn.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var programs []*nn.Program
	var sizes []int64
	for _, width := range []int{160, 320} {
		before := heap()
		p, err := model.Compile(nn.Options{Shapes: map[string][]int{"x": {1, 3, 48, width}}})
		if err != nil {
			t.Fatal(err)
		}
		programs = append(programs, p)
		sizes = append(sizes, heap()-before)
	}
	b := programs[1].Budget()
	if own := b.Sum() - b.Packed; sizes[1] > own+own/10+64<<10 {
		t.Errorf("the second program takes %d bytes, without packed weights its budget is %d (the first took %d)", sizes[1], own, sizes[0])
	}
	runtime.KeepAlive(model)
}

func TestUnknownNames(t *testing.T) {
	program := compiled(t, "fr_eye.onnx", nil, nil, "")
	if _, err := program.Input("nose"); err == nil {
		t.Error("an input that the model does not have is found")
	}
	if _, _, err := program.Output("nose"); err == nil {
		t.Error("an output that the model does not have is found")
	}
}
