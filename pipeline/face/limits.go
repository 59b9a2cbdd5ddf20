package face

import (
	"fmt"
	"math"
)

// Limits say which faces are good enough.
type Limits struct {
	// MinSize is the least height of the box in pixels.
	MinSize float32
	// MaxShare is the greatest height of the box over the picture's smaller side.
	MaxShare float32
	// MaxYaw, MaxPitch and MaxRoll are the greatest angles to either side in degrees.
	MaxYaw, MaxPitch, MaxRoll float32
	// MaxMisfit is the greatest Quality.Misfit.
	MaxMisfit float32
	// MinLight and MaxLight bound the mean luma of the face, 0 to 255; MaxClipped the share of its pixels that are
	// black or white, 0 to 1.
	MinLight, MaxLight, MaxClipped float32
	// MinSharpness is the least Quality.Sharpness.
	MinSharpness float32
	// ClosedEyes is how likely both eyes must be closed to be told so, 0 to 1, and MaxOpen how far the wider of them
	// may be open by the landmarks (Quality.Open).
	ClosedEyes, MaxOpen float32
}

// DefaultLimits returns the limits for passages.
//
// Sharpness: pictures blurred until their template had a cosine of 0.91 to their own (median of 213 of LFW) had a
// median of 21; 99 % of LFW unblurred are above 34. Light: backlit faces of NUAA down to 27 were still told from
// photographs. Misfit: 99 % of LFW, with heads turned by 35°, are below 0.2. Eyes: the model alone calls both eyes
// closed in 14 % of NUAA; together with the landmarks in 4 %.
func DefaultLimits() Limits {
	return Limits{
		MinSize: 80, MaxShare: 0.65,
		MaxYaw: 30, MaxPitch: 25, MaxRoll: 30,
		MaxMisfit: 0.22,
		MinLight:  30, MaxLight: 220, MaxClipped: 0.3,
		MinSharpness: 20,
		ClosedEyes:   0.9, MaxOpen: 0.2,
	}
}

// EnrolLimits returns the limits for references: what is stored once decides over every passage after it.
func EnrolLimits() Limits {
	l := DefaultLimits()
	l.MinSize = 100
	l.MaxYaw, l.MaxPitch, l.MaxRoll = 20, 20, 20
	l.MaxMisfit = 0.16
	l.MinLight, l.MaxLight, l.MaxClipped = 50, 205, 0.15
	l.MinSharpness = 40
	return l
}

// PhotographLimits returns the limits for references from photographs. No rule of the gate applies to them: a face
// may fill the picture, because nobody asks whether it is alive, and its size counts in the photograph's own pixels.
// A reference may look aside as far as a probe may: of 600 genuine pairs of LFW those with a first picture beyond
// EnrolLimits' angles had an FNMR of 1 in 42 at FMR 1e-4 against 23 in 490 for the others, and beyond its misfit 2 in
// 34.
func PhotographLimits() Limits {
	l, probe := EnrolLimits(), DefaultLimits()
	l.MinSize, l.MaxShare = probe.MinSize, 16
	l.MaxYaw, l.MaxPitch, l.MaxRoll = probe.MaxYaw, probe.MaxPitch, probe.MaxRoll
	l.MaxMisfit = 0.2
	l.MinSharpness = 30
	return l
}

func (l Limits) validate() error {
	for _, v := range []struct {
		name             string
		value, low, high float32
	}{
		{"MinSize", l.MinSize, 1, 4096}, {"MaxShare", l.MaxShare, 0.01, 16},
		{"MaxYaw", l.MaxYaw, 1, 180}, {"MaxPitch", l.MaxPitch, 1, 180}, {"MaxRoll", l.MaxRoll, 1, 180},
		{"MaxMisfit", l.MaxMisfit, 0.001, 10},
		{"MinLight", l.MinLight, 0, 254}, {"MaxLight", l.MaxLight, 1, 255}, {"MaxClipped", l.MaxClipped, 0, 1},
		{"MinSharpness", l.MinSharpness, 0, 1e6}, {"ClosedEyes", l.ClosedEyes, 0, 1},
		{"MaxOpen", l.MaxOpen, 0, 1},
	} {
		if !(v.value >= v.low && v.value <= v.high) {
			return fmt.Errorf("face: limits: %s %v, wanted %v to %v", v.name, v.value, v.low, v.high)
		}
	}
	if l.MinLight >= l.MaxLight {
		return fmt.Errorf("face: limits: MinLight %v is not below MaxLight %v", l.MinLight, l.MaxLight)
	}
	return nil
}

// has reports whether a face has a problem. Comparisons are written so that a measure that is not a number is a
// problem.
func (l *Limits) has(p Problem, q *Quality) bool {
	switch p {
	case CutOff:
		return q.Edge
	case TooFar:
		return !(q.Size >= l.MinSize)
	case TooClose:
		return !(q.Share <= l.MaxShare)
	case Turned:
		return !(abs(q.Pose.Yaw) <= l.MaxYaw && abs(q.Pose.Pitch) <= l.MaxPitch && abs(q.Pose.Roll) <= l.MaxRoll)
	case Covered:
		return !(q.Misfit <= l.MaxMisfit)
	case TooDark:
		return !(q.Light.Mean >= l.MinLight && q.Light.Dark <= l.MaxClipped)
	case TooBright:
		return !(q.Light.Mean <= l.MaxLight && q.Light.Bright <= l.MaxClipped)
	case Blurred:
		return !(q.Sharpness >= l.MinSharpness)
	case EyesClosed:
		return min(q.Eyes.LeftClosed, q.Eyes.RightClosed) > l.ClosedEyes && q.Open < l.MaxOpen
	}
	return false
}

// value multiplies how far each measure is from its limit. Each factor is 1 where more brings nothing: for a face of
// twice the least size, say.
func (l *Limits) value(q *Quality) float32 {
	if q.Edge {
		return 0
	}
	turn := max(abs(q.Pose.Yaw)/l.MaxYaw, abs(q.Pose.Pitch)/l.MaxPitch, abs(q.Pose.Roll)/l.MaxRoll)
	middle, width := (l.MinLight+l.MaxLight)/2, (l.MaxLight-l.MinLight)/2
	light := 1 - abs(q.Light.Mean-middle)/width
	clipped := max(q.Light.Dark, q.Light.Bright)
	v := share(q.Size/(2*l.MinSize)) *
		share(1.5-turn) *
		share(1.5-q.Misfit/l.MaxMisfit) *
		share(0.5+light) *
		share(1-clipped) *
		share(q.Sharpness/(3*l.MinSharpness)) *
		share(q.Score)
	if math.IsNaN(float64(v)) {
		return 0
	}
	return v
}

func share(v float32) float32 { return max(0, min(v, 1)) }

func abs(v float32) float32 { return float32(math.Abs(float64(v))) }
