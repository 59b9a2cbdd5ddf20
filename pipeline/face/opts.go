package face

import (
	"fmt"

	"umbral/pipeline/nn"
)

// Opts are the options of an Analyzer.
type Opts struct {
	// Pool runs the models; nil runs them on the caller's goroutine.
	Pool *nn.Pool
	// Limits bound what the model files may ask for.
	Limits nn.Limits
	// MaxFaces is how many faces of a picture are returned, those of the highest score, 1 to 64.
	MaxFaces int
	// MinScore is the detector's score from which a box is a face, 0 to 1. Measured to be good from 0.5 to 0.65.
	MinScore float32
	// MaxOverlap is the share of their union that two faces may have in common, 0 to 1; beyond it they are one face.
	MaxOverlap float32
	// Quality says which faces are good enough for a passage.
	Quality Limits
}

// DefaultOpts returns the measured options, without a pool.
func DefaultOpts() Opts {
	return Opts{Limits: nn.DefaultLimits(), MaxFaces: 8, MinScore: 0.6, MaxOverlap: 0.4, Quality: DefaultLimits()}
}

func (o Opts) validate() error {
	switch {
	case o.MaxFaces < 1 || o.MaxFaces > 64:
		return fmt.Errorf("face: opts: MaxFaces %d, wanted 1 to 64", o.MaxFaces)
	case !(o.MinScore > 0 && o.MinScore < 1):
		return fmt.Errorf("face: opts: MinScore %v, wanted above 0 and below 1", o.MinScore)
	case !(o.MaxOverlap >= 0 && o.MaxOverlap <= 1):
		return fmt.Errorf("face: opts: MaxOverlap %v, wanted 0 to 1", o.MaxOverlap)
	}
	return o.Quality.validate()
}
