package liveness

import (
	"fmt"
	"math"

	"umbral/pipeline/face"
	"umbral/pipeline/models"
	"umbral/pipeline/nn"
	"umbral/pipeline/vision"
)

// Opts are the options of a Passive.
type Opts struct {
	// Pool runs the model; nil runs it on the caller's goroutine.
	Pool *nn.Pool
	// Limits bound what the model file may ask for.
	Limits nn.Limits
}

// DefaultOpts are the default limits, without a pool.
func DefaultOpts() Opts { return Opts{Limits: nn.DefaultLimits()} }

// Passive scores pictures of faces without asking the person for anything. It is not safe for concurrent use.
type Passive struct{ stage *models.Stage }

// NewPassive compiles the liveness model of the set.
func NewPassive(set *models.Set, o Opts) (*Passive, error) {
	stage, err := set.Compile(models.Liveness, o.Limits, o.Pool)
	if err != nil {
		return nil, fmt.Errorf("liveness: %w", err)
	}
	logits, err := stage.Output("logits")
	if err != nil {
		return nil, fmt.Errorf("liveness: %w", err)
	}
	if len(logits) < 2 {
		return nil, fmt.Errorf("liveness: %s: %d classes, wanted 2 or more, the first for living faces (another kind of model?)", stage.File, len(logits))
	}
	return &Passive{stage}, nil
}

// Score says how likely the face in box is a living one, 0 to 1: the softmax of the model's first class. The model judges
// by the surroundings as well, so the face should leave room for them: see Region.
func (p *Passive) Score(img *vision.Image, box vision.Rect) (float32, error) {
	if img == nil || img.Width < 1 || img.Height < 1 {
		return 0, fmt.Errorf("liveness: the picture is empty (no frame yet?)")
	}
	region, err := Region(box, img.Width, img.Height, p.stage.Input.Context)
	if err != nil {
		return 0, err
	}
	if err := p.stage.Look(img, region); err != nil {
		return 0, fmt.Errorf("liveness: %w", err)
	}
	logits, err := p.stage.Output("logits")
	if err != nil {
		return 0, fmt.Errorf("liveness: %w", err)
	}
	score := firstShare(logits)
	if math.IsNaN(float64(score)) {
		return 0, fmt.Errorf("liveness: the score is not a number (damaged picture or model?)")
	}
	return score, nil
}

// Context is how much of the surroundings the model wants to see, as the side of the region over the side of the square
// face. A face higher than the picture's smaller side over Context loses some of them.
func (p *Passive) Context() float32 { return max(p.stage.Input.Context, 1) }

// Budget is the memory of the model in bytes.
func (p *Passive) Budget() nn.Budget { return p.stage.Budget() }

// Stage is the compiled model, for a budget by model.
func (p *Passive) Stage() *models.Stage { return p.stage }

// Region is what the model looks at: the square of the face enlarged by context about its centre, then shifted into the
// picture of width × height, and made smaller where it does not fit.
func Region(box vision.Rect, width, height int, context float32) (vision.Rect, error) {
	w, h := float32(width), float32(height)
	c, side := box.Centre(), face.Square(box).Dy()
	if !(side > 0 && box.Dx() > 0 && c.X > -side && c.Y > -side && c.X < w+side && c.Y < h+side) {
		return vision.Rect{}, fmt.Errorf("liveness: box %v outside the picture of %d×%d, or without area (coordinates of another picture?)", box, width, height)
	}
	side = min(side*max(context, 1), w, h)
	x := max(0, min(c.X-side/2, w-side))
	y := max(0, min(c.Y-side/2, h-side))
	return vision.Rect{X0: x, Y0: y, X1: x + side, Y1: y + side}, nil
}

// firstShare is the softmax of the first value.
func firstShare(logits []float32) float32 {
	var others float64
	for _, v := range logits[1:] {
		others += math.Exp(float64(v - logits[0]))
	}
	return float32(1 / (1 + others))
}
