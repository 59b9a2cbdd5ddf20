package face

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"umbral/pipeline/vision"
)

func TestDecodeLeavesOutWhatIsNoFace(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	good := []float32{0.1, 0.1, 0.2, 0.2}
	for name, c := range map[string]struct {
		score float32
		box   []float32
		kept  bool
	}{
		"face":              {0.9, good, true},
		"at the threshold":  {0.6, good, false},
		"score NaN":         {nan, good, false},
		"score infinite":    {inf, good, true},
		"box NaN":           {0.9, []float32{nan, 0.1, 0.2, 0.2}, false},
		"box infinite":      {0.9, []float32{0.1, 0.1, inf, 0.2}, false},
		"both infinite":     {0.9, []float32{-inf, 0.1, inf, 0.2}, false},
		"turned inside out": {0.9, []float32{0.2, 0.2, 0.1, 0.1}, false},
		"no width":          {0.9, []float32{0.1, 0.1, 0.1, 0.2}, false},
		"beyond the edge":   {0.9, []float32{-0.2, -0.1, 0.3, 0.4}, true},
		"huge":              {0.9, []float32{-9, -9, 9, 9}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := decode(make([]candidate, 0, 4), []float32{0, c.score}, c.box, 0.6)
			if (len(got) == 1) != c.kept {
				t.Errorf("kept %v, wanted %v", got, c.kept)
			}
		})
	}
	if got := decode(make([]candidate, 0, 1), []float32{0, 0.9, 0, 0.9}, append(good, good...), 0.6); len(got) != 1 {
		t.Errorf("%d candidates in memory for one", len(got))
	}
	if got := decode(make([]candidate, 0, 4), []float32{0, 0.9, 0}, good[:3], 0.6); len(got) != 0 {
		t.Errorf("%d candidates from a box of three sides", len(got))
	}
}

func drawCandidates(t *rapid.T) []candidate {
	n := rapid.IntRange(0, 40).Draw(t, "n")
	all := make([]candidate, n)
	for i := range all {
		x, y := rapid.Float32Range(-0.2, 1).Draw(t, "x"), rapid.Float32Range(-0.2, 1).Draw(t, "y")
		w, h := rapid.Float32Range(0.01, 0.5).Draw(t, "w"), rapid.Float32Range(0.01, 0.5).Draw(t, "h")
		// Few different scores, so that ties are drawn too.
		score := float32(rapid.IntRange(60, 70).Draw(t, "score")) / 100
		all[i] = candidate{vision.Rect{X0: x, Y0: y, X1: x + w, Y1: y + h}, score, int32(i)}
	}
	return all
}

// Suppression is compared with its definition: the best remaining box is kept and takes all that overlap it away.
func TestSuppressAgainstDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawCandidates(t)
		limit := rapid.IntRange(1, 10).Draw(t, "limit")
		const most = 0.4

		rest := slices.Clone(all)
		var want []candidate
		for len(rest) > 0 && len(want) < limit {
			best := 0
			for i, c := range rest {
				if c.score > rest[best].score {
					best = i
				}
			}
			chosen := rest[best]
			want = append(want, chosen)
			rest = slices.DeleteFunc(rest, func(c candidate) bool {
				return c.place == chosen.place || overlap(c.box, chosen.box) > most
			})
		}
		got := suppress(slices.Clone(all), most, limit)
		if diff := cmp.Diff(want, slices.Clone(got), cmp.AllowUnexported(candidate{}), equateEmpty); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

var equateEmpty = cmp.FilterValues(func(a, b []candidate) bool { return len(a) == 0 && len(b) == 0 }, cmp.Ignore())

func TestOverlap(t *testing.T) {
	unit := vision.Rect{X1: 1, Y1: 1}
	for _, c := range []struct {
		other vision.Rect
		want  float32
	}{
		{unit, 1},
		{vision.Rect{X0: 0.5, X1: 1.5, Y1: 1}, 1. / 3},
		{vision.Rect{X0: 1, X1: 2, Y1: 1}, 0},
		{vision.Rect{X0: 5, Y0: 5, X1: 6, Y1: 6}, 0},
		{vision.Rect{X0: 0.25, Y0: 0.25, X1: 0.75, Y1: 0.75}, 0.25},
	} {
		if got := overlap(unit, c.other); abs(got-c.want) > 1e-6 || got != overlap(c.other, unit) {
			t.Errorf("%v: %v, wanted %v either way", c.other, got, c.want)
		}
	}
}

func TestTouchesEdge(t *testing.T) {
	for _, c := range []struct {
		box  vision.Rect
		want bool
	}{
		{vision.Rect{X0: 0.3, Y0: 0.3, X1: 0.6, Y1: 0.6}, false},
		{vision.Rect{X0: 0.002, Y0: 0.3, X1: 0.6, Y1: 0.6}, true},
		{vision.Rect{X0: 0.004, Y0: 0.3, X1: 0.6, Y1: 0.6}, false},
		{vision.Rect{X0: 0.3, Y0: -0.1, X1: 0.6, Y1: 0.6}, true},
		{vision.Rect{X0: 0.3, Y0: 0.3, X1: 1, Y1: 0.6}, true},
		{vision.Rect{X0: 0.3, Y0: 0.3, X1: 0.6, Y1: 0.998}, true},
	} {
		if got := touchesEdge(c.box, 320, 240); got != c.want {
			t.Errorf("%v: %v, wanted %v", c.box, got, c.want)
		}
	}
}

func TestSquare(t *testing.T) {
	got := Square(vision.Rect{X0: 10, Y0: 20, X1: 20, Y1: 60})
	if want := (vision.Rect{X0: -5, Y0: 20, X1: 35, Y1: 60}); got != want {
		t.Errorf("%v, wanted %v", got, want)
	}
	if again := Square(got); again != got {
		t.Errorf("the square of a square is %v", again)
	}
}

func TestProminent(t *testing.T) {
	large := Detection{Box: vision.Rect{X0: 0, Y0: 0, X1: 60, Y1: 70}}
	central := Detection{Box: vision.Rect{X0: 100, Y0: 100, X1: 150, Y1: 160}}
	small := Detection{Box: vision.Rect{X0: 120, Y0: 120, X1: 130, Y1: 130}}
	for name, c := range map[string]struct {
		faces []Detection
		want  int
	}{
		"none":                  {nil, -1},
		"one":                   {[]Detection{large}, 0},
		"central beats corner":  {[]Detection{large, central}, 1},
		"large beats small":     {[]Detection{small, central}, 1},
		"first of equals":       {[]Detection{central, central}, 0},
		"only one in the weeds": {[]Detection{{Box: vision.Rect{X0: -500, Y0: -500, X1: -490, Y1: -490}}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Prominent(c.faces, 250, 250); got != c.want {
				t.Errorf("%d, wanted %d", got, c.want)
			}
		})
	}
}
