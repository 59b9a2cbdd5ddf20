package symbol

// How edges have to fit the pattern of a value, in modules. Two patterns differ by a squared distance of at least 2, so
// that up to half of that nothing else is nearer.
const (
	mostMisfit   = 0.5  // squared distance of the five inner edges
	leastLead    = 0.3  // by which every other value has to fit less well
	mostGrowth   = 0.7  // bars wider, and gaps narrower, than printed
	leastModule  = 0.9  // pixels
	moduleDrift  = 0.25 // from one character to the next
	leastQuiet   = 3    // light modules at both ends; the standard asks for 10
	mostStarts   = 8    // start characters of a line that are followed
	mostC128     = 80   // characters
	shortestC128 = 4    // values from start to check character
)

// code128Decoder finds a code among the edges of a line.
type code128Decoder struct {
	backwards []float32
	values    [mostC128 + 2]byte
	text      [2 * mostC128]byte
}

func newCode128Decoder(length int) code128Decoder {
	return code128Decoder{backwards: make([]float32, 0, length)}
}

// decode reads the first code among edges that begin with one from light to dark, on a line of that length, in either
// direction. first and last are where on the line it lies.
func (d *code128Decoder) decode(edges []float32, length float32) (text string, first, last float32, ok bool) {
	if len(edges) < leastEdges {
		return "", 0, 0, false
	}
	if text, first, last, ok = d.forwards(edges, length); ok {
		return text, first, last, true
	}
	d.backwards = d.backwards[:0]
	for i := len(edges) - 1; i >= 0; i-- {
		d.backwards = append(d.backwards, length-edges[i])
	}
	text, first, last, ok = d.forwards(d.backwards, length)
	return text, length - first, length - last, ok
}

func (d *code128Decoder) forwards(edges []float32, length float32) (text string, first, last float32, ok bool) {
	starts := 0
	for i := 0; i+6 < len(edges) && starts < mostStarts; i += 2 {
		module := (edges[i+6] - edges[i]) / 11
		before := edges[i]
		if i > 0 {
			before -= edges[i-1]
		}
		if module < leastModule || before < leastQuiet*module {
			continue
		}
		start, growth, ok := startOf(edges[i:i+7], module)
		if !ok {
			continue
		}
		starts++
		if n, end, ok := d.follow(edges, i, start, growth, length); ok {
			if t, ok := c128Text(d.values[:n-1], d.text[:0]); ok {
				return string(t), edges[i], edges[end], true
			}
		}
	}
	return "", 0, 0, false
}

// misfit returns the squared distance between the inner edges of a character and those of a value. Ink that spreads,
// and light that does, move the edges behind bars by growth against those before.
func misfit(inner *[5]float32, value int, growth float32) float32 {
	want, sum := &c128Edges[value], float32(0)
	for k, at := range inner {
		e := at - want[k]
		if k&1 == 0 {
			e -= growth
		}
		sum += e * e
	}
	return sum
}

// innerEdges returns where the inner edges of a character lie, in modules from its first.
func innerEdges(edges []float32, module float32) (inner [5]float32) {
	for k := range inner {
		inner[k] = (edges[k+1] - edges[0]) / module
	}
	return inner
}

// growthOf returns how much wider the bars are than those of a value.
func growthOf(inner *[5]float32, value int) float32 {
	want := &c128Edges[value]
	return (inner[0] - want[0] + inner[2] - want[2] + inner[4] - want[4]) / 3
}

// startOf returns the start character that seven edges are, with the growth of its bars.
func startOf(edges []float32, module float32) (value int, growth float32, ok bool) {
	inner := innerEdges(edges, module)
	best := float32(mostMisfit)
	for v := c128StartA; v <= c128StartC; v++ {
		g := growthOf(&inner, v)
		if m := misfit(&inner, v, g); m < best && g < mostGrowth && -g < mostGrowth {
			value, growth, best, ok = v, g, m, true
		}
	}
	return value, growth, ok
}

// nearest returns the value that the inner edges fit best, if no other fits nearly as well.
func nearest(inner *[5]float32, growth float32) (value int, ok bool) {
	best, second := float32(100), float32(100)
	for v := range c128Edges {
		if m := misfit(inner, v, growth); m < best {
			value, best, second = v, m, best
		} else if m < second {
			second = m
		}
	}
	return value, best < mostMisfit && second-best > leastLead
}

// follow reads the characters from a start on, up to the stop character. It returns how many values there are, with the
// check character, and which edge is the last of the code.
func (d *code128Decoder) follow(edges []float32, at, start int, growth, length float32) (n, end int, ok bool) {
	d.values[0], n = byte(start), 1
	module := (edges[at+6] - edges[at]) / 11
	sum := start
	for at += 6; at+7 < len(edges) && n < len(d.values); at += 6 {
		now := (edges[at+6] - edges[at]) / 11
		if now < module*(1-moduleDrift) || now > module*(1+moduleDrift) {
			return 0, 0, false
		}
		module = now
		inner := innerEdges(edges[at:], module)
		value, ok := nearest(&inner, growth)
		if !ok {
			return 0, 0, false
		}
		growth += (growthOf(&inner, value) - growth) / 4
		if value == c128Stop {
			return n, at + 7, d.checks(n, sum) && ends(edges, at, module, growth, length)
		}
		d.values[n] = byte(value)
		sum += n * value
		n++
	}
	return 0, 0, false
}

// checks reports whether the last of n values is the check character of those before. sum counts them all.
func (d *code128Decoder) checks(n, sum int) bool {
	if n < shortestC128 {
		return false
	}
	check := int(d.values[n-1])
	return (sum-(n-1)*check)%c128Check == check
}

// ends reports whether the stop character's last bar and light modules follow.
func ends(edges []float32, at int, module, growth, length float32) bool {
	bar := (edges[at+7]-edges[at+6])/module - growth - 2
	after := length - edges[at+7]
	if at+8 < len(edges) {
		after = edges[at+8] - edges[at+7]
	}
	return bar < mostGrowth && -bar < mostGrowth && after >= leastQuiet*module
}
