package nn_test

import (
	"fmt"
	"testing"

	"umbral/pipeline/nn/onnx"
)

// Every operation against the reference, at sizes that leave parts of blocks over.
func TestOperators(t *testing.T) {
	pool := withPool(t)
	for _, c := range []struct {
		name  string
		build func(n *network) string
	}{
		{"relu", func(n *network) string { return n.node("Relu", []string{n.input(1, 5, 3, 7)}) }},
		{"sigmoid", func(n *network) string { return n.node("Sigmoid", []string{n.input(1, 7, 3)}) }},
		{"exp and sqrt", func(n *network) string { return n.node("Sqrt", []string{n.node("Exp", []string{n.input(1, 19)})}) }},
		{"hard sigmoid", func(n *network) string {
			return n.node("HardSigmoid", []string{n.input(1, 4, 5)}, float("alpha", 0.3), float("beta", 0.4))
		}},
		{"hard swish", func(n *network) string { return n.node("HardSwish", []string{n.input(1, 21, 2, 2)}) }},
		{"clip by attributes", func(n *network) string {
			return n.node("Clip", []string{n.input(1, 33)}, float("min", -0.5), float("max", 0.25))
		}},
		{"clip by inputs", func(n *network) string {
			return n.node("Clip", []string{n.input(1, 33), n.scalar(-0.5), n.scalar(0.25)})
		}},
		{"prelu", func(n *network) string {
			return n.node("PRelu", []string{n.input(1, 6, 3, 3), n.weights(-1, 1, 6, 1, 1)})
		}},
		{"pow", func(n *network) string {
			return n.node("Pow", []string{n.node("Exp", []string{n.input(1, 9)}), n.scalar(1.5)})
		}},
		{"batch normalisation alone", func(n *network) string {
			return n.node("BatchNormalization", []string{n.input(1, 5, 4, 3), n.weights(0.5, 1, 5), n.weights(-1, 1, 5), n.weights(-1, 1, 5), n.weights(0.1, 2, 5)}, float("epsilon", 1e-3))
		}},
		{"softmax", func(n *network) string { return n.node("Softmax", []string{n.input(1, 4, 11)}, integer("axis", 2)) }},
		{"softmax before axes of one", func(n *network) string {
			return n.node("Softmax", []string{n.input(1, 13, 1, 1)}, integer("axis", 1))
		}},
		{"average over a picture", func(n *network) string { return n.node("GlobalAveragePool", []string{n.input(1, 19, 5, 3)}) }},
		{"mean over a picture, flat", func(n *network) string {
			return n.node("ReduceMean", []string{n.input(1, 7, 5, 3)}, ints("axes", 2, 3), integer("keepdims", 0))
		}},
		{"mean over the last axis", func(n *network) string {
			return n.node("ReduceMean", []string{n.input(1, 7, 5)}, ints("axes", -1))
		}},
		{"resize", func(n *network) string {
			return n.node("Resize", []string{n.input(1, 5, 3, 4), "", n.factors(1, 1, 3, 2)}, str("mode", "nearest"),
				str("coordinate_transformation_mode", "asymmetric"), str("nearest_mode", "floor"))
		}},
		{"gemm", func(n *network) string {
			return n.node("Gemm", []string{n.input(1, 23), n.weights(-1, 1, 23, 17), n.weights(-1, 1, 17)}, float("alpha", 0.5), float("beta", 2))
		}},
		{"gemm, transposed matrix", func(n *network) string {
			return n.node("Gemm", []string{n.input(1, 23), n.weights(-1, 1, 3, 23)}, integer("transB", 1))
		}},
		{"product with a constant", func(n *network) string {
			return n.node("MatMul", []string{n.input(1, 9, 20), n.weights(-1, 1, 20, 31)})
		}},
		{"product of two", func(n *network) string {
			return n.node("MatMul", []string{n.input(1, 3, 9, 20), n.input(1, 3, 20, 7)})
		}},
		{"product with a transposed one", func(n *network) string {
			b := n.node("Transpose", []string{n.input(1, 3, 7, 20)}, ints("perm", 0, 1, 3, 2))
			return n.node("MatMul", []string{n.input(1, 3, 9, 20), b})
		}},
		{"depthwise, one pixel in the padding's middle", func(n *network) string {
			return n.node("Conv", []string{n.input(1, 9, 2, 2), n.weights(-1, 1, 9, 1, 3, 3), n.weights(-1, 1, 9)}, ints("pads", 1, 1, 1, 1), ints("strides", 2, 2), integer("group", 9))
		}},
		{"depthwise, five by five in a wide picture", func(n *network) string {
			return n.node("Conv", []string{n.input(1, 19, 6, 31), n.weights(-1, 1, 19, 1, 5, 5), n.weights(-1, 1, 19)}, ints("pads", 2, 2, 2, 2), ints("strides", 2, 1), integer("group", 19))
		}},
		{"depthwise, dilated and lopsided", func(n *network) string {
			return n.node("Conv", []string{n.input(1, 8, 13, 27), n.weights(-1, 1, 8, 1, 3, 3), n.weights(-1, 1, 8)}, ints("pads", 0, 3, 4, 1), ints("dilations", 2, 3), integer("group", 8))
		}},
		{"convolution of one row into few channels", func(n *network) string {
			return n.node("Conv", []string{n.input(1, 11, 1, 23), n.weights(-1, 1, 10, 11, 1, 3), n.weights(-1, 1, 10)}, ints("pads", 0, 1, 0, 1))
		}},
		{"convolution that skips pixels", func(n *network) string {
			return n.node("Conv", []string{n.input(1, 6, 9, 47), n.weights(-1, 1, 27, 6, 1, 1), n.weights(-1, 1, 27)}, ints("strides", 2, 2))
		}},
		{"three by three over many channels, odd sizes", func(n *network) string {
			return n.node("Relu", []string{n.node("Conv", []string{n.input(1, 40, 11, 22), n.weights(-1, 1, 24, 40, 3, 3), n.weights(-1, 1, 24)}, ints("pads", 1, 1, 1, 1))})
		}},
		{"three by three over many channels, padded on one side", func(n *network) string {
			return n.node("Sigmoid", []string{n.node("Conv", []string{n.input(1, 32, 10, 90), n.weights(-1, 1, 16, 32, 3, 3), n.weights(-1, 1, 16)}, ints("pads", 0, 2, 0, 0))})
		}},
		{"max pool", func(n *network) string {
			return n.node("MaxPool", []string{n.input(1, 5, 8, 9)}, ints("kernel_shape", 3, 3), ints("strides", 2, 2), ints("pads", 1, 1, 1, 1))
		}},
		{"average pool", func(n *network) string {
			return n.node("AveragePool", []string{n.input(1, 18, 9, 8)}, ints("kernel_shape", 3, 2), ints("strides", 3, 2), ints("pads", 0, 1, 1, 0))
		}},
		{"split", func(n *network) string {
			parts := n.nodes("Split", 3, []string{n.input(1, 11, 3, 2)}, integer("axis", 1), ints("split", 4, 1, 6))
			return n.node("Concat", []string{parts[2], parts[0], parts[1], parts[0]}, integer("axis", 1))
		}},
		{"slice with steps", func(n *network) string {
			return n.node("Slice", []string{n.input(1, 9, 6, 7), n.integers(1, 0), n.integers(8, 1<<62), n.integers(1, 3), n.integers(3, 2)})
		}},
		{"flatten", func(n *network) string {
			return n.node("Flatten", []string{n.node("Relu", []string{n.input(1, 3, 4, 5)})}, integer("axis", 2))
		}},
		{"squeeze and unsqueeze", func(n *network) string {
			x := n.node("Squeeze", []string{n.input(1, 3, 1, 5)}, ints("axes", 0, 2))
			return n.node("Unsqueeze", []string{x}, ints("axes", 0, 3))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNetwork(1)
			n.outputs(c.build(n)).check(t, pool)
		})
	}
}

// factors are the scales of a Resize.
func (n *network) factors(list ...float32) string {
	name := n.name()
	n.graph.Initializers[name] = &onnx.Tensor{Name: name, Type: onnx.Float, Shape: []int{len(list)}, F: list}
	return name
}

// Element-wise operations of shapes that repeat along axes.
func TestBroadcasting(t *testing.T) {
	pool := withPool(t)
	for _, op := range []string{"Add", "Sub", "Mul", "Div"} {
		for _, c := range [][2][]int{
			{{1, 5, 4, 3}, {1, 5, 4, 3}}, {{1, 5, 4, 3}, {1, 5, 1, 1}}, {{1, 5, 1, 3}, {1, 1, 4, 1}}, {{1, 4, 6}, {1, 1, 6}}, {{1, 5, 4, 3}, {1, 1, 1, 1}},
		} {
			t.Run(fmt.Sprint(op, c[0], c[1]), func(t *testing.T) {
				n := newNetwork(2)
				b := n.node("Exp", []string{n.input(c[1]...)})
				n.outputs(n.node(op, []string{n.input(c[0]...), b})).check(t, pool)
				n = newNetwork(3)
				n.outputs(n.node(op, []string{n.input(c[0]...), n.weights(0.5, 2, c[1]...)}), n.node(op, []string{n.weights(0.5, 2, c[1]...), n.node("Exp", []string{n.input(c[0]...)})})).check(t, pool)
			})
		}
	}
}

// Convolutions of all strides, dilations, paddings and channel counts that leave blocks over.
func TestConvolutions(t *testing.T) {
	pool := withPool(t)
	for _, c := range []struct {
		in, out, kh, kw, h, w int
		stride, dilation      [2]int64
		pads                  [4]int64
		group                 bool
	}{
		{3, 16, 3, 3, 13, 17, [2]int64{2, 2}, [2]int64{1, 1}, [4]int64{1, 1, 1, 1}, false},
		{3, 5, 3, 5, 9, 9, [2]int64{1, 2}, [2]int64{1, 1}, [4]int64{0, 2, 1, 0}, false},
		{3, 24, 3, 3, 9, 9, [2]int64{1, 1}, [2]int64{2, 2}, [4]int64{2, 2, 2, 2}, false},
		{1, 1, 1, 1, 1, 1, [2]int64{1, 1}, [2]int64{1, 1}, [4]int64{}, false},
		{17, 33, 1, 1, 7, 5, [2]int64{1, 1}, [2]int64{1, 1}, [4]int64{}, false},
		{16, 13, 1, 1, 9, 9, [2]int64{2, 2}, [2]int64{1, 1}, [4]int64{}, false},
		{8, 20, 3, 3, 11, 6, [2]int64{1, 1}, [2]int64{3, 2}, [4]int64{3, 2, 3, 2}, false},
		{20, 40, 1, 3, 1, 29, [2]int64{1, 1}, [2]int64{1, 1}, [4]int64{0, 1, 0, 1}, false},
		{6, 18, 2, 2, 6, 6, [2]int64{2, 2}, [2]int64{1, 1}, [4]int64{1, 0, 0, 1}, false},
		{5, 6, 3, 3, 2, 2, [2]int64{1, 1}, [2]int64{1, 1}, [4]int64{4, 4, 4, 4}, false},
		{16, 16, 3, 3, 12, 10, [2]int64{1, 1}, [2]int64{1, 1}, [4]int64{1, 1, 1, 1}, true},
		{13, 13, 3, 3, 9, 7, [2]int64{2, 1}, [2]int64{1, 1}, [4]int64{1, 1, 1, 1}, true},
		{37, 37, 5, 5, 8, 8, [2]int64{2, 2}, [2]int64{1, 1}, [4]int64{2, 2, 2, 2}, true},
		{50, 50, 7, 7, 7, 7, [2]int64{1, 1}, [2]int64{1, 1}, [4]int64{}, true},
		{16, 16, 3, 3, 5, 47, [2]int64{1, 1}, [2]int64{1, 1}, [4]int64{1, 1, 1, 1}, true},
		{21, 21, 3, 3, 6, 61, [2]int64{2, 2}, [2]int64{1, 1}, [4]int64{1, 1, 1, 1}, true},
		{9, 9, 3, 3, 3, 40, [2]int64{1, 1}, [2]int64{4, 3}, [4]int64{4, 3, 4, 3}, true},
		{8, 8, 3, 3, 2, 40, [2]int64{1, 1}, [2]int64{1, 1}, [4]int64{3, 0, 3, 5}, true},
		{7, 7, 3, 3, 4, 40, [2]int64{1, 1}, [2]int64{1, 1}, [4]int64{1, 1, 1, 1}, true},
		{24, 24, 3, 3, 9, 9, [2]int64{1, 1}, [2]int64{2, 3}, [4]int64{2, 3, 2, 3}, true},
		{3, 3, 3, 3, 9, 9, [2]int64{1, 1}, [2]int64{1, 1}, [4]int64{1, 1, 1, 1}, true},
	} {
		group, depth := 1, c.in
		if c.group {
			group, depth = c.in, 1
		}
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			n := newNetwork(4)
			build := func(x string) string {
				return n.node("Conv", []string{x, n.weights(-1, 1, c.out, depth, c.kh, c.kw), n.weights(-1, 1, c.out)},
					ints("strides", c.stride[:]...), ints("dilations", c.dilation[:]...), ints("pads", c.pads[:]...), integer("group", int64(group)))
			}
			planar := build(n.input(1, c.in, c.h, c.w))
			inner := build(n.node("HardSwish", []string{n.input(1, c.in, c.h, c.w)}))
			followed := n.node("PRelu", []string{build(n.input(1, c.in, c.h, c.w)), n.weights(-1, 1, c.out, 1, 1)})
			gated := n.node("Sigmoid", []string{build(n.input(1, c.in, c.h, c.w))})
			n.outputs(planar, inner, followed, gated).check(t, pool)
		})
	}
}

// A depthwise convolution and the 1×1 convolution behind it are one step where they may be, and the same in any case.
func TestSeparableConvolutions(t *testing.T) {
	pool := withPool(t)
	for _, c := range []struct {
		channels, out, side, h, w int
		stride                    int64
	}{
		{16, 32, 3, 20, 24, 1}, {32, 24, 3, 15, 31, 2}, {58, 58, 3, 28, 28, 1}, {9, 6, 3, 14, 40, 1}, {24, 40, 5, 11, 33, 1},
		{24, 12, 5, 12, 34, 2}, {20, 70, 3, 7, 7, 1}, {12, 16, 3, 1, 50, 1}, {12, 8, 7, 7, 7, 1}, {300, 33, 3, 9, 40, 1},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			n := newNetwork(9)
			pad := int64(c.side / 2)
			if c.side == 7 {
				pad = 0
			}
			x := n.node("Relu", []string{n.input(1, c.channels, c.h, c.w)})
			deep := func(follow string) string {
				y := n.node("Conv", []string{x, n.weights(-1, 1, c.channels, 1, c.side, c.side), n.weights(-1, 1, c.channels)}, integer("group", int64(c.channels)), ints("pads", pad, pad, pad, pad), ints("strides", c.stride, c.stride))
				if follow == "PRelu" {
					return n.node(follow, []string{y, n.weights(-1, 1, c.channels, 1, 1)})
				}
				return n.node(follow, []string{y})
			}
			point := func(y string) string {
				return n.node("Conv", []string{y, n.weights(-0.3, 0.3, c.out, c.channels, 1, 1), n.weights(-1, 1, c.out)})
			}
			alone := deep("Relu")
			read := deep("Sigmoid")
			sum := n.node("Add", []string{point(deep("PRelu")), point(deep("HardSwish"))})
			joined := n.node("Concat", []string{point(alone), n.node("Relu", []string{point(read)}), sum}, integer("axis", 1))
			n.outputs(joined, read).check(t, pool)
		})
	}
}

func TestTransposedConvolutions(t *testing.T) {
	pool := withPool(t)
	for _, c := range [][4]int{{5, 7, 2, 2}, {24, 1, 2, 2}, {3, 20, 1, 3}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			n := newNetwork(5)
			x := n.node("ConvTranspose", []string{n.input(1, c[0], 5, 6), n.weights(-1, 1, c[0], c[1], c[2], c[3]), n.weights(-1, 1, c[1])}, ints("strides", int64(c[2]), int64(c[3])))
			// What follows is folded into weights that lie the other way round.
			x = n.node("Add", []string{x, n.weights(-1, 1, 1, c[1], 1, 1)})
			x = n.node("BatchNormalization", []string{x, n.weights(0.5, 1, c[1]), n.weights(-1, 1, c[1]), n.weights(-1, 1, c[1]), n.weights(0.5, 1, c[1])})
			n.outputs(n.node("Relu", []string{x})).check(t, pool)
		})
	}
}
