package nn_test

import (
	"testing"

	"pgregory.net/rapid"
)

// arena is what a network's activations take.
func (n *network) arena(t *testing.T) int64 {
	t.Helper()
	return n.program(t).Budget().Arena
}

// Element-wise steps write over what nobody reads any more: a chain of them takes no more room than one.
func TestElementWiseStepsTakeNoRoom(t *testing.T) {
	chain := func(steps ...string) int64 {
		n := newNetwork(1)
		x := n.node("MaxPool", []string{n.input(1, 8, 32, 32)}, ints("kernel_shape", 3, 3), ints("pads", 1, 1, 1, 1))
		for _, op := range steps {
			inputs := []string{x}
			switch op {
			case "Add", "Mul":
				inputs = append(inputs, n.weights(1, 2, 8, 1, 1))
			case "PRelu":
				inputs = append(inputs, n.weights(0, 1, 8, 1, 1))
			}
			x = n.node(op, inputs)
		}
		y := n.node("MaxPool", []string{x}, ints("kernel_shape", 3, 3), ints("pads", 1, 1, 1, 1))
		return n.outputs(n.node("GlobalAveragePool", []string{y})).arena(t)
	}
	if one, many := chain("Sigmoid"), chain("Sigmoid", "Add", "PRelu", "Mul", "Exp", "HardSwish"); many > one {
		t.Errorf("an arena of %d bytes for six steps, %d for one", many, one)
	}
}

// An enlarged picture that is only added is never made.
func TestEnlargedPicturesTakeNoRoom(t *testing.T) {
	n := newNetwork(1)
	const large = 4 * 16 * 64 * 64
	x := n.input(1, 16, 64, 64)
	small := n.node("MaxPool", []string{x}, ints("kernel_shape", 4, 4), ints("strides", 4, 4))
	small = n.node("Resize", []string{small, "", n.factors(1, 1, 4, 4)}, str("mode", "nearest"),
		str("coordinate_transformation_mode", "asymmetric"), str("nearest_mode", "floor"))
	other := n.node("MaxPool", []string{x}, ints("kernel_shape", 3, 3), ints("pads", 1, 1, 1, 1))
	y := n.node("Add", []string{small, other})
	n.outputs(n.node("GlobalAveragePool", []string{y}))
	// The input, its copy with inner channels, the other picture that the sum is written over, and the small one.
	if got := n.arena(t); got > 3*large+large/16+8<<10 {
		t.Errorf("an arena of %d bytes for pictures of %d", got, large)
	}
	n.check(t, withPool(t))
}

// Cutting long runs among threads visits the same places.
func TestLargeElementWiseSteps(t *testing.T) {
	pool := withPool(t)
	rapid.Check(t, func(t *rapid.T) {
		n := newNetwork(rapid.Uint64().Draw(t, "seed"))
		shape := []int{1, rapid.IntRange(1, 9).Draw(t, "channels"), rapid.IntRange(30, 70).Draw(t, "height"), rapid.IntRange(30, 70).Draw(t, "width")}
		x := n.input(shape...)
		y := n.node("Sigmoid", []string{x})
		n.outputs(n.node("Mul", []string{n.node("Add", []string{x, y}), y}), n.node("Exp", []string{y})).check(t, pool)
	})
}
