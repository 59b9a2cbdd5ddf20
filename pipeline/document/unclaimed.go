package document

import (
	"math"
	"slices"
)

const (
	// inkSquare is the side, in pixels of the canvas, of a square into which no stroke fits but the paper between does.
	inkSquare = 25
	// inkShare is how dark beside the darkest print, as a share, a pixel must be to be print.
	inkShare = 0.5
	// leastInk is how much darker than its surroundings print must be at all, in parts of 255 of these.
	leastInk = 38
	// partReach is how far a shape of strokes must reach, in mm, to be taken for print, and partArea how much ink it has, in
	// mm².
	partReach, partArea = 1.5, 0.4
	// ruleWidth is the width of a line, in mm, below which a long one is no print.
	ruleWidth = 0.45
	// glyphReach is how far left and right of its middle a character reaches, in mm.
	glyphReach = 2.2
	// claimEdge is how far beside what was read strokes of it may lie, in mm.
	claimEdge = 0.4
	// alongRow is how much a millimetre along a row counts beside one across, nextLine one below a field of several lines, and
	// sameRow how much further than the nearest field one may be that print belongs to.
	alongRow, nextLine, sameRow = 0.05, 0.3, 0.8
	// stampEdge is the same of a stamp, and stampMost how wide and high one is at most.
	stampEdge, stampMost = 1.5, 48
)

// blocks are where values are printed, by side, in mm: beside the captions and before the portrait; below the title.
var blocks = [2][]area{
	Front: {{15.2, 7.5, 54, 44.6}, {25, 44.6, 83, 49.2}},
	Back:  {{21, 35.5, 83, 50}},
}

// inkMap tells where on a card there is print as dark as that of the values.
type inkMap struct {
	dark []bool // canvasWidth × canvasHeight
}

// newInkMap looks at a level card, of which grey is the lightest channel.
func newInkMap(grey []byte, side Side) inkMap {
	paper := closing(grey, canvasWidth, canvasHeight, inkSquare)
	depth := func(i int) int { return 255 - 255*int(grey[i])/max(1, int(paper[i])) }
	var count [256]int
	n := 0
	for _, b := range blocks[side] {
		b.pixels(func(i int) { count[max(0, depth(i))]++; n++ })
	}
	// A fiftieth of a block is darker than most of its strokes.
	limit := max(int(inkShare*float64(quantile(&count, n-1-n/50))), leastInk)
	m := inkMap{dark: make([]bool, len(grey))}
	for _, b := range blocks[side] {
		b.pixels(func(i int) { m.dark[i] = depth(i) > limit })
	}
	return m
}

// pixels calls visit for each pixel of the canvas within a.
func (a area) pixels(visit func(i int)) {
	at := func(v, margin float64, most int) int {
		return int(clamp(math.Round(v*canvasScale+margin), 0, float64(most)))
	}
	x0, x1 := at(a.x0, marginX, canvasWidth), at(a.x1, marginX, canvasWidth)
	y0, y1 := at(a.y0, marginY, canvasHeight), at(a.y1, marginY, canvasHeight)
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			visit(y*canvasWidth + x)
		}
	}
}

// count returns how many pixels of print there are within a.
func (m *inkMap) count(a *area) (n int) {
	a.pixels(func(i int) {
		if m.dark[i] {
			n++
		}
	})
	return n
}

// any reports whether there is at least a small character's ink within a.
func (m *inkMap) any(a *area) bool {
	return float64(m.count(a)) >= partArea*canvasScale*canvasScale
}

// claim is print that belongs to a field.
type claim struct {
	area
	field *Field
	grows bool // further lines may follow below
}

// settle makes a field of its lines, and claims their print for it. The field is to, which the caller sets.
func (c *card) settle(to *Field, lines ...lineReading) Field {
	var out Field
	for i := range lines {
		l := &lines[i]
		c.linesRead, c.looks = c.linesRead+1, c.looks+l.times
		if i == 0 {
			out = l.Field
		} else {
			out.Text += l.Text
			out.Confidence = min(out.Confidence, l.Confidence)
			out.Stamped = out.Stamped || l.Stamped
			for k := range 2 {
				out.Box[k], out.Box[2+k] = min(out.Box[k], l.Box[k]), max(out.Box[2+k], l.Box[2+k])
			}
		}
		claimed := area{float64(l.Box[0]), float64(l.Box[1]) - claimEdge, float64(l.Box[0]), float64(l.Box[3]) + claimEdge}
		if len(l.found) > 0 {
			if at := l.found[l.best].at; len(at) > 0 {
				claimed.x0 = min(claimed.x0, at[0]-glyphReach)
				claimed.x1 = max(claimed.x1, at[len(at)-1]+glyphReach)
			}
		}
		c.claims = append(c.claims, claim{claimed, to, l.grows})
	}
	return out
}

// captionClaims are the captions beside and between the values.
var captionClaims = [2][]area{
	Front: {
		{6, rowSex - 2, 14.5, rowSex + 2}, {25, rowSex - 2, 33.6, rowSex + 2},
		{24.5, rowBirth - 2, 29, rowBirth + 2}, {33, rowBirth - 2, 38, rowBirth + 2}, {41.5, rowBirth - 2, 47, rowBirth + 2},
		{6, rowNumber - 2, 25.6, rowNumber + 2},
	},
	Back: {{20, rowAuthority - 2, 33, rowAuthority + 2}, {20, rowValidity - 2, 33, rowValidity + 2}},
}

// doubtUnclaimed doubts the fields beside which there is print that no field accounts for, in whichever direction it runs.
func (c *card) doubtUnclaimed() {
	doubted := map[*Field]bool{}
	apart := make([]float64, len(c.claims))
	for _, part := range c.ink.parts() {
		if c.isStamp(part.area) || c.accounted(&part) {
			continue
		}
		for i := range c.claims {
			apart[i] = c.claims[i].apart(&part.area)
		}
		for i := range c.claims {
			if f := c.claims[i].field; apart[i] <= slices.Min(apart)+sameRow && !doubted[f] {
				f.doubt()
				doubted[f] = true
			}
		}
	}
}

// isStamp reports whether a shape lies within a stamp, which may be a frame. What reaches around the card is the table.
func (c *card) isStamp(a area) bool {
	x, y := (a.x0+a.x1)/2, (a.y0+a.y1)/2
	for _, s := range c.stamp.shapes {
		if s.x1-s.x0 > stampMost || s.y1-s.y0 > stampMost {
			continue
		}
		if x > s.x0-stampEdge && x < s.x1+stampEdge && y > s.y0-stampEdge && y < s.y1+stampEdge {
			return true
		}
	}
	return false
}

// accounted reports whether at least half of a shape belongs to fields and captions.
func (c *card) accounted(p *part) bool {
	inside := 0
	for _, k := range p.pixels {
		x, y := (float64(int(k)%canvasWidth)-marginX)/canvasScale, (float64(int(k)/canvasWidth)-marginY)/canvasScale
		within := func(a *area) bool { return x >= a.x0 && x <= a.x1 && y >= a.y0 && y <= a.y1 }
		found := false
		for i := range c.claims {
			found = found || within(&c.claims[i].area)
		}
		for i := range captionClaims[c.side] {
			found = found || within(&captionClaims[c.side][i])
		}
		if found {
			inside++
		}
	}
	return 2*inside >= len(p.pixels)
}

// apart returns how far print is from a claim, in mm. Text runs along rows, so that what is beside is nearer than what is below,
// unless further lines may follow there.
func (c *claim) apart(print *area) float64 {
	below := max(print.y0-c.y1, 0)
	if c.grows && print.x0 < c.x1+glyphHeight {
		below *= nextLine
	}
	return max(below, c.y0-print.y1) + alongRow*max(c.x0-print.x1, print.x0-c.x1, 0)
}

// part is a connected shape of ink.
type part struct {
	area
	pixels []int32
}

// parts returns the shapes that are large enough to be print and no rules.
func (m *inkMap) parts() (list []part) {
	seen := make([]bool, len(m.dark))
	var stack []int32
	for start, dark := range m.dark {
		if !dark || seen[start] {
			continue
		}
		seen[start] = true
		stack = append(stack[:0], int32(start))
		x0, y0, x1, y1 := canvasWidth, canvasHeight, 0, 0
		var shape []int32
		for len(stack) > 0 {
			at := int(stack[len(stack)-1])
			stack = stack[:len(stack)-1]
			shape = append(shape, int32(at))
			x, y := at%canvasWidth, at/canvasWidth
			x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
			for v := max(0, y-1); v <= min(canvasHeight-1, y+1); v++ {
				for u := max(0, x-1); u <= min(canvasWidth-1, x+1); u++ {
					if k := v*canvasWidth + u; m.dark[k] && !seen[k] {
						seen[k] = true
						stack = append(stack, int32(k))
					}
				}
			}
		}
		p := part{pixels: shape, area: area{
			(float64(x0) - marginX) / canvasScale, (float64(y0) - marginY) / canvasScale,
			(float64(x1+1) - marginX) / canvasScale, (float64(y1+1) - marginY) / canvasScale,
		}}
		w, h := p.x1-p.x0, p.y1-p.y0
		rule := max(w, h) > 4*glyphHeight && float64(len(shape))/canvasScale/canvasScale < ruleWidth*max(w, h)
		if max(w, h) >= partReach && float64(len(shape)) >= partArea*canvasScale*canvasScale && !rule {
			list = append(list, p)
		}
	}
	return list
}
