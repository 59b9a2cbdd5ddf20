package face

import (
	"cmp"
	"slices"
)

// pair is a track and a face that could be it.
type pair struct {
	track, face int
	// affinity grows with how well they fit, above 0.
	affinity float32
}

// contest is how much worse another possible pair has to fit for a choice to be clear.
const contest = 0.35

// associate assigns each face to the track that it fits best, the best pairs first, and notes what became of both.
func (t *Tracker) associate(faces []Detection) {
	t.pairs = t.pairs[:0]
	for i := range t.tracks {
		for j := range faces {
			if a, fits := t.affinity(&t.tracks[i], &faces[j]); fits {
				t.pairs = append(t.pairs, pair{i, j, a})
			}
		}
	}
	slices.SortFunc(t.pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.affinity, a.affinity), cmp.Compare(a.track, b.track), cmp.Compare(a.face, b.face))
	})
	clear(t.taken)
	for i := range t.tracks {
		t.tracks[i].Missed++
		t.tracks[i].Contested = false
	}
	for _, p := range t.pairs {
		k := &t.tracks[p.track]
		if k.Missed == 0 || t.taken[p.face] != 0 {
			continue
		}
		k.Contested = t.contested(p)
		k.Detection = faces[p.face]
		k.Missed = 0
		k.Hits++
		t.taken[p.face] = p.track + 1
	}
}

// affinity reports whether a face can be the person of a track, and how well it fits: the overlap of the boxes, plus
// how near their centres are within MaxShift.
func (t *Tracker) affinity(k *Track, d *Detection) (float32, bool) {
	last, box := k.Detection.Box, d.Box
	if !(ratio(last, box) <= t.opts.MaxGrowth) {
		return 0, false
	}
	shared := overlap(last, box)
	// Over several unseen frames a person gets further, but not further than where the tracks of two people at arm's
	// length would mix.
	reach := t.opts.MaxShift * min(1+0.25*float32(k.Missed), 1.5) * (last.Dy() + box.Dy()) / 2
	apart := distance(last.Centre(), box.Centre())
	if !(shared >= t.opts.MinOverlap || apart <= reach) {
		return 0, false
	}
	near := float32(0)
	if reach > 0 {
		near = max(0, 1-apart/reach)
	}
	return shared + near + 1e-6, true
}

// contested reports whether the track or the face of a chosen pair had another possibility that fits nearly as well.
func (t *Tracker) contested(chosen pair) bool {
	for _, p := range t.pairs {
		other := (p.track == chosen.track) != (p.face == chosen.face)
		if other && p.affinity >= contest*chosen.affinity {
			return true
		}
	}
	return false
}
