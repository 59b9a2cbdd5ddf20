package models

import (
	"fmt"
	"math"
)

// Step is what a score of one population means: the likelihood ratio of the stretch between two points of its table.
type Step struct {
	Score float32 // from which on; -1 for the first step, which every comparison reaches
	FMR   float64 // share of comparisons between strangers that reach it
	TMR   float64 // share of comparisons of one person's pictures that reach it
	// LLR is ln of how many times as often a comparison of one person's pictures ends on this step as one of strangers.
	LLR float64
}

// Steps turns a table into likelihood ratios, lowest score first. It fails for a table that does not say how many
// comparisons of one person's pictures reach its points, and where a higher stretch would mean less than a lower one.
func (c Calibrations) Steps(population string) ([]Step, error) {
	table, err := c.of(population)
	if err != nil {
		return nil, err
	}
	steps := []Step{{Score: -1, FMR: 1, TMR: 1}}
	for _, p := range table.Points {
		if p.TMR == 0 {
			return nil, fmt.Errorf("models: the table of population %q says no true match rate at %g, so it proves no total false match rate "+
				"(measure it with umbral eval faces --at, or choose another population)", population, p.Threshold)
		}
		steps = append(steps, Step{Score: p.Threshold, FMR: p.FMR, TMR: p.TMR})
	}
	for i := range steps {
		s := &steps[i]
		strangers, same := s.FMR, s.TMR
		if i+1 < len(steps) {
			strangers, same = strangers-steps[i+1].FMR, same-steps[i+1].TMR
		}
		if !(strangers > 0 && same > 0) {
			return nil, fmt.Errorf("models: the table of population %q: nobody lies between the points at %g and above", population, s.Score)
		}
		s.LLR = math.Log(same / strangers)
		if i > 0 && s.LLR <= steps[i-1].LLR {
			return nil, fmt.Errorf("models: the table of population %q: a score from %g on would mean less than one below it", population, s.Score)
		}
	}
	return steps, nil
}
