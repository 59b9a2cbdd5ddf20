package challenge

import (
	"math"
	"strings"
	"testing"
)

func drawOf(t testing.TB, n byte, purpose string) draw {
	t.Helper()
	d, err := newDraw(nonceOf(n), purpose)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// chiSquared is the statistic of Pearson for equally likely outcomes, as deviations from its mean.
func chiSquared(counts map[string]int, outcomes int) float64 {
	total := 0
	for _, n := range counts {
		total += n
	}
	want := float64(total) / float64(outcomes)
	sum := want * float64(outcomes-len(counts)) // those that never came
	for _, n := range counts {
		sum += (float64(n) - want) * (float64(n) - want) / want
	}
	free := float64(outcomes - 1)
	return (sum - free) / math.Sqrt(2*free)
}

func TestBelowIsUniform(t *testing.T) {
	d := drawOf(t, 1, "test")
	for _, n := range []int{1, 2, 3, 7, 10, 100} {
		counts := map[string]int{}
		for range 1000 * n {
			v := d.below(n)
			if v < 0 || v >= n {
				t.Fatalf("%d is not below %d", v, n)
			}
			counts[string(rune(v))]++
		}
		if n > 1 && math.Abs(chiSquared(counts, n)) > 4.5 {
			t.Errorf("below(%d): %v", n, counts)
		}
	}
}

func TestPurposesAndNoncesAreIndependent(t *testing.T) {
	a, b, c := drawOf(t, 1, "one"), drawOf(t, 1, "two"), drawOf(t, 2, "one")
	again := drawOf(t, 1, "one")
	same := 0
	for range 1000 {
		x, y, z := a.below(1000), b.below(1000), c.below(1000)
		if x == y || x == z || y == z {
			same++
		}
		if x != again.below(1000) {
			t.Fatal("the same nonce and purpose give other numbers")
		}
	}
	if same > 20 {
		t.Errorf("%d of 3000 pairs are equal, 3 expected", same)
	}
}

func TestNonceLength(t *testing.T) {
	for _, n := range []int{0, MinNonce - 1, MaxNonce + 1} {
		if _, err := newDraw(make([]byte, n), "test"); err == nil || !strings.Contains(err.Error(), "nonce") {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}
