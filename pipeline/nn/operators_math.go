package nn

import (
	"math"
	"slices"

	"umbral/pipeline/nn/onnx"
)

// activation is a function of one number.
type activation uint8

const (
	none        activation = iota
	rectifier              // max(x, 0) + slope·min(x, 0), slope 0 for Relu
	clip                   // min(max(x, low), high)
	hardSwish              // scale·x·min(max(x+3, 0), 6)/6 + shift
	hardSigmoid            // min(max(low·x + high, 0), 1): low is alpha, high is beta
	sigmoid
	swish // x·sigmoid(x)
	exponential
	squareRoot
	power // x^low
)

// finish is what is done to each output of an operation before it is stored.
type finish struct {
	kind         activation
	slope        []float32 // by channel
	low, high    float32
	scale, shift float32 // of hardSwish
}

func inferActivation(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	if v.constant {
		return unsupported(o.node, "of a constant")
	}
	switch o.node.Op {
	case "Relu":
		o.finish = finish{kind: rectifier}
	case "Sigmoid":
		o.finish = finish{kind: sigmoid}
	case "HardSwish":
		o.finish = finish{kind: hardSwish, scale: 1}
	case "Exp":
		o.finish = finish{kind: exponential}
	case "Sqrt":
		o.finish = finish{kind: squareRoot}
	case "HardSigmoid":
		a := attributes{node: o.node}
		o.finish = finish{kind: hardSigmoid, low: a.float("alpha", 0.2), high: a.float("beta", 0.5)}
		if a.err != nil {
			return a.err
		}
	}
	o.kind = "Activation"
	return g.emit(o, v.shape)
}

func inferPRelu(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	slope, err := o.constantFloats(1)
	if err != nil {
		return err
	}
	channels := 1
	if len(v.shape) > 1 {
		channels = v.shape[1]
	}
	if err := g.charge(o.node, 8*channels); err != nil {
		return err
	}
	if len(slope) == 1 {
		slope = slices.Repeat(slope, channels)
	}
	if len(slope) != channels || len(v.shape) != 4 {
		return unsupported(o.node, "slope of shape %v for %v", o.in[1].shape, v.shape)
	}
	o.kind, o.finish, o.in = "Activation", finish{kind: rectifier, slope: slope}, o.in[:1]
	return g.emit(o, v.shape)
}

// inferClip reads the bounds from attributes (operator set 6) or inputs (11).
func inferClip(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	a := attributes{node: o.node}
	bounds := [2]float32{a.float("min", -math.MaxFloat32), a.float("max", math.MaxFloat32)}
	if a.err != nil {
		return a.err
	}
	for i := range bounds {
		if o.optional(i+1) == nil {
			continue
		}
		list, err := o.constantFloats(i + 1)
		if err != nil {
			return err
		}
		if len(list) != 1 {
			return unsupported(o.node, "%d values as a bound", len(list))
		}
		bounds[i] = list[0]
	}
	o.kind, o.finish, o.in = "Activation", finish{kind: clip, low: bounds[0], high: bounds[1]}, o.in[:1]
	return g.emit(o, v.shape)
}

func inferPow(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	exponent, err := o.constantFloats(1)
	if err != nil {
		return err
	}
	if len(exponent) != 1 {
		return unsupported(o.node, "%d exponents", len(exponent))
	}
	o.kind, o.finish, o.in = "Activation", finish{kind: power, low: exponent[0]}, o.in[:1]
	return g.emit(o, v.shape)
}

// broadcast is the shape of an element-wise operation on two.
func broadcast(a, b []int) ([]int, bool) {
	if len(a) < len(b) {
		a, b = b, a
	}
	shape := slices.Clone(a)
	for i := range b {
		at := len(a) - len(b) + i
		switch {
		case b[i] == shape[at] || b[i] == 1:
		case shape[at] == 1:
			shape[at] = b[i]
		default:
			return nil, false
		}
	}
	return shape, true
}

func inferBinary(g *graph, o *op) error {
	a, err := o.input(0)
	if err != nil {
		return err
	}
	b, err := o.input(1)
	if err != nil {
		return err
	}
	shape, ok := broadcast(a.shape, b.shape)
	if !ok {
		return unsupported(o.node, "shapes %v and %v", a.shape, b.shape)
	}
	if a.constant && b.constant {
		return g.foldBinary(o, a, b)
	}
	for _, v := range o.in {
		if v.constant && v.floats == nil {
			return unsupported(o.node, "input %q is of whole numbers, the other of real ones", v.name)
		}
	}
	return g.emit(o, shape)
}

// foldBinary computes whole numbers of one shape: the arithmetic of shapes.
func (g *graph) foldBinary(o *op, a, b *value) error {
	if a.ints == nil || b.ints == nil || len(a.ints) != len(b.ints) {
		return unsupported(o.node, "of two constants of shapes %v and %v", a.shape, b.shape)
	}
	if err := g.charge(o.node, 8*len(a.ints)); err != nil {
		return err
	}
	ints := make([]int64, len(a.ints))
	for i := range ints {
		x, y := a.ints[i], b.ints[i]
		switch o.node.Op {
		case "Add":
			ints[i] = x + y
		case "Sub":
			ints[i] = x - y
		case "Mul":
			ints[i] = x * y
		case "Div":
			if y == 0 {
				return unsupported(o.node, "division by zero")
			}
			ints[i] = x / y
		}
	}
	return g.fold(o, a.shape, nil, ints)
}

func inferSoftmax(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	missing := 1
	if g.model.Opset >= 13 {
		missing = -1
	}
	a := attributes{node: o.node}
	axis, err := o.axisOf(a.int("axis", missing), len(v.shape))
	if err != nil {
		return err
	}
	if elements(v.shape[axis:]) != v.shape[axis] || a.err != nil {
		return unsupported(o.node, "attribute \"axis\": %d of %v, only the last axis is supported", axis, v.shape)
	}
	o.axis = axis
	return g.emit(o, v.shape)
}

// inferBatchNorm turns the statistics into a factor and a term for each channel.
func inferBatchNorm(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	if len(v.shape) < 2 {
		return unsupported(o.node, "input of shape %v", v.shape)
	}
	channels := v.shape[1]
	var lists [4][]float32 // scale, shift, mean, variance
	for i := range lists {
		if lists[i], err = o.constantFloats(i + 1); err != nil {
			return err
		}
		if len(lists[i]) != channels {
			return unsupported(o.node, "input %d has %d values for %d channels", i+1, len(lists[i]), channels)
		}
	}
	a := attributes{node: o.node}
	epsilon := float64(a.float("epsilon", 1e-5))
	if a.err != nil {
		return a.err
	}
	if err := g.charge(o.node, 8*channels); err != nil {
		return err
	}
	factor, term := make([]float32, channels), make([]float32, channels)
	for c := range channels {
		f := float64(lists[0][c]) / math.Sqrt(float64(lists[3][c])+epsilon)
		factor[c] = float32(f)
		term[c] = float32(float64(lists[1][c]) - float64(lists[2][c])*f)
	}
	shape := make([]int, len(v.shape))
	for i := range shape {
		shape[i] = 1
	}
	shape[1] = channels
	return g.scaleShift(o, v, shape, factor, term)
}

// scaleShift writes v·factor + term as two operations, which fusion folds into what made v.
func (g *graph) scaleShift(o *op, v *value, shape []int, factor, term []float32) error {
	scaled := *o.node
	scaled.Op, scaled.Outputs = "Mul", []string{o.node.Outputs[0] + "/scaled"}
	by := &value{name: o.node.Outputs[0] + "/factor", shape: shape, constant: true, floats: factor}
	mul := &op{kind: "Mul", node: &scaled, in: []*value{v, by}}
	if err := g.emit(mul, v.shape); err != nil {
		return err
	}
	shifted := *o.node
	shifted.Op = "Add"
	with := &value{name: o.node.Outputs[0] + "/term", shape: shape, constant: true, floats: term}
	return g.emit(&op{kind: "Add", node: &shifted, in: []*value{mul.out[0], with}}, v.shape)
}

// dense appends a product with a constant matrix [outputs][depth] over the last axis.
func (g *graph) dense(node *onnx.Node, v *value, w *weights) error {
	shape := slices.Clone(v.shape)
	shape[len(shape)-1] = w.outputs
	return g.emit(&op{kind: "Dense", node: node, in: []*value{v}, weights: w}, shape)
}

func transposed(values []float32, rows, columns int) []float32 {
	t := make([]float32, len(values))
	for r := range rows {
		for c := range columns {
			t[c*rows+r] = values[r*columns+c]
		}
	}
	return t
}

func inferGemm(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	values, err := o.constantFloats(1)
	if err != nil {
		return err
	}
	shape := o.in[1].shape
	a := attributes{node: o.node}
	alpha, beta := a.float("alpha", 1), a.float("beta", 1)
	if a.int("transA", 0) != 0 {
		a.fail("transA", "1")
	}
	direct := a.int("transB", 0) != 0
	if a.err != nil {
		return a.err
	}
	if len(v.shape) != 2 || len(shape) != 2 {
		return unsupported(o.node, "shapes %v and %v", v.shape, shape)
	}
	if slices.Min(shape) < 1 {
		return unsupported(o.node, "matrix of shape %v", shape)
	}
	if err := g.charge(o.node, 4*(len(values)+3*max(shape[0], shape[1]))); err != nil {
		return err
	}
	w := &weights{values: values, outputs: shape[0], depth: shape[1]}
	if !direct {
		w = &weights{values: transposed(values, shape[0], shape[1]), outputs: shape[1], depth: shape[0]}
	}
	if w.depth != v.shape[1] {
		return unsupported(o.node, "shapes %v and %v (transB %v)", v.shape, shape, direct)
	}
	w.bias = make([]float32, w.outputs)
	factor, term := slices.Repeat([]float32{alpha}, w.outputs), make([]float32, w.outputs)
	if o.optional(2) != nil {
		bias, err := o.constantFloats(2)
		if err != nil {
			return err
		}
		if len(bias) != w.outputs && len(bias) != 1 {
			return unsupported(o.node, "%d biases for %d outputs", len(bias), w.outputs)
		}
		for i := range term {
			term[i] = beta * bias[i%len(bias)]
		}
	}
	w.scale(factor, term)
	return g.dense(o.node, v, w)
}

func inferMatMul(g *graph, o *op) error {
	a, err := o.input(0)
	if err != nil {
		return err
	}
	b, err := o.input(1)
	if err != nil {
		return err
	}
	if len(a.shape) < 2 || len(b.shape) < 2 || a.constant || a.shape[len(a.shape)-1] != b.shape[len(b.shape)-2] {
		return unsupported(o.node, "shapes %v and %v", a.shape, b.shape)
	}
	if b.constant && b.floats != nil && len(b.shape) == 2 && b.shape[1] > 0 {
		if err := g.charge(o.node, 4*(len(b.floats)+b.shape[1])); err != nil {
			return err
		}
		w := &weights{values: transposed(b.floats, b.shape[0], b.shape[1]), outputs: b.shape[1], depth: b.shape[0], bias: make([]float32, b.shape[1])}
		return g.dense(o.node, a, w)
	}
	rank := len(a.shape)
	if b.constant || len(b.shape) != rank || !slices.Equal(a.shape[:rank-2], b.shape[:rank-2]) {
		return unsupported(o.node, "shapes %v and %v", a.shape, b.shape)
	}
	shape := slices.Clone(a.shape)
	shape[rank-1] = b.shape[rank-1]
	return g.emit(o, shape)
}
