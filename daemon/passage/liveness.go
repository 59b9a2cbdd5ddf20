package passage

import "umbral/config/policy"

// liveness gathers liveness scores of 0 to 1. Its spread is the standard deviation, computed exactly: a passage has
// fewer than 3000 frames (its log is full before), so that n·Σx² stays below 3000²·10¹², within an int64.
type liveness struct {
	frames      int
	sum, square int64
	min         Score
	alive       Instant // when a score last reached LiveThreshold
}

// add counts one frame. A score outside 0 to 1 counts as 0: what cannot be judged is no sign of life.
func (v *liveness) add(now Instant, s Score, r *Rules) {
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
	if s >= r.LiveThreshold {
		v.alive = now
	}
}

// variance returns the square of the spread, times the square of the number of frames.
func (v *liveness) variance() int64 { return int64(v.frames)*v.square - v.sum*v.sum }

// mean returns the mean score, rounded down.
func (v *liveness) mean() Score { return Score(v.sum / max(1, int64(v.frames))) }

// spread returns the standard deviation, rounded down.
func (v *liveness) spread() Score {
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

// state returns the result so far. A minimum that is too low stays so, hence it decides as soon as there are enough
// frames; mean and spread may still come right.
func (v *liveness) state(r *Rules) policy.State {
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
