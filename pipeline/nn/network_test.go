package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"umbral/pipeline/nn"
	"umbral/pipeline/nn/kernel"
	"umbral/pipeline/nn/onnx"
	"umbral/pipeline/nn/onnx/onnxtest"
)

// network builds a small model node by node.
type network struct {
	graph  onnx.Graph
	random *rand.Rand
	made   int
}

func newNetwork(seed uint64) *network {
	return &network{graph: onnx.Graph{Opset: 11, Initializers: map[string]*onnx.Tensor{}}, random: rand.New(rand.NewPCG(seed, 9))}
}

func (n *network) name() string { n.made++; return fmt.Sprint("t", n.made) }

func (n *network) input(shape ...int) string {
	name := n.name()
	n.graph.Inputs = append(n.graph.Inputs, onnx.ValueInfo{Name: name, Type: onnx.Float, Shape: shape})
	return name
}

// weights is a constant of random values from low to high.
func (n *network) weights(low, high float64, shape ...int) string {
	name, count := n.name(), 1
	for _, d := range shape {
		count *= d
	}
	t := &onnx.Tensor{Name: name, Type: onnx.Float, Shape: shape, F: make([]float32, count)}
	for i := range t.F {
		t.F[i] = float32(low + (high-low)*n.random.Float64())
	}
	n.graph.Initializers[name] = t
	return name
}

func (n *network) scalar(v float32) string {
	name := n.name()
	n.graph.Initializers[name] = &onnx.Tensor{Name: name, Type: onnx.Float, F: []float32{v}}
	return name
}

func (n *network) integers(list ...int64) string {
	name := n.name()
	n.graph.Initializers[name] = &onnx.Tensor{Name: name, Type: onnx.Int64, Shape: []int{len(list)}, I: list}
	return name
}

func ints(name string, list ...int64) onnx.Attribute {
	return onnx.Attribute{Name: name, Kind: onnx.KindInts, Ints: list}
}

func integer(name string, v int64) onnx.Attribute {
	return onnx.Attribute{Name: name, Kind: onnx.KindInt, I: v}
}

func float(name string, v float32) onnx.Attribute {
	return onnx.Attribute{Name: name, Kind: onnx.KindFloat, F: v}
}

func str(name, v string) onnx.Attribute {
	return onnx.Attribute{Name: name, Kind: onnx.KindString, S: v}
}

// node appends an operation of one output and returns the output's name.
func (n *network) node(op string, inputs []string, attributes ...onnx.Attribute) string {
	return n.nodes(op, 1, inputs, attributes...)[0]
}

func (n *network) nodes(op string, outputs int, inputs []string, attributes ...onnx.Attribute) (names []string) {
	for range outputs {
		names = append(names, n.name())
	}
	n.graph.Nodes = append(n.graph.Nodes, onnx.Node{Name: op + "/" + names[0], Op: op, Inputs: inputs, Outputs: names, Attributes: attributes})
	return names
}

func (n *network) outputs(names ...string) *network {
	for _, name := range names {
		n.graph.Outputs = append(n.graph.Outputs, onnx.ValueInfo{Name: name, Type: onnx.Float})
	}
	return n
}

func (n *network) model() (*nn.Model, error) {
	return nn.Parse(onnxtest.Marshal(&n.graph), nn.DefaultLimits())
}

// fatal is the part of testing.T that rapid.T has too.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

// program compiles the network with the default options.
func (n *network) program(t *testing.T) *nn.Program {
	t.Helper()
	model, err := n.model()
	if err != nil {
		t.Fatal(err)
	}
	program, err := model.Compile(nn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// check runs the network in every tier, alone and with a pool, and compares each output with the reference.
func (n *network) check(t fatal, pool *nn.Pool) {
	t.Helper()
	model, err := n.model()
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	ref := newReference(&n.graph)
	for _, in := range n.graph.Inputs {
		d := newDense(in.Shape...)
		for i := range d.values {
			d.values[i] = float64(float32(n.random.NormFloat64()))
		}
		ref.values[in.Name] = d
	}
	ref.run(&n.graph)
	for _, tier := range kernel.Names() {
		for _, p := range []*nn.Pool{nil, pool} {
			program, err := model.Compile(nn.Options{Tier: tier, Pool: p})
			if err != nil {
				t.Fatalf("compile: %v", err)
			}
			for range 2 { // a second run meets what the first left in the arena
				n.compare(t, program, ref, tier)
			}
		}
	}
}

func (n *network) compare(t fatal, program *nn.Program, ref *reference, tier string) {
	t.Helper()
	for _, in := range n.graph.Inputs {
		x, err := program.Input(in.Name)
		if err != nil {
			t.Fatalf("%v", err)
		}
		for i, v := range ref.values[in.Name].values {
			x[i] = float32(v)
		}
	}
	if err := program.Run(); err != nil {
		t.Fatalf("%v", err)
	}
	for _, out := range n.graph.Outputs {
		got, shape, err := program.Output(out.Name)
		if err != nil {
			t.Fatalf("%v", err)
		}
		want := ref.values[out.Name]
		if !slices.Equal(shape, want.shape) {
			t.Fatalf("%s: output %s has shape %v, want %v", tier, out.Name, shape, want.shape)
		}
		scale := 1.0
		for _, v := range want.values {
			scale = math.Max(scale, math.Abs(v))
		}
		for i, v := range want.values {
			if !(math.Abs(float64(got[i])-v) <= 2e-4*scale) {
				t.Fatalf("%s: output %s of %v: element %d is %v, want %v\n%s", tier, out.Name, shape, i, got[i], v, n)
			}
		}
	}
}

// String lists the nodes, for a failure that somebody has to understand.
func (n *network) String() (s string) {
	for _, in := range n.graph.Inputs {
		s += fmt.Sprintln("input", in.Name, in.Shape)
	}
	for i := range n.graph.Nodes {
		node := &n.graph.Nodes[i]
		s += fmt.Sprint(node.Outputs, " = ", node.Op, node.Inputs)
		for _, a := range node.Attributes {
			s += fmt.Sprint(" ", a.Name, ":", a.I, a.F, a.Ints, a.S)
		}
		s += "\n"
	}
	for name, t := range n.graph.Initializers {
		s += fmt.Sprintln("constant", name, t.Shape, t.I)
	}
	return s
}

// withPool gives the test a pool of two threads.
func withPool(t *testing.T) *nn.Pool {
	pool := nn.NewPool(2)
	t.Cleanup(pool.Close)
	return pool
}
