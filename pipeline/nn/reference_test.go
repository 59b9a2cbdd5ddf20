package nn_test

import (
	"fmt"
	"math"
	"slices"

	"umbral/pipeline/nn/onnx"
)

// dense is a tensor in row-major order: the reference computes on nothing else.
type dense struct {
	shape  []int
	values []float64
}

func newDense(shape ...int) *dense {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return &dense{shape, make([]float64, n)}
}

// index is the place of an element; a dimension of 1 repeats, and leading dimensions may be missing.
func (t *dense) index(at []int) int {
	at = at[len(at)-len(t.shape):]
	n := 0
	for i, d := range t.shape {
		n *= d
		if d > 1 {
			n += at[i]
		}
	}
	return n
}

func (t *dense) at(at ...int) float64 { return t.values[t.index(at)] }

// each calls f with every index of a shape in row-major order.
func each(shape []int, f func(at []int)) {
	at := make([]int, len(shape))
	for {
		f(at)
		i := len(at) - 1
		for ; i >= 0; i-- {
			if at[i]++; at[i] < shape[i] {
				break
			}
			at[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

// make fills a tensor by index.
func filled(shape []int, f func(at []int) float64) *dense {
	t := newDense(slices.Clone(shape)...)
	i := 0
	each(shape, func(at []int) { t.values[i] = f(at); i++ })
	return t
}

// reference computes a graph the plain way, node after node, in float64. It knows nothing of views, fusion or blocks.
type reference struct {
	values map[string]*dense
	ints   map[string][]int64
}

func newReference(g *onnx.Graph) *reference {
	r := &reference{map[string]*dense{}, map[string][]int64{}}
	for name, t := range g.Initializers {
		r.constant(name, t)
	}
	return r
}

func (r *reference) constant(name string, t *onnx.Tensor) {
	if t.Type != onnx.Float {
		r.ints[name] = t.I
		return
	}
	d := newDense(t.Shape...)
	for i, v := range t.F {
		d.values[i] = float64(v)
	}
	r.values[name] = d
}

func (r *reference) run(g *onnx.Graph) {
	for i := range g.Nodes {
		n := &g.Nodes[i]
		in := make([]*dense, len(n.Inputs))
		for k, name := range n.Inputs {
			in[k] = r.values[name]
		}
		for k, out := range r.node(n, in) {
			r.values[n.Outputs[k]] = out
		}
	}
}

func attrInts(n *onnx.Node, name string, missing ...int64) []int {
	list := missing
	if a := n.Attr(name); a != nil {
		list = a.Ints
	}
	out := make([]int, len(list))
	for i, v := range list {
		out[i] = int(v)
	}
	return out
}

func attrInt(n *onnx.Node, name string, missing int) int {
	if a := n.Attr(name); a != nil {
		return int(a.I)
	}
	return missing
}

func attrFloat(n *onnx.Node, name string, missing float64) float64 {
	if a := n.Attr(name); a != nil {
		return float64(a.F)
	}
	return missing
}

func unary(x *dense, f func(float64) float64) []*dense {
	return []*dense{filled(x.shape, func(at []int) float64 { return f(x.at(at...)) })}
}

func pairwise(a, b *dense, f func(x, y float64) float64) []*dense {
	long, short := a, b
	if len(b.shape) > len(a.shape) {
		long, short = b, a
	}
	shape := slices.Clone(long.shape)
	for i, d := range short.shape {
		at := len(shape) - len(short.shape) + i
		shape[at] = max(shape[at], d)
	}
	return []*dense{filled(shape, func(at []int) float64 { return f(a.at(at...), b.at(at...)) })}
}

func clamp(x, low, high float64) float64 { return math.Min(math.Max(x, low), high) }

func (r *reference) node(n *onnx.Node, in []*dense) []*dense {
	switch n.Op {
	case "Identity":
		return in[:1]
	case "Relu":
		return unary(in[0], func(x float64) float64 { return math.Max(x, 0) })
	case "Sigmoid":
		return unary(in[0], func(x float64) float64 { return 1 / (1 + math.Exp(-x)) })
	case "Exp":
		return unary(in[0], math.Exp)
	case "Sqrt":
		return unary(in[0], math.Sqrt)
	case "HardSwish":
		return unary(in[0], func(x float64) float64 { return x * clamp(x/6+0.5, 0, 1) })
	case "HardSigmoid":
		a, b := attrFloat(n, "alpha", 0.2), attrFloat(n, "beta", 0.5)
		return unary(in[0], func(x float64) float64 { return clamp(a*x+b, 0, 1) })
	case "Clip":
		low, high := attrFloat(n, "min", math.Inf(-1)), attrFloat(n, "max", math.Inf(1))
		if len(in) > 1 {
			low, high = in[1].values[0], in[2].values[0]
		}
		return unary(in[0], func(x float64) float64 { return clamp(x, low, high) })
	case "PRelu":
		return pairwise(in[0], in[1], func(x, s float64) float64 { return math.Max(x, 0) + s*math.Min(x, 0) })
	case "Pow":
		return pairwise(in[0], in[1], math.Pow)
	case "Add":
		return pairwise(in[0], in[1], func(x, y float64) float64 { return x + y })
	case "Sub":
		return pairwise(in[0], in[1], func(x, y float64) float64 { return x - y })
	case "Mul":
		return pairwise(in[0], in[1], func(x, y float64) float64 { return x * y })
	case "Div":
		return pairwise(in[0], in[1], func(x, y float64) float64 { return x / y })
	case "BatchNormalization":
		epsilon := attrFloat(n, "epsilon", 1e-5)
		return []*dense{filled(in[0].shape, func(at []int) float64 {
			c := at[1]
			return (in[0].at(at...)-in[3].values[c])/math.Sqrt(in[4].values[c]+epsilon)*in[1].values[c] + in[2].values[c]
		})}
	case "Softmax":
		return softmaxReference(in[0], attrInt(n, "axis", 1))
	case "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Concat", "Slice", "Split", "Resize":
		return r.move(n, in)
	case "Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "ReduceMean", "Gemm", "MatMul":
		return r.reduce(n, in)
	}
	panic(fmt.Sprintf("reference: no operation %s", n.Op))
}

// softmaxReference is over all axes from one on, as operator sets before 13 have it.
func softmaxReference(x *dense, axis int) []*dense {
	out := newDense(x.shape...)
	width := 1
	for _, d := range x.shape[axis:] {
		width *= d
	}
	for row := 0; row < len(x.values); row += width {
		top := slices.Max(x.values[row : row+width])
		var total float64
		for i := range width {
			out.values[row+i] = math.Exp(x.values[row+i] - top)
			total += out.values[row+i]
		}
		for i := range width {
			out.values[row+i] /= total
		}
	}
	return []*dense{out}
}
