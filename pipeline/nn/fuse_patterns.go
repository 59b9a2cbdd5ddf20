package nn

import "slices"

// hardSwish recognises x·clip(x+3, 0, 6)/6, written as Add, Clip, Mul, Div.
func (f *fuser) hardSwish(i int) bool {
	add := f.g.ops[i]
	x := add.in[0]
	if x.constant {
		x = add.in[1]
	}
	if three, ok := scalar(add, x); !ok || three != 3 || x.constant {
		return false
	}
	j := f.next(add.out[0])
	if j < 0 || f.g.ops[j].kind != "Activation" || f.g.ops[j].finish.kind != clip || f.g.ops[j].finish.low != 0 || f.g.ops[j].finish.high != 6 {
		return false
	}
	k := f.next(f.g.ops[j].out[0])
	if k < 0 || f.g.ops[k].kind != "Mul" || !slices.Contains(f.g.ops[k].in, x) {
		return false
	}
	mul := f.g.ops[k]
	l := f.next(mul.out[0])
	if l < 0 {
		return false
	}
	sixth, ok := divisor(f.g.ops[l], mul.out[0])
	if !ok {
		return false
	}
	last := f.g.ops[l]
	node, out := last.node, last.out
	if !slices.Equal(out[0].shape, x.shape) {
		return false
	}
	f.remove(l)
	f.remove(k)
	f.remove(j)
	f.remove(i)
	f.g.ops[l] = &op{kind: "Activation", node: node, in: []*value{x}, out: out, finish: finish{kind: hardSwish, scale: 6 * sixth}}
	f.read(l, x)
	out[0].producer = f.g.ops[l]
	return true
}

// swish recognises x·sigmoid(x).
func (f *fuser) swish(i int) {
	o := f.g.ops[i]
	j := f.next(o.out[0])
	if j < 0 || f.g.ops[j].kind != "Mul" || !slices.Contains(f.g.ops[j].in, o.in[0]) {
		return
	}
	x, node, out := o.in[0], f.g.ops[j].node, f.g.ops[j].out
	f.remove(j)
	f.remove(i)
	f.g.ops[j] = &op{kind: "Activation", node: node, in: []*value{x}, out: out, finish: finish{kind: swish}}
	f.read(j, x)
	out[0].producer = f.g.ops[j]
}

// layerNorm recognises (x−mean)/√(variance+ε)·scale+shift over the last axis, which exporters write as nine operations.
func (f *fuser) layerNorm(i int) {
	mean := f.g.ops[i]
	x := mean.in[0]
	chain := []int{i}
	follow := func(v *value, kind string) *op {
		j := f.next(v)
		if j < 0 || f.g.ops[j].kind != kind {
			return nil
		}
		chain = append(chain, j)
		return f.g.ops[j]
	}
	sub := follow(mean.out[0], "Sub")
	if sub == nil || sub.in[0] != x || len(f.consumers[sub.out[0]]) != 2 {
		return
	}
	square, div := f.g.ops[f.consumers[sub.out[0]][0]], f.g.ops[f.consumers[sub.out[0]][1]]
	if square.kind != "Activation" || square.finish.kind != power || square.finish.low != 2 || div.kind != "Div" || div.in[0] != sub.out[0] {
		return
	}
	chain = append(chain, f.consumers[sub.out[0]]...)
	variance := follow(square.out[0], "ReduceMean")
	if variance == nil {
		return
	}
	add := follow(variance.out[0], "Add")
	if add == nil {
		return
	}
	epsilon, ok := scalar(add, variance.out[0])
	root := follow(add.out[0], "Activation")
	if !ok || root == nil || root.finish.kind != squareRoot || root.out[0] != div.in[1] || root.out[0].uses != 1 {
		return
	}
	scale := follow(div.out[0], "Mul")
	if scale == nil {
		return
	}
	shift := follow(scale.out[0], "Add")
	if shift == nil {
		return
	}
	factor, term := otherConstant(scale, div.out[0]), otherConstant(shift, scale.out[0])
	width := x.shape[len(x.shape)-1]
	for _, c := range []*value{factor, term} {
		if c == nil || len(c.floats) != width || len(c.shape) == 0 || c.shape[len(c.shape)-1] != width {
			return
		}
	}
	if !slices.Equal(shift.out[0].shape, x.shape) {
		return
	}
	last := chain[len(chain)-1]
	node, out := shift.node, shift.out
	for _, j := range chain {
		f.remove(j)
	}
	f.g.ops[last] = &op{kind: "LayerNorm", node: node, in: []*value{x}, out: out, epsilon: epsilon, affine: [2]*value{factor, term}}
	f.read(last, x)
	out[0].producer = f.g.ops[last]
}

// shuffle recognises the joining of two pictures whose channels are then taken in turn, as ShuffleNet does by way of a
// fifth dimension: what is joined is never stored.
func (f *fuser) shuffle(i int) {
	join := f.g.ops[i]
	if join.axis != 1 || len(join.in) != 2 || join.in[0].constant || join.in[1].constant || len(join.out[0].shape) != 4 || !slices.Equal(join.in[0].shape, join.in[1].shape) {
		return
	}
	half, whole := join.in[0].shape, join.out[0].shape
	chain := []int{i}
	for k, kind := range []string{"Reshape", "Transpose", "Reshape"} {
		j := f.next(f.g.ops[chain[k]].out[0])
		if j < 0 || f.g.ops[j].kind != kind {
			return
		}
		chain = append(chain, j)
	}
	split, swap, last := f.g.ops[chain[1]], f.g.ops[chain[2]], f.g.ops[chain[3]]
	if !slices.Equal(split.out[0].shape, []int{half[0], 2, half[1], half[2], half[3]}) || !slices.Equal(swap.perm, []int{0, 2, 1, 3, 4}) || !slices.Equal(last.out[0].shape, whole) {
		return
	}
	a, b, node, out, at := join.in[0], join.in[1], last.node, last.out, chain[3]
	for _, j := range chain {
		f.remove(j)
	}
	f.g.ops[at] = &op{kind: "Shuffle", node: node, in: []*value{a, b}, out: out}
	f.read(at, a)
	f.read(at, b)
	out[0].producer = f.g.ops[at]
}

// mulAdd joins a·s + b, as squeeze-and-excitation blocks end.
func (f *fuser) mulAdd(i int) {
	mul := f.g.ops[i]
	if mul.in[0].constant || mul.in[1].constant {
		return
	}
	j := f.next(mul.out[0])
	if j < 0 || f.g.ops[j].kind != "Add" {
		return
	}
	add := f.g.ops[j]
	other := add.in[0]
	if other == mul.out[0] {
		other = add.in[1]
	}
	if other.constant || other == mul.out[0] || !slices.Equal(other.shape, add.out[0].shape) || !slices.Equal(mul.out[0].shape, add.out[0].shape) {
		return
	}
	a, s := mul.in[0], mul.in[1]
	node, out := add.node, add.out
	f.remove(j)
	f.remove(i)
	f.g.ops[j] = &op{kind: "MulAdd", node: node, in: []*value{a, s, other}, out: out}
	for _, v := range f.g.ops[j].in {
		f.read(j, v)
	}
	out[0].producer = f.g.ops[j]
}
