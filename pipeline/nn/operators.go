package nn

import (
	"math"
	"slices"

	"umbral/pipeline/nn/onnx"
)

// operator is one of the ONNX operator sets 9 to 13 that is supported.
type operator struct {
	inputs int // at most
	// infer settles the shapes and decodes the attributes of one use.
	infer func(*graph, *op) error
}

var operators map[string]operator

func init() {
	operators = map[string]operator{
		"Constant": {0, inferConstant}, "Identity": {1, inferIdentity}, "Dropout": {3, inferIdentity}, "Cast": {1, inferCast},
		"Shape": {1, inferShape}, "Gather": {2, inferGather}, "Reshape": {2, inferReshape}, "Flatten": {1, inferFlatten},
		"Squeeze": {2, inferSqueeze}, "Unsqueeze": {2, inferUnsqueeze}, "Transpose": {1, inferTranspose},
		"Concat": {math.MaxInt, inferConcat}, "Slice": {5, inferSlice}, "Split": {2, inferSplit},
		"Conv": {3, inferConv}, "ConvTranspose": {3, inferConvTranspose}, "Gemm": {3, inferGemm}, "MatMul": {2, inferMatMul},
		"BatchNormalization": {5, inferBatchNorm},
		"MaxPool":            {1, inferPool}, "AveragePool": {1, inferPool}, "GlobalAveragePool": {1, inferGlobalPool}, "ReduceMean": {2, inferReduceMean},
		"Resize": {4, inferResize}, "Softmax": {1, inferSoftmax},
		"Add": {2, inferBinary}, "Sub": {2, inferBinary}, "Mul": {2, inferBinary}, "Div": {2, inferBinary}, "Pow": {2, inferPow},
		"Relu": {1, inferActivation}, "PRelu": {2, inferPRelu}, "Clip": {3, inferClip}, "Sigmoid": {1, inferActivation},
		"HardSigmoid": {1, inferActivation}, "HardSwish": {1, inferActivation}, "Exp": {1, inferActivation}, "Sqrt": {1, inferActivation},
	}
}

func inferConstant(g *graph, o *op) error {
	at := o.node.Attr("value")
	if at == nil || at.Kind != onnx.KindTensor {
		return unsupported(o.node, "attribute \"value\": wanted a tensor")
	}
	return g.define(o.node, constantValue(o.node.Outputs[0], at.T))
}

func inferIdentity(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	return g.alias(o, v)
}

// inferCast handles constants; a value computed by a run is always float32 and stays so.
func inferCast(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	a := attributes{node: o.node}
	to := onnx.DataType(a.int("to", 0))
	if a.err != nil {
		return a.err
	}
	switch {
	case to == onnx.Float && v.constant && v.ints != nil:
		if err := g.charge(o.node, 4*len(v.ints)); err != nil {
			return err
		}
		floats := make([]float32, len(v.ints))
		for i, n := range v.ints {
			floats[i] = float32(n)
		}
		return g.fold(o, v.shape, floats, nil)
	case to == onnx.Float, (to == onnx.Int64 || to == onnx.Int32) && v.constant && v.floats == nil:
		return g.alias(o, v)
	}
	return unsupported(o.node, "attribute \"to\": %v of a %v tensor computed at run time", to, v.shape)
}

func inferShape(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	ints := make([]int64, len(v.shape))
	for i, d := range v.shape {
		ints[i] = int64(d)
	}
	return g.fold(o, []int{len(ints)}, nil, ints)
}

// inferGather picks from constants, which is what shape arithmetic needs.
func inferGather(g *graph, o *op) error {
	data, err := o.constantInts(0)
	if err != nil {
		return err
	}
	indices, err := o.constantInts(1)
	if err != nil {
		return err
	}
	if len(o.in[0].shape) != 1 {
		return unsupported(o.node, "input of rank %d, only lists are gathered from", len(o.in[0].shape))
	}
	if err := g.charge(o.node, 8*len(indices)); err != nil {
		return err
	}
	picked := make([]int64, len(indices))
	for i, at := range indices {
		if at < 0 {
			at += int64(len(data))
		}
		if at < 0 || at >= int64(len(data)) {
			return unsupported(o.node, "index %d of a list of %d", indices[i], len(data))
		}
		picked[i] = data[at]
	}
	return g.fold(o, o.in[1].shape, nil, picked)
}

// reshaped gives the value another shape.
func (g *graph) reshaped(o *op, v *value, shape []int) error {
	if elements(shape) != elements(v.shape) {
		return unsupported(o.node, "shape %v does not hold the %d elements of %v", shape, elements(v.shape), v.shape)
	}
	if v.constant {
		return g.fold(o, shape, v.floats, v.ints)
	}
	o.kind, o.in = "Reshape", []*value{v}
	return g.emit(o, shape)
}

func inferReshape(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	wanted, err := o.constantInts(1)
	if err != nil {
		return err
	}
	shape := make([]int, len(wanted))
	open, known := -1, int64(1)
	for i, d := range wanted {
		switch {
		case d == 0 && i < len(v.shape):
			shape[i] = v.shape[i]
		case d == -1 && open < 0:
			open = i
			continue
		case d >= 1 && d <= math.MaxInt32:
			shape[i] = int(d)
		default:
			return unsupported(o.node, "shape %v", wanted)
		}
		if known *= int64(shape[i]); known > int64(elements(v.shape)) {
			return unsupported(o.node, "shape %v does not hold the elements of %v", wanted, v.shape)
		}
	}
	if open >= 0 && known > 0 {
		shape[open] = elements(v.shape) / int(known)
	}
	return g.reshaped(o, v, shape)
}

func inferFlatten(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	a := attributes{node: o.node}
	axis := a.int("axis", 1)
	if axis < 0 {
		axis += len(v.shape)
	}
	if a.err != nil || axis < 0 || axis > len(v.shape) {
		return unsupported(o.node, "attribute \"axis\": %d of rank %d", axis, len(v.shape))
	}
	return g.reshaped(o, v, []int{elements(v.shape[:axis]), elements(v.shape[axis:])})
}

// listedAxes reads the axes from the attribute, or from the second input as operator set 13 has it. Negative ones count
// from the end.
func (o *op) listedAxes() ([]int, error) {
	a := attributes{node: o.node}
	axes := a.ints("axes", -maxRank, maxRank, nil)
	if a.err != nil || axes != nil || o.optional(1) == nil {
		return axes, a.err
	}
	list, err := o.constantInts(1)
	if err != nil {
		return nil, err
	}
	if len(list) > maxRank {
		return nil, unsupported(o.node, "%d axes, limit %d", len(list), maxRank)
	}
	for _, v := range list {
		if v < -maxRank || v > maxRank {
			return nil, unsupported(o.node, "axis %d, allowed %d to %d", v, -maxRank, maxRank)
		}
		axes = append(axes, int(v))
	}
	return axes, nil
}

// axesOf is the axes of a tensor of that rank.
func (o *op) axesOf(rank int) ([]int, error) {
	axes, err := o.listedAxes()
	if err != nil {
		return nil, err
	}
	for i := range axes {
		axis, err := o.axisOf(axes[i], rank)
		if err != nil {
			return nil, err
		}
		axes[i] = axis
	}
	return axes, nil
}

func inferSqueeze(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	axes, err := o.axesOf(len(v.shape))
	if err != nil {
		return err
	}
	var shape []int
	for i, d := range v.shape {
		if named := slices.Contains(axes, i); named && d != 1 {
			return unsupported(o.node, "axis %d of %v is not 1", i, v.shape)
		} else if named || axes == nil && d == 1 {
			continue
		}
		shape = append(shape, d)
	}
	return g.reshaped(o, v, shape)
}

func inferUnsqueeze(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	listed, err := o.listedAxes()
	if err != nil {
		return err
	}
	rank := len(v.shape) + len(listed)
	axes, err := o.axesOf(rank)
	if err != nil {
		return err
	}
	if slices.Sort(axes); len(slices.Compact(slices.Clone(axes))) != len(axes) {
		return unsupported(o.node, "attribute \"axes\": %v names one twice", axes)
	}
	shape := slices.Clone(v.shape)
	for _, axis := range axes {
		shape = slices.Insert(shape, axis, 1)
	}
	return g.reshaped(o, v, shape)
}

func inferTranspose(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	rank := len(v.shape)
	backwards := make([]int, rank)
	for i := range backwards {
		backwards[i] = rank - 1 - i
	}
	a := attributes{node: o.node}
	perm := a.ints("perm", 0, rank-1, backwards)
	if a.err != nil {
		return a.err
	}
	sorted := slices.Clone(perm)
	slices.Sort(sorted)
	shape := make([]int, rank)
	for i := range sorted {
		if len(perm) != rank || sorted[i] != i {
			return unsupported(o.node, "attribute \"perm\": %v is no order of %d axes", perm, rank)
		}
		shape[i] = v.shape[perm[i]]
	}
	if v.constant {
		return unsupported(o.node, "of a constant")
	}
	o.perm = perm
	return g.emit(o, shape)
}

func inferConcat(g *graph, o *op) error {
	first, err := o.input(0)
	if err != nil {
		return err
	}
	a := attributes{node: o.node}
	axis, err := o.axisOf(a.int("axis", 0), len(first.shape))
	if err != nil {
		return err
	}
	shape := slices.Clone(first.shape)
	shape[axis] = 0
	allConstant := true
	for i := range o.in {
		v, err := o.input(i)
		if err != nil {
			return err
		}
		if len(v.shape) != len(shape) {
			return unsupported(o.node, "input %d has shape %v, the first has %v", i, v.shape, first.shape)
		}
		for k := range shape {
			if k != axis && v.shape[k] != shape[k] {
				return unsupported(o.node, "input %d has shape %v, the first has %v", i, v.shape, first.shape)
			}
		}
		if shape[axis] += v.shape[axis]; int64(shape[axis]) > g.limits.Arena {
			return unsupported(o.node, "%d along axis %d, limit %d bytes", shape[axis], axis, g.limits.Arena)
		}
		allConstant = allConstant && v.constant && v.floats == nil
	}
	if allConstant && len(shape) == 1 {
		// Joining a list with itself again and again would double it each time.
		if err := g.charge(o.node, 8*shape[0]); err != nil {
			return err
		}
		ints := make([]int64, 0, shape[0])
		for _, v := range o.in {
			ints = append(ints, v.ints...)
		}
		return g.fold(o, shape, nil, ints)
	}
	o.axis = axis
	return g.emit(o, shape)
}
