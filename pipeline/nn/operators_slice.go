package nn

import "slices"

// inferSlice reads starts, ends, axes and steps from attributes (operator set 9) or inputs (10 and later).
func inferSlice(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	lists := [4][]int64{} // starts, ends, axes, steps
	for i, name := range []string{"starts", "ends", "axes", "steps"} {
		if at := o.node.Attr(name); at != nil {
			lists[i] = at.Ints
		} else if o.optional(i+1) != nil {
			if lists[i], err = o.constantInts(i + 1); err != nil {
				return err
			}
		}
	}
	starts, ends, axes, steps := lists[0], lists[1], lists[2], lists[3]
	if len(starts) == 0 || len(ends) != len(starts) || axes != nil && len(axes) != len(starts) || steps != nil && len(steps) != len(starts) {
		return unsupported(o.node, "%d starts, %d ends, %d axes, %d steps", len(starts), len(ends), len(axes), len(steps))
	}
	shape := slices.Clone(v.shape)
	for i := range starts {
		at := i
		if axes != nil {
			at = int(axes[i])
		}
		axis, err := o.axisOf(at, len(shape))
		if err != nil {
			return err
		}
		step := int64(1)
		if steps != nil {
			step = steps[i]
		}
		if step < 1 || step > int64(shape[axis]) && step != 1 {
			return unsupported(o.node, "step %d on axis %d of %v", step, axis, v.shape)
		}
		size := int64(shape[axis])
		from, to := clampIndex(starts[i], size), clampIndex(ends[i], size)
		if to <= from {
			return unsupported(o.node, "nothing between %d and %d on axis %d of %v", starts[i], ends[i], axis, v.shape)
		}
		count := int((to - from + step - 1) / step)
		o.cuts = append(o.cuts, cut{axis, int(from), int(step), count})
		shape[axis] = count
	}
	if v.constant {
		return g.sliceConstant(o, v, shape)
	}
	o.in = o.in[:1]
	return g.emit(o, shape)
}

// sliceConstant cuts a list of whole numbers, as shape arithmetic does.
func (g *graph) sliceConstant(o *op, v *value, shape []int) error {
	if len(v.shape) != 1 || v.ints == nil || len(o.cuts) != 1 {
		return unsupported(o.node, "of a constant of shape %v", v.shape)
	}
	c := o.cuts[0]
	if err := g.charge(o.node, 8*c.count); err != nil {
		return err
	}
	ints := make([]int64, c.count)
	for i := range ints {
		ints[i] = v.ints[c.start+i*c.step]
	}
	return g.fold(o, shape, nil, ints)
}

// clampIndex turns an index that may count from the end, or lie beyond it, into 0…size.
func clampIndex(i, size int64) int64 {
	if i < 0 {
		i += size
	}
	return min(max(i, 0), size)
}

// inferSplit is a slice for each output.
func inferSplit(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	a := attributes{node: o.node}
	axis, err := o.axisOf(a.int("axis", 0), len(v.shape))
	if err != nil {
		return err
	}
	parts := len(o.node.Outputs)
	sizes := a.ints("split", 1, v.shape[axis], nil)
	if a.err != nil {
		return a.err
	}
	if sizes == nil && o.optional(1) != nil {
		list, err := o.constantInts(1)
		if err != nil {
			return err
		}
		if len(list) != parts {
			return unsupported(o.node, "input \"split\": %d sizes for %d outputs", len(list), parts)
		}
		for _, s := range list {
			sizes = append(sizes, int(min(s, int64(v.shape[axis])+1)))
		}
	}
	if sizes == nil && v.shape[axis]%parts == 0 {
		for range parts {
			sizes = append(sizes, v.shape[axis]/parts)
		}
	}
	total := 0
	for _, s := range sizes {
		if s < 1 || s > v.shape[axis]-total {
			return unsupported(o.node, "attribute \"split\": %v", sizes)
		}
		total += s
	}
	if len(sizes) != parts || total != v.shape[axis] || v.constant {
		return unsupported(o.node, "attribute \"split\": %v into %d parts of %v", sizes, parts, v.shape)
	}
	start := 0
	for i, size := range sizes {
		part := *o.node
		part.Outputs = o.node.Outputs[i : i+1]
		shape := slices.Clone(v.shape)
		shape[axis] = size
		if err := g.emit(&op{kind: "Slice", node: &part, in: []*value{v}, cuts: []cut{{axis, start, 1, size}}}, shape); err != nil {
			return err
		}
		start += size
	}
	return nil
}
