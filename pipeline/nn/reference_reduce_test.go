package nn_test

import (
	"math"
	"slices"

	"umbral/pipeline/nn/onnx"
)

// reduce is the operations that sum or compare over a window or an axis.
func (r *reference) reduce(n *onnx.Node, in []*dense) []*dense {
	x := in[0]
	switch n.Op {
	case "Conv":
		return convReference(n, in)
	case "ConvTranspose":
		return convTransposeReference(n, in)
	case "MaxPool", "AveragePool":
		return poolReference(n, x)
	case "GlobalAveragePool":
		return mean(x, []int{2, 3}, true)
	case "ReduceMean":
		axes := attrInts(n, "axes")
		for i := range axes {
			axes[i] = (axes[i] + len(x.shape)) % len(x.shape)
		}
		return mean(x, axes, attrInt(n, "keepdims", 1) != 0)
	case "Gemm":
		alpha, beta := attrFloat(n, "alpha", 1), attrFloat(n, "beta", 1)
		direct := attrInt(n, "transB", 0) != 0
		outputs := in[1].shape[1]
		if direct {
			outputs = in[1].shape[0]
		}
		return []*dense{filled([]int{x.shape[0], outputs}, func(at []int) float64 {
			var s float64
			for k := range x.shape[1] {
				if direct {
					s += x.at(at[0], k) * in[1].at(at[1], k)
				} else {
					s += x.at(at[0], k) * in[1].at(k, at[1])
				}
			}
			if s *= alpha; len(in) > 2 {
				s += beta * in[2].at(at...)
			}
			return s
		})}
	default: // MatMul
		shape := slices.Clone(x.shape)
		last := len(shape) - 1
		shape[last] = in[1].shape[len(in[1].shape)-1]
		return []*dense{filled(shape, func(at []int) float64 {
			a, b := slices.Clone(at), slices.Clone(at)
			var s float64
			for k := range x.shape[last] {
				a[last], b[last-1] = k, k
				s += x.at(a...) * in[1].at(b...)
			}
			return s
		})}
	}
}

func mean(x *dense, axes []int, keep bool) []*dense {
	shape, kept := slices.Clone(x.shape), []int{}
	count := 1
	for i, d := range x.shape {
		if slices.Contains(axes, i) {
			shape[i] = 1
			count *= d
		} else {
			kept = append(kept, d)
		}
	}
	out := newDense(shape...)
	each(x.shape, func(at []int) { out.values[out.index(at)] += x.at(at...) / float64(count) })
	if !keep {
		out.shape = kept
	}
	return []*dense{out}
}

// slide is the geometry of a window.
type slide struct{ kernel, stride, dilation, pad []int }

func slideOf(n *onnx.Node, kernel []int) slide {
	return slide{kernel, attrInts(n, "strides", 1, 1), attrInts(n, "dilations", 1, 1), attrInts(n, "pads", 0, 0, 0, 0)}
}

func (s slide) outputs(size, axis int) int {
	return (size+s.pad[axis]+s.pad[axis+2]-s.dilation[axis]*(s.kernel[axis]-1)-1)/s.stride[axis] + 1
}

// visit calls f for each tap inside the picture with its place.
func (s slide) visit(oy, ox, height, width int, f func(ky, kx, y, x int)) {
	for ky := range s.kernel[0] {
		for kx := range s.kernel[1] {
			y := oy*s.stride[0] - s.pad[0] + ky*s.dilation[0]
			x := ox*s.stride[1] - s.pad[1] + kx*s.dilation[1]
			if y >= 0 && y < height && x >= 0 && x < width {
				f(ky, kx, y, x)
			}
		}
	}
}

func convReference(n *onnx.Node, in []*dense) []*dense {
	x, w := in[0], in[1]
	s := slideOf(n, w.shape[2:])
	h, width := x.shape[2], x.shape[3]
	per := w.shape[0] / attrInt(n, "group", 1)
	return []*dense{filled([]int{1, w.shape[0], s.outputs(h, 0), s.outputs(width, 1)}, func(at []int) float64 {
		var sum float64
		if len(in) > 2 {
			sum = in[2].values[at[1]]
		}
		first := at[1] / per * w.shape[1]
		s.visit(at[2], at[3], h, width, func(ky, kx, y, col int) {
			for c := range w.shape[1] {
				sum += x.at(0, first+c, y, col) * w.at(at[1], c, ky, kx)
			}
		})
		return sum
	})}
}

func convTransposeReference(n *onnx.Node, in []*dense) []*dense {
	x, w := in[0], in[1]
	stride := attrInts(n, "strides", 1, 1)
	out := newDense(1, w.shape[1], (x.shape[2]-1)*stride[0]+w.shape[2], (x.shape[3]-1)*stride[1]+w.shape[3])
	each([]int{x.shape[1], w.shape[1], x.shape[2], x.shape[3], w.shape[2], w.shape[3]}, func(i []int) {
		out.values[out.index([]int{0, i[1], i[2]*stride[0] + i[4], i[3]*stride[1] + i[5]})] += x.at(0, i[0], i[2], i[3]) * w.at(i[0], i[1], i[4], i[5])
	})
	if len(in) > 2 {
		each(out.shape, func(at []int) { out.values[out.index(at)] += in[2].values[at[1]] })
	}
	return []*dense{out}
}

func poolReference(n *onnx.Node, x *dense) []*dense {
	s := slideOf(n, attrInts(n, "kernel_shape"))
	h, w := x.shape[2], x.shape[3]
	return []*dense{filled([]int{1, x.shape[1], s.outputs(h, 0), s.outputs(w, 1)}, func(at []int) float64 {
		top, sum, count := math.Inf(-1), 0.0, 0.0
		s.visit(at[2], at[3], h, w, func(_, _, y, col int) {
			v := x.at(0, at[1], y, col)
			top, sum, count = math.Max(top, v), sum+v, count+1
		})
		if n.Op == "MaxPool" {
			return top
		}
		return sum / count
	})}
}
