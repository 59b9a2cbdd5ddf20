package document

import (
	"cmp"
	"math"
	"slices"

	"umbral/pipeline/vision"
)

const (
	// captionWidth is as much of a line as is read to find the card, in columns: the five or six characters of a caption.
	captionWidth = 240
	// captionShape is the width of a telling caption beside its height. Lines of about that shape are read first.
	captionShape = 4.5
	// batch is how many lines are read, for each worker, before what is known is looked at.
	batch = 2
)

// frame is a picture in which cards are looked for.
type frame struct {
	img   *vision.Image
	lines []line
	scale float64 // pixels of the text detector's input for one of the picture
	// order lists the lines in the order in which they are read.
	order []int
}

// frameOf finds the lines of text in a picture.
func (r *Reader) frameOf(img *vision.Image) (*frame, error) {
	boxes, scale, err := r.frameBoxes(img)
	if err != nil {
		return nil, err
	}
	f := &frame{img: img, scale: scale, lines: make([]line, len(boxes)), order: make([]int, len(boxes))}
	for i, b := range boxes {
		f.lines[i].box, f.order[i] = b, i
	}
	shape := func(i int) float64 { return math.Abs(math.Log(f.lines[i].width / f.lines[i].height / captionShape)) }
	slices.SortStableFunc(f.order, func(a, b int) int { return cmp.Compare(shape(a), shape(b)) })
	return f, nil
}

// poses finds the cards in f. It reads lines until their captions place the card, then those that may be its other captions;
// what lies on a card that was placed is left to the reading of its fields.
func (r *Reader) poses(f *frame) ([]pose, error) {
	var found []pose
	for {
		var next []int
		for _, i := range f.order {
			if len(next) < batch*len(r.workers) && !f.lines[i].read && worth(&f.lines[i], found, len(found) == r.opts.MaxCards) {
				next = append(next, i)
			}
		}
		if len(next) == 0 {
			return found, nil
		}
		err := r.each(len(next), func(w *worker, k int) (err error) {
			l := &f.lines[next[k]]
			*l, err = w.readBox(f.img, l.box)
			return err
		})
		if err != nil {
			return nil, err
		}
		found = locate(f.lines, r.opts.MaxCards)
	}
}

// worth reports whether reading a line may tell more about where cards lie: whether it may be a caption of one that was
// found, or, unless all were, lies beside them.
func worth(l *line, found []pose, all bool) bool {
	for i := range found {
		p := &found[i]
		back, ok := p.toImage.inverse()
		if !ok {
			continue
		}
		middle := back.apply(l.centre)
		if middle.X > 0 && middle.Y > 0 && middle.X < CardWidth && middle.Y < CardHeight {
			return p.mayCaption(l, &back)
		}
	}
	return !all
}

// mayCaption reports whether a line lies where one of the side's captions may be, as near tells.
func (p *pose) mayCaption(l *line, back *homography) bool {
	a, z := back.apply(l.at(-0.5, 0)), back.apply(l.at(0.5, 0))
	if a.X > z.X {
		a, z = z, a
	}
	for i := range anchors {
		n := &anchors[i]
		const reachX, reachY = 4, 3
		if n.side == p.side && math.Abs((a.Y+z.Y)/2-n.first.Y) < reachY && a.X < n.last.X+reachX && z.X > n.first.X-reachX && a.X > n.first.X-2*reachX {
			return true
		}
	}
	return false
}

// readBox reads the beginning of a line, in whichever of its two directions it is. The direction model's choice is read first.
func (w *worker) readBox(img *vision.Image, b box) (line, error) {
	cut := func(b *box) (pixels float64) {
		from, width := stripOf(b, captionWidth, false)
		w.strip.Reset(width, lineHeight)
		warp(&w.strip, img, &from)
		return math.Hypot(from[0], from[3])
	}
	pixels := cut(&b)
	if turned, err := w.upsideDown(); err != nil {
		return line{}, err
	} else if turned {
		b = b.turned()
		pixels = cut(&b)
	}
	best := line{box: b, read: true}
	for i := range 2 {
		if i == 1 {
			b = b.turned()
			pixels = cut(&b)
		}
		s, err := w.probabilities(&w.strip)
		if err != nil {
			return line{}, err
		}
		l := line{box: b, read: true, glyphs: w.greedy(s), pixels: pixels}
		if i == 0 || l.confidence() > best.confidence() {
			best = l
		}
		const sure = 0.75
		if best.confidence() > sure {
			break
		}
	}
	return best, nil
}

// upsideDown asks the direction model about the strip. It sees the left end of a line at its natural width, padded with
// grey.
func (w *worker) upsideDown() (bool, error) {
	in := w.direction.Input
	if w.strip.Height != in.Height {
		return false, nil
	}
	for y := range in.Height {
		row := w.seen.Row(y)
		n := copy(row, w.strip.Row(y))
		for k := n; k < len(row); k++ {
			row[k] = 127
		}
	}
	if err := w.direction.Look(w.seen, w.seen.Bounds()); err != nil {
		return false, err
	}
	p, err := w.direction.Output("directions")
	if err != nil {
		return false, err
	}
	return p[1] > p[0], nil
}

// frameBoxes runs the text detector over the whole picture.
func (r *Reader) frameBoxes(img *vision.Image) ([]box, float64, error) {
	w, h := float64(img.Width), float64(img.Height)
	lying := h > w
	if lying {
		w, h = h, w
	}
	i := frameSize(w, h)
	size := frameSizes[i]
	scale := min(float64(size.Width)/w, float64(size.Height)/h)
	u, v := Point{X: 1 / scale}, Point{Y: 1 / scale}
	origin := Point{0.5/scale - 0.5, 0.5/scale - 0.5}
	if lying { // the picture's right edge becomes the canvas' top
		u, v = Point{Y: 1 / scale}, Point{X: -1 / scale}
		origin = Point{float64(img.Width) - 0.5 - 0.5/scale, 0.5/scale - 0.5}
	}
	from := affine(origin, u, v)
	c := r.canvases[i]
	shown := vision.Image{Width: min(size.Width, int(w*scale+0.5)), Height: min(size.Height, int(h*scale+0.5)), Stride: c.Stride, Pix: c.Pix}
	for k := range c.Pix {
		c.Pix[k] = 127
	}
	warp(&shown, img, &from)
	boxes, err := r.detectBoxes(i)
	if err != nil {
		return nil, 0, err
	}
	for k := range boxes {
		boxes[k] = boxes[k].mapped(&from, 1/scale)
	}
	return boxes, scale, nil
}

// frameSize chooses the text detector's input for a picture of w × h pixels, w the longer side: an index of frameSizes.
func frameSize(w, h float64) int {
	switch {
	case math.Abs(w/h/(CardWidth/CardHeight)-1) > 0.2 || w > 1000: // a card in a larger picture
		return frameWhole
	case w <= 1.1*float64(frameSizes[frameSmall].Width):
		return frameSmall
	}
	return frameCard
}

// detectBoxes runs the text detector on a canvas.
func (r *Reader) detectBoxes(i int) ([]box, error) {
	c := r.canvases[i]
	if err := r.detect[i].Look(c, c.Bounds()); err != nil {
		return nil, err
	}
	probability, err := r.detect[i].Output("map")
	if err != nil {
		return nil, err
	}
	return r.lines.boxes(probability, c.Width, c.Height, r.opts.MaxLines), nil
}

// mapped returns b after a similarity that enlarges by scale.
func (b box) mapped(m *homography, scale float64) box {
	end := m.apply(b.at(0.5, 0))
	b.centre = m.apply(b.centre)
	b.width, b.height = b.width*scale, b.height*scale
	if d := end.minus(b.centre); d.length() > 0 {
		b.along = d.times(1 / d.length())
	}
	if b.along.X < -1e-9 {
		b = b.turned()
	}
	return b
}
