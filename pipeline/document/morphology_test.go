package document

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// slowClosing is the definition.
func slowClosing(grey []byte, w, h, side int) []byte {
	window := func(from []byte, f func(a, b byte) byte) []byte {
		to := slices.Clone(from)
		for y := range h {
			for x := range w {
				for v := max(0, y-side/2); v <= min(h-1, y+side/2); v++ {
					for u := max(0, x-side/2); u <= min(w-1, x+side/2); u++ {
						to[y*w+x] = f(to[y*w+x], from[v*w+u])
					}
				}
			}
		}
		return to
	}
	greatest := window(grey, func(a, b byte) byte { return max(a, b) })
	return window(greatest, func(a, b byte) byte { return min(a, b) })
}

func TestClosing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][2]int{{1, 1}, {1, 7}, {40, 3}, {33, 65}, {64, 48}, {0, 5}} {
		for _, side := range []int{1, 3, 5, 11, 25} {
			grey := make([]byte, size[0]*size[1])
			for i := range grey {
				grey[i] = byte(r.Uint32())
			}
			before := slices.Clone(grey)
			if got, want := closing(grey, size[0], size[1], side), slowClosing(grey, size[0], size[1], side); !slices.Equal(got, want) {
				t.Errorf("%d×%d, square of %d: differs from the definition", size[0], size[1], side)
			}
			if !slices.Equal(grey, before) {
				t.Errorf("%d×%d, square of %d: the picture was changed", size[0], size[1], side)
			}
		}
	}
}

func TestQuantile(t *testing.T) {
	grey := []byte{7, 3, 200, 3, 9, 255, 0}
	sorted := slices.Sorted(slices.Values(grey))
	count := histogram(grey)
	for i, want := range sorted {
		if got := quantile(&count, i); got != int(want) {
			t.Errorf("quantile %d is %d, want %d", i, got, want)
		}
	}
	if got := quantile(&count, len(grey)); got != 255 {
		t.Errorf("beyond the last: %d", got)
	}
}
