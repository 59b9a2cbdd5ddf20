package nn_test

import (
	"math"
	"slices"

	"umbral/pipeline/nn/onnx"
)

// move is the operations that only rearrange.
func (r *reference) move(n *onnx.Node, in []*dense) []*dense {
	x := in[0]
	as := func(shape []int) []*dense { return []*dense{{shape, x.values}} }
	switch n.Op {
	case "Reshape":
		shape, open, known := []int{}, -1, 1
		for i, d := range r.ints[n.Inputs[1]] {
			switch d {
			case 0:
				d = int64(x.shape[i])
			case -1:
				open, d = i, 1
			}
			shape = append(shape, int(d))
			known *= int(d)
		}
		if open >= 0 {
			shape[open] = len(x.values) / known
		}
		return as(shape)
	case "Flatten":
		rows := 1
		for _, d := range x.shape[:attrInt(n, "axis", 1)] {
			rows *= d
		}
		return as([]int{rows, len(x.values) / rows})
	case "Squeeze":
		shape, axes := []int{}, attrInts(n, "axes")
		for i, d := range x.shape {
			if !slices.Contains(axes, i) {
				shape = append(shape, d)
			}
		}
		return as(shape)
	case "Unsqueeze":
		shape := slices.Clone(x.shape)
		for _, axis := range attrInts(n, "axes") {
			shape = slices.Insert(shape, axis, 1)
		}
		return as(shape)
	case "Transpose":
		perm := attrInts(n, "perm")
		shape := make([]int, len(perm))
		for i, p := range perm {
			shape[i] = x.shape[p]
		}
		return []*dense{filled(shape, func(at []int) float64 {
			from := make([]int, len(at))
			for i, p := range perm {
				from[p] = at[i]
			}
			return x.at(from...)
		})}
	case "Concat":
		axis := attrInt(n, "axis", 0)
		shape := slices.Clone(x.shape)
		for _, t := range in[1:] {
			shape[axis] += t.shape[axis]
		}
		return []*dense{filled(shape, func(at []int) float64 {
			from := slices.Clone(at)
			for _, t := range in {
				if from[axis] < t.shape[axis] {
					return t.at(from...)
				}
				from[axis] -= t.shape[axis]
			}
			panic("concat")
		})}
	case "Slice":
		starts, ends, axes, steps := attrInts(n, "starts"), attrInts(n, "ends"), attrInts(n, "axes"), []int{1, 1, 1, 1}
		for i, list := range []*[]int{&starts, &ends, &axes, &steps} {
			if i+1 < len(n.Inputs) {
				*list = nil
				for _, v := range r.ints[n.Inputs[i+1]] {
					*list = append(*list, int(min(v, math.MaxInt32)))
				}
			}
		}
		shape := slices.Clone(x.shape)
		for i, axis := range axes {
			shape[axis] = (min(ends[i], x.shape[axis]) - starts[i] + steps[i] - 1) / steps[i]
		}
		return []*dense{filled(shape, func(at []int) float64 {
			from := slices.Clone(at)
			for i, axis := range axes {
				from[axis] = starts[i] + at[axis]*steps[i]
			}
			return x.at(from...)
		})}
	case "Split":
		axis, start := attrInt(n, "axis", 0), 0
		var parts []*dense
		for _, size := range attrInts(n, "split") {
			shape := slices.Clone(x.shape)
			shape[axis] = size
			parts = append(parts, filled(shape, func(at []int) float64 {
				from := slices.Clone(at)
				from[axis] += start
				return x.at(from...)
			}))
			start += size
		}
		return parts
	default: // Resize: nearest, asymmetric, floor
		scales := in[2].values
		shape := slices.Clone(x.shape)
		for i := range shape {
			shape[i] = int(float64(shape[i]) * scales[i])
		}
		return []*dense{filled(shape, func(at []int) float64 {
			from := make([]int, len(at))
			for i := range at {
				from[i] = int(float64(at[i]) / scales[i])
			}
			return x.at(from...)
		})}
	}
}
