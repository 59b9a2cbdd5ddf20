package document

import (
	"math"
	"slices"

	"umbral/pipeline/vision"
)

// The canvas that a card is looked at on: level, with a margin, its width a multiple of the text detector's stride.
const (
	canvasWidth  = 640
	canvasHeight = 416
	canvasScale  = 7.2 // pixels a millimetre
	marginX      = (canvasWidth - CardWidth*canvasScale) / 2
	marginY      = (canvasHeight - CardHeight*canvasScale) / 2
)

// toCard maps a canvas' pixels to the card.
var toCard = homography{1 / canvasScale, 0, -marginX / canvasScale, 0, 1 / canvasScale, -marginY / canvasScale, 0, 0, 1}

// card is one card in a picture while it is read.
type card struct {
	pose
	picture *vision.Image
	// boxes of text in millimetres on the card.
	boxes  []box
	stamp  stampMap
	ink    inkMap
	claims []claim
	// How many lines of fields were looked at, and how often altogether.
	linesRead, looks int
}

// area is a level rectangle on the card in millimetres.
type area struct{ x0, y0, x1, y1 float64 }

func (a area) box() box {
	return box{centre: Point{(a.x0 + a.x1) / 2, (a.y0 + a.y1) / 2}, along: Point{X: 1}, width: a.x1 - a.x0, height: a.y1 - a.y0}
}

// span returns where a box lies across the card.
func (b *box) span() (x0, x1 float64) { return b.at(-0.5, 0).X, b.at(0.5, 0).X }

// onCard maps boxes of the picture to the card. Those that do not run along its rows, or lie outside, are dropped.
func (c *card) onCard(boxes []box) []box {
	back, ok := c.toImage.inverse()
	if !ok {
		return nil
	}
	var out []box
	for _, b := range boxes {
		a, z := back.apply(b.at(-0.5, 0)), back.apply(b.at(0.5, 0))
		top, low := back.apply(b.at(0, -0.5)), back.apply(b.at(0, 0.5))
		if a.X > z.X {
			a, z, top, low = z, a, low, top
		}
		d := z.minus(a)
		if !d.finite() || math.Abs(d.Y) > 0.2*math.Abs(d.X) && d.length() > 5 || a.X < -3 || z.X > CardWidth+3 || a.Y < -2 || a.Y > CardHeight+2 {
			continue
		}
		m := box{centre: a.towards(z, 0.5), along: Point{X: 1}, width: d.length(), height: math.Abs(low.Y - top.Y), score: b.score}
		if math.Abs(d.Y) > 0.2*math.Abs(d.X) { // a single character, its long side upright
			m.width, m.height = math.Abs(low.X-top.X), math.Abs(d.Y)
			if m.width == 0 {
				continue
			}
		} else if d.length() > 0 {
			m.along = d.times(1 / d.length())
		}
		out = append(out, m)
	}
	return out
}

// cut copies an area of the card, turned level, to a strip of the recogniser's height.
func (c *card) cut(dst *vision.Image, b *box) {
	from, width := stripOf(b, longestLine, true)
	dst.Reset(width, lineHeight)
	from = from.then(&c.toImage)
	warp(dst, c.picture, &from)
}

const (
	// rowReach is how far from a row's middle, in mm, that of a box of its text may lie.
	rowReach = 1.7
	// leastRow and mostRow bound the height of such a box.
	leastRow, mostRow = 1.5, 5.5
)

// row returns the part of a row where boxes of text were found.
func (c *card) row(y, x0, x1 float64) (found box, seen bool) {
	var heights []float64
	left, right := math.Inf(1), math.Inf(-1)
	sum, weight := 0.0, 0.0
	for i := range c.boxes {
		b := &c.boxes[i]
		a, z := b.span()
		if math.Abs(b.centre.Y-y) > rowReach || b.height > mostRow || b.height < leastRow || z < x0+1 || a > x1-1 {
			continue
		}
		left, right = min(left, a), max(right, z)
		heights = append(heights, b.height)
		sum += b.width * b.centre.Y
		weight += b.width
	}
	if weight == 0 {
		return box{}, false
	}
	slices.Sort(heights)
	h := clamp(heights[len(heights)/2], 3.2, 4.2)
	return area{max(left, x0), sum/weight - h/2, min(right, x1), sum/weight + h/2}.box(), true
}

// place is where a line of a field is searched, in millimetres on the card.
type place struct {
	y           float64 // the middle of its row
	left, right float64 // nothing of it is beyond
	least       float64 // up to where it is looked at although nothing was detected there
	usual       float64 // where most end
	half        float64 // half its height where lines above or below leave less room than usual; 0 for usualHalf
}

// usualHalf is half the height of an area that a line is looked at in.
const usualHalf = 1.9

func (p *place) reach() float64 {
	if p.half > 0 {
		return min(p.half, usualHalf)
	}
	return usualHalf
}

// margin is how much further than what was detected a field is looked at. Detectors miss first and last characters; where
// a field begins is known.
const margin = 2

// areas returns where a field may be read, the best guess first, and whether something lies over it. What was detected tells
// where the text is, unless a stamp joins, splits or hides it.
func (c *card) areas(p place) (list []box, stamped bool) {
	half := p.reach()
	full := area{p.left, p.y - half, p.usual, p.y + half}.box()
	b, seen := c.row(p.y, p.left, p.right)
	if stamped = c.stamp.covers(&full) > stampShare; !stamped && seen {
		_, right := b.span()
		right = min(max(right+margin, p.least), p.right)
		inner := b.height / 2
		if p.half > 0 {
			inner = min(inner, half)
		}
		near := area{p.left, b.centre.Y - inner, right, b.centre.Y + inner}.box()
		wide := area{p.left, b.centre.Y - half, max(right, p.usual), b.centre.Y + half}.box()
		return []box{near, wide}, false
	}
	up, down := full, full
	up.centre.Y -= 0.35
	down.centre.Y += 0.35
	return []box{full, up, down}, stamped
}

func (b *box) bounds() [4]float32 {
	a, z := b.at(-0.5, -0.5), b.at(0.5, 0.5)
	return [4]float32{float32(a.X), float32(a.Y), float32(z.X), float32(z.Y)}
}
