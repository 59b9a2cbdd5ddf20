package terminal

import (
	"testing"
	"time"
)

func TestPercentiles(t *testing.T) {
	var w latency
	if _, _, n := w.percentiles(stageDetect); n != 0 {
		t.Errorf("count %d before the first frame", n)
	}
	for i := range 1000 {
		w.add(stageDetect, time.Duration(i)*time.Millisecond)
	}
	p50, p95, n := w.percentiles(stageDetect)
	// The newest 256 are 744…999 ms.
	if p50 != 872*time.Millisecond || p95 != 987*time.Millisecond || n != 1000 {
		t.Errorf("p50 %v, p95 %v, count %d", p50, p95, n)
	}
}

func TestHealthShowsAfterItsDelay(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	h := newHealth(func() time.Time { return now })
	h.set(conditionCamera, "no pictures")
	h.set(conditionJournal, "disk full")
	if list := h.shown(); len(list) != 1 || list[0].code != conditionJournal.code {
		t.Fatalf("shown at once: %v", list)
	}
	now = now.Add(conditionCamera.delay)
	h.set(conditionCamera, "still no pictures")
	list := h.shown()
	if len(list) != 2 || list[0].code != conditionJournal.code || list[1].text != "still no pictures" {
		t.Errorf("shown after the delay: %v", list)
	}
	h.put(conditionCamera, "")
	if list := h.shown(); len(list) != 1 {
		t.Errorf("cleared condition still shown: %v", list)
	}
}
