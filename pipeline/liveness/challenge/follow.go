package challenge

import (
	"math"
	"time"
)

// level is what an activity of 1 is as a whole number. From here on everything is whole numbers, so that the same
// activity gives the same p-value on every processor.
const level = 255

// follower compares activities with schedules.
type follower struct {
	// sums[c][k] is the sum of channel c's cells before k, each less the channel's mean; unknown cells count as the mean.
	sums [][]int32
	mean []int32
}

func newFollower(channels, cells int) follower {
	f := follower{sums: make([][]int32, channels), mean: make([]int32, channels)}
	for c := range f.sums {
		f.sums[c] = make([]int32, cells+1)
	}
	return f
}

// take sets one channel.
func (f *follower) take(channel int, activity trace) {
	var sum, count int64
	for _, v := range activity {
		if !math.IsNaN(v) {
			sum += int64(quantised(v))
			count++
		}
	}
	f.mean[channel] = 0
	if count > 0 {
		f.mean[channel] = int32((sum + count/2) / count)
	}
	sums := f.sums[channel]
	for k, v := range activity {
		sums[k+1] = sums[k]
		if !math.IsNaN(v) {
			sums[k+1] += quantised(v) - f.mean[channel]
		}
	}
}

func quantised(v float64) int32 { return int32(max(0, min(v, 1))*level + 0.5) }

// within is the activity of a channel in the answer that begins at at, above its mean.
func (f *follower) within(channel int, at time.Duration, length int) int32 {
	sums := f.sums[channel]
	from := min(int(at/cell), len(sums)-1)
	return sums[min(from+length, len(sums)-1)] - sums[from]
}

// fit is how well the activities follow a schedule: the sum, over its prompts, of the activity in their answers, at the
// lag that makes it greatest.
func (f *follower) fit(s *Schedule) (best int32, lag time.Duration) {
	o := &s.opts
	length := int(o.Answer / cell)
	best = math.MinInt32
	for l := o.MinLag; l <= o.MaxLag; l += cell {
		var sum int32
		for _, a := range s.Prompts() {
			sum += f.within(o.Kind.channel(a.What), a.At+l, length)
		}
		if sum > best {
			best, lag = sum, l
		}
	}
	return best, lag
}

// channel is which activity answers a prompt.
func (k Kind) channel(what uint8) int {
	if k == Move {
		return int(what)
	}
	return 0
}

// channels is how many there are.
func (k Kind) channels() int {
	if k == Move {
		return int(movements)
	}
	return 1
}

// pValue is the share of schedules that fit at least as well as the prompted one, itself included. The others are drawn
// like it, and whoever does not know the schedule cannot make it stand out among them: then the prompted one is just one
// more draw, every rank is equally likely, and a p-value of p or less comes up with a probability of at most p, whatever
// was shown (the randomisation test; E. L. Lehmann and J. P. Romano, Testing Statistical Hypotheses, 15.2).
func (f *follower) pValue(prompted int32, decoy *Schedule, d draw, decoys int) float64 {
	fitting := 1
	for range decoys {
		decoy.draw(d)
		if fit, _ := f.fit(decoy); fit >= prompted {
			fitting++
		}
	}
	return float64(fitting) / float64(decoys+1)
}
