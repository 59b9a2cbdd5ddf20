package frames

import (
	"testing"
	"time"
)

func TestPercentiles(t *testing.T) {
	var w Latency
	if _, _, n := w.Percentiles(stageDetect); n != 0 {
		t.Errorf("count %d before the first frame", n)
	}
	for i := range 1000 {
		w.Add(stageDetect, time.Duration(i)*time.Millisecond)
	}
	p50, p95, n := w.Percentiles(stageDetect)
	// The newest 256 are 744…999 ms.
	if p50 != 872*time.Millisecond || p95 != 987*time.Millisecond || n != 1000 {
		t.Errorf("p50 %v, p95 %v, count %d", p50, p95, n)
	}
}
