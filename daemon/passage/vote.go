package passage

import "umbral/config/policy"

// vote gathers liveness scores of 0 to 1. Its spread is the standard deviation, computed exactly: a passage has fewer than
// 3000 frames (its log is full before), so that n·Σx² stays below 3000²·10¹², within an int64.
type vote struct {
	frames      int
	sum, square int64
	min         Score
}

// add counts one frame. A score outside 0 to 1 counts as 0: what cannot be judged is no sign of life.
func (v *vote) add(s Score) {
	if s < 0 || s > One {
		s = 0
	}
	if v.frames == 0 {
		v.min = s
	}
	v.frames++
	v.sum += int64(s)
	v.square += int64(s) * int64(s)
	v.min = min(v.min, s)
}

// variance is the square of the spread, times the square of the number of frames.
func (v *vote) variance() int64 { return int64(v.frames)*v.square - v.sum*v.sum }

// mean is rounded down.
func (v *vote) mean() Score { return Score(v.sum / max(1, int64(v.frames))) }

// spread is rounded down.
func (v *vote) spread() Score {
	n := int64(max(1, v.frames))
	low, high := int64(0), int64(One)
	for low < high {
		if middle := (low + high + 1) / 2; middle*middle*n*n <= v.variance() {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return Score(low)
}

// truth is the vote's result so far. A minimum that is too low stays so, hence it decides as soon as there are enough
// frames; mean and spread may still come right.
func (v *vote) truth(r *Rules) policy.Truth {
	n := int64(v.frames)
	switch {
	case v.frames < r.LiveFrames:
		return policy.Open
	case v.min < r.LiveMin:
		return policy.Impossible
	case v.sum >= int64(r.LiveThreshold)*n && v.variance() <= int64(r.LiveSpread)*int64(r.LiveSpread)*n*n:
		return policy.Satisfied
	case v.frames >= r.NotLiveFrames:
		return policy.Impossible
	}
	return policy.Open
}
