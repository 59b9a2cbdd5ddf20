package document

import (
	"fmt"

	"umbral/pipeline/models"
	"umbral/pipeline/nn"
	"umbral/pipeline/vision"
)

// Roles returns the models that reading a card takes.
func Roles() []models.Role {
	return []models.Role{models.TextDetect, models.TextRecognise, models.TextDirection, models.TextKeys}
}

// Opts bounds what a reader does.
type Opts struct {
	// MaxCards is how many cards are read in one picture, 1 to 4.
	MaxCards int
	// MaxLines is how many lines of text are looked at in one picture, 8 to 64. The longest are taken.
	MaxLines int
	// Workers is how many lines are read at a time, 1 to 8. Each takes a goroutine while Read runs, and memory for the steps of
	// a line and the recogniser's activations.
	Workers int
	// RareFont is the file of a font in which characters of names that the recogniser does not know are looked up, such as
	// ideograph.DefaultFont. Drawing it takes New a second or a few. Empty: such characters have no candidates.
	RareFont string
	// Limits bound the models.
	Limits nn.Limits
	// Pool shares the text detector's layers among threads. Nil runs it on the caller's goroutine.
	Pool *nn.Pool
}

// DefaultOpts returns options for the two sides of a card that lie side by side, read on the caller's goroutine.
func DefaultOpts() Opts {
	return Opts{MaxCards: 2, MaxLines: 40, Workers: 1, Limits: nn.DefaultLimits()}
}

func (o *Opts) check() error {
	if o.MaxCards < 1 || o.MaxCards > 4 {
		return fmt.Errorf("document: %d cards a picture, allowed are 1 to 4", o.MaxCards)
	}
	if o.MaxLines < 8 || o.MaxLines > 64 {
		return fmt.Errorf("document: %d lines a picture, allowed are 8 to 64", o.MaxLines)
	}
	if o.Workers < 1 || o.Workers > MaxWorkers {
		return fmt.Errorf("document: %d lines read at a time, allowed are 1 to %d", o.Workers, MaxWorkers)
	}
	return nil
}

// frameSizes are the inputs that the text detector is planned for. Pictures that are higher than wide are looked at lying on
// their side.
var frameSizes = []models.Size{
	frameCard:  {Width: canvasWidth, Height: canvasHeight},
	frameSmall: {Width: 448, Height: 288},
	frameWhole: {Width: 960, Height: 640},
}

// Indices of frameSizes.
const (
	frameCard  = iota // a card that fills the picture, and every card once it is level
	frameSmall        // the same, of so few pixels that more would show nothing
	frameWhole        // a picture that holds a card
)

// Reader finds and reads identity cards. It is for one goroutine at a time.
type Reader struct {
	opts     Opts
	detect   []*models.Stage // one for each of frameSizes
	canvases []*vision.Image
	lines    *lineFinder
	alphabet *alphabet
	workers  []*worker
	kinds    kinds
	rare     rareTables // empty without RareFont
}

// New plans the models of set, which must hold those of Roles.
func New(set *models.Set, o Opts) (*Reader, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	arenas, err := newArenas(&o)
	if err != nil {
		return nil, err
	}
	keys, err := set.Read(models.TextKeys)
	if err != nil {
		return nil, err
	}
	r := &Reader{opts: o, lines: newLineFinder()}
	if r.alphabet, err = newAlphabet(keys); err != nil {
		return nil, err
	}
	detect, err := set.CompileCopies(models.TextDetect, frameSizes, arenas[:1], o.Limits, o.Pool)
	if err != nil {
		return nil, err
	}
	r.detect = detect[0]
	for i, s := range r.detect {
		out, err := s.Output("map")
		if err != nil {
			return nil, err
		}
		size := frameSizes[i]
		if len(out) != size.Width*size.Height {
			return nil, fmt.Errorf("document: the text detector gives a map of %d values for %d×%d pixels, want one a pixel", len(out), size.Width, size.Height)
		}
		r.canvases = append(r.canvases, vision.NewImage(size.Width, size.Height))
	}
	if r.workers, err = newWorkers(set, r.alphabet, arenas, &o); err != nil {
		return nil, err
	}
	r.learn()
	return r, r.loadRare(o.RareFont)
}

// newArenas returns an arena for each worker. Lines are copied into inputs, and steps out of outputs, at once.
func newArenas(o *Opts) ([]*nn.Arena, error) {
	arenas := make([]*nn.Arena, o.Workers)
	for i := range arenas {
		var err error
		if arenas[i], err = nn.NewArena(o.Limits.Arena); err != nil {
			return nil, err
		}
		arenas[i].Transient = true
	}
	return arenas, nil
}

// Budget returns the memory that the models take and, as scratch, what the reader keeps beside them.
func (r *Reader) Budget() nn.Budget {
	var sum nn.Budget
	add := func(shared bool, stages ...*models.Stage) {
		for i, s := range stages {
			b := s.Budget()
			sum.Arena += b.Arena
			sum.Scratch += b.Scratch
			if i == 0 && !shared { // stages of one model share their weights
				sum.Weights += b.Weights
				sum.Packed += b.Packed
			}
		}
	}
	add(false, r.detect...)
	for i, w := range r.workers {
		add(i > 0, w.stages...)
		add(i > 0, w.direction)
		sum.Scratch += w.bytes()
	}
	if r.rare.known != nil {
		sum.Scratch += r.rare.known.Bytes() + r.rare.unknown.Bytes()
	}
	return sum
}
