package nn

import (
	"fmt"
	"os"
	"slices"
	"sync"

	"umbral/pipeline/nn/kernel"
	"umbral/pipeline/nn/onnx"
	"umbral/pipeline/pages"
)

// Model is a parsed network. It may be compiled several times, also concurrently; its programs share packed weights. A
// Program keeps nothing of its Model but those: drop the Model after the last Compile to free what the file held.
type Model struct {
	limits Limits
	graph  *onnx.Graph
	info   [2][]TensorInfo

	mu    sync.Mutex // guards packs
	packs packs
}

// TensorInfo describes an input or output of a model.
type TensorInfo struct {
	Name  string
	Shape []int // −1 where the model leaves the size open: Options.Shapes gives it
}

// Options says how to compile a model.
type Options struct {
	// Shapes gives the shape of inputs by name, batch first. An input that is absent keeps the model's own shape, of
	// which only the batch may be open; it is 1.
	Shapes map[string][]int
	// Pool shares large layers among threads. Nil computes all on the goroutine that calls Run.
	Pool *Pool
	// Arena is shared with other programs that run in turns. Nil gives the program its own.
	Arena *Arena
	// Tier names the kernels (see kernel.Choose). Empty takes the best of this processor.
	Tier string
}

// Open reads an ONNX file.
func Open(path string, l Limits) (*Model, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("nn: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("nn: %w", err)
	}
	if info.Size() > l.File.FileBytes {
		return nil, fmt.Errorf("nn: %s: %d bytes, limit %d", path, info.Size(), l.File.FileBytes)
	}
	data, release, err := pages.Read(f, int(info.Size()))
	if err != nil {
		return nil, fmt.Errorf("nn: read %s: %w", path, err)
	}
	defer release()
	m, err := Parse(data, l)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// Parse reads an ONNX model. The bytes are not kept.
func Parse(data []byte, l Limits) (*Model, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	g, err := onnx.Parse(data, l.File)
	if err != nil {
		return nil, err
	}
	for _, t := range g.Initializers {
		flush(t.F)
	}
	for i := range g.Nodes {
		for _, a := range g.Nodes[i].Attributes {
			if a.T != nil {
				flush(a.T.F)
			}
		}
	}
	m := &Model{limits: l, graph: g, packs: packs{}}
	for _, v := range g.Inputs {
		if g.Initializers[v.Name] == nil {
			m.info[0] = append(m.info[0], TensorInfo{v.Name, v.Shape})
		}
	}
	for _, v := range g.Outputs {
		m.info[1] = append(m.info[1], TensorInfo{v.Name, v.Shape})
	}
	if len(m.info[0]) == 0 || len(m.info[1]) == 0 {
		return nil, fmt.Errorf("nn: a model of %d inputs and %d outputs computes nothing", len(m.info[0]), len(m.info[1]))
	}
	return m, nil
}

// Inputs lists what the model wants, in the model's order.
func (m *Model) Inputs() []TensorInfo { return slices.Clone(m.info[0]) }

// Outputs lists what the model computes, in the model's order.
func (m *Model) Outputs() []TensorInfo { return slices.Clone(m.info[1]) }

// Compile plans the model for fixed input shapes and allocates everything that a run needs.
func (m *Model) Compile(o Options) (*Program, error) {
	set, err := kernel.Choose(o.Tier)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	g, err := bind(m.graph, o.Shapes, m.limits)
	if err != nil {
		return nil, err
	}
	fuse(g)
	l, err := lower(g, m.packs, set, o.Pool.Threads())
	if err != nil {
		return nil, err
	}
	if o.Arena != nil {
		size, err := o.Arena.place(l.buffers, l.zeros, m.limits.Arena)
		if err != nil {
			return nil, err
		}
		return newProgram(g, l, o.Arena.floats, size, set, &o), nil
	}
	size, err := plan(l.buffers, room(l.zeros), m.limits.Arena)
	if err != nil {
		return nil, err
	}
	return newProgram(g, l, make([]float32, size), size, set, &o), nil
}
