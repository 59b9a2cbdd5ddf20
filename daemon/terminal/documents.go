package terminal

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"umbral/config/policy"
	"umbral/daemon/passage"
	"umbral/pipeline/vision"
)

// documents look for codes and cards while the decision asks for them. Reading takes longer than a frame, so it has a
// goroutine and a picture of its own: a frame is copied when the last one has been read, and left out otherwise.
type documents struct {
	codes *codes // nil where the policy knows no code
	cards *cards // nil where the policy knows no card
	log   *slog.Logger

	full chan struct{} // holds one: a picture waits to be read

	mu      sync.Mutex
	busy    bool
	image   *vision.Image
	passage passage.ID
	asked   policy.Set
	at      time.Time
	hint    hint
}

// hint is what the screen adds to its request, for a moment.
type hint struct {
	code  string
	until time.Time
}

// hintFor is how long a hint stands.
const hintFor = 2 * time.Second

func newDocuments(c *codes, cards *cards, width, height int, log *slog.Logger) *documents {
	return &documents{codes: c, cards: cards, log: log, full: make(chan struct{}, 1), image: vision.NewImage(width, height)}
}

// offer copies a frame to be read for a passage, if one can be taken now.
func (d *documents) offer(id passage.ID, asked policy.Set, img *vision.Image, at time.Time) {
	asked &= policy.Set(0).With(policy.Credential).With(policy.Card)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy {
		return
	}
	if !d.passage.IsZero() && d.passage != id {
		// That passage is over: nothing that was seen in it is kept.
		clear(d.image.Pix)
		d.busy, d.passage, d.asked = true, passage.ID{}, 0
		d.full <- struct{}{}
		return
	}
	if asked == 0 || id.IsZero() {
		return
	}
	d.image.Reset(img.Width, img.Height)
	for y := range img.Height {
		copy(d.image.Row(y), img.Row(y))
	}
	d.busy, d.passage, d.asked, d.at = true, id, asked, at
	d.full <- struct{}{} // never blocks: busy says that it is empty
}

// run reads what is offered until ctx ends.
func (d *documents) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.full:
		}
		// Until busy is cleared the picture is this goroutine's.
		d.read()
		d.mu.Lock()
		d.busy = false
		d.mu.Unlock()
	}
}

func (d *documents) read() {
	if d.passage.IsZero() && d.cards != nil {
		d.cards.forget()
	}
	if d.asked.Has(policy.Credential) && d.codes != nil {
		code, err := d.codes.read(d.passage, d.image)
		if err != nil {
			d.log.Warn("a picture could not be searched for codes", "error", err)
		}
		d.say(code)
	}
	if d.asked.Has(policy.Card) && d.cards != nil {
		code, err := d.cards.read(d.passage, d.image, d.at)
		if err != nil {
			d.log.Warn("a picture could not be searched for cards", "error", err)
		}
		d.say(code)
	}
}

// say shows a hint; an empty one lets the last stand.
func (d *documents) say(code string) {
	if code == "" {
		return
	}
	d.mu.Lock()
	d.hint = hint{code, time.Now().Add(hintFor)}
	d.mu.Unlock()
}

// hintNow is the hint that stands, empty for none.
func (d *documents) hintNow() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Now().After(d.hint.until) {
		return ""
	}
	return d.hint.code
}
