package terminal

import (
	"slices"
	"sync"
	"time"

	"umbral/daemon/frames"
	"umbral/daemon/passage"
	"umbral/drivers/camera"
	"umbral/pipeline/vision"
)

// recentVerdicts is how many decisions the page can show without reading the journal.
const recentVerdicts = 50

// snapshot keeps what a technician may see of the newest frame and of the latest decisions, for pages only: nothing is
// decided by it. It takes nothing from the frame loop but the exchange of two pictures.
type snapshot struct {
	mu       sync.Mutex
	image    *vision.Image
	sequence uint64
	captured time.Time
	faces    [passage.MaxFaces]frames.Seen
	count    int
	screen   passage.Screen
	verdicts [recentVerdicts]verdict
	next     int
	frames   uint64
	speed    frameRate
}

// verdict is one decision.
type verdict struct {
	at      time.Time
	passage passage.ID
	entry   string
	verdict passage.Verdict
	reason  passage.Reason
	person  string
	summary *passage.Record
}

func newSnapshot(width, height int) *snapshot {
	return &snapshot{image: vision.NewImage(width, height)}
}

// Show implements the frames' view: the picture before is given back to be written to.
func (v *snapshot) Show(img *vision.Image, f *camera.Frame, faces []frames.Seen) *vision.Image {
	v.mu.Lock()
	defer v.mu.Unlock()
	before := v.image
	v.image, v.sequence, v.captured = img, f.Sequence, f.Captured
	v.count = copy(v.faces[:], faces)
	v.frames++
	v.speed.add(time.Now())
	return before
}

func (v *snapshot) setScreen(s passage.Screen) {
	v.mu.Lock()
	v.screen = s
	v.mu.Unlock()
}

// decided remembers an entry that is about to be journalled.
func (v *snapshot) decided(e passage.Effect) {
	if e.Entry == passage.EntryAlert {
		return
	}
	d := verdict{at: time.Now(), passage: e.Passage, entry: e.Entry, verdict: e.Verdict, person: e.Person}
	if len(e.Reasons) > 0 {
		d.reason = e.Reasons[0]
	}
	if e.Decision != nil {
		record := *e.Decision
		record.Log, record.Reasons = nil, slices.Clone(record.Reasons) // both are the machine's until its next step
		d.summary = &record
	}
	v.mu.Lock()
	v.verdicts[v.next%recentVerdicts] = d
	v.next++
	v.mu.Unlock()
}

// forget takes a person out of the latest decisions.
func (v *snapshot) forget(person string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.screen.Person == person {
		v.screen.Person = ""
	}
	for i := range v.faces {
		if v.faces[i].Face.Match.Person == person {
			v.faces[i].Face.Match.Person = ""
		}
	}
	for i := range v.verdicts {
		if v.verdicts[i].person == person {
			v.verdicts[i].person, v.verdicts[i].summary = "", nil
		}
	}
}

// recent lists the latest decisions, the newest first.
func (v *snapshot) recent() []verdict {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := min(v.next, recentVerdicts)
	list := make([]verdict, n)
	for i := range n {
		list[i] = v.verdicts[(v.next-1-i)%recentVerdicts]
	}
	return list
}

// copyImage copies the newest picture into to, and returns its number; 0 before the first.
func (v *snapshot) copyImage(to *vision.Image) uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.frames == 0 {
		return 0
	}
	to.Reset(v.image.Width, v.image.Height)
	for y := range v.image.Height {
		copy(to.Row(y), v.image.Row(y))
	}
	return v.sequence
}

// rate is how many frames a second are analysed; mu is held.
func (v *snapshot) rate() float64 { return v.speed.rate() }

// passage returns the passage that the screen speaks of.
func (v *snapshot) passage() passage.ID {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.screen.Passage
}
