package document

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A card seen under perspective: the captions' places, off by up to a fifth of a millimetre, give back where the corners
// are, far from the captions too.
func TestFitFindsThePerspective(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 40 {
		s, c := math.Sincos(2 * math.Pi * r.Float64())
		scale := 4 + 6*r.Float64()
		truth := homography{scale * c, -scale * s, 500, scale * s, scale * c, 400, 0.0015 * (2*r.Float64() - 1), 0.0015 * (2*r.Float64() - 1), 1}
		var ties []tie
		for i := range anchors {
			a := &anchors[i]
			if a.side != Front {
				continue
			}
			for k := range a.chars {
				at := a.place(k)
				off := Point{0.2 * (2*r.Float64() - 1), 0.2 * (2*r.Float64() - 1)}
				ties = append(ties, tie{card: at, picture: truth.apply(at.plus(off))})
			}
		}
		for _, y := range rows[Front] {
			for _, x := range []float64{20, 55} {
				ties = append(ties, tie{card: Point{0, y}, picture: truth.apply(Point{x, y}), rowOnly: true})
			}
		}
		guess := affine(truth.apply(Point{}), Point{scale * c, scale * s}, Point{-scale * s, scale * c})
		got, spread := fit(guess, ties)
		if spread > 0.3 {
			t.Errorf("spread of %v mm", spread)
		}
		want := cardCorners(&truth)
		for i, corner := range cardCorners(&got) {
			if off := corner.minus(want[i]).length() / scale; off > 3.5 {
				t.Errorf("corner %d is %.1f mm off", i, off)
			}
		}
	}
}

func TestHostilePoses(t *testing.T) {
	for _, h := range []homography{{}, {1, 0, 0, 0, -1, 0, 0, 0, 1}, {math.NaN(), 0, 0, 0, 1, 0, 0, 0, 1}, {1, 0, 0, 0, 1, 0, 0.1, 0, -1}} {
		if plausible(&h) {
			t.Errorf("%v is plausible", h)
		}
		got, _ := fit(h, []tie{{card: Point{1, 1}, picture: Point{math.Inf(1), 0}}})
		_ = got.apply(Point{1, 1}) // anything, but no panic
	}
	if _, ok := (&homography{}).inverse(); ok {
		t.Error("nothing has an inverse")
	}
}
