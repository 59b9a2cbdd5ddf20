package nn

import (
	"math"
	"slices"
)

// maxKernel bounds a kernel's side: the largest in use is 8.
const maxKernel = 31

// weights are the constants of a convolution or matrix product, with what follows it folded in.
type weights struct {
	values     []float32 // [outputs][depth/groups][kernel height][kernel width]
	bias       []float32 // [outputs]
	outputs    int
	depth      int       // inputs of one group
	factors    []float32 // that values are yet to be multiplied by, one an output; nil for none: see settle
	transposed bool      // values belong to a ConvTranspose: [depth][outputs][kernel height][kernel width]
}

// scale multiplies each output by a factor and adds a term. The values follow in settle.
func (w *weights) scale(factor, term []float32) {
	if w.factors == nil {
		w.factors = slices.Repeat([]float32{1}, w.outputs)
	}
	bias := make([]float32, w.outputs)
	for c := range bias {
		w.factors[c] *= factor[c]
		bias[c] = w.bias[c]*factor[c] + term[c]
	}
	w.bias = bias
}

// settle multiplies the values by the factors, in a copy that takes scratch's place and is valid until the next call. It
// is called when an operation's weights are about to be packed, so that only those of one operation exist twice.
func (w *weights) settle(scratch []float32) []float32 {
	if w.factors == nil {
		return scratch
	}
	values := append(scratch[:0], w.values...)
	per := len(values) / w.outputs
	taps := per / w.depth
	for i := range values {
		c := i / per
		if w.transposed {
			c = i / taps % w.outputs
		}
		values[i] *= w.factors[c]
	}
	w.values, w.factors = flush(values), nil
	return values
}

// pads reads explicit and automatic padding for a picture of the given size.
func (a *attributes) pads(w *window, height, width int) {
	list := a.ints("pads", 0, maxKernel, []int{0, 0, 0, 0})
	if len(list) != 4 {
		a.fail("pads", "%d values, wanted 4", len(list))
		return
	}
	w.pad = [4]int(list)
	switch auto := a.string("auto_pad", "NOTSET"); auto {
	case "NOTSET", "VALID":
	case "SAME_UPPER", "SAME_LOWER":
		for i, size := range []int{height, width} {
			out := (size + w.stride[i] - 1) / w.stride[i]
			total := max(0, (out-1)*w.stride[i]+w.dilation[i]*(w.kernel[i]-1)+1-size)
			w.pad[i], w.pad[i+2] = total/2, total-total/2
			if auto == "SAME_LOWER" {
				w.pad[i], w.pad[i+2] = w.pad[i+2], w.pad[i]
			}
		}
	default:
		a.fail("auto_pad", "%q", auto)
	}
}

// window reads what convolutions and pools share.
func (o *op) readWindow(v *value, kernel [2]int) error {
	if len(v.shape) != 4 {
		return unsupported(o.node, "input of shape %v, wanted [1, channels, height, width]", v.shape)
	}
	a := attributes{node: o.node}
	w := window{kernel: kernel, groups: a.int("group", 1)}
	if o.node.Attr("kernel_shape") != nil {
		w.kernel = a.pair("kernel_shape", 1, maxKernel, 1)
	}
	w.stride = a.pair("strides", 1, maxKernel, 1)
	w.dilation = a.pair("dilations", 1, maxKernel, 1)
	a.pads(&w, v.shape[2], v.shape[3])
	if kernel[0] != 0 && kernel != w.kernel {
		a.fail("kernel_shape", "%v, the weights are %v", w.kernel, kernel)
	}
	if kernel[0] == 0 && o.node.Attr("kernel_shape") == nil {
		a.fail("kernel_shape", "missing")
	}
	if max(w.kernel[0], w.kernel[1]) > maxKernel || min(w.kernel[0], w.kernel[1]) < 1 {
		a.fail("kernel_shape", "%v, allowed 1 to %d", w.kernel, maxKernel)
	}
	o.window = w
	return a.err
}

// outputSize is where the window fits.
func (o *op) outputSize(height, width int, ceil bool) (h, w int, err error) {
	var out [2]int
	for i, size := range []int{height, width} {
		win := &o.window
		span := size + win.pad[i] + win.pad[i+2] - win.dilation[i]*(win.kernel[i]-1) - 1
		if span < 0 {
			return 0, 0, unsupported(o.node, "kernel %v with dilation %v does not fit %d×%d with padding %v", win.kernel, win.dilation, height, width, win.pad)
		}
		out[i] = span/win.stride[i] + 1
		// A last window that would start in the padding behind the picture sees nothing and does not count.
		if ceil && span%win.stride[i] != 0 && out[i]*win.stride[i] < size+win.pad[i] {
			out[i]++
		}
	}
	return out[0], out[1], nil
}

// constantWeights takes the second and third inputs as weights and bias.
func (g *graph) constantWeights(o *op, outputsAxis int) (*weights, []int, error) {
	values, err := o.constantFloats(1)
	if err != nil {
		return nil, nil, err
	}
	shape := o.in[1].shape
	if len(shape) != 4 {
		return nil, nil, unsupported(o.node, "weights of shape %v, wanted four dimensions", shape)
	}
	if slices.Min(shape) < 1 {
		return nil, nil, unsupported(o.node, "weights of shape %v", shape)
	}
	w := &weights{values: values}
	if outputsAxis == 0 {
		w.outputs, w.depth = shape[0], shape[1]
	} else {
		w.outputs, w.depth, w.transposed = shape[1], shape[0], true
	}
	if err := g.charge(o.node, 4*w.outputs); err != nil {
		return nil, nil, err
	}
	w.bias = make([]float32, w.outputs)
	if o.optional(2) != nil {
		bias, err := o.constantFloats(2)
		if err != nil {
			return nil, nil, err
		}
		if len(bias) != w.outputs {
			return nil, nil, unsupported(o.node, "%d biases for %d outputs", len(bias), w.outputs)
		}
		w.bias = bias
	}
	return w, shape, nil
}

func inferConv(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	w, shape, err := g.constantWeights(o, 0)
	if err != nil {
		return err
	}
	if err := o.readWindow(v, [2]int{shape[2], shape[3]}); err != nil {
		return err
	}
	channels, groups := v.shape[1], o.window.groups
	if groups < 1 || groups > channels || w.depth*groups != channels || w.outputs%groups != 0 {
		return unsupported(o.node, "attribute \"group\": %d with %d input channels and weights %v", groups, channels, shape)
	}
	if groups != 1 && (groups != channels || w.outputs != channels) {
		return unsupported(o.node, "attribute \"group\": %d of %d channels, only 1 and depthwise are supported", groups, channels)
	}
	height, width, err := o.outputSize(v.shape[2], v.shape[3], false)
	if err != nil {
		return err
	}
	o.weights, o.in = w, o.in[:1]
	return g.emit(o, []int{1, w.outputs, height, width})
}

func inferConvTranspose(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	w, shape, err := g.constantWeights(o, 1)
	if err != nil {
		return err
	}
	if err := o.readWindow(v, [2]int{shape[2], shape[3]}); err != nil {
		return err
	}
	win := &o.window
	if win.groups != 1 || win.kernel != win.stride || win.pad != [4]int{} || win.dilation != [2]int{1, 1} || o.node.Attr("output_padding") != nil || o.node.Attr("output_shape") != nil {
		return unsupported(o.node, "kernel %v, stride %v, padding %v, groups %d: only kernels as large as their stride are supported", win.kernel, win.stride, win.pad, win.groups)
	}
	if w.depth != v.shape[1] {
		return unsupported(o.node, "weights %v for %d channels", shape, v.shape[1])
	}
	o.weights, o.in = w, o.in[:1]
	return g.emit(o, []int{1, w.outputs, v.shape[2] * win.kernel[0], v.shape[3] * win.kernel[1]})
}

func inferPool(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	if err := o.readWindow(v, [2]int{}); err != nil {
		return err
	}
	a := attributes{node: o.node}
	ceil := a.int("ceil_mode", 0) != 0
	if a.int("count_include_pad", 0) != 0 && o.window.pad != [4]int{} {
		a.fail("count_include_pad", "1")
	}
	for i, pad := range o.window.pad {
		if pad > o.window.dilation[i&1]*(o.window.kernel[i&1]-1) {
			a.fail("pads", "%v: a window of %v would see padding alone", o.window.pad, o.window.kernel)
		}
	}
	if a.err != nil {
		return a.err
	}
	if len(o.node.Outputs) != 1 {
		return unsupported(o.node, "%d outputs, only the first is computed", len(o.node.Outputs))
	}
	height, width, err := o.outputSize(v.shape[2], v.shape[3], ceil)
	if err != nil {
		return err
	}
	o.kind, o.average = "Pool", o.node.Op == "AveragePool"
	return g.emit(o, []int{1, v.shape[1], height, width})
}

func inferGlobalPool(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	if len(v.shape) != 4 {
		return unsupported(o.node, "input of shape %v", v.shape)
	}
	return g.emit(o, []int{1, v.shape[1], 1, 1})
}

// inferReduceMean supports the mean over a picture, and over the last axis as layer normalisation needs it.
func inferReduceMean(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	rank := len(v.shape)
	axes, err := o.axesOf(rank)
	if err != nil {
		return err
	}
	a := attributes{node: o.node}
	keep := a.int("keepdims", 1) != 0
	if a.err != nil {
		return a.err
	}
	slices.Sort(axes)
	switch {
	case rank == 4 && slices.Equal(axes, []int{2, 3}):
		o.kind = "GlobalAveragePool"
		if keep {
			return g.emit(o, []int{1, v.shape[1], 1, 1})
		}
		inner := *o.node
		inner.Outputs = []string{o.node.Outputs[0] + "/pooled"}
		pool := &op{kind: o.kind, node: &inner, in: o.in}
		if err := g.emit(pool, []int{1, v.shape[1], 1, 1}); err != nil {
			return err
		}
		return g.reshaped(&op{node: o.node}, pool.out[0], []int{1, v.shape[1]})
	case rank > 0 && slices.Equal(axes, []int{rank - 1}) && keep:
		shape := slices.Clone(v.shape)
		shape[rank-1] = 1
		o.in = o.in[:1]
		return g.emit(o, shape)
	}
	return unsupported(o.node, "attribute \"axes\": %v of %v", axes, v.shape)
}

// inferResize supports whole factors with the nearest neighbour, as detectors' feature pyramids use it.
func inferResize(g *graph, o *op) error {
	v, err := o.input(0)
	if err != nil {
		return err
	}
	a := attributes{node: o.node}
	if mode := a.string("mode", "nearest"); mode != "nearest" {
		a.fail("mode", "%q, only nearest is supported", mode)
	}
	if mode := a.string("coordinate_transformation_mode", "half_pixel"); mode != "asymmetric" {
		a.fail("coordinate_transformation_mode", "%q, only asymmetric is supported", mode)
	}
	if mode := a.string("nearest_mode", "round_prefer_floor"); mode != "floor" {
		a.fail("nearest_mode", "%q, only floor is supported", mode)
	}
	if a.err != nil {
		return a.err
	}
	var sizes []int64
	if s := o.optional(3); s != nil && len(s.ints) > 0 {
		sizes = s.ints
	} else {
		factors, err := o.constantFloats(2)
		if err != nil {
			return err
		}
		for i, f := range factors {
			if i < len(v.shape) {
				sizes = append(sizes, int64(math.Floor(float64(v.shape[i])*float64(f))))
			}
		}
	}
	if len(v.shape) != 4 || len(sizes) != 4 || sizes[0] != 1 || sizes[1] != int64(v.shape[1]) {
		return unsupported(o.node, "from %v to %v", v.shape, sizes)
	}
	shape := []int{1, v.shape[1], 0, 0}
	for i := range 2 {
		from, to := int64(v.shape[2+i]), sizes[2+i]
		if to < from || to%from != 0 || to/from > maxKernel {
			return unsupported(o.node, "from %v to %v: only whole factors up to %d are supported", v.shape, sizes, maxKernel)
		}
		o.scales[i], shape[2+i] = int(to/from), int(to)
	}
	o.in = o.in[:1]
	return g.emit(o, shape)
}
