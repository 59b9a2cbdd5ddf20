package face

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"umbral/pipeline/vision"
)

// Portrait is a face of a photograph, ready to be enrolled.
type Portrait struct {
	Template Template
	Quality  Quality
	// Turn is by how many quarters clockwise the photograph had to be turned to stand upright.
	Turn int
	// Box is where the face lies in the photograph turned so.
	Box vision.Rect
}

// Refusal says why a photograph cannot be enrolled from and what to do, in words for the person who chose it.
type Refusal string

func (r Refusal) Error() string { return string(r) }

func refuse(format string, args ...any) error { return Refusal(fmt.Sprintf(format, args...)) }

// Portrait finds the face of a photograph to enrol. It looks at the photograph in all four turns, because photographs
// lie on their side or head and the models make a template of such a face too, one that is worth nothing; Portrait.Turn
// says which turn is upright. which is the number of the face that is meant, counted from the left in the upright
// photograph; 0 means that there is one. Unlike the calls for frames, Portrait allocates.
//
// An error is a Refusal where the photograph is to blame.
func (a *Analyzer) Portrait(img *vision.Image, which int) (Portrait, error) {
	if err := checkPicture(img); err != nil {
		return Portrait{}, err
	}
	p := newPhotograph(img)
	turn, err := a.upright(p)
	if err != nil {
		return Portrait{}, err
	}
	faces, err := a.people(p.turns[turn])
	if err != nil {
		return Portrait{}, err
	}
	chosen, err := choose(faces, which)
	if err != nil {
		return Portrait{}, err
	}
	return a.portrait(p.turns[turn], chosen)
}

// portrait judges a face of an upright photograph. The photograph being upright does not make every face in it upright.
func (a *Analyzer) portrait(v *turned, d *found) (Portrait, error) {
	s, err := a.witness(v, d)
	if err != nil {
		return Portrait{}, err
	}
	if !s.upright() {
		return Portrait{}, refuse("%s", unclear)
	}
	c := d.cut
	q := a.Quality(c.img, Detection{Box: c.box, Score: d.Score}, s.points, s.points.Pose())
	q.Size, q.Share = d.Box.Dy(), d.Box.Dy()/float32(min(v.width, v.height))
	q.Edge = v.cutOff(c, &s.points)
	if s.points.barred(c.img) {
		q.Misfit = 2 * PhotographLimits().MaxMisfit
	}
	q = q.Judge(PhotographLimits())
	if !q.Usable() {
		return Portrait{}, refuse("%s", photographText(&q))
	}
	return Portrait{Template: s.template, Quality: q, Turn: v.quarters, Box: d.Box}, nil
}

// unclear is said of a face of which it can't be told that it is one and upright.
const unclear = "the face can't be made out: use a photograph that shows it upright, uncovered and from the front"

// witness compares the face d with its mirror image, once.
func (a *Analyzer) witness(v *turned, d *found) (*symmetry, error) {
	if d.symmetry != nil {
		return d.symmetry, nil
	}
	d.cut = v.cut(d.Box)
	var err error
	d.symmetry, err = a.symmetry(d.cut)
	return d.symmetry, err
}

// upright finds the turn in which the photograph stands upright.
func (a *Analyzer) upright(p *photograph) (turn int, err error) {
	found := 0
	for _, v := range p.turns {
		if v.faces, err = a.faces(v); err != nil {
			return 0, err
		}
		found += len(v.faces)
	}
	if found == 0 {
		return 0, refuse("no face was found")
	}
	// The first that a turn shows may be no face at all, so more are asked where they leave a doubt.
	const asked = 3
	for rank := range asked {
		var seen [4]*symmetry
		for i, v := range p.turns {
			if rank < len(v.faces) {
				if seen[i], err = a.witness(v, v.faces[rank]); err != nil {
					return 0, err
				}
			}
		}
		if turn, ok := agreed(&seen); ok {
			return turn, nil
		}
	}
	if p.tallest() < PhotographLimits().MinSize {
		return 0, refuse("%s", photographTexts[TooFar])
	}
	return 0, refuse("%s", unclear)
}

// people returns those faces of an upright photograph that it can be about, from left to right. Much smaller ones
// belong to the background.
func (a *Analyzer) people(v *turned) ([]*found, error) {
	const background = 0.4
	tallest := float32(0)
	for _, d := range v.faces {
		tallest = max(tallest, d.Box.Dy())
	}
	faces := slices.DeleteFunc(slices.Clone(v.faces), func(d *found) bool { return d.Box.Dy() < background*tallest })
	if len(faces) > 1 {
		kept := faces[:0]
		for _, d := range faces {
			s, err := a.witness(v, d)
			if err != nil {
				return nil, err
			}
			if !s.isNone() {
				kept = append(kept, d)
			}
		}
		faces = kept
	}
	slices.SortFunc(faces, func(a, b *found) int {
		p, q := a.Box.Centre(), b.Box.Centre()
		return cmp.Or(cmp.Compare(p.X, q.X), cmp.Compare(p.Y, q.Y))
	})
	return faces, nil
}

// choose picks the face that is meant.
func choose(faces []*found, which int) (*found, error) {
	switch {
	case len(faces) == 0:
		return nil, refuse("no face was found")
	case which == 0 && len(faces) == 1:
		return faces[0], nil
	case which >= 1 && which <= len(faces):
		return faces[which-1], nil
	case which != 0:
		return nil, refuse("face %d is meant, wanted 1 to %d", which, len(faces))
	}
	var places []string
	for i, d := range faces {
		c := d.Box.Centre()
		places = append(places, fmt.Sprintf("%d at %.0f,%.0f (%.0f pixels high)", i+1, c.X, c.Y, d.Box.Dy()))
	}
	return nil, refuse("%d faces were found: %s; say which one is meant, counted from the left (--face 1 to %d)",
		len(faces), strings.Join(places, ", "), len(faces))
}
