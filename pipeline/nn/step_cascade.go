package nn

import "slices"

const (
	// cascadeBytes is how large what lies between two steps must be for a cascade: it leaves a second-level cache before it
	// is read.
	cascadeBytes = 1 << 20
	// cascadeUnits is in how many units a cascade is cut. Each computes again what its first rows share with those above.
	cascadeUnits = 6
	// longestCascade bounds what is computed again.
	longestCascade = 4
)

// lines are the rows of a picture: row y begins at floats[y%count·row].
type lines struct {
	floats     []float32
	row, count int
}

func (l lines) at(y int) []float32 { return l.floats[y%l.count*l.row:] }

// stage is a step of a cascade. It computes rows of its output from rows of its input, wherever they lie.
type stage interface {
	end() *convStep // what comes out
	batch() int     // rows that are computed at a time; they lie side by side
	floats() int    // that it needs for itself
	source(w *worker) lines
	compute(w *worker, own []float32, from, to int, in, out lines)
}

// cascadeStep is steps of which each alone reads what the one before it writes, as the first ones of most networks, where
// pictures are large. It computes a few rows of each in turns: of what lies between two there are only the rows that the
// second is about to read, in a ring, and it needs no place in the arena. A unit is some rows of the last.
type cascadeStep struct {
	first stage
	rest  []*separableStep
	rings []ring // behind each but the last
	rows  int    // of a unit
}

// ring is where the newest rows of a stage's output lie in a worker's memory.
type ring struct{ start, row, count int }

// cascade joins the two steps emitted last, where the second reads rows of what only the first writes.
func (l *lowering) cascade() {
	n := len(l.entries)
	if n < 2 {
		return
	}
	before, last := l.entries[n-2], l.entries[n-1]
	second, ok := last.step.(*separableStep)
	if !ok || !second.deep.alone || 4*elements(second.deep.in.shape) < cascadeBytes {
		return
	}
	c := &cascadeStep{}
	switch s := before.step.(type) {
	case *cascadeStep:
		c.first, c.rest = s.first, slices.Clone(s.rest)
	case stage:
		c.first = s
	default:
		return
	}
	c.rest = append(c.rest, second)
	if c.stage(len(c.rest)-1).end().out != second.deep.in || len(c.rest) >= longestCascade {
		return
	}
	c.prepare()
	between := second.deep.in
	l.buffers = slices.DeleteFunc(l.buffers, func(b *buffer) bool { return b == between.buf })
	l.rowFloats = max(l.rowFloats, c.floats())
	last.step, last.units = c, c.units()
	last.work += before.work
	last.layer.Algorithm = "cascade"
	last.layer.Name = before.layer.Name + ", " + last.layer.Name
	last.layer.MACs += before.layer.MACs
	last.layer.Bytes += before.layer.Bytes - int64(2*4*elements(between.shape))
	last.reads = append(slices.Clone(before.reads), slices.DeleteFunc(last.reads, func(b *buffer) bool { return b == between.buf })...)
	for _, b := range last.writes {
		b.first = min(b.first, n-2)
	}
	l.entries = append(l.entries[:n-2], last)
}

// stage is the k-th.
func (c *cascadeStep) stage(k int) stage {
	if k == 0 {
		return c.first
	}
	return c.rest[k-1]
}

func (c *cascadeStep) prepare() {
	at := 0
	for k, next := range c.rest {
		s := c.stage(k)
		meets := 0
		for y := 0; y < next.end().height; y += next.batch() {
			first, last := next.meets(y, min(y+next.batch(), next.end().height))
			meets = max(meets, last-first)
		}
		// The stage may be ahead of what is asked of it by less than a batch.
		batches := (meets + s.batch() - 1 + s.batch() - 1) / s.batch()
		r := ring{start: at, row: s.end().width * s.end().outPx, count: batches * s.batch()}
		c.rings = append(c.rings, r)
		at += room(r.row*r.count + slack)
	}
	last := c.stage(len(c.rest))
	batches := (last.end().height + last.batch() - 1) / last.batch()
	c.rows = (batches + cascadeUnits - 1) / cascadeUnits * last.batch()
}

// own is where the rings end.
func (c *cascadeStep) own() int {
	r := c.rings[len(c.rings)-1]
	return r.start + room(r.row*r.count+slack)
}

func (c *cascadeStep) floats() int {
	most := 0
	for k := range len(c.rest) + 1 {
		most = max(most, c.stage(k).floats())
	}
	return c.own() + most
}

func (c *cascadeStep) units() int {
	height := c.stage(len(c.rest)).end().height
	return (height + c.rows - 1) / c.rows
}

func (c *cascadeStep) place() {
	if s, ok := c.first.(placed); ok {
		s.place()
	}
	for _, s := range c.rest {
		s.place()
	}
}

func (c *cascadeStep) run(w *worker, from, to int) {
	last := len(c.rest)
	var made [longestCascade]int
	made[last] = from * c.rows
	for k := last; k > 0; k-- {
		first, _ := c.rest[k-1].meets(made[k], made[k]+1)
		made[k-1] = first - first%c.stage(k-1).batch()
	}
	c.advance(w, &made, last, min(to*c.rows, c.stage(last).end().height))
}

// advance computes rows of the k-th stage from where it is until all before row until are made.
func (c *cascadeStep) advance(w *worker, made *[longestCascade]int, k, until int) {
	s := c.stage(k)
	own := w.rows[c.own():]
	for made[k] < until {
		from := made[k]
		to := min(from+s.batch(), s.end().height)
		var in lines
		if k == 0 {
			in = s.source(w)
		} else {
			_, last := c.rest[k-1].meets(from, to)
			c.advance(w, made, k-1, last)
			in = c.rings[k-1].lines(w)
		}
		out := s.end().sink(w)
		if k < len(c.rings) {
			out = c.rings[k].lines(w)
		}
		s.compute(w, own, from, to, in, out)
		made[k] = to
	}
}

func (r ring) lines(w *worker) lines {
	return lines{floats: w.rows[r.start:][:r.row*r.count+slack], row: r.row, count: r.count}
}
