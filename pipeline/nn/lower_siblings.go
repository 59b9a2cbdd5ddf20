package nn

import (
	"slices"

	"umbral/pipeline/nn/kernel"
)

// siblings are the convolutions of 1×1 that read what o reads and are as wide as the narrowest tile: wide tiles of several
// together lose less. What each makes is then a slice of what all make, over which nothing can be written in place. Only o
// itself where there are no others.
func (l *lowering) siblings(o *op) (all []*op) {
	if !l.narrow(o) {
		return []*op{o}
	}
	outputs := 0
	for _, p := range l.g.ops {
		if p.kind == "Conv" && p.in[0] == o.in[0] && p.weights != nil && p.finish.kind == o.finish.kind && l.narrow(p) && outputs+p.weights.outputs <= kernel.MaxChannels {
			outputs += p.weights.outputs
			all = append(all, p)
		}
	}
	return all
}

// narrow says that a convolution may be joined with its siblings: what it makes is read as channels of a wider picture.
func (l *lowering) narrow(o *op) bool {
	w, v := o.window, o.out[0]
	return w.kernel == [2]int{1, 1} && w.stride == [2]int{1, 1} && w.pad == [4]int{} && w.groups == 1 && o.residual == nil && o.finish.kind <= rectifier && o.finish.slope == nil &&
		o.weights.outputs == kernel.NarrowChannels && v.view == nil && v.place == nil && !l.g.isOutput(v)
}

// together lowers siblings as one convolution.
func (l *lowering) together(all []*op) {
	o := *all[0]
	in := l.channelsInner(&o, o.in[0].view)
	joint := &weights{depth: o.weights.depth}
	for _, p := range all {
		p.weights.settle(nil)
		joint.values = append(joint.values, p.weights.values...)
		joint.bias = append(joint.bias, p.weights.bias...)
		joint.outputs += p.weights.outputs
	}
	o.weights = joint
	shape := slices.Clone(o.out[0].shape)
	shape[1] = joint.outputs
	whole := l.allocate(shape, channelsLast(shape))
	at := 0
	for _, p := range all {
		p.out[0].view = whole.slice(1, at, 1, p.weights.outputs)
		at += p.weights.outputs
		p.weights, l.lowered[p] = nil, true
	}
	o.out = []*value{{name: o.out[0].name, shape: shape, view: whole}}
	l.pointwise(&o, in, whole, joint.values, 0)
	for _, p := range all[1:] {
		e := &l.entries[len(l.entries)-1].layer
		e.Name += ", " + layerOf(p, "", 0).Name
	}
}
