package challenge

import (
	"math"
	"time"
)

// How likely somebody speaks, from two measures with the logistic function: how much more the picture of the mouth
// changes than that of the rest of the face, and how far the lips are apart beyond their resting place. The
// measures and their smoothing were picked among some fifteen candidates by their AUC on nine GRID clips of three speakers;
// the three weights come from a logistic regression on the same clips and are rounded. So the AUC on those clips is a little
// better than it would be on others. Fitting the weights without the speaker who is measured gives 0.95 instead of 0.96; the
// choice of the measures cannot be undone that way.
const (
	motionSigma, apertureSigma = 2.5, 2 // cells
	motionFloor, motionUnit    = 0.004, 0.02
	apertureUnit               = 0.05
	motionWeight               = 3.0
	apertureWeight             = 2.0
	bias                       = -0.8
)

// changeCentre is how long before its sample a change lies: it is that over the last 80 ms.
const changeCentre = changeAfter / 2

// Cell is the grid of Speaking.
const Cell = cell

const maxSpeaking = time.Hour

// Speaking is the probability of speaking for each Cell of a length of time; what the samples leave open is not a number.
// It looks ahead, so it is for time that is over, of which it takes an hour at most.
func Speaking(samples []Sample, length time.Duration) []float64 {
	n := cells(max(0, min(length, maxSpeaking)))
	t := make(trace, n)
	t.speaking(samples, &[3]trace{make(trace, n), make(trace, n), make(trace, n)})
	return t
}

// speaking fills t with the probability of speaking, 0 to 1. Work holds three traces of the same length.
func (t trace) speaking(samples []Sample, work *[3]trace) {
	raw, smooth, scratch := work[0], work[1], work[2]
	raw.resample(samples, changeCentre, func(s *Sample) float32 { return s.Mouth - s.Rest })
	smooth.smooth(raw, motionSigma)
	for k, v := range smooth {
		t[k] = motionWeight*math.Log((max(v, 0)+motionFloor)/motionUnit) + bias
	}
	raw.resample(samples, 0, func(s *Sample) float32 { return s.Aperture })
	rest := raw.lowest(scratch)
	smooth.smooth(raw, apertureSigma)
	for k, v := range smooth {
		open := max(-1, min((v-rest)/apertureUnit, 3))
		t[k] = 1 / (1 + math.Exp(-t[k]-apertureWeight*open))
	}
}

// Scales of the movements: what counts as a whole one.
const (
	turnDegrees = 20.0
	nodDegrees  = 10.0
	closedShare = 0.4 // of the eyes' usual opening: blinks in GRID clips take 25 to 45 % of it, averaged over frames
)

// moving fills t with how much of a movement is seen, 0 to 1.
func (t trace) moving(m Movement, samples []Sample, work *[3]trace) {
	raw, smooth, scratch := work[0], work[1], work[2]
	value := func(s *Sample) float32 { return s.Yaw }
	switch m {
	case Nod:
		value = func(s *Sample) float32 { return s.Pitch }
	case CloseEyes:
		value = func(s *Sample) float32 { return s.Eyes }
	}
	raw.resample(samples, 0, value)
	usual := raw.quantile(0.5, scratch)
	smooth.smooth(raw, 1)
	for k, v := range smooth {
		var share float64
		switch m {
		case TurnLeft: // towards the right of the picture
			share = (usual - v) / turnDegrees
		case TurnRight:
			share = (v - usual) / turnDegrees
		case Nod: // down or up
			share = math.Abs(v-usual) / nodDegrees
		case CloseEyes:
			share = (usual - v) / usual / closedShare
		}
		t[k] = max(0, min(share, 1))
	}
}
