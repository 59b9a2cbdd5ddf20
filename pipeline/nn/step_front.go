package nn

import "umbral/pipeline/nn/kernel"

// Bounds of a unit of a front convolution.
const (
	frontRows   = 8
	frontFloats = 6 << 10 // of its input, which is to stay in the first-level cache
)

// frontStep is the first convolution of a network, over a picture of few planes. The rows of input that a unit's rows of
// output meet are rearranged into inner channels with a border of zeros, in the worker's memory: a row of the kernel then
// covers neighbouring floats.
type frontStep struct {
	from   *view
	pad    [4]int
	stride [2]int
	point  *convStep // a row of pixels, of as many taps as the kernel has rows
	width  int       // of a rearranged row, in floats
	rows   int       // of a unit
	same   [2][]int32
}

// front lowers a convolution over planes.
func (l *lowering) front(o *op, in, out *view) {
	win, w := o.window, o.weights
	channels := in.shape[1]
	p := l.newConvStep(o, in, out, tapsFirst(w, win.kernel), win.kernel[0], win.kernel[1]*channels, 0)
	p.height, p.width = out.shape[2], out.shape[3]
	if p.residual != nil {
		p.residual = l.channelsInner(o, p.residual)
	}
	p.rows, p.rowPixels = p.height, p.width
	p.prepare(l.kernels)
	p.spills = l.kernels.InOrder && p.outputs > 1 && p.outputs < kernel.TileChannels && p.outPx == p.outputs
	s := &frontStep{from: in, pad: win.pad, stride: win.stride, point: p, width: (in.shape[3] + win.pad[1] + win.pad[3]) * channels}
	s.rows = min(frontRows, p.height)
	for s.rows > 1 && s.floats() > frontFloats {
		s.rows--
	}
	for i, height := range p.tiling.heights() {
		for tap := range p.taps {
			for k := range height {
				s.same[i] = append(s.same[i], int32(tap*s.width+k*win.stride[1]*channels))
			}
		}
	}
	l.rowFloats = max(l.rowFloats, s.floats())
	l.offsets = max(l.offsets, kernel.MaxPixels*p.taps)
	l.packed += int64(4 * len(p.packed))
	l.weights += int64(4*(len(p.bias)+len(p.slope)+len(s.same[0])+len(s.same[1])) + 40*len(p.panels))
	macs := int64(p.height*p.width) * int64(p.taps*p.depth*p.outputs)
	layer := layerOf(o, "rows", macs)
	layer.Bytes = int64(4 * len(p.packed))
	l.emit(layer, s, s.units(), macs, out, in, p.residual)
}

// floats is what the rows of input of a unit take.
func (s *frontStep) floats() int { return ((s.rows-1)*s.stride[0]+s.point.taps)*s.width + slack }

func (s *frontStep) units() int { return (s.point.height + s.rows - 1) / s.rows }

func (s *frontStep) run(w *worker, from, to int) {
	p := s.point
	for y := from * s.rows; y < min(to*s.rows, p.height); y += s.rows {
		end := min(y+s.rows, p.height)
		for i := range (end-1-y)*s.stride[0] + p.taps {
			s.rearrange(w, w.rows[i*s.width:][:s.width], y*s.stride[0]+i-s.pad[0])
		}
		for row := y; row < end; row++ {
			s.runRow(w, row, w.rows[(row-y)*s.stride[0]*s.width:])
		}
	}
}

// runRow computes a row of the output.
func (s *frontStep) runRow(w *worker, row int, in []float32) {
	p := s.point
	step := s.stride[1] * s.from.shape[1]
	out := w.arena[p.out.start()+row*p.outRow:]
	var residual []float32
	if p.residual != nil {
		residual = w.arena[p.residual.start()+row*p.resRow:]
	}
	var runs [2]run
	count := 0
	for i, r := range p.tiling.split(0, p.tiling.tiles) {
		if r.pixels > 0 {
			r.base, r.move, r.offsets = in[r.first*step:], r.height*step, s.same[i]
			runs[count] = r
			count++
		}
	}
	runs[count-1].last = true
	p.runPanels(w, p.packed, runs[:count], 0, out, residual)
	p.finish.applyPixels(w, out, p.width, p.outputs, p.outPx)
}

// rearrange writes row y of the picture, or of the padding above or below it.
func (s *frontStep) rearrange(w *worker, row []float32, y int) {
	c, h, width := s.from.shape[1], s.from.shape[2], s.from.shape[3]
	if y < 0 || y >= h {
		clear(row)
		return
	}
	clear(row[:s.pad[1]*c])
	clear(row[(s.pad[1]+width)*c:])
	in := s.from.resolve(w.arena)[y*s.from.strides[2]:]
	inner := row[s.pad[1]*c:][:width*c]
	plane, step := s.from.strides[1], s.from.strides[3]
	if c == 3 && step == 1 {
		w.kernels.Merge3(inner, in[:width], in[plane:], in[2*plane:])
		return
	}
	for k := range c {
		source := in[k*plane:]
		for x := range width {
			inner[x*c+k] = source[x*step]
		}
	}
}
