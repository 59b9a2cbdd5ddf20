package mqtt

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBackoffStaysInItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(time.Minute)).Draw(t, "min"))
		high := low + time.Duration(rapid.Int64Range(0, int64(24*time.Hour)).Draw(t, "more"))
		b := Backoff{Min: low, Max: high}
		for want := range 40 {
			d := min(low<<min(want, 30), high)
			if low<<min(want, 30) <= 0 {
				d = high
			}
			if p := b.Pause(); p < d/2 || p > d {
				t.Fatalf("pause %d is %v, wanted %v to %v", want, p, d/2, d)
			}
		}
		b.Reset()
		if p := b.Pause(); p > low {
			t.Fatalf("after a reset %v, wanted at most %v", p, low)
		}
	})
}
