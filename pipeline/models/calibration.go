package models

import (
	"fmt"
	"math"
	"strings"
)

// Calibration is what is known of the feature model's scores between strangers of one population: which threshold lets
// which share of them pass.
//
// The scores of strangers move with the population, and with camera and light: their mean is 0.005 on LFW, 0.106 on
// CASIA-FaceV5, 0.145 on NUAA. One number for all would let a hundred times more strangers pass at one site than at
// another, so a configuration names a population and an FMR instead.
type Calibration struct {
	// Population names the table.
	Population string `toml:"population" json:"population"`
	// Source says what was measured.
	Source string `toml:"source" json:"source"`
	// Points from the highest FMR to the lowest.
	Points []Point `toml:"points" json:"points"`
}

// Point is one measured pair.
type Point struct {
	// FMR is the share of comparisons between strangers that score at or above Threshold, 0 to 1.
	FMR float64 `toml:"fmr" json:"fmr"`
	// Threshold is a cosine, −1 to 1.
	Threshold float32 `toml:"threshold" json:"threshold"`
	// TMR is the share of comparisons of one person's pictures that do, 1 − FNMR; 0 where it was not measured.
	TMR float64 `toml:"tmr,omitempty" json:"tmr,omitempty"`
}

// Calibrations are the tables of a manifest.
type Calibrations []Calibration

// Cautious is the population to begin with where nothing is known of the site.
const Cautious = "cautious"

func calibrations() Calibrations {
	return Calibrations{
		{
			Population: Cautious,
			Source: "not below any threshold measured on the other populations, and started high: 0.50 for 1:1, 0.58 for 1:N; " +
				"from FMR 1e-4 down only LFW is known, so a site whose strangers resemble each other needs its own table (umbral eval faces); true match rates of the same " +
				"thresholds on 600 pairs of LFW",
			Points: []Point{{1e-3, 0.50, 0.892}, {1e-4, 0.58, 0.782}, {1e-6, 0.629, 0.667}},
		},
		{
			Population: "lfw",
			Source:     "Labeled Faces in the Wild: false match rates over all pairs of the View 2 pictures, true match rates over the 600 pairs of folds 4 and 5",
			Points:     []Point{{1e-3, 0.340, 0.970}, {1e-4, 0.418, 0.947}, {1e-5, 0.485, 0.903}, {1e-6, 0.629, 0.667}},
		},
		{
			Population: "casia-facev5",
			Source:     "CASIA-FaceV5, Asian faces, indoor camera",
			Points:     []Point{{FMR: 1e-3, Threshold: 0.484}},
		},
		{
			Population: "nuaa",
			Source:     "NUAA live pictures, webcam at 640×480",
			Points:     []Point{{FMR: 1e-3, Threshold: 0.491}},
		},
	}
}

// Threshold gives the score that a probe must reach for one comparison (1:1) with at most the false match rate fmr.
// Between two points of the table it is linear in the logarithm of the FMR. Outside of them it fails and names the
// range: scores of strangers have a tail that no formula continues.
func (c Calibrations) Threshold(population string, fmr float64) (float32, error) {
	table, err := c.of(population)
	if err != nil {
		return 0, err
	}
	points := table.Points
	loosest, strictest := points[0].FMR, points[len(points)-1].FMR
	if !(fmr >= strictest && fmr <= loosest) {
		return 0, fmt.Errorf("models: threshold: FMR %g is outside what is known of population %q: %g to %g (%s)",
			fmr, population, strictest, loosest, remedy(fmr, loosest))
	}
	if fmr == loosest {
		return points[0].Threshold, nil
	}
	for i := 1; ; i++ {
		if b := points[i]; fmr >= b.FMR {
			a := points[i-1]
			share := math.Log(fmr/a.FMR) / math.Log(b.FMR/a.FMR)
			return a.Threshold + float32(share)*(b.Threshold-a.Threshold), nil
		}
	}
}

// SearchThreshold gives the score that the best of size references must reach (1:N) so that at most the share fpir of
// searches for a stranger ends with somebody. A search is size comparisons, each of which may go wrong: the FMR of one
// is fpir divided by size (ISO/IEC 19795-1, FPIR ≈ N · FMR while small).
//
// An FMR above the table's range gets the table's lowest threshold, which is stricter than asked; one below it fails:
// the gallery is too large, or fpir too small, for what was measured.
func (c Calibrations) SearchThreshold(population string, fpir float64, size int) (float32, error) {
	if !(fpir > 0 && fpir < 1) || size < 0 {
		return 0, fmt.Errorf("models: threshold: FPIR %g among %d references, wanted a share between 0 and 1 and 0 or more references", fpir, size)
	}
	table, err := c.of(population)
	if err != nil {
		return 0, err
	}
	threshold, err := c.Threshold(population, min(fpir/float64(max(size, 1)), table.Points[0].FMR))
	if err != nil {
		return 0, fmt.Errorf("models: FPIR %g among %d references: %w", fpir, size, err)
	}
	return threshold, nil
}

// Populations names the tables in their order.
func (c Calibrations) Populations() []string {
	names := make([]string, len(c))
	for i := range c {
		names[i] = c[i].Population
	}
	return names
}

func (c Calibrations) of(population string) (Calibration, error) {
	for _, table := range c {
		if table.Population == population && len(table.Points) > 0 {
			return table, nil
		}
	}
	return Calibration{}, fmt.Errorf("models: no calibration for population %q (known: %s)", population, strings.Join(c.Populations(), ", "))
}

func remedy(fmr, loosest float64) string {
	if fmr > loosest {
		return "choose a smaller one"
	}
	return "choose a larger one, or measure the site with umbral eval faces"
}

// Threshold is Calibrations.Threshold on the tables of Default.
func Threshold(population string, fmr float64) (float32, error) {
	return calibrations().Threshold(population, fmr)
}

// PAD is the calibration of the liveness model: what scores a living face has to reach.
type PAD struct {
	// Threshold is the score from which a single picture counts as live, 0 to 1.
	Threshold float32 `toml:"threshold" json:"threshold"`
	// Floor is what no frame of a vote may stay below: attacks with a good mean have shown single frames near 0.
	Floor float32 `toml:"floor" json:"floor"`
	// Source says what was measured.
	Source string `toml:"source" json:"source"`
}

func pad() PAD {
	return PAD{
		Threshold: 0.5,
		Floor:     0.1,
		Source: "threshold: NUAA (webcam, printed photographs), single frames: APCER 0.04 %, BPCER 0.05 %, though the model may have been trained " +
			"on them; of 6 other stills of attacks 2 pass, with 0.92 and 0.999; floor: 16 video clips, too few for a rate; screens and masks hardly tested",
	}
}
