package nn

import (
	"slices"
	"time"
)

// What makes a cascade worth while; variables for tests.
var (
	// cascadeBytes is how large what lies between two steps must be: it leaves a second-level cache before it is read.
	cascadeBytes = 1 << 20
	// cascadeFloats is what all rings and rows of a cascade may take, so that they stay in that cache.
	cascadeFloats = 128 << 10
)

const (
	// cascadeAgain bounds what units compute again, in percent of the work: each begins with rows that the one above has too.
	cascadeAgain = 15
	// cascadeUnit is how long a unit may take: a thread that has done its own waits as long at most.
	cascadeUnit = 200 * time.Microsecond
	// longestCascade is how many steps are joined at most.
	longestCascade = 4
)

// cascadeStep is separable convolutions of which each alone reads what the one before it writes, as near the beginning of most
// networks, where pictures are large. It computes a few rows of each in turns: of what lies between two there are only the
// rows that the second is about to read, in a ring, and it needs no place in the arena. A unit is some rows of the last.
// A first convolution, over planes, is none of them: with AVX-512 the detector was measured to be 30 µs slower so.
type cascadeStep struct {
	stages []*separableStep
	rings  []ring // behind each but the last
	rows   int    // of a unit
}

// ring is where the newest rows of a stage's output lie in a worker's memory.
type ring struct{ start, row, count int }

// progress is up to which row each stage has computed.
type progress [longestCascade]int

// cascade joins the two steps emitted last, where the second reads rows of what only the first writes, and it pays.
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
		c.stages = append(c.stages, s.stages...)
	case *separableStep:
		c.stages = append(c.stages, s)
	default:
		return
	}
	if c.last().point.out != second.deep.in || len(c.stages) == longestCascade {
		return
	}
	c.stages = append(c.stages, second)
	between := second.deep.in
	last.layer.MACs += before.layer.MACs
	last.layer.Bytes += before.layer.Bytes - int64(2*4*elements(between.shape))
	c.lay()
	if c.floats() > cascadeFloats || !c.cut(time.Duration(last.layer.cost()), l.threads) {
		return
	}
	l.buffers = slices.DeleteFunc(l.buffers, func(b *buffer) bool { return b == between.buf })
	l.rowFloats = max(l.rowFloats, c.floats())
	last.step, last.units = c, (c.height()+c.rows-1)/c.rows
	last.work += before.work
	last.layer.Algorithm = "cascade"
	last.layer.Name = before.layer.Name + ", " + last.layer.Name
	last.out.first = min(last.out.first, n-2)
	l.entries = append(l.entries[:n-2], last)
}

func (c *cascadeStep) last() *separableStep { return c.stages[len(c.stages)-1] }

// height is how many rows come out.
func (c *cascadeStep) height() int { return c.last().point.height }

// lay gives the rings their places.
func (c *cascadeStep) lay() {
	at := 0
	for k, next := range c.stages[1:] {
		s := c.stages[k]
		meets := 0
		for y := 0; y < next.point.height; y += next.rows {
			first, last := next.meets(y, min(y+next.rows, next.point.height))
			meets = max(meets, last-first)
		}
		// The stage may be ahead of what is asked of it by less than its unit.
		r := ring{start: at, row: s.point.width * s.point.outPx, count: roundUp(meets+s.rows-1, s.rows)}
		c.rings = append(c.rings, r)
		at += room(r.row*r.count + slack)
	}
}

// cut chooses how many rows a unit has: as many units as give all threads equal shares, none of which takes long. It
// returns false where they would compute too much again.
func (c *cascadeStep) cut(cost time.Duration, threads int) bool {
	batch := c.last().rows
	batches := (c.height() + batch - 1) / batch
	units := 1
	if threads > 1 {
		units = roundUp(max(2*threads, int(cost/cascadeUnit)), threads)
	}
	c.rows = (batches + units - 1) / units * batch
	once, all := 0, 0
	for k, s := range c.stages {
		row := s.point.width * s.point.depth * s.point.outputs
		once += s.point.height * row
		for from := 0; from < c.height(); from += c.rows {
			begin, end := c.begin(from), c.finish(min(from+c.rows, c.height()))
			all += (end[k] - begin[k]) * row
		}
	}
	return all-once <= once*cascadeAgain/100
}

// own is where the rings end.
func (c *cascadeStep) own() int {
	r := c.rings[len(c.rings)-1]
	return r.start + room(r.row*r.count+slack)
}

func (c *cascadeStep) floats() int {
	most := 0
	for _, s := range c.stages {
		most = max(most, s.floats())
	}
	return c.own() + most
}

func (c *cascadeStep) place() {
	for _, s := range c.stages {
		s.place()
	}
}

func (c *cascadeStep) run(w *worker, from, to int) {
	made := c.begin(from * c.rows)
	c.advance(w, &made, len(c.stages)-1, min(to*c.rows, c.height()))
}

// begin is where the stages begin, for the last to begin with a row.
func (c *cascadeStep) begin(row int) (made progress) {
	k := len(c.stages) - 1
	for made[k] = row; k > 0; k-- {
		first, _ := c.stages[k].meets(made[k], made[k]+1)
		made[k-1] = first - first%c.stages[k-1].rows
	}
	return made
}

// finish is where they are when the last has computed all before a row.
func (c *cascadeStep) finish(row int) (made progress) {
	k := len(c.stages) - 1
	for made[k] = row; k > 0; k-- {
		_, end := c.stages[k].meets(made[k]-1, made[k])
		made[k-1] = min(roundUp(end, c.stages[k-1].rows), c.stages[k-1].point.height)
	}
	return made
}

// advance computes rows of the k-th stage from where it is until all before row until are made.
func (c *cascadeStep) advance(w *worker, made *progress, k, until int) {
	s := c.stages[k]
	own := w.rows[c.own():]
	for made[k] < until {
		from := made[k]
		to := min(from+s.rows, s.point.height)
		in, out := s.deep.source(w), s.point.sink(w)
		if k > 0 {
			_, last := s.meets(from, to)
			c.advance(w, made, k-1, last)
			in = c.rings[k-1].lines(w)
		}
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
