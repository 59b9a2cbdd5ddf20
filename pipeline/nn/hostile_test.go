package nn_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"umbral/pipeline/nn"
	"umbral/pipeline/nn/onnx"
	"umbral/pipeline/nn/onnx/onnxtest"
)

// smallLimits keep a hostile model from taking a test's time.
func smallLimits() nn.Limits {
	l := nn.DefaultLimits()
	l.File = onnx.Limits{FileBytes: 1 << 20, WeightBytes: 1 << 20, Nodes: 60, Rank: 8, Elements: 1 << 16, NameBytes: 256, List: 64}
	l.Arena, l.Weights, l.Work = 1<<20, 4<<20, 4<<20
	return l
}

// survive parses, compiles and runs what may be anything.
func survive(data []byte) {
	model, err := nn.Parse(data, smallLimits())
	if err != nil {
		return
	}
	if program, err := model.Compile(nn.Options{}); err == nil {
		_ = program.Run()
	}
}

func FuzzCompile(f *testing.F) {
	for _, n := range seedNetworks() {
		f.Add(onnxtest.Marshal(&n.graph))
	}
	f.Fuzz(func(t *testing.T, data []byte) { survive(data) })
}

func seedNetworks() (seeds []*network) {
	n := newNetwork(1)
	x := n.node("Conv", []string{n.input(1, 3, 9, 9), n.weights(-1, 1, 2, 3, 2, 2)}, ints("pads", 1, 1, 1, 1), ints("strides", 2, 2), integer("group", 1))
	x = n.node("BatchNormalization", []string{x, n.weights(0, 1, 2), n.weights(0, 1, 2), n.weights(0, 1, 2), n.weights(0, 1, 2)})
	x = n.node("MaxPool", []string{n.node("PRelu", []string{x, n.weights(0, 1, 2, 1, 1)})}, ints("kernel_shape", 2, 2), ints("strides", 2, 2))
	seeds = append(seeds, n.outputs(n.node("Softmax", []string{n.node("Flatten", []string{x})}, integer("axis", 1))))
	n = newNetwork(2)
	x = n.input(1, 6, 4, 4)
	shape := n.node("Concat", []string{n.node("Gather", []string{n.node("Shape", []string{x}), n.integers(0)}, integer("axis", 0)), n.integers(2, 3, 4, 4)}, integer("axis", 0))
	y := n.node("Transpose", []string{n.node("Reshape", []string{x, shape})}, ints("perm", 0, 2, 1, 3, 4))
	y = n.node("Reshape", []string{y, n.integers(1, -1, 4, 4)})
	parts := n.nodes("Split", 2, []string{y}, integer("axis", 1), ints("split", 2, 4))
	y = n.node("Concat", []string{parts[1], x, parts[0]}, integer("axis", 1))
	y = n.node("Slice", []string{y}, ints("starts", 1), ints("ends", 9), ints("axes", 1))
	y = n.node("Resize", []string{y, "", n.factors(1, 1, 2, 2)}, str("mode", "nearest"), str("coordinate_transformation_mode", "asymmetric"), str("nearest_mode", "floor"))
	return append(seeds, n.outputs(y, n.node("ReduceMean", []string{x}, ints("axes", 2, 3), integer("keepdims", 0))))
}

// Random operations with random inputs and senseless attributes end in an error or run; nothing panics.
func TestHostileNetworks(t *testing.T) {
	ops := []string{"Constant", "Identity", "Cast", "Shape", "Gather", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Concat", "Slice",
		"Split", "Conv", "ConvTranspose", "Gemm", "MatMul", "BatchNormalization", "MaxPool", "AveragePool", "GlobalAveragePool", "ReduceMean", "Resize",
		"Softmax", "Add", "Sub", "Mul", "Div", "Pow", "Relu", "PRelu", "Clip", "Sigmoid", "HardSigmoid", "HardSwish", "Exp", "Sqrt"}
	lists := []string{"pads", "strides", "dilations", "kernel_shape", "axes", "starts", "ends", "perm", "split"}
	numbers := []string{"group", "axis", "keepdims", "to", "transB", "ceil_mode"}
	whole := rapid.OneOf(rapid.Int64Range(-2, 4), rapid.SampledFrom([]int64{math.MaxInt64, math.MinInt64, 1 << 31, 1 << 62, 1000}))
	rapid.Check(t, func(t *rapid.T) {
		n := newNetwork(rapid.Uint64().Draw(t, "seed"))
		dims := rapid.SliceOfN(rapid.IntRange(0, 5), 0, 5)
		// Names that hold something: computed, constant, of every rank.
		names := []string{n.input(append([]int{1}, rapid.SliceOfN(rapid.IntRange(1, 5), 1, 4).Draw(t, "input")...)...), ""}
		for range rapid.IntRange(1, 5).Draw(t, "constants") {
			names = append(names, n.weights(-1, 1, dims.Draw(t, "shape")...), n.integers(rapid.SliceOfN(whole, 0, 4).Draw(t, "integers")...))
		}
		for range rapid.IntRange(1, 8).Draw(t, "nodes") {
			op := rapid.SampledFrom(ops).Draw(t, "op")
			in := rapid.SliceOfN(rapid.SampledFrom(names), 0, 5).Draw(t, "inputs")
			var attributes []onnx.Attribute
			for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(lists), 0, 4, rapid.ID).Draw(t, "lists") {
				attributes = append(attributes, ints(name, rapid.SliceOfN(whole, 0, 5).Draw(t, name)...))
			}
			for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(numbers), 0, 3, rapid.ID).Draw(t, "numbers") {
				attributes = append(attributes, integer(name, whole.Draw(t, name)))
			}
			names = append(names, n.nodes(op, rapid.IntRange(1, 3).Draw(t, "outputs"), in, attributes...)...)
		}
		n.outputs(names[len(names)-1], rapid.SampledFrom(names).Draw(t, "output"))
		survive(onnxtest.Marshal(&n.graph))
	})
}

// An error says where the model went wrong.
func TestErrorsNameNodeAndAttribute(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(n *network) string
		want  []string
	}{
		{"unknown operation", func(n *network) string { return n.node("LSTM", []string{n.input(1, 2)}) }, []string{"LSTM"}},
		{"groups", func(n *network) string {
			return n.node("Conv", []string{n.input(1, 4, 3, 3), n.weights(0, 1, 4, 2, 1, 1)}, integer("group", 2))
		}, []string{"Conv", `"group"`, "2"}},
		{"dilation", func(n *network) string {
			return n.node("Conv", []string{n.input(1, 4, 3, 3), n.weights(0, 1, 4, 4, 1, 1)}, ints("dilations", 1, 99))
		}, []string{"Conv", `"dilations"`, "99"}},
		{"kernel of the weights", func(n *network) string {
			return n.node("Conv", []string{n.input(1, 1, 1, 40), n.weights(0, 1, 1, 1, 1, 40)})
		}, []string{"Conv", `"kernel_shape"`, "40", "31"}},
		{"axis", func(n *network) string { return n.node("Softmax", []string{n.input(1, 4, 3)}, integer("axis", 5)) }, []string{"Softmax", `"axis"`, "5"}},
		{"mode", func(n *network) string {
			return n.node("Resize", []string{n.input(1, 4, 3, 3), "", n.factors(1, 1, 2, 2)}, str("mode", "cubic"))
		}, []string{"Resize", `"mode"`, "cubic"}},
		{"padding alone", func(n *network) string {
			return n.node("MaxPool", []string{n.input(1, 4, 3, 3)}, ints("kernel_shape", 2, 2), ints("pads", 2, 2, 2, 2))
		}, []string{"MaxPool", `"pads"`}},
		{"constants that double", func(n *network) string {
			list := n.integers(1, 2)
			for range 40 {
				list = n.node("Concat", []string{list, list}, integer("axis", 0))
			}
			return n.node("Reshape", []string{n.input(1, 2), list})
		}, []string{"Concat", "limit"}},
		{"too much work", func(n *network) string {
			x := n.input(1, 16, 60, 60)
			for range 5 {
				x = n.node("Conv", []string{x, n.weights(0, 1, 16, 16, 3, 3)}, ints("pads", 1, 1, 1, 1))
			}
			return x
		}, []string{"Conv", "multiply-adds"}},
		{"too large", func(n *network) string {
			x := n.input(1, 64, 30, 30)
			return n.node("Add", []string{n.node("Exp", []string{x}), n.node("Conv", []string{x, n.weights(0, 1, 900, 64, 1, 1)})})
		}, []string{"bytes"}},
		{"made twice", func(n *network) string {
			x := n.node("Relu", []string{n.input(1, 2)})
			n.graph.Nodes = append(n.graph.Nodes, n.graph.Nodes[0])
			return x
		}, []string{"Relu", "twice"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNetwork(1)
			n.outputs(c.build(n))
			model, err := nn.Parse(onnxtest.Marshal(&n.graph), smallLimits())
			if err == nil {
				_, err = model.Compile(nn.Options{})
			}
			if !errors.Is(err, nn.ErrUnsupported) {
				t.Fatalf("error %v, want ErrUnsupported", err)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %s", err, part)
				}
			}
		})
	}
}

func TestSenselessOptions(t *testing.T) {
	n := newNetwork(1)
	n.outputs(n.node("Relu", []string{n.input(-1, 3, -1, 4)}))
	model, err := n.model()
	if err != nil {
		t.Fatal(err)
	}
	name := model.Inputs()[0].Name
	for what, o := range map[string]nn.Options{
		"open dimension":  {},
		"rank":            {Shapes: map[string][]int{name: {1, 3}}},
		"fixed dimension": {Shapes: map[string][]int{name: {1, 4, 2, 4}}},
		"zero":            {Shapes: map[string][]int{name: {1, 3, 0, 4}}},
		"batch":           {Shapes: map[string][]int{name: {2, 3, 2, 4}}},
		"huge":            {Shapes: map[string][]int{name: {1, 3, math.MaxInt32, 4}}},
		"unknown input":   {Shapes: map[string][]int{"nose": {1}}},
		"unknown tier":    {Shapes: map[string][]int{name: {1, 3, 2, 4}}, Tier: "mmx"},
	} {
		if _, err := model.Compile(o); err == nil {
			t.Errorf("%s: compiled", what)
		}
	}
	if _, err := nn.Parse(nil, nn.Limits{}); err == nil || !strings.Contains(err.Error(), "DefaultLimits") {
		t.Errorf("empty limits: %v", err)
	}
}
