package nn

import (
	"fmt"
	"slices"
	"time"

	"umbral/pipeline/nn/kernel"
)

// Program is a model compiled for fixed shapes: packed weights, one arena, a list of steps. One goroutine at a time may
// use it; programs that share a Pool may run concurrently, but only one at a time has the pool's workers, and those that
// share an Arena run one after the other.
type Program struct {
	steps   []entry
	arena   []float32
	shared  *Arena // whose floats arena is, nil where it is the program's own
	workers []*worker
	pool    *Pool
	inputs  []terminal
	outputs []terminal
	budget  Budget
	kernels *kernel.Set
	rouse   bool // wakes the pool's workers
}

// terminal is an input or output. A Program keeps no part of the graph, so that a Model's unpacked weights can be freed.
type terminal struct {
	name   string
	shape  []int
	floats []float32
}

func (p *Program) terminal(name string, v *value) terminal {
	n := elements(v.shape)
	return terminal{name, v.shape, v.view.resolve(p.arena)[:n:n]}
}

// Budget is what a Program holds, in bytes.
type Budget struct {
	Weights int64 `json:"weights"` // biases, slopes and tables
	Packed  int64 `json:"packed"`  // weights in the order in which the kernels read them
	Arena   int64 `json:"arena"`   // inputs, outputs and activations; of a shared one what programs made before don't take
	Scratch int64 `json:"scratch"` // of the threads
}

// Sum is the total in bytes.
func (b Budget) Sum() int64 { return b.Weights + b.Packed + b.Arena + b.Scratch }

// Layer describes one step of a program.
type Layer struct {
	Name      string
	Op        string
	Algorithm string
	Shape     []int // of the output
	MACs      int64 // multiply-adds of one run
	Bytes     int64 // read and written, each operand and weight once
}

// cost is a guess at the time that a step takes on one core, in nanoseconds: 40 multiply-adds and 10 bytes each.
func (l *Layer) cost() int64 { return l.MACs/40 + l.Bytes/10 }

// worker is what one thread needs for itself.
type worker struct {
	arena    []float32
	kernels  *kernel.Set
	tile     kernel.Tile
	deep     kernel.Depthwise
	row      kernel.Row
	strip    kernel.Strip
	rows     []float32 // what lies between the parts of a step: see lowering.rowFloats
	offsets  []int32
	patch    [kernel.WinogradSize]int32
	scratch  [kernel.TilePixels * kernel.TileChannels]float32
	residual [kernel.TilePixels * kernel.TileChannels]float32
	chunk    [chunk]float32
}

// newProgram makes a program whose buffers have their places in arena, of which it takes size floats for itself.
func newProgram(g *graph, l *lowering, arena []float32, size int, set *kernel.Set, o *Options) *Program {
	p := &Program{steps: l.entries, arena: arena, shared: o.Arena, pool: o.Pool, kernels: set}
	cost := int64(0)
	for i := range p.steps {
		p.steps[i].cost = p.steps[i].layer.cost()
		cost += p.steps[i].cost
		if s, ok := p.steps[i].step.(placed); ok {
			s.place()
		}
	}
	p.rouse = cost >= rouseCost
	if cost < aloneCost {
		p.pool = nil
	}
	for _, v := range g.inputs {
		p.inputs = append(p.inputs, p.terminal(v.name, v))
	}
	for _, v := range g.outputs {
		p.outputs = append(p.outputs, p.terminal(v.name, v.value))
	}
	threads := p.pool.Threads()
	for range threads {
		p.workers = append(p.workers, &worker{arena: p.arena, kernels: set, offsets: make([]int32, l.offsets), rows: make([]float32, l.rowFloats)})
	}
	p.budget = Budget{Weights: l.weights, Packed: l.packed, Arena: int64(4 * size), Scratch: int64(threads * (4*l.offsets + 4*l.rowFloats + 2048))}
	return p
}

// Input returns the slice to fill with the named input, in row-major ONNX order (NCHW for pictures). It is the same
// slice for the program's life.
func (p *Program) Input(name string) ([]float32, error) {
	for i := range p.inputs {
		if p.inputs[i].name == name {
			return p.inputs[i].floats, nil
		}
	}
	return nil, fmt.Errorf("nn: no input %q, the program has %v", name, names(p.inputs))
}

// Output returns the named output of the latest Run in row-major ONNX order, and its shape. Both are valid until the
// next Run and must not be written.
func (p *Program) Output(name string) ([]float32, []int, error) {
	for i := range p.outputs {
		if p.outputs[i].name == name {
			return p.outputs[i].floats, p.outputs[i].shape, nil
		}
	}
	return nil, nil, fmt.Errorf("nn: no output %q, the program has %v", name, names(p.outputs))
}

func names(list []terminal) (all []string) {
	for i := range list {
		all = append(all, list[i].name)
	}
	return all
}

// Run computes the outputs from the inputs. It allocates nothing.
func (p *Program) Run() error {
	if p.shared != nil {
		p.shared.mu.Lock()
		defer p.shared.mu.Unlock()
	}
	for i := range p.steps {
		p.step(&p.steps[i])
	}
	return nil
}

func (p *Program) step(e *entry) {
	if e.cost >= sharedCost && e.units > 1 && p.pool.do(e, p.workers, p.rouse) {
		return
	}
	e.step.run(p.workers[0], 0, e.units)
}

// Profile runs once and returns how long each step took, in the order of Layers.
func (p *Program) Profile() []time.Duration {
	times := make([]time.Duration, len(p.steps))
	if p.shared != nil {
		p.shared.mu.Lock()
		defer p.shared.mu.Unlock()
	}
	for i := range p.steps {
		start := time.Now()
		p.step(&p.steps[i])
		times[i] = time.Since(start)
	}
	return times
}

// Budget says what the program holds.
func (p *Program) Budget() Budget { return p.budget }

// Kernels names the tier in use.
func (p *Program) Kernels() string { return p.kernels.Name }

// Layers lists the steps in the order in which they run.
func (p *Program) Layers() []Layer {
	layers := make([]Layer, len(p.steps))
	for i := range p.steps {
		layers[i] = p.steps[i].layer
		layers[i].Shape = slices.Clone(layers[i].Shape)
	}
	return layers
}
