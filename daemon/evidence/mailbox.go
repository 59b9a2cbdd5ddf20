package evidence

import (
	"sync"
	"time"

	"umbral/daemon/passage"
	"umbral/pipeline/vision"
)

// Mailbox holds one frame for a source whose look takes longer than a frame: a frame is copied when the last one has been
// looked at, and left out otherwise.
type Mailbox struct {
	full chan struct{} // holds one: the frame waits to be taken

	mu      sync.Mutex
	taken   bool // or waits to be
	image   *vision.Image
	passage passage.ID
	at      time.Time
}

// NewMailbox returns a mailbox for frames of up to width × height; larger ones make it grow.
func NewMailbox(width, height int) *Mailbox {
	return &Mailbox{full: make(chan struct{}, 1), image: vision.NewImage(width, height)}
}

// Offer copies a frame of a passage if the mailbox is free.
func (m *Mailbox) Offer(id passage.ID, img *vision.Image, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.taken {
		return
	}
	m.image.Reset(img.Width, img.Height)
	for y := range img.Height {
		copy(m.image.Row(y), img.Row(y))
	}
	m.taken, m.passage, m.at = true, id, at
	m.full <- struct{}{} // never blocks: taken says that it is empty
}

// Full returns a channel that holds a value while a frame waits. Whoever receives it owns the frame until Free.
func (m *Mailbox) Full() <-chan struct{} { return m.full }

// Frame returns the frame that was received, its passage and when it was captured.
func (m *Mailbox) Frame() (*vision.Image, passage.ID, time.Time) { return m.image, m.passage, m.at }

// Free lets the next frame in. With wipe the frame is overwritten: nothing that was seen in a passage outlives it.
func (m *Mailbox) Free(wipe bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if wipe {
		clear(m.image.Pix)
	}
	m.taken = false
}

// Wipe overwrites a frame that nobody has received and lets the next one in. It is for the goroutine that receives.
func (m *Mailbox) Wipe() {
	m.mu.Lock()
	defer m.mu.Unlock()
	select {
	case <-m.full:
	default:
	}
	clear(m.image.Pix)
	m.taken = false
}

// Bytes returns the memory of the frame.
func (m *Mailbox) Bytes() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(cap(m.image.Pix))
}
