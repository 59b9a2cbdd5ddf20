package nn

import (
	"slices"
)

// fuser rewrites the list of operations: what follows a convolution is folded into its weights or done before its
// outputs are stored, and functions that exporters take apart are put together again.
type fuser struct {
	g         *graph
	consumers map[*value][]int // places in g.ops
}

// fuse rewrites g.ops. Removed operations become nil and are dropped at the end.
func fuse(g *graph) {
	f := &fuser{g: g, consumers: map[*value][]int{}}
	for i, o := range g.ops {
		for _, v := range o.in {
			if v != nil {
				f.consumers[v] = append(f.consumers[v], i)
			}
		}
	}
	for i, o := range g.ops {
		if o == nil {
			continue
		}
		switch o.kind {
		case "Add":
			if !f.hardSwish(i) {
				f.residual(i)
			}
		case "Mul":
			f.unit(i)
		case "Activation":
			if o.finish.kind == sigmoid {
				f.swish(i)
			}
		case "ReduceMean":
			f.layerNorm(i)
		case "Concat":
			f.shuffle(i)
		case "Slice":
			f.part(i)
		}
	}
	for i, o := range g.ops {
		if o != nil && o.weights != nil {
			f.absorb(i)
		}
	}
	for i, o := range g.ops {
		if o != nil && o.kind == "Add" {
			f.residual(i)
		}
	}
	for i, o := range g.ops {
		if o == nil {
			continue
		}
		switch {
		case o.weights != nil:
			f.absorb(i)
		case o.kind == "Activation" && o.finish.kind == hardSwish:
			f.affine(o)
		case o.kind == "Mul":
			f.mulAdd(i)
		}
	}
	g.ops = slices.DeleteFunc(g.ops, func(o *op) bool { return o == nil })
}

// next is the only consumer of a value, −1 where there are several or the value is an output.
func (f *fuser) next(v *value) int {
	if v.uses != 1 || len(f.consumers[v]) != 1 {
		return -1
	}
	return f.consumers[v][0]
}

// remove takes an operation away; what it read is read once less.
func (f *fuser) remove(i int) {
	for _, v := range f.g.ops[i].in {
		if v == nil {
			continue
		}
		v.uses--
		f.consumers[v] = slices.DeleteFunc(f.consumers[v], func(j int) bool { return j == i })
	}
	f.g.ops[i] = nil
}

// take makes o the producer of what operation i produced, and removes i.
func (f *fuser) take(o *op, i int) {
	v := f.g.ops[i].out[0]
	f.remove(i)
	o.out[0] = v
	v.producer = o
}

// read makes operation i another reader of v.
func (f *fuser) read(i int, v *value) {
	v.uses++
	f.consumers[v] = append(f.consumers[v], i)
}

// scalar is the other operand of a commutative operation with a constant of one element.
func scalar(o *op, v *value) (float32, bool) {
	if len(o.in) != 2 {
		return 0, false
	}
	for i, in := range o.in {
		if in == v {
			other := o.in[1-i]
			if other.constant && len(other.floats) == 1 {
				return other.floats[0], true
			}
		}
	}
	return 0, false
}

// divisor is the factor that a Mul or Div by a constant of one element applies to v.
func divisor(o *op, v *value) (float32, bool) {
	s, ok := scalar(o, v)
	switch {
	case ok && o.kind == "Mul":
		return s, true
	case ok && o.kind == "Div" && o.in[0] == v && s != 0:
		return 1 / s, true
	}
	return 0, false
}

// unit removes a multiplication by one.
func (f *fuser) unit(i int) {
	o := f.g.ops[i]
	v := o.in[0]
	if v.constant {
		v = o.in[1]
	}
	if s, ok := scalar(o, v); !ok || s != 1 || v.producer == nil || f.g.isOutput(o.out[0]) || !slices.Equal(v.shape, o.out[0].shape) {
		return
	}
	f.replace(i, v)
}

// replace removes an operation whose result equals v, which its readers read instead.
func (f *fuser) replace(i int, v *value) {
	out := f.g.ops[i].out[0]
	readers := slices.Clone(f.consumers[out])
	f.remove(i)
	for _, j := range readers {
		for k, in := range f.g.ops[j].in {
			if in == out {
				f.g.ops[j].in[k] = v
				f.read(j, v)
			}
		}
	}
}

// part removes a slice that gives back what was joined just before, and the joining if nobody else wants it.
func (f *fuser) part(i int) {
	o := f.g.ops[i]
	join := o.in[0].producer
	if join == nil || join.kind != "Concat" || len(o.cuts) == 0 || f.g.isOutput(o.out[0]) {
		return
	}
	start, count := 0, join.out[0].shape[join.axis]
	for _, c := range o.cuts {
		whole := c.start == 0 && c.count == join.out[0].shape[c.axis]
		if c.step != 1 || c.axis != join.axis && !whole {
			return
		}
		if c.axis == join.axis {
			start, count = start+c.start, c.count
		}
	}
	at := 0
	for _, v := range join.in {
		size := v.shape[join.axis]
		if at == start && size == count && !v.constant {
			f.replace(i, v)
			if join.out[0].uses == 0 {
				f.remove(slices.Index(f.g.ops, join))
			}
			return
		}
		at += size
	}
}

// otherConstant is the constant operand beside v.
func otherConstant(o *op, v *value) *value {
	if len(o.in) != 2 {
		return nil
	}
	for i, in := range o.in {
		if in == v && o.in[1-i].constant {
			return o.in[1-i]
		}
	}
	return nil
}

// channelConstant spreads a constant over the channels of an operation with weights; nil where it isn't one value, or
// one a channel.
func channelConstant(o *op, c *value) []float32 {
	outputs := o.weights.outputs
	if len(c.floats) == 1 {
		return slices.Repeat(c.floats, outputs)
	}
	// Channels are the second dimension of pictures and the last of products.
	shape, rank := c.shape, len(o.out[0].shape)
	at := len(shape) - 1
	if o.kind != "Dense" {
		at = len(shape) - (rank - 1)
	}
	if len(c.floats) != outputs || at < 0 || shape[at] != outputs {
		return nil
	}
	return c.floats
}

// absorb folds what follows an operation with weights into it, as far as that goes.
func (f *fuser) absorb(i int) {
	o := f.g.ops[i]
	for o.finish.kind == none {
		j := f.next(o.out[0])
		if j < 0 {
			return
		}
		follower := f.g.ops[j]
		if follower.kind == "Activation" {
			if !foldable(o, follower) {
				return
			}
			o.finish = follower.finish
			f.take(o, j)
			f.affine(o)
			return
		}
		if o.residual != nil || !f.absorbConstant(o, j) {
			return
		}
	}
}

// foldable says whether an activation can be done where the operation stores its outputs.
func foldable(o, follower *op) bool {
	return follower.finish.slope == nil || len(follower.finish.slope) == o.weights.outputs
}

// absorbConstant folds the addition of, or multiplication by, a constant into weights and bias.
func (f *fuser) absorbConstant(o *op, j int) bool {
	follower := f.g.ops[j]
	if !slices.Contains([]string{"Mul", "Add", "Sub", "Div"}, follower.kind) {
		return false
	}
	c := otherConstant(follower, o.out[0])
	if c == nil || !slices.Equal(follower.out[0].shape, o.out[0].shape) {
		return false
	}
	list := channelConstant(o, c)
	if list == nil || (follower.kind == "Sub" || follower.kind == "Div") && follower.in[0] != o.out[0] {
		return false
	}
	factor, term := slices.Repeat([]float32{1}, len(list)), make([]float32, len(list))
	for k, v := range list {
		switch follower.kind {
		case "Mul":
			factor[k] = v
		case "Div":
			factor[k] = 1 / v
		case "Add":
			term[k] = v
		case "Sub":
			term[k] = -v
		}
	}
	o.weights.scale(factor, term)
	f.take(o, j)
	return true
}

// affine folds a factor and a term behind a hard swish into it.
func (f *fuser) affine(o *op) {
	for o.finish.kind == hardSwish {
		j := f.next(o.out[0])
		if j < 0 {
			return
		}
		follower := f.g.ops[j]
		if !slices.Equal(follower.out[0].shape, o.out[0].shape) {
			return
		}
		if factor, ok := divisor(follower, o.out[0]); ok {
			o.finish.scale *= factor
			o.finish.shift *= factor
		} else if term, ok := scalar(follower, o.out[0]); ok && follower.kind == "Add" {
			o.finish.shift += term
		} else {
			return
		}
		f.take(o, j)
	}
}

// residual folds an addition into the convolution that makes one of its operands. The convolution moves to the place of
// the addition, where the other operand is sure to be known.
func (f *fuser) residual(i int) {
	add := f.g.ops[i]
	for k := 1; k >= 0; k-- {
		v, other := add.in[k], add.in[1-k]
		o := v.producer
		if v.constant || other.constant || o == nil || v == other || v.uses != 1 || o.weights == nil || o.kind == "ConvTranspose" || o.window.groups > 1 {
			continue
		}
		if o.finish.kind != none || o.residual != nil || !slices.Equal(v.shape, other.shape) {
			continue
		}
		at := slices.Index(f.g.ops, o)
		out := add.out[0]
		f.remove(i)
		in := o.in
		f.remove(at)
		o.in = []*value{in[0], other}
		o.residual, o.out[0], out.producer = other, out, o
		f.g.ops[i] = o
		f.read(i, in[0])
		f.read(i, other)
		return
	}
}
