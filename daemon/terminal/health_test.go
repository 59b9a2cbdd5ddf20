package terminal

import (
	"testing"
	"time"
)

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
