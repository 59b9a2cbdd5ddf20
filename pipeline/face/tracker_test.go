package face

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"umbral/pipeline/vision"
)

var start = time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)

// at is a face of the given height with its centre at (x, y).
func at(x, y, height float32) Detection {
	return Detection{Box: vision.Rect{X0: x - 0.4*height, Y0: y - height/2, X1: x + 0.4*height, Y1: y + height/2}, Score: 0.9}
}

func newTracker(t testing.TB, change func(*TrackerOpts)) *Tracker {
	t.Helper()
	o := DefaultTrackerOpts()
	if change != nil {
		change(&o)
	}
	tracker, err := NewTracker(o)
	if err != nil {
		t.Fatal(err)
	}
	return tracker
}

// frame is the time of frame i of a camera with ten frames a second.
func frame(i int) time.Time { return start.Add(time.Duration(i) * 100 * time.Millisecond) }

func ids(tracks []Track) (all []uint64) {
	for _, k := range tracks {
		all = append(all, k.ID)
	}
	return all
}

func TestTrackerFollowsAWalkUp(t *testing.T) {
	tracker := newTracker(t, nil)
	for i := range 30 {
		// From the far left towards the camera, with two frames in which the detector finds nothing.
		faces := []Detection{at(100+12*float32(i), 240, 60*pow(1.04, i))}
		if i == 10 || i == 11 {
			faces = nil
		}
		tracks := tracker.Update(frame(i), faces)
		if len(tracks) != 1 || tracks[0].ID != 1 {
			t.Fatalf("frame %d: tracks %v, wanted the one", i, ids(tracks))
		}
		if seen := i != 10 && i != 11; tracks[0].Seen() != seen {
			t.Fatalf("frame %d: missed %d", i, tracks[0].Missed)
		}
	}
	k := tracker.Update(frame(30), nil)[0]
	if k.Hits != 28 || k.Missed != 1 || !k.First.Equal(frame(0)) || !k.Last.Equal(frame(29)) {
		t.Errorf("hits %d, missed %d, from %v to %v", k.Hits, k.Missed, k.First, k.Last)
	}
}

func pow(base float32, n int) float32 {
	v := float32(1)
	for range n {
		v *= base
	}
	return v
}

func TestTrackEnds(t *testing.T) {
	t.Run("after missed frames", func(t *testing.T) {
		tracker := newTracker(t, func(o *TrackerOpts) { o.MaxMissed, o.MaxUnseen = 3, time.Hour })
		tracker.Update(frame(0), []Detection{at(300, 200, 100)})
		for i := 1; i <= 3; i++ {
			if tracks := tracker.Update(frame(i), nil); len(tracks) != 1 {
				t.Fatalf("gone after %d missed frames", i)
			}
		}
		if tracks := tracker.Update(frame(4), nil); len(tracks) != 0 {
			t.Errorf("still there after 4 missed frames: %v", ids(tracks))
		}
		if tracks := tracker.Update(frame(5), []Detection{at(300, 200, 100)}); len(tracks) != 1 || tracks[0].ID != 2 {
			t.Errorf("who returns is somebody new until proven otherwise, got %v", ids(tracks))
		}
	})
	t.Run("after time", func(t *testing.T) {
		tracker := newTracker(t, nil)
		tracker.Update(start, []Detection{at(300, 200, 100)})
		if tracks := tracker.Update(start.Add(2*time.Second), nil); len(tracks) != 0 {
			t.Errorf("a camera that stood still for two seconds kept %v", ids(tracks))
		}
	})
	t.Run("a clock that steps back", func(t *testing.T) {
		tracker := newTracker(t, nil)
		tracker.Update(start, []Detection{at(300, 200, 100)})
		tracks := tracker.Update(start.Add(-time.Hour), []Detection{at(300, 200, 100)})
		if len(tracks) != 1 || !tracks[0].Last.Equal(start) {
			t.Errorf("tracks %v", tracks)
		}
	})
}

func TestTwoPeopleSideBySide(t *testing.T) {
	tracker := newTracker(t, nil)
	for i := range 20 {
		// They approach each other up to one face's width; the detector names them in changing order.
		gap := 200 - 6*float32(i)
		faces := []Detection{at(320-gap, 240, 100), at(320+gap, 240, 100)}
		if i%2 == 1 {
			slices.Reverse(faces)
		}
		tracks := tracker.Update(frame(i), faces)
		if len(tracks) != 2 {
			t.Fatalf("frame %d: %v", i, ids(tracks))
		}
		for _, k := range tracks {
			left := k.Detection.Box.Centre().X < 320
			if want := k.ID == 1; left != want {
				t.Fatalf("frame %d: track %d changed sides", i, k.ID)
			}
			if k.Contested {
				t.Errorf("frame %d: track %d is contested at a gap of %v", i, k.ID, 2*gap)
			}
		}
	}
}

func TestPassingCloseIsContested(t *testing.T) {
	tracker := newTracker(t, nil)
	tracker.Update(frame(0), []Detection{at(280, 240, 100), at(330, 240, 100)})
	contested := 0
	for _, k := range tracker.Update(frame(1), []Detection{at(300, 240, 100), at(312, 240, 100)}) {
		if k.Contested {
			contested++
		}
	}
	if contested == 0 {
		t.Error("two people at 12 pixels from each other and no track is contested")
	}
	tracks := tracker.Update(frame(2), []Detection{at(200, 240, 100), at(420, 240, 100)})
	for _, k := range tracks {
		if k.Contested {
			t.Errorf("track %d stays contested", k.ID)
		}
	}
}

func TestADifferentSizeIsSomebodyElse(t *testing.T) {
	tracker := newTracker(t, nil)
	tracker.Update(frame(0), []Detection{at(320, 240, 60)})
	tracks := tracker.Update(frame(1), []Detection{at(320, 240, 150)})
	if len(tracks) != 2 || tracks[0].Seen() {
		t.Errorf("tracks %v: a face 2.5 times as high after 0.1 s is another person in front", tracks)
	}
}

func TestTrackerIsBounded(t *testing.T) {
	tracker := newTracker(t, func(o *TrackerOpts) { o.MaxTracks = 2 })
	three := []Detection{at(100, 240, 80), at(300, 240, 80), at(500, 240, 80)}
	if tracks := tracker.Update(frame(0), three); len(tracks) != 2 || tracker.Dropped() != 1 {
		t.Errorf("%d tracks, %d dropped", len(tracks), tracker.Dropped())
	}
	// Only the second is still there, so the third takes the place of the first.
	tracks := tracker.Update(frame(1), three[1:])
	if !slices.Equal(ids(tracks), []uint64{2, 3}) || tracker.Dropped() != 1 {
		t.Errorf("tracks %v, %d dropped", ids(tracks), tracker.Dropped())
	}
	crowd := make([]Detection, 500)
	for i := range crowd {
		crowd[i] = at(float32(7*i), 240, 30)
	}
	if tracks := tracker.Update(frame(2), crowd); len(tracks) != 2 {
		t.Errorf("%d tracks out of a crowd, wanted 2", len(tracks))
	}
}

func TestShotsAreTheBest(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		keep := rapid.IntRange(1, 6).Draw(r, "keep")
		tracker := newTracker(t, func(o *TrackerOpts) { o.Shots = keep })
		tracker.Update(start, []Detection{at(300, 200, 100)})
		var model []float32
		for i := range rapid.IntRange(0, 20).Draw(r, "offers") {
			quality := float32(rapid.IntRange(-1, 10).Draw(r, "quality")) / 10
			kept := tracker.Offer(1, &Shot{At: frame(i), Quality: quality, Template: template(uint64(i))})
			if quality > 0 {
				model = append(model, quality)
			}
			slices.SortFunc(model, func(a, b float32) int { return int(100 * (b - a)) })
			if room := len(model) <= keep; room && quality > 0 && !kept {
				r.Fatal("there was room, and the shot was refused")
			}
			model = model[:min(len(model), keep)]
		}
		tracks := tracker.Update(frame(1), []Detection{at(300, 200, 100)})
		var got []float32
		for _, s := range tracks[0].Shots() {
			got = append(got, s.Quality)
		}
		if !slices.Equal(got, model) {
			r.Fatalf("kept %v, wanted %v", got, model)
		}
	})
}

func TestTemplateAndContinuity(t *testing.T) {
	tracker := newTracker(t, nil)
	k := &tracker.Update(start, []Detection{at(300, 200, 100)})[0]
	stranger := template(99)
	if _, known := k.Continuity(&stranger); known {
		t.Error("continuity with a track that has no shots")
	}
	if _, known := k.Template(); known {
		t.Error("template of a track that has no shots")
	}
	if tracker.Offer(7, &Shot{Quality: 1, Template: stranger}) {
		t.Error("a track that does not exist keeps a shot")
	}
	own := template(1)
	tracker.Offer(k.ID, &Shot{Quality: 0.5, Template: own})
	tracker.Offer(k.ID, &Shot{Quality: 0.9, Template: own})
	if score, known := k.Continuity(&own); !known || score < 0.999 {
		t.Errorf("continuity with itself: %v %v", score, known)
	}
	if score, known := k.Continuity(&stranger); !known || score > 0.5 {
		t.Errorf("continuity with a stranger: %v %v", score, known)
	}
	if mean, known := k.Template(); !known || Compare(&mean, &own) < 0.999 {
		t.Error("the mean of two equal templates is another one")
	}
	tracker.Forget(k.ID)
	if len(k.Shots()) != 0 {
		t.Error("shots remain after Forget")
	}
}

// Biometric data does not outlive its track.
func TestEndedTracksAreWiped(t *testing.T) {
	tracker := newTracker(t, func(o *TrackerOpts) { o.MaxTracks = 1 })
	k := tracker.Update(start, []Detection{at(300, 200, 100)})[0]
	tracker.Offer(k.ID, &Shot{Quality: 1, Template: template(1)})
	shots := tracker.tracks[0].shots
	tracker.Reset()
	if shots[0] != (Shot{}) {
		t.Error("a template remains in memory after Reset")
	}
	if tracks := tracker.Update(frame(1), []Detection{at(300, 200, 100)}); tracks[0].ID != 2 || len(tracks[0].Shots()) != 0 {
		t.Errorf("after Reset: %v", tracks)
	}
}

// drawFrames is a film of faces that appear, move and vanish.
func drawFrames(t *rapid.T) [][]Detection {
	frames := make([][]Detection, rapid.IntRange(1, 40).Draw(t, "frames"))
	for i := range frames {
		for range rapid.IntRange(0, 6).Draw(t, "faces") {
			frames[i] = append(frames[i], at(rapid.Float32Range(0, 640).Draw(t, "x"), rapid.Float32Range(0, 480).Draw(t, "y"), rapid.Float32Range(20, 200).Draw(t, "h")))
		}
	}
	return frames
}

func TestTrackerInvariants(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		frames := drawFrames(r)
		a := newTracker(t, func(o *TrackerOpts) { o.MaxTracks = 4 })
		b := newTracker(t, func(o *TrackerOpts) { o.MaxTracks = 4 })
		var newest uint64
		for i, faces := range frames {
			tracks := a.Update(frame(i), faces)
			if len(tracks) > 4 || len(a.spare)+len(tracks) != 4 {
				r.Fatalf("frame %d: %d tracks, %d spare", i, len(tracks), len(a.spare))
			}
			boxes := map[vision.Rect]int{}
			for _, f := range faces { // two faces may have been drawn in one place
				boxes[f.Box]++
			}
			for j, k := range tracks {
				if j > 0 && k.ID <= tracks[j-1].ID {
					r.Fatalf("frame %d: tracks not by age: %v", i, ids(tracks))
				}
				if k.ID > newest && k.Hits != 1 {
					r.Fatalf("frame %d: new track %d with %d hits", i, k.ID, k.Hits)
				}
				if k.Seen() && !slices.Contains(faces, k.Detection) {
					r.Fatalf("frame %d: track %d shows a face that is not there", i, k.ID)
				}
				if k.Seen() && boxes[k.Detection.Box] == 0 {
					r.Fatalf("frame %d: one face for two tracks", i)
				}
				if k.Seen() {
					boxes[k.Detection.Box]--
				}
				if k.Missed > a.opts.MaxMissed {
					r.Fatalf("frame %d: track %d outlives %d missed frames", i, k.ID, k.Missed)
				}
			}
			newest = max(newest, a.last)
			again := b.Update(frame(i), faces)
			if diff := cmp.Diff(tracks, again, cmp.AllowUnexported(Track{})); diff != "" {
				r.Fatalf("the same frames gave other tracks:\n%s", diff)
			}
		}
	})
}

func TestTrackerAllocatesNothing(t *testing.T) {
	tracker := newTracker(t, nil)
	shot := &Shot{Quality: 0.5, Template: template(1)}
	i := 0
	faces := make([]Detection, 6)
	allocations := testing.AllocsPerRun(200, func() {
		for j := range faces {
			faces[j] = at(float32((i*37+j*211)%640), float32((i*13+j*97)%480), 80)
		}
		for _, k := range tracker.Update(frame(i), faces) {
			shot.Quality = float32(i%10) / 10
			tracker.Offer(k.ID, shot)
			k.Continuity(&shot.Template)
			k.Template()
		}
		i++
	})
	if allocations != 0 {
		t.Errorf("%v allocations a frame, wanted 0", allocations)
	}
}

func TestTrackerOptsAreChecked(t *testing.T) {
	for name, change := range map[string]func(*TrackerOpts){
		"no tracks":     func(o *TrackerOpts) { o.MaxTracks = 0 },
		"many tracks":   func(o *TrackerOpts) { o.MaxTracks = 1000 },
		"missed":        func(o *TrackerOpts) { o.MaxMissed = -1 },
		"unseen":        func(o *TrackerOpts) { o.MaxUnseen = 0 },
		"overlap":       func(o *TrackerOpts) { o.MinOverlap = 0 },
		"shift":         func(o *TrackerOpts) { o.MaxShift = -1 },
		"growth":        func(o *TrackerOpts) { o.MaxGrowth = 1 },
		"no shots":      func(o *TrackerOpts) { o.Shots = 0 },
		"endless shots": func(o *TrackerOpts) { o.Shots = 1 << 30 },
	} {
		o := DefaultTrackerOpts()
		change(&o)
		if _, err := NewTracker(o); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if b := DefaultTrackerOpts().Bytes(); b < 5*8*2048 || b > 1<<20 {
		t.Errorf("budget %d bytes", b)
	}
}

func BenchmarkTracker(b *testing.B) {
	tracker := newTracker(b, nil)
	faces := []Detection{at(100, 240, 90), at(300, 240, 90), at(500, 240, 90)}
	b.ReportAllocs()
	for i := range b.N {
		tracker.Update(frame(i), faces)
	}
}
