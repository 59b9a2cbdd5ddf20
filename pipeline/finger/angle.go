package finger

import "math"

// Angle is a direction in 1/256 of a full turn, counter-clockwise from the positive x axis with y pointing up, as
// ISO/IEC 19794-2 counts minutiae directions.
type Angle uint8

// All arithmetic on pixels and minutiae is done in whole numbers, since compilers may fuse a floating-point product and
// sum on one processor and not on another. These tables are rounded far more coarsely than a sine may differ between
// processors.
var (
	cosines [256]int32 // of 1/256 turns, × 1<<cosineShift
	atans   [257]int32 // of ratios in 1/256, in 1/65536 turns
)

const cosineShift = 14

func init() {
	for i := range cosines {
		cosines[i] = int32(math.Round(math.Cos(2*math.Pi*float64(i)/256) * (1 << cosineShift)))
	}
	for i := range atans {
		atans[i] = int32(math.Round(math.Atan(float64(i)/256) / (2 * math.Pi) * 65536))
	}
}

func cosine(a Angle) int32 { return cosines[a] }
func sine(a Angle) int32   { return cosines[a-64] }

// direction is the angle of the vector (x, y) in 1/65536 turns; 0 for no vector.
func direction(y, x int32) uint16 {
	ax, ay := abs(x), abs(y)
	var a int32
	switch {
	case ax == 0 && ay == 0:
		return 0
	case ax >= ay:
		a = atanOf(ay, ax)
	default:
		a = 16384 - atanOf(ax, ay)
	}
	if x < 0 {
		a = 32768 - a
	}
	if y < 0 {
		a = -a
	}
	return uint16(a)
}

// atanOf is the arc tangent of small ÷ large, both not negative and small at most large.
func atanOf(small, large int32) int32 {
	ratio := int32(int64(small) << 16 / int64(large))
	i, rest := ratio>>8, ratio&255
	if i == 256 {
		return atans[256]
	}
	return atans[i] + (atans[i+1]-atans[i])*rest>>8
}

// angleOf rounds 1/65536 turns to an Angle.
func angleOf(a uint16) Angle { return Angle((uint32(a) + 128) >> 8) }

// apart is the smaller angle between two directions, 0 to 128.
func apart(a, b Angle) int32 { return abs(int32(int8(a - b))) }

func abs(x int32) int32 {
	if x < 0 {
		return -x
	}
	return x
}

// root is the whole part of the square root.
func root(x int64) int64 {
	if x <= 0 {
		return 0
	}
	r := int64(math.Sqrt(float64(x)))
	for r*r > x {
		r--
	}
	for (r+1)*(r+1) <= x {
		r++
	}
	return r
}
