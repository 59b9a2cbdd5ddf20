package nn

import (
	"fmt"
	"slices"

	"umbral/pipeline/nn/kernel"
	"umbral/pipeline/nn/onnx"
)

// value is one tensor of the graph: a constant, or something that a run computes.
type value struct {
	name     string
	shape    []int
	constant bool
	floats   []float32 // of a constant
	ints     []int64   // of a constant of whole numbers
	uses     int
	producer *op
	place    *place // where it should be written, if its consumer cares
	view     *view  // where it lies, once lowered
	repeated bool   // its view is that of the picture that it enlarges: see markRepeats
}

// place wishes a value into a part of another: the concatenation that joins it.
type place struct {
	whole *value
	axis  int
	at    int
}

// op is one operation. What its node says is decoded when its shapes are inferred.
type op struct {
	kind string
	node *onnx.Node
	in   []*value
	out  []*value

	window   window    // Conv, ConvTranspose, pools
	weights  *weights  // Conv, ConvTranspose, Dense
	finish   finish    // what is done to each output before it is stored
	residual *value    // added before finish
	axis     int       // Concat, Softmax
	perm     []int     // Transpose
	cuts     []cut     // Slice, by axis
	scales   [2]int    // Resize: whole factors of height and width
	epsilon  float32   // LayerNorm
	affine   [2]*value // LayerNorm: scale, shift
	average  bool      // Pool: average instead of maximum
}

// cut is a slice of one axis.
type cut struct{ axis, start, step, count int }

// window is how a kernel moves over a picture.
type window struct {
	kernel, stride, dilation [2]int
	pad                      [4]int // top, left, bottom, right
	groups                   int
}

// graph is a model bound to input shapes.
type graph struct {
	limits  Limits
	model   *onnx.Graph
	ops     []*op
	values  map[string]*value
	inputs  []*value
	outputs []port
	spent   int64 // bytes of constants made so far
	work    int64 // of one run so far
}

// port is an output by the name that the model gives it, which its value may not have: nodes that change nothing make
// no value of their own.
type port struct {
	name string
	*value
}

// bind infers every shape from those of the inputs, and computes what does not depend on the inputs' content.
func bind(m *onnx.Graph, shapes map[string][]int, limits Limits) (*graph, error) {
	g := &graph{limits: limits, model: m, values: make(map[string]*value, len(m.Nodes))}
	for name, t := range m.Initializers {
		g.values[name] = constantValue(name, t)
	}
	for name := range shapes {
		if !slices.ContainsFunc(m.Inputs, func(v onnx.ValueInfo) bool { return v.Name == name }) {
			return nil, fmt.Errorf("nn: the model has no input %q, its inputs are %v", name, inputNames(m))
		}
	}
	for _, in := range m.Inputs {
		if g.values[in.Name] != nil {
			continue // older files list initializers among the inputs
		}
		shape, err := inputShape(in, shapes[in.Name], limits)
		if err != nil {
			return nil, err
		}
		v := &value{name: in.Name, shape: shape}
		g.values[in.Name] = v
		g.inputs = append(g.inputs, v)
	}
	for i := range m.Nodes {
		if err := g.add(&m.Nodes[i]); err != nil {
			return nil, err
		}
	}
	for _, out := range m.Outputs {
		v := g.values[out.Name]
		if v == nil {
			return nil, fmt.Errorf("nn: output %q is made by no node", out.Name)
		}
		g.outputs = append(g.outputs, port{out.Name, v})
		v.uses++
	}
	return g, nil
}

func inputNames(m *onnx.Graph) (names []string) {
	for _, in := range m.Inputs {
		names = append(names, in.Name)
	}
	return names
}

// inputShape settles the dimensions that the file leaves open: those given, or 1 for the batch.
func inputShape(in onnx.ValueInfo, given []int, limits Limits) ([]int, error) {
	if in.Type != onnx.Float {
		return nil, fmt.Errorf("nn: input %q is of type %v, wanted FLOAT: %w", in.Name, in.Type, ErrUnsupported)
	}
	if given == nil {
		given = slices.Clone(in.Shape)
		if len(given) > 0 && given[0] == -1 {
			given[0] = 1
		}
	}
	if len(given) != len(in.Shape) || len(given) == 0 {
		return nil, fmt.Errorf("nn: input %q: shape %v, the model wants %v", in.Name, given, in.Shape)
	}
	for i, d := range given {
		if d < 1 || in.Shape[i] != -1 && in.Shape[i] != d {
			return nil, fmt.Errorf("nn: input %q: shape %v, the model wants %v (name the open dimensions in Options.Shapes)", in.Name, given, in.Shape)
		}
	}
	if given[0] != 1 {
		return nil, fmt.Errorf("nn: input %q: batch of %d, only 1 is supported: %w", in.Name, given[0], ErrUnsupported)
	}
	if err := checkSize(given, limits); err != nil {
		return nil, fmt.Errorf("nn: input %q: %w", in.Name, err)
	}
	return slices.Clone(given), nil
}

// checkSize refuses a shape whose floats alone would not fit the arena's limit.
func checkSize(shape []int, limits Limits) error {
	if len(shape) > maxRank {
		return fmt.Errorf("shape %v has %d dimensions, limit %d: %w", shape, len(shape), maxRank, ErrUnsupported)
	}
	n := int64(1)
	for _, d := range shape {
		if d < 1 {
			return fmt.Errorf("shape %v has a dimension below 1: %w", shape, ErrUnsupported)
		}
		if int64(d) > limits.Arena {
			return fmt.Errorf("shape %v takes more than %d bytes: %w", shape, limits.Arena, ErrUnsupported)
		}
		if n *= int64(d); n*4 > limits.Arena {
			return fmt.Errorf("shape %v takes more than %d bytes: %w", shape, limits.Arena, ErrUnsupported)
		}
	}
	return nil
}

func constantValue(name string, t *onnx.Tensor) *value {
	return &value{name: name, shape: t.Shape, constant: true, floats: t.F, ints: t.I}
}

// flush replaces denormal numbers by zero: they slow arithmetic down a hundredfold and change nothing.
func flush(values []float32) []float32 {
	const smallest = 1.1754944e-38
	for i, v := range values {
		if v < smallest && v > -smallest {
			values[i] = 0
		}
	}
	return values
}

// add appends a node: its outputs' shapes are known afterwards, and if all that it needs is constant, so is its result.
func (g *graph) add(n *onnx.Node) error {
	if n.Domain != "" && n.Domain != "ai.onnx" {
		return unsupported(n, "operator set %q", n.Domain)
	}
	o := &op{kind: n.Op, node: n}
	for _, name := range n.Inputs {
		var v *value
		if name != "" {
			if v = g.values[name]; v == nil {
				return unsupported(n, "input %q is made by no node before it", name)
			}
		}
		o.in = append(o.in, v)
	}
	known, ok := operators[n.Op]
	if !ok {
		return unsupported(n, "no such operation here")
	}
	if len(o.in) > known.inputs {
		return unsupported(n, "%d inputs, at most %d are known", len(o.in), known.inputs)
	}
	return known.infer(g, o)
}

// emit appends the operation with its output shape.
func (g *graph) emit(o *op, shape []int) error {
	if err := checkSize(shape, g.limits); err != nil {
		return unsupported(o.node, "output: %v", err)
	}
	for i, in := range o.in {
		if in != nil && in.constant && !o.takesConstant() {
			return unsupported(o.node, "input %d (%q) is constant, and so would the output be", i, in.name)
		}
	}
	if g.work += o.workFor(shape); g.work > g.limits.Work {
		return unsupported(o.node, "output %v: a run would take more than %d multiply-adds, the limit", shape, g.limits.Work)
	}
	if w := o.weights; w != nil {
		// Folding makes a copy, packing another with whole panels, of as many places as Winograd's patches have where it is
		// Winograd's kind.
		packed := roundUp(w.outputs, kernel.TileChannels) * (len(w.values)/w.outputs + 2)
		if o.kind == "Conv" && o.window.isWinograds() {
			packed *= kernel.WinogradSize / 9
		}
		if err := g.charge(o.node, 4*(len(w.values)+packed)); err != nil {
			return err
		}
	}
	v := &value{name: o.node.Outputs[0], shape: shape, producer: o}
	o.out = []*value{v}
	g.append(o)
	return g.define(o.node, v)
}

// workFor is how many multiply-adds, or floats moved, an output of that shape takes.
func (o *op) workFor(shape []int) int64 {
	each := int64(1) // an int has 32 bits on the smallest terminals
	switch o.kind {
	case "Conv", "Pool":
		each = int64(o.window.kernel[0] * o.window.kernel[1])
	case "MatMul":
		each = int64(o.in[0].shape[len(o.in[0].shape)-1])
	}
	if o.weights != nil {
		each *= int64(o.weights.depth)
	}
	return int64(elements(shape)) * each
}

// takesConstant says that one operand may be constant.
func (o *op) takesConstant() bool {
	switch o.kind {
	case "Add", "Sub", "Mul", "Div":
		return !o.in[0].constant || !o.in[1].constant
	}
	return false
}

func (g *graph) isOutput(v *value) bool {
	return slices.ContainsFunc(g.outputs, func(p port) bool { return p.value == v })
}

// charge asks for room for n bytes of constants, before they are made.
func (g *graph) charge(n *onnx.Node, bytes int) error {
	if g.spent += int64(bytes); g.spent > g.limits.Weights {
		return unsupported(n, "the constants so far take more than %d bytes, the limit", g.limits.Weights)
	}
	return nil
}

func (g *graph) append(o *op) {
	for _, in := range o.in {
		if in != nil {
			in.uses++
		}
	}
	g.ops = append(g.ops, o)
}

// alias makes the node's output another name of a value.
func (g *graph) alias(o *op, v *value) error {
	return g.name(o.node, o.node.Outputs[0], v)
}

func (g *graph) define(n *onnx.Node, v *value) error { return g.name(n, v.name, v) }

// name makes a value known to the nodes that follow. Each name is given once.
func (g *graph) name(n *onnx.Node, name string, v *value) error {
	if g.values[name] != nil {
		return unsupported(n, "output %q is made twice", name)
	}
	g.values[name] = v
	return nil
}

// fold makes the node's output a constant.
func (g *graph) fold(o *op, shape []int, floats []float32, ints []int64) error {
	if n := elements(shape); n != max(len(floats), len(ints)) {
		return unsupported(o.node, "shape %v does not fit %d constants", shape, max(len(floats), len(ints)))
	}
	if len(shape) > maxRank {
		return unsupported(o.node, "shape %v has %d dimensions, limit %d", shape, len(shape), maxRank)
	}
	return g.define(o.node, &value{name: o.node.Outputs[0], shape: shape, constant: true, floats: floats, ints: ints})
}

// input is the i-th input; an error where it is absent.
func (o *op) input(i int) (*value, error) {
	if i >= len(o.in) || o.in[i] == nil {
		return nil, unsupported(o.node, "input %d is missing", i)
	}
	return o.in[i], nil
}

// optional is the i-th input or nil.
func (o *op) optional(i int) *value {
	if i < len(o.in) {
		return o.in[i]
	}
	return nil
}

// constantInts are the whole numbers of an input that must be known now.
func (o *op) constantInts(i int) ([]int64, error) {
	v, err := o.input(i)
	if err != nil {
		return nil, err
	}
	if !v.constant || v.ints == nil && elements(v.shape) != 0 {
		return nil, unsupported(o.node, "input %d (%q) must be constant whole numbers", i, v.name)
	}
	return v.ints, nil
}

// constantFloats are the numbers of an input that must be known now.
func (o *op) constantFloats(i int) ([]float32, error) {
	v, err := o.input(i)
	if err != nil {
		return nil, err
	}
	if !v.constant || v.floats == nil {
		return nil, unsupported(o.node, "input %d (%q) must be constant numbers", i, v.name)
	}
	return v.floats, nil
}

// axisOf makes a negative axis count from the end.
func (o *op) axisOf(axis, rank int) (int, error) {
	if axis < 0 {
		axis += rank
	}
	if axis < 0 || axis >= rank {
		return 0, unsupported(o.node, "attribute \"axis\": %d of a tensor of rank %d", axis, rank)
	}
	return axis, nil
}
