package terminal

import (
	"testing"
	"time"

	"umbral/daemon/passage"
	"umbral/pipeline/document"
	"umbral/pipeline/liveness/challenge"
	"umbral/pipeline/vision"
)

// What a document says is known while the screen speaks of its passage, and no longer.
func TestClaimEndsWithItsPassage(t *testing.T) {
	c := new(claims)
	one, two := passage.ID{Boot: 1, Number: 1}, passage.ID{Boot: 1, Number: 2}
	c.add(claim{passage: one, subject: "doc-1", count: 1, name: "Ana", number: "4711", portrait: []byte{1}})
	c.keep(one)
	if _, ok := c.of(one); !ok || c.nameOf(one) != "Ana" {
		t.Error("the claim of the passage under way is gone")
	}
	c.keep(two)
	if got, ok := c.of(one); ok || got.name != "" || got.number != "" || got.portrait != nil {
		t.Errorf("after the passage %+v is still known", got)
	}
	c.add(claim{passage: two, subject: "doc-2", name: "Bo"})
	c.keep(passage.ID{})
	if c.now.name != "" {
		t.Errorf("with nobody there %q is still known", c.now.name)
	}
}

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

// Whoever interrupts the challenge, by letting somebody step in, has no more than two further ones.
func TestInterruptedChallengesAreCounted(t *testing.T) {
	var seen []passage.Observation
	cfg := gateConfig(t, gateScene)
	eyes, err := openEyes(&cfg, ModelsDir(&cfg))
	if err != nil {
		t.Fatal(err)
	}
	defer eyes.close()
	observer, err := challenge.NewObserver(eyes.analyzer, observerLooks)
	if err != nil {
		t.Fatal(err)
	}
	s := &speaker{opts: challenge.DefaultOpts(), other: challenge.DefaultMoveOpts(), observer: observer, attempts: 2}
	s.observe = func(o passage.Observation) { seen = append(seen, o) }
	img, id, at := vision.NewImage(64, 64), passage.ID{Boot: 1, Number: 1}, time.Now()
	box := vision.Rect{X0: 8, Y0: 8, X1: 56, Y1: 56}
	begun := 0
	for range 20 {
		at = at.Add(100 * time.Millisecond)
		if err := s.look(id, true, at, img, box, 1, true); err != nil {
			t.Fatal(err)
		}
		if _, running := s.prompt(at); running {
			begun++
		}
		at = at.Add(100 * time.Millisecond)
		if err := s.look(id, false, at, img, box, 1, true); err != nil {
			t.Fatal(err)
		}
	}
	if begun != 2+maxInterrupted || len(seen) != 1 || seen[0].Evidence.Outcome != passage.Doubtful || seen[0].Evidence.Passage != id {
		t.Errorf("%d challenges began, %d outcomes: %+v", begun, len(seen), seen)
	}
}
