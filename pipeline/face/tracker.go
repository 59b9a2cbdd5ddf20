package face

import (
	"fmt"
	"time"

	"umbral/pipeline/vision"
)

// TrackerOpts are the options of a Tracker.
type TrackerOpts struct {
	// MaxTracks is how many people are followed at once, 1 to 64.
	MaxTracks int
	// MaxMissed is for how many frames in turn a person may stay unseen before the track ends.
	MaxMissed int
	// MaxUnseen ends it after this time even if fewer frames have come: a slow camera shows somebody else by then.
	MaxUnseen time.Duration
	// MinOverlap is the share of their union that a face and the track's last box have in common at least, 0 to 1.
	MinOverlap float32
	// MaxShift is how far a face may lie from the track's last place instead, in heights of the face: a person who
	// walks by a slow camera leaves no overlap.
	MaxShift float32
	// MaxGrowth is the greatest factor between the heights of the face in two frames, above 1.
	MaxGrowth float32
	// Shots is how many of the best pictures are kept of each person, 1 to 16.
	Shots int
}

// DefaultTrackerOpts suit a gate with a camera of 5 to 30 frames a second.
func DefaultTrackerOpts() TrackerOpts {
	return TrackerOpts{
		MaxTracks: 8, MaxMissed: 8, MaxUnseen: 1500 * time.Millisecond,
		MinOverlap: 0.2, MaxShift: 0.6, MaxGrowth: 1.6, Shots: 5,
	}
}

func (o TrackerOpts) validate() error {
	switch {
	case o.MaxTracks < 1 || o.MaxTracks > 64:
		return fmt.Errorf("face: tracker: MaxTracks %d, wanted 1 to 64", o.MaxTracks)
	case o.MaxMissed < 0:
		return fmt.Errorf("face: tracker: MaxMissed %d, wanted 0 or more", o.MaxMissed)
	case o.MaxUnseen <= 0:
		return fmt.Errorf("face: tracker: MaxUnseen %v, wanted more than 0", o.MaxUnseen)
	case !(o.MinOverlap > 0 && o.MinOverlap <= 1):
		return fmt.Errorf("face: tracker: MinOverlap %v, wanted above 0 to 1", o.MinOverlap)
	case !(o.MaxShift >= 0 && o.MaxShift <= 4):
		return fmt.Errorf("face: tracker: MaxShift %v, wanted 0 to 4", o.MaxShift)
	case !(o.MaxGrowth > 1 && o.MaxGrowth <= 10):
		return fmt.Errorf("face: tracker: MaxGrowth %v, wanted above 1 to 10", o.MaxGrowth)
	case o.Shots < 1 || o.Shots > 16:
		return fmt.Errorf("face: tracker: Shots %d, wanted 1 to 16", o.Shots)
	}
	return nil
}

// Track is one person over several frames.
type Track struct {
	// ID is never used again by this tracker.
	ID uint64
	// Detection is where the person was seen last.
	Detection Detection
	// First and Last are when the person was seen first and last.
	First, Last time.Time
	// Hits is in how many frames the person was seen, Missed in how many of the newest ones not.
	Hits, Missed int
	// Contested says that in the newest frame another face or track could have been meant as well: two people pass
	// close to each other. Whether it is still the same person is then told by Continuity.
	Contested bool

	shots []Shot
}

// Shot is one good picture of a person.
type Shot struct {
	// At is when it was captured, Quality its Quality.Value.
	At       time.Time
	Quality  float32
	Template Template
}

// Shots returns the best pictures so far, the best first.
func (t *Track) Shots() []Shot { return t.shots }

// Seen reports whether the person was found in the newest frame.
func (t *Track) Seen() bool { return t.Missed == 0 }

// Template returns the mean of the best shots' templates, weighted by their quality, and of unit length. It is
// steadier than any single one. False if there are no shots.
func (t *Track) Template() (Template, bool) {
	var mean Template
	for i := range t.shots {
		s := &t.shots[i]
		for k, v := range s.Template {
			mean[k] += s.Quality * v
		}
	}
	return mean, mean.normalise()
}

// Continuity returns how alike a template and the track's shots are, as the highest cosine among them. It is false if
// there are no shots. A low value on a contested track says that two people were mixed up: its evidence has to be
// dropped (Tracker.Forget).
func (t *Track) Continuity(template *Template) (float32, bool) {
	best := float32(-1)
	for i := range t.shots {
		best = max(best, Compare(template, &t.shots[i].Template))
	}
	return best, len(t.shots) > 0
}

// Tracker assigns the faces of successive frames to persons. All its memory is taken when it is made, and the same
// frames give the same tracks. It is not safe for concurrent use.
type Tracker struct {
	opts    TrackerOpts
	tracks  []Track // live ones, by age
	spare   [][]Shot
	last    uint64
	dropped uint64

	pairs []pair
	// taken says for each detection which track it went to, plus 1.
	taken []int
}

// NewTracker allocates a tracker.
func NewTracker(o TrackerOpts) (*Tracker, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	t := &Tracker{
		opts:   o,
		tracks: make([]Track, 0, o.MaxTracks),
		spare:  make([][]Shot, 0, o.MaxTracks),
		pairs:  make([]pair, 0, o.MaxTracks*maxDetections),
		taken:  make([]int, maxDetections),
	}
	for range o.MaxTracks {
		t.spare = append(t.spare, make([]Shot, 0, o.Shots))
	}
	return t, nil
}

// maxDetections bounds how many faces of one frame are looked at; an Analyzer gives no more.
const maxDetections = 64

// Update assigns the faces of a frame captured at now to the tracks and returns all live tracks, the oldest first. The
// slice is used again by the next call; shots stay with their track. Frames that are older than the newest one count as
// captured at the same time.
//
// When all tracks are in use, a new face takes the place of the track that was unseen for longest; if all are seen,
// it is dropped and counted.
func (t *Tracker) Update(now time.Time, faces []Detection) []Track {
	faces = faces[:min(len(faces), maxDetections)]
	t.associate(faces)
	for i := range t.tracks {
		if k := &t.tracks[i]; k.Missed == 0 {
			if now.After(k.Last) {
				k.Last = now
			}
		}
	}
	t.end(now)
	for i, d := range faces {
		if t.taken[i] == 0 {
			t.start(now, d)
		}
	}
	return t.tracks
}

// Offer shows the tracker a good picture of a person. It is kept, with a copy of its template, if it is among the best;
// the result says so. A track that has ended keeps nothing.
func (t *Tracker) Offer(id uint64, s *Shot) bool {
	k := t.find(id)
	if k == nil || !(s.Quality > 0) {
		return false
	}
	if len(k.shots) == cap(k.shots) {
		if s.Quality <= k.shots[len(k.shots)-1].Quality {
			return false
		}
		k.shots = k.shots[:len(k.shots)-1]
	}
	k.shots = append(k.shots, *s)
	for i := len(k.shots) - 1; i > 0 && k.shots[i].Quality > k.shots[i-1].Quality; i-- {
		k.shots[i], k.shots[i-1] = k.shots[i-1], k.shots[i]
	}
	return true
}

// Forget drops the shots of a track, whose person turned out to be another one.
func (t *Tracker) Forget(id uint64) {
	if k := t.find(id); k != nil {
		k.shots = wiped(k.shots)
	}
}

// Reset ends all tracks. Identifiers go on.
func (t *Tracker) Reset() {
	for i := range t.tracks {
		t.spare = append(t.spare, wiped(t.tracks[i].shots))
	}
	t.tracks = t.tracks[:0]
}

// Dropped returns how many faces found no place since the tracker was made.
func (t *Tracker) Dropped() uint64 { return t.dropped }

// Bytes returns the memory of a tracker with these options.
func (o TrackerOpts) Bytes() int64 {
	const shotBytes, trackBytes, pairBytes = 4*512 + 32, 160, 24
	return int64(o.MaxTracks)*(int64(o.Shots)*shotBytes+trackBytes+maxDetections*pairBytes) + 8*maxDetections
}

func (t *Tracker) find(id uint64) *Track {
	for i := range t.tracks {
		if t.tracks[i].ID == id {
			return &t.tracks[i]
		}
	}
	return nil
}

// end drops tracks that were unseen for too long.
func (t *Tracker) end(now time.Time) {
	live := t.tracks[:0]
	for _, k := range t.tracks {
		if k.Missed > t.opts.MaxMissed || now.Sub(k.Last) > t.opts.MaxUnseen {
			t.spare = append(t.spare, wiped(k.shots))
			continue
		}
		live = append(live, k)
	}
	t.tracks = live
}

func (t *Tracker) start(now time.Time, d Detection) {
	if len(t.spare) == 0 && !t.giveUp() {
		t.dropped++
		return
	}
	shots := t.spare[len(t.spare)-1]
	t.spare = t.spare[:len(t.spare)-1]
	t.last++
	t.tracks = append(t.tracks, Track{ID: t.last, Detection: d, First: now, Last: now, Hits: 1, shots: shots})
}

// giveUp ends the track that was unseen for longest; false if all are seen.
func (t *Tracker) giveUp() bool {
	worst := -1
	for i := range t.tracks {
		if m := t.tracks[i].Missed; m > 0 && (worst < 0 || m > t.tracks[worst].Missed) {
			worst = i
		}
	}
	if worst < 0 {
		return false
	}
	t.spare = append(t.spare, wiped(t.tracks[worst].shots))
	t.tracks = append(t.tracks[:worst], t.tracks[worst+1:]...)
	return true
}

// wiped empties shots and overwrites their templates: biometric data does not outlive its track.
func wiped(shots []Shot) []Shot {
	clear(shots[:cap(shots)])
	return shots[:0]
}

// ratio returns the larger of two heights over the smaller.
func ratio(a, b vision.Rect) float32 {
	low, high := min(a.Dy(), b.Dy()), max(a.Dy(), b.Dy())
	return high / low
}
