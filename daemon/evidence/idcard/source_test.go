package idcard

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"umbral/config/policy"
	"umbral/daemon/evidence"
	"umbral/daemon/evidence/evidencetest"
	"umbral/daemon/passage"
	"umbral/pipeline/document"
	"umbral/pipeline/vision"
)

// deck is a reader before which cards are held: it reads one after the other.
type deck struct {
	cards []*document.Reading
	takes time.Duration
	next  int
}

func (d *deck) Read(*vision.Image) ([]*document.Reading, error) {
	time.Sleep(d.takes)
	r := *d.cards[d.next%len(d.cards)]
	d.next++
	return []*document.Reading{&r}, nil
}

// printed is a frame full of strokes, as the gate wants them.
func printed() *vision.Image {
	img := vision.NewImage(160, 80)
	for i := range img.Pix {
		if img.Pix[i] = 255; i/3%160%6 == 3 {
			img.Pix[i] = 0
		}
	}
	return img
}

// holds reports whether the source has kept a reading or a picture.
func (s *Source) holds() bool {
	img, _, _ := s.box.Frame()
	return len(s.fronts)+len(s.backs) > 0 || !s.since.IsZero() || len(bytes.Trim(img.Pix, "\x00")) > 0
}

func TestConformance(t *testing.T) {
	const perFrame = 100 * time.Millisecond
	unsure, expired := front(), back()
	unsure.Address.Confidence = 0.5
	expired.Validity.Text = "2009.05.06-2019.05.06"
	for name, c := range map[string]struct {
		cards []*document.Reading
		takes time.Duration // of a reading
	}{
		"accepted":   {cards: []*document.Reading{front(), back()}},
		"refused":    {cards: []*document.Reading{front(), expired}},
		"unreadable": {cards: []*document.Reading{unsure}},
		"slow":       {cards: []*document.Reading{front(), back()}, takes: 330 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			evidencetest.Run(t, func(t *testing.T) evidencetest.Rig {
				img := printed()
				s := New(Opts{
					Reader: &deck{cards: c.cards, takes: c.takes}, Rules: document.Rules{Sure: document.DefaultSure}, Both: true, Readings: 2,
					Timeout: 3 * time.Second, Width: img.Width, Height: img.Height, People: register{}, EnrolledName: register{}.nameOf,
					Claims: new(evidence.Claims), Portrait: noFace, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
				})
				rig := evidencetest.Rig{
					Source: s, Kind: policy.Card, Subject: "ana", Takes: 6 * time.Second, Held: s.holds,
					Hints: []string{HintHoldCard, HintTurnCard, HintFront, HintCloser},
					Present: func(ctx context.Context) {
						for ctx.Err() == nil {
							if err := s.Look(&evidence.Frame{Image: img, Captured: time.Now()}); err != nil {
								t.Error(err)
							}
							select {
							case <-ctx.Done():
							case <-time.After(perFrame):
							}
						}
					},
				}
				if c.takes > 0 { // a reading that is under way ends before anything is forgotten
					rig.Held = nil
				}
				return rig
			})
		})
	}
}

// An outcome that comes while the screen asks for something else waits until its passage asks for the card again.
func TestOutcomeWaitsUntilItIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		img := printed()
		s := source(register{}, false)
		s.o.Reader, s.o.Readings = &deck{cards: []*document.Reading{front()}, takes: time.Second}, 1
		var heard []passage.Evidence
		done := make(chan error)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { done <- s.Run(ctx, func(e passage.Evidence) { heard = append(heard, e) }) }()
		d := passage.Demand{Passage: id, Ask: policy.Set(0).With(policy.Card)}
		s.Want(d)
		synctest.Wait()
		if err := s.Look(&evidence.Frame{Image: img, Captured: time.Now()}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.Want(passage.Demand{Passage: id})
		time.Sleep(time.Minute)
		if synctest.Wait(); len(heard) > 0 {
			t.Errorf("%+v although no card is asked for", heard)
		}
		s.Want(d)
		if synctest.Wait(); len(heard) != 1 || heard[0].Outcome != passage.Accepted || heard[0].Passage != id {
			t.Errorf("%+v, want one outcome", heard)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
