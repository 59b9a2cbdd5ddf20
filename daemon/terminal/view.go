package terminal

import (
	"sync"
	"time"

	"umbral/config/policy"
	"umbral/daemon/passage"
	"umbral/drivers/camera"
	"umbral/pipeline/face"
	"umbral/pipeline/vision"
)

// recentVerdicts is how many decisions the page can show without reading the journal.
const recentVerdicts = 50

// view keeps what a technician may see of the newest frame and of the latest decisions. It takes nothing from the frame
// loop but the exchange of two pictures.
type view struct {
	mu       sync.Mutex
	image    *vision.Image
	sequence uint64
	captured time.Time
	faces    [passage.MaxFaces]seen
	count    int
	screen   passage.Screen
	demand   passage.Demand
	verdicts [recentVerdicts]verdict
	next     int
	frames   uint64
	speed    frameRate
}

// seen is one face of the newest frame.
type seen struct {
	box     vision.Rect
	points  face.Landmarks
	quality face.Quality
	face    passage.Face
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

func newView(width, height int) *view { return &view{image: vision.NewImage(width, height)} }

// show takes over the analysed picture and gives the last one back to be written to.
func (v *view) show(s *sight, f *camera.Frame) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.image, s.image = s.image, v.image
	v.sequence, v.captured = f.Sequence, f.Captured
	v.count = s.frame.Count
	v.frames++
	v.speed.add(time.Now())
	for i := range v.count {
		v.faces[i] = seen{s.pairs[i].Detection.Box, s.looked[i].points, s.looked[i].quality, s.frame.Faces[i]}
	}
}

func (v *view) setScreen(s passage.Screen) {
	v.mu.Lock()
	v.screen = s
	v.mu.Unlock()
}

func (v *view) setDemand(d passage.Demand) {
	v.mu.Lock()
	v.demand = d
	v.mu.Unlock()
}

// decided remembers an entry that is about to be journalled.
func (v *view) decided(e passage.Effect) {
	if e.Entry == passage.EntryAlert {
		return
	}
	d := verdict{at: time.Now(), passage: e.Passage, entry: e.Entry, verdict: e.Verdict, person: e.Person}
	if len(e.Reasons) > 0 {
		d.reason = e.Reasons[0]
	}
	if record, err := passage.DecodeRecord(e.Record); err == nil {
		record.Log = nil
		d.summary = record
	}
	v.mu.Lock()
	v.verdicts[v.next%recentVerdicts] = d
	v.next++
	v.mu.Unlock()
}

// recent lists the latest decisions, the newest first.
func (v *view) recent() []verdict {
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
func (v *view) copyImage(to *vision.Image) uint64 {
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
func (v *view) rate() float64 { return v.speed.rate() }

// asked is what the screen asks for, and in which passage.
func (v *view) asked() (passage.ID, policy.Set) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.screen.Passage, v.screen.Ask
}

// askedFinger is the passage in which the screen asks for a finger, and whom it is about as far as that is known.
func (v *view) askedFinger() (id passage.ID, person string, asked bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.demand.Passage, v.demand.Subject, v.demand.Ask.Has(policy.Finger) && !v.demand.Passage.IsZero()
}

// passage is the passage that the screen speaks of.
func (v *view) passage() passage.ID {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.screen.Passage
}
