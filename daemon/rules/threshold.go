package rules

import (
	"fmt"

	"umbral/config"
	"umbral/pipeline/models"
)

// Threshold is a similarity with how it was chosen.
type Threshold struct {
	Score      float32
	FMR        string
	Population string
}

// chooseThreshold takes the similarity set by hand, or the one that the calibration gives for a false match rate.
func chooseThreshold(c models.Calibrations, population string, fmr, byHand float64) (Threshold, error) {
	if byHand > 0 {
		return Threshold{float32(byHand), "set by hand", population}, nil
	}
	score, err := c.Threshold(population, fmr)
	if err != nil {
		return Threshold{}, fmt.Errorf("rules: face: %w", err)
	}
	return Threshold{score, fmt.Sprintf("%g", fmr), population}, nil
}

// FaceThresholds are the similarities from which faces count as one person's.
type FaceThresholds struct {
	Verify   Threshold // of a comparison with one person
	Identify Threshold // of a search
}

// OfFaces chooses the thresholds of a site by the tables of its models.
func OfFaces(f *config.Face, tables models.Calibrations) (t FaceThresholds, err error) {
	if t.Verify, err = chooseThreshold(tables, f.Population, f.VerifyFMR, f.VerifyThreshold); err != nil {
		return t, err
	}
	t.Identify, err = chooseThreshold(tables, f.Population, f.IdentifyFMR, f.IdentifyThreshold)
	return t, err
}
