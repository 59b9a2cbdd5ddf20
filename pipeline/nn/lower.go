package nn

import (
	"fmt"
	"slices"

	"umbral/pipeline/nn/kernel"
)

// step is one piece of work of a run. Units are independent of each other, so that threads can share them.
type step interface {
	run(w *worker, from, to int)
}

// placed is a step that computes addresses once every buffer has its place.
type placed interface{ place() }

// entry is a step with what the planner and the profile need to know of it.
type entry struct {
	step  step
	units int
	work  int64 // multiply-adds, or floats moved
	cost  int64 // about how long it takes on one core, in nanoseconds
	layer Layer
	out   *buffer
	over  []*buffer // operands that the result may be written over
}

// lowering turns operations into steps over views.
type lowering struct {
	g         *graph
	packs     packs
	kernels   *kernel.Set
	threads   int // that share units
	entries   []entry
	lowered   map[*op]bool // siblings of operations before them
	buffers   []*buffer
	zeros     int   // floats of zero that the arena begins with: what padding points to
	offsets   int   // int32 that a worker needs
	rowFloats int   // floats that a worker needs for rows, patches and rings that a step keeps for itself
	packed    int64 // bytes of weights in the kernels' order
	weights   int64 // bytes of biases and slopes
}

// slack is what kernels may read behind a tensor's end.
const slack = kernel.TileChannels

func lower(g *graph, p packs, set *kernel.Set, threads int) (*lowering, error) {
	l := &lowering{g: g, packs: p, kernels: set, threads: threads, zeros: 64, lowered: map[*op]bool{}}
	for _, v := range g.inputs {
		v.view = l.allocate(v.shape, rowMajor(v.shape))
		v.view.buf.first, v.view.buf.last = -1, forever
	}
	l.placeConcats()
	l.markRepeats()
	var scratch []float32
	for _, o := range g.ops {
		if l.lowered[o] {
			continue
		}
		if o.weights != nil {
			scratch = o.weights.settle(scratch)
		}
		if err := l.op(o); err != nil {
			return nil, err
		}
		o.weights = nil // they are packed
	}
	if err := l.outputs(); err != nil {
		return nil, err
	}
	merge(l.entries)
	return l, nil
}

// outputs gives every output a buffer of its own in row-major order, which outlives the run.
func (l *lowering) outputs() error {
	g := l.g
	for i, p := range g.outputs {
		if p.constant {
			return fmt.Errorf("nn: output %q is constant: %w", p.name, ErrUnsupported)
		}
		taken := slices.ContainsFunc(g.outputs[:i], func(q port) bool { return q.view.buf == p.view.buf })
		if taken || !p.view.isRowMajor() || slices.ContainsFunc(g.inputs, func(v *value) bool { return v.view.buf == p.view.buf }) || p.view.buf.size != elements(p.shape) {
			out := l.allocate(p.shape, rowMajor(p.shape))
			l.copy("output", p.name, out, p.view)
			g.outputs[i].value = &value{name: p.name, shape: p.shape, view: out}
		}
		g.outputs[i].view.buf.last = forever
	}
	return nil
}

func (l *lowering) allocate(shape, strides []int) *view {
	b := &buffer{size: elements(shape), first: forever}
	l.buffers = append(l.buffers, b)
	return &view{buf: b, shape: shape, strides: strides}
}

// placeConcats wishes the inputs of concatenations of channels to where the result wants them, so that nothing is copied.
func (l *lowering) placeConcats() {
	writers := []string{"Conv", "Activation", "Add", "Mul", "Sub", "Div", "MulAdd", "Pool", "Resize"}
	for _, o := range l.g.ops {
		if o.kind != "Concat" || o.axis != 1 || len(o.out[0].shape) != 4 {
			continue
		}
		at := 0
		for i, v := range o.in {
			if v.producer != nil && slices.Contains(writers, v.producer.kind) && v.place == nil && !slices.Contains(o.in[:i], v) && !l.g.isOutput(v) {
				v.place = &place{whole: o.out[0], axis: o.axis, at: at}
			}
			at += v.shape[o.axis]
		}
	}
}

// output is where a value is to be written. like is the input whose memory order an element-wise operation keeps.
func (l *lowering) output(v *value, like *view) *view {
	if v.view == nil {
		v.view = l.newView(v, like)
	}
	return v.view
}

func (l *lowering) newView(v *value, like *view) *view {
	if p := v.place; p != nil {
		return l.output(p.whole, nil).slice(p.axis, p.at, 1, v.shape[p.axis])
	}
	if len(v.shape) == 4 && (like == nil || like.strides[1] == 1 || like.shape[1] == 1) {
		return l.allocate(v.shape, channelsLast(v.shape))
	}
	return l.allocate(v.shape, rowMajor(v.shape))
}

// readOnce says that one operation reads a value and nothing else needs it.
func (l *lowering) readOnce(v *value) bool { return v.uses == 1 && v.place == nil && !l.g.isOutput(v) }

// operand is the view of an input; constants become views of themselves.
func (l *lowering) operand(v *value) *view {
	if v.constant {
		l.weights += int64(4 * len(v.floats))
		return &view{constant: v.floats, shape: v.shape, strides: rowMajor(v.shape)}
	}
	return v.view
}

func (l *lowering) emit(layer Layer, s step, units int, work int64, out *view, in ...*view) {
	e := entry{step: s, units: units, work: work, layer: layer, out: out.buf}
	at := len(l.entries)
	for _, v := range append(in, out) {
		if v != nil && v.buf != nil {
			v.buf.first, v.buf.last = min(v.buf.first, at), max(v.buf.last, at)
			e.layer.Bytes += int64(4 * elements(v.shape))
		}
	}
	l.entries = append(l.entries, e)
}

// layerOf describes an operation's result.
func layerOf(o *op, algorithm string, macs int64) Layer {
	name := o.node.Name
	if name == "" {
		name = o.out[0].name
	}
	return Layer{Name: name, Op: o.kind, Algorithm: algorithm, Shape: slices.Clone(o.out[0].shape), MACs: macs}
}

func (l *lowering) op(o *op) error {
	switch o.kind {
	case "Conv":
		return l.conv(o)
	case "ConvTranspose":
		return l.convTranspose(o)
	case "Dense":
		return l.dense(o)
	case "MatMul":
		l.matMul(o)
	case "Reshape":
		l.reshape(o)
	case "Transpose":
		o.out[0].view = o.in[0].view.permute(o.perm)
	case "Slice":
		v := o.in[0].view
		for _, c := range o.cuts {
			v = v.slice(c.axis, c.start, c.step, c.count)
		}
		o.out[0].view = v
	case "Concat":
		l.concat(o)
	case "Add", "Sub", "Mul", "Div":
		l.binary(o)
	case "MulAdd":
		l.mulAdd(o)
	case "Activation":
		l.activation(o)
	case "Softmax", "LayerNorm", "ReduceMean":
		l.rows(o)
	case "Shuffle":
		l.shuffle(o)
	case "Pool":
		l.pool(o)
	case "GlobalAveragePool":
		l.globalPool(o)
	case "Resize":
		l.resize(o)
	default:
		return unsupported(o.node, "no kernel for %s", o.kind)
	}
	return nil
}

// copy writes one view into another of the same shape.
func (l *lowering) copy(op, name string, to, from *view) {
	work := int64(elements(to.shape))
	layer := Layer{Name: name, Op: op, Algorithm: "copy", Shape: slices.Clone(to.shape)}
	if n := joined(to.shape, to.strides, from.strides); n.interleaves() {
		layer.Algorithm = "interleave"
		l.emit(layer, &interleaveStep{nest: n, to: to, from: from}, n.rows()/n.dims[n.rank-2], work, to, from)
		return
	}
	n := newNest(to.shape, to.strides, from.strides)
	l.emit(layer, &copyStep{nest: n, to: to, from: from}, n.rows(), work, to, from)
}

// contiguous is the view itself where its last axis lies side by side, else a copy of it in row-major order.
func (l *lowering) contiguous(o *op, v *view) *view {
	last := len(v.shape) - 1
	if v.shape[last] == 1 || v.strides[last] == 1 {
		return v
	}
	c := l.allocate(v.shape, rowMajor(v.shape))
	l.copy("layout", layerOf(o, "", 0).Name, c, v)
	return c
}

// channelsInner is the view itself where channels lie side by side, else a copy with the channels last.
func (l *lowering) channelsInner(o *op, v *view) *view {
	if v.shape[1] == 1 || v.strides[1] == 1 {
		return v
	}
	c := l.allocate(v.shape, channelsLast(v.shape))
	l.copy("layout", layerOf(o, "", 0).Name, c, v)
	return c
}

func (l *lowering) concat(o *op) {
	out := l.output(o.out[0], o.in[0].view)
	at := 0
	for _, v := range o.in {
		size := v.shape[o.axis]
		if v.place == nil || *v.place != (place{o.out[0], o.axis, at}) { // a value that comes twice is written once
			l.copy("Concat", layerOf(o, "", 0).Name, out.slice(o.axis, at, 1, size), v.view)
		}
		at += size
	}
}

// reshape is free where the strides allow it. Otherwise it copies: through the dimensions that both shapes divide into,
// or where there are none through row-major order.
func (l *lowering) reshape(o *op) {
	in, shape := o.in[0].view, o.out[0].shape
	if v, ok := in.reshape(shape); ok {
		o.out[0].view = v
		return
	}
	out := l.output(o.out[0], nil)
	name := layerOf(o, "", 0).Name
	if fine := refine(in.shape, shape); fine != nil {
		from, ok1 := in.reshape(fine)
		to, ok2 := out.reshape(fine)
		if ok1 && ok2 {
			l.copy("Reshape", name, to, from)
			return
		}
	}
	flat := l.allocate(in.shape, rowMajor(in.shape))
	l.copy("Reshape", name, flat, in)
	again, _ := flat.reshape(shape)
	l.copy("Reshape", name, out, again)
}

// refine is the coarsest shape that both shapes can be joined from, nil where their boundaries don't divide.
func refine(a, b []int) []int {
	bounds := []int{1}
	for _, shape := range [][]int{a, b} {
		n := 1
		for i := len(shape) - 1; i >= 0; i-- {
			n *= shape[i]
			bounds = append(bounds, n)
		}
	}
	slices.Sort(bounds)
	bounds = slices.Compact(bounds)
	var fine []int
	for i := len(bounds) - 1; i > 0; i-- {
		if bounds[i]%bounds[i-1] != 0 {
			return nil
		}
		fine = append(fine, bounds[i]/bounds[i-1])
	}
	if len(fine) > maxRank {
		return nil
	}
	return fine
}
