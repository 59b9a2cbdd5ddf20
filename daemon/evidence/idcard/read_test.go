package idcard

import (
	"testing"
	"time"

	"umbral/pipeline/document"
	"umbral/pipeline/vision"
)

// A card that was held up for a moment does not lend its portrait to the card that was read.
func TestPortraitIsTheCardsOwn(t *testing.T) {
	reading := func(number string, sure float32) *document.Reading {
		return &document.Reading{Side: document.Front, Number: document.Field{Text: number, Confidence: sure}, Portrait: vision.NewImage(2, 2)}
	}
	own, better, other := reading("1", 0.8), reading("1", 0.9), reading("2", 0.99)
	if got := portraitOf([]*document.Reading{own, other, better}, "1"); got != better.Portrait {
		t.Error("the portrait is another reading's")
	}
	if got := portraitOf([]*document.Reading{other}, "1"); got != nil {
		t.Error("another card's portrait is taken")
	}
}

// A card is valid from midnight to midnight where the gate stands.
func TestCardValidityIsLocal(t *testing.T) {
	defer func(was *time.Location) { time.Local = was }(time.Local)
	time.Local = time.FixedZone("CST", 8*3600)
	from, until := validity("2015.07.15-2035.07.15")
	if got := time.UnixMilli(from).UTC().Format(time.RFC3339); got != "2015-07-14T16:00:00Z" {
		t.Errorf("from %s", got)
	}
	if got := time.UnixMilli(until).UTC().Format(time.RFC3339); got != "2035-07-15T16:00:00Z" {
		t.Errorf("until %s", got)
	}
	if from, until = validity("2015.07.15-长期"); from == 0 || until != 0 {
		t.Errorf("a long-term card is valid from %d until %d", from, until)
	}
}
