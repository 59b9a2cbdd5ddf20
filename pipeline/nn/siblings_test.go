package nn_test

import (
	"slices"
	"strings"
	"testing"
)

// Narrow convolutions of one value are computed as one; those that differ in what is done to their outputs, that have a
// place in a concatenation, that are an output, or that are too many for one tile are not.
func TestSiblings(t *testing.T) {
	n := newNetwork(41)
	in := n.input(1, 24, 9, 21)
	narrow := func(outputs int) string {
		return n.node("Conv", []string{in, n.weights(-0.3, 0.3, outputs, 24, 1, 1), n.weights(-1, 1, outputs)})
	}
	wide := func(x string, channels int) string {
		return n.node("Conv", []string{x, n.weights(-0.2, 0.2, 16, channels, 3, 3), n.weights(-1, 1, 16)}, ints("pads", 1, 1, 1, 1))
	}
	a, b, c, d, e := narrow(8), narrow(8), narrow(8), narrow(8), narrow(8) // four fit
	relu := n.node("Relu", []string{narrow(8)})
	odd := narrow(12)
	placed := n.node("Concat", []string{narrow(8), in}, integer("axis", 1))
	sum := wide(a, 8)
	for _, x := range []string{wide(b, 8), wide(c, 8), wide(d, 8), wide(e, 8), wide(relu, 8), wide(odd, 12), wide(placed, 32)} {
		sum = n.node("Add", []string{sum, x})
	}
	// One value that is read twice, by an activation and as it is.
	n.outputs(sum, n.node("Sigmoid", []string{b}), narrow(8))

	var joined []string
	for _, l := range n.program(t).Layers() {
		if l.Op == "Conv" && strings.Contains(l.Name, ",") {
			joined = append(joined, l.Name)
		}
	}
	if want := "Conv/" + strings.Join([]string{a, b, c, d}, ", Conv/"); !slices.Equal(joined, []string{want}) {
		t.Errorf("joined %q, wanted %q", joined, want)
	}
	n.check(t, withPool(t))
}
