package nn_test

import (
	"slices"
	"strings"
	"testing"
)

// algorithms lists what a network's program does, step by step.
func (n *network) algorithms(t *testing.T) (list []string) {
	t.Helper()
	for _, l := range n.program(t).Layers() {
		list = append(list, l.Op+" "+l.Algorithm)
	}
	return list
}

// What exporters write as many operations is computed as few, and still the same.
func TestFusion(t *testing.T) {
	pool := withPool(t)
	conv := func(n *network, x string, in, out int) string {
		return n.node("Conv", []string{x, n.weights(-0.3, 0.3, out, in, 1, 1)})
	}
	hardSwish := func(n *network, x string) string {
		gate := n.node("Clip", []string{n.node("Add", []string{x, n.scalar(3)})}, float("min", 0), float("max", 6))
		return n.node("Div", []string{n.node("Mul", []string{x, gate}), n.scalar(6)})
	}
	for _, c := range []struct {
		name  string
		steps int // of the fused program
		build func(n *network) string
	}{
		{"batch normalisation, scale, shift, activation, affine", 1, func(n *network) string {
			x := conv(n, n.input(1, 1, 6, 7), 1, 20)
			x = n.node("BatchNormalization", []string{x, n.weights(0.5, 1, 20), n.weights(-1, 1, 20), n.weights(-1, 1, 20), n.weights(0.5, 1, 20)})
			x = n.node("Add", []string{n.node("Mul", []string{n.scalar(0.7), x}), n.scalar(0.2)})
			x = hardSwish(n, x)
			return n.node("Add", []string{n.node("Mul", []string{x, n.scalar(1.3)}), n.scalar(-0.4)})
		}},
		{"residual", 2, func(n *network) string {
			x := conv(n, n.input(1, 1, 5, 3), 1, 18)
			return n.node("Relu", []string{n.node("Add", []string{x, conv(n, x, 18, 18)})})
		}},
		{"both operands convolutions", 2, func(n *network) string {
			x := n.input(1, 1, 5, 3)
			return n.node("Add", []string{conv(n, x, 1, 9), conv(n, x, 1, 9)})
		}},
		{"twice the same", 2, func(n *network) string {
			x := conv(n, n.input(1, 1, 5, 3), 1, 9)
			return n.node("Add", []string{x, x})
		}},
		{"swish with a factor of one", 1, func(n *network) string {
			x := conv(n, n.input(1, 1, 4, 4), 1, 8)
			return n.node("Mul", []string{x, n.node("Sigmoid", []string{n.node("Mul", []string{x, n.scalar(1)})})})
		}},
		{"squeeze and excitation", 5, func(n *network) string {
			x := conv(n, n.input(1, 1, 5, 5), 1, 12)
			gate := n.node("Relu", []string{conv(n, n.node("GlobalAveragePool", []string{x}), 12, 4)})
			gate = n.node("HardSigmoid", []string{conv(n, gate, 4, 12)})
			return n.node("Add", []string{x, n.node("Mul", []string{x, gate})})
		}},
		{"layer normalisation", 1, func(n *network) string {
			x := n.input(1, 6, 10)
			d := n.node("Sub", []string{x, n.node("ReduceMean", []string{x}, ints("axes", -1))})
			v := n.node("ReduceMean", []string{n.node("Pow", []string{d, n.scalar(2)})}, ints("axes", -1))
			y := n.node("Div", []string{d, n.node("Sqrt", []string{n.node("Add", []string{v, n.scalar(1e-5)})})})
			return n.node("Add", []string{n.node("Mul", []string{y, n.weights(-1, 1, 10)}), n.weights(-1, 1, 10)})
		}},
		{"product, bias, activation", 1, func(n *network) string {
			x := n.node("MatMul", []string{n.input(1, 7, 12), n.weights(-1, 1, 12, 19)})
			return n.node("Relu", []string{n.node("Add", []string{x, n.weights(-1, 1, 19)})})
		}},
		{"shuffle of two", 3, func(n *network) string {
			x := n.input(1, 1, 5, 3)
			return n.shuffle(n.node("Concat", []string{conv(n, x, 1, 9), conv(n, x, 1, 9)}, integer("axis", 1)), 1, 2, 9, 5, 3)
		}},
		{"what was joined cut again", 3, func(n *network) string {
			a, b := n.node("Relu", []string{n.input(1, 5, 2)}), n.input(1, 5, 3)
			parts := n.nodes("Split", 2, []string{n.node("Concat", []string{a, b}, integer("axis", 2))}, integer("axis", 2), ints("split", 2, 3))
			return n.node("Mul", []string{n.node("ReduceMean", []string{parts[0]}, ints("axes", -1)), n.weights(0.5, 1, 1)})
		}},
		{"quotient by a power of two", 1, func(n *network) string {
			return n.node("Div", []string{n.input(1, 6, 7), n.scalar(-4)})
		}},
		{"concatenation of convolutions", 2, func(n *network) string {
			x := n.input(1, 1, 5, 3)
			return n.node("Flatten", []string{n.node("Transpose", []string{n.node("Concat", []string{conv(n, x, 1, 5), conv(n, x, 1, 17)}, integer("axis", 1))}, ints("perm", 0, 2, 3, 1))})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNetwork(6)
			n.outputs(c.build(n)).check(t, pool)
			steps := slices.DeleteFunc(n.algorithms(t), func(s string) bool { return strings.HasPrefix(s, "output") || strings.HasPrefix(s, "layout") })
			if len(steps) != c.steps {
				t.Errorf("%d steps, want %d: %v", len(steps), c.steps, steps)
			}
		})
	}
}

// A constant with more dimensions, or one that repeats along another axis, looks like a pattern and is none.
func TestLookalikesAreNotFused(t *testing.T) {
	pool := withPool(t)
	for name, build := range map[string]func(n *network) string{
		"scale that adds a dimension": func(n *network) string {
			x := n.node("HardSwish", []string{n.node("Conv", []string{n.input(1, 1, 3, 4), n.weights(-1, 1, 6, 1, 1, 1)})})
			return n.node("Mul", []string{x, n.weights(0.5, 1, 1, 1, 1, 1, 1)})
		},
		"bias along the width": func(n *network) string {
			x := n.node("Conv", []string{n.input(1, 1, 3, 6), n.weights(-1, 1, 6, 1, 1, 1)})
			return n.node("Add", []string{x, n.weights(-1, 1, 6)})
		},
		"constant minus convolution": func(n *network) string {
			x := n.node("Conv", []string{n.input(1, 1, 3, 6), n.weights(-1, 1, 6, 1, 1, 1)})
			return n.node("Sub", []string{n.weights(-1, 1, 6, 1, 1), x})
		},
		"constant through convolution": func(n *network) string {
			x := n.node("Exp", []string{n.node("Conv", []string{n.input(1, 1, 3, 6), n.weights(-1, 1, 6, 1, 1, 1)})})
			return n.node("Div", []string{n.weights(-1, 1, 6, 1, 1), x})
		},
		"clip to five": func(n *network) string {
			x := n.input(1, 4, 3)
			gate := n.node("Clip", []string{n.node("Add", []string{x, n.scalar(3)})}, float("min", 0), float("max", 5))
			return n.node("Div", []string{n.node("Mul", []string{x, gate}), n.scalar(6)})
		},
		"shuffle the other way": func(n *network) string {
			x := n.input(1, 1, 5, 4)
			y := n.node("Concat", []string{n.node("Relu", []string{x}), n.node("Sigmoid", []string{x})}, integer("axis", 1))
			return n.shuffle(n.node("Concat", []string{y, y}, integer("axis", 1)), 1, 2, 2, 4, 5)
		},
		"shuffle of three": func(n *network) string {
			x := n.node("Relu", []string{n.input(1, 6, 5, 3)})
			return n.shuffle(n.node("Concat", []string{x, x}, integer("axis", 1)), 1, 3, 4, 5, 3)
		},
		"shuffle of what is read besides": func(n *network) string {
			x := n.node("Relu", []string{n.input(1, 4, 5, 3)})
			y := n.node("Concat", []string{x, n.node("Sigmoid", []string{x})}, integer("axis", 1))
			return n.node("Add", []string{y, n.shuffle(y, 1, 2, 4, 5, 3)})
		},
		"what was joined cut elsewhere": func(n *network) string {
			y := n.node("Concat", []string{n.node("Relu", []string{n.input(1, 5, 2)}), n.input(1, 5, 3)}, integer("axis", 2))
			return n.node("Sigmoid", []string{n.nodes("Split", 2, []string{y}, integer("axis", 2), ints("split", 3, 2))[1]})
		},
		"square of the sigmoid": func(n *network) string {
			s := n.node("Sigmoid", []string{n.input(1, 4, 3)})
			return n.node("Mul", []string{s, s})
		},
		"layer normalisation with a column": func(n *network) string {
			x := n.input(1, 6, 6)
			d := n.node("Sub", []string{x, n.node("ReduceMean", []string{x}, ints("axes", -1))})
			v := n.node("ReduceMean", []string{n.node("Pow", []string{d, n.scalar(2)})}, ints("axes", -1))
			y := n.node("Div", []string{d, n.node("Sqrt", []string{n.node("Add", []string{v, n.scalar(1e-5)})})})
			return n.node("Add", []string{n.node("Mul", []string{y, n.weights(-1, 1, 6, 1)}), n.weights(-1, 1, 6)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(7)
			n.outputs(build(n)).check(t, pool)
		})
	}
}

// shuffle takes the channels of a picture in turn from as many groups as the second of the sizes says.
func (n *network) shuffle(x string, sizes ...int64) string {
	y := n.node("Transpose", []string{n.node("Reshape", []string{x, n.integers(sizes...)})}, ints("perm", 0, 2, 1, 3, 4))
	return n.node("Reshape", []string{y, n.integers(1, sizes[1]*sizes[2], sizes[3], sizes[4])})
}

// Outputs keep their names and own memory, whatever they are other names or views of.
func TestOutputs(t *testing.T) {
	n := newNetwork(8)
	x := n.input(1, 2, 3, 4)
	y := n.node("Conv", []string{x, n.weights(-1, 1, 5, 2, 1, 1)})
	n.outputs(n.node("Identity", []string{y}), y, n.node("Relu", []string{y}), n.node("Reshape", []string{x, n.integers(4, 0, -1)}),
		n.node("Reshape", []string{x, n.integers(-1)}), n.node("Slice", []string{y}, ints("starts", 1), ints("ends", 3), ints("axes", 1))).check(t, withPool(t))
}
