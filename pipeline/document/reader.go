package document

import (
	"fmt"
	"math"

	"umbral/pipeline/models"
	"umbral/pipeline/nn"
	"umbral/pipeline/vision"
)

// Roles are the models that reading a card takes.
func Roles() []models.Role {
	return []models.Role{models.TextDetect, models.TextRecognise, models.TextDirection, models.TextKeys}
}

// Opts bounds what a reader does.
type Opts struct {
	// MaxCards is how many cards are read in one picture, 1 to 4.
	MaxCards int
	// MaxLines is how many lines of text are looked at in one picture, 8 to 64; the longest are taken.
	MaxLines int
	// Limits bound the models.
	Limits nn.Limits
	// Pool shares large layers among threads; nil computes on the caller's goroutine.
	Pool *nn.Pool
}

// DefaultOpts reads the two sides of a card that lie side by side.
func DefaultOpts() Opts { return Opts{MaxCards: 2, MaxLines: 40, Limits: nn.DefaultLimits()} }

func (o *Opts) check() error {
	if o.MaxCards < 1 || o.MaxCards > 4 {
		return fmt.Errorf("document: %d cards a picture, allowed are 1 to 4", o.MaxCards)
	}
	if o.MaxLines < 8 || o.MaxLines > 64 {
		return fmt.Errorf("document: %d lines a picture, allowed are 8 to 64", o.MaxLines)
	}
	return nil
}

// frameSizes are the inputs that the text detector is planned for: a card that fills the picture, and a frame that holds
// one. Pictures that are higher than wide are looked at lying on their side.
var frameSizes = []models.Size{{Width: canvasWidth, Height: canvasHeight}, {Width: 960, Height: 640}}

// Reader finds and reads identity cards. It is for one goroutine at a time.
type Reader struct {
	opts      Opts
	detect    []*models.Stage
	canvases  []*vision.Image
	read      *recogniser
	direction *models.Stage
	seen      *vision.Image // what the direction model looks at
	lines     *lineFinder
	strip     vision.Image
	toned     vision.Image
	slots     [maxAreas][2][]float32 // for the steps of one piece
	kinds     kinds
}

// New plans the models of set, which must hold those of Roles.
func New(set *models.Set, o Opts) (*Reader, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	r := &Reader{opts: o, lines: newLineFinder()}
	var err error
	if r.detect, err = set.CompileSizes(models.TextDetect, frameSizes, o.Limits, o.Pool); err != nil {
		return nil, err
	}
	for i, s := range r.detect {
		out, err := s.Output("map")
		if err != nil {
			return nil, err
		}
		size := frameSizes[i]
		if len(out) != size.Width*size.Height {
			return nil, fmt.Errorf("document: the text detector gives a map of %d values for %d×%d pixels, wanted one a pixel", len(out), size.Width, size.Height)
		}
		r.canvases = append(r.canvases, vision.NewImage(size.Width, size.Height))
	}
	if r.direction, err = set.Compile(models.TextDirection, o.Limits, o.Pool); err != nil {
		return nil, err
	}
	if p, err := r.direction.Output("directions"); err != nil || len(p) != 2 {
		return nil, fmt.Errorf("document: the direction model gives %d values, wanted 2 (%v)", len(p), err)
	}
	r.seen = vision.NewImage(r.direction.Input.Width, r.direction.Input.Height)
	if r.read, err = newRecogniser(set, o.Limits, o.Pool); err != nil {
		return nil, err
	}
	for i := range r.slots {
		for g := range r.slots[i] {
			r.slots[i][g] = make([]float32, lineWidths[len(lineWidths)-1]/stride*len(r.read.runes))
		}
	}
	r.learn()
	return r, nil
}

// frameLines finds and reads the lines of text in a picture.
func (r *Reader) frameLines(img *vision.Image) ([]line, float64, error) {
	boxes, scale, err := r.frameBoxes(img)
	if err != nil {
		return nil, 0, err
	}
	lines := make([]line, 0, len(boxes))
	for _, b := range boxes {
		l, err := r.readBox(img, b)
		if err != nil {
			return nil, 0, err
		}
		lines = append(lines, l)
	}
	return lines, scale, nil
}

// readBox reads a line in whichever of its two directions it is: that which the direction model thinks first.
func (r *Reader) readBox(img *vision.Image, b box) (line, error) {
	cut(&r.strip, img, &b)
	if turned, err := r.upsideDown(); err != nil {
		return line{}, err
	} else if turned {
		b = b.turned()
		cut(&r.strip, img, &b)
	}
	best := line{box: b}
	for i := range 2 {
		if i == 1 {
			b = b.turned()
			cut(&r.strip, img, &b)
		}
		s, err := r.read.probabilities(&r.strip)
		if err != nil {
			return line{}, err
		}
		l := line{box: b, glyphs: r.read.greedy(s), pixels: b.width / float64(r.strip.Width)}
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
func (r *Reader) upsideDown() (bool, error) {
	in := r.direction.Input
	if r.strip.Height != in.Height {
		return false, nil
	}
	for y := range in.Height {
		row := r.seen.Row(y)
		n := copy(row, r.strip.Row(y))
		for k := n; k < len(row); k++ {
			row[k] = 127
		}
	}
	if err := r.direction.Look(r.seen, r.seen.Bounds()); err != nil {
		return false, err
	}
	p, err := r.direction.Output("directions")
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
	// The small input does for a card that fills the picture.
	i := 0
	if math.Abs(w/h/(CardWidth/CardHeight)-1) > 0.2 || w > 1000 {
		i = 1
	}
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

// mapped is b after a similarity that enlarges by scale.
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

// Budget is the memory that the models take; with what the reader keeps itself it is what New allocates.
func (r *Reader) Budget() nn.Budget {
	var sum nn.Budget
	add := func(stages []*models.Stage) {
		for i, s := range stages {
			b := s.Budget()
			sum.Arena += b.Arena
			sum.Scratch += b.Scratch
			if i == 0 { // stages of one model share their weights
				sum.Weights += b.Weights
				sum.Packed += b.Packed
			}
		}
	}
	add(r.detect)
	add(r.read.stages)
	add([]*models.Stage{r.direction})
	return sum
}
