package nn_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"umbral/config/paths/pathstest"
	"umbral/pipeline/nn"
	"umbral/pipeline/nn/onnx"
)

// Random networks of random operations on random shapes agree with the reference: views of views, concatenations of
// slices, residuals, values read many times.
func TestRandomNetworks(t *testing.T) {
	pool := withPool(t)
	rapid.Check(t, func(t *rapid.T) { randomNetwork(t).check(t, pool) })
}

// randomNetwork draws pictures of one size and what can be done with them.
func randomNetwork(t *rapid.T) *network {
	n := newNetwork(rapid.Uint64().Draw(t, "seed"))
	h, w := rapid.IntRange(1, 9).Draw(t, "height"), rapid.OneOf(rapid.IntRange(1, 9), rapid.IntRange(20, 34)).Draw(t, "width")
	type picture struct {
		name     string
		channels int
	}
	channels := rapid.IntRange(1, 40)
	first := picture{channels: channels.Draw(t, "channels")}
	first.name = n.input(1, first.channels, h, w)
	pictures := []picture{first}
	pick := func() picture { return rapid.SampledFrom(pictures).Draw(t, "picture") }
	for range rapid.IntRange(1, 14).Draw(t, "operations") {
		x := pick()
		made := picture{channels: x.channels}
		switch rapid.IntRange(0, 12).Draw(t, "kind") {
		case 0:
			made.channels = channels.Draw(t, "outputs")
			made.name = n.node("Conv", []string{x.name, n.weights(-0.2, 0.2, made.channels, x.channels, 1, 1), n.weights(-1, 1, made.channels)})
		case 1:
			d := rapid.Int64Range(1, 2).Draw(t, "dilation")
			made.channels = channels.Draw(t, "outputs")
			made.name = n.node("Conv", []string{x.name, n.weights(-0.1, 0.1, made.channels, x.channels, 3, 3)}, ints("pads", d, d, d, d), ints("dilations", d, d))
		case 2:
			made.name = n.node("Conv", []string{x.name, n.weights(-0.5, 0.5, x.channels, 1, 3, 3), n.weights(-1, 1, x.channels)},
				ints("pads", rapid.SampledFrom([][]int64{{1, 1, 1, 1}, {2, 2, 0, 0}, {0, 1, 2, 1}}).Draw(t, "pads")...), integer("group", int64(x.channels)))
		case 3:
			made.name = n.node(rapid.SampledFrom([]string{"Relu", "HardSwish", "Sigmoid", "HardSigmoid", "Identity"}).Draw(t, "activation"), []string{x.name})
		case 4:
			made.name = n.node("PRelu", []string{x.name, n.weights(-1, 1, x.channels, 1, 1)})
		case 5:
			y := pick()
			op := rapid.SampledFrom([]string{"Add", "Sub", "Mul"}).Draw(t, "op")
			if y.channels != x.channels {
				y.name = n.weights(-1, 1, x.channels, 1, 1)
			}
			made.name = n.node(op, []string{x.name, y.name})
		case 6:
			y := pick()
			made.channels += y.channels
			made.name = n.node("Concat", []string{x.name, y.name}, integer("axis", 1))
		case 7:
			if x.channels == 1 {
				continue
			}
			at := rapid.IntRange(1, x.channels-1).Draw(t, "at")
			parts := n.nodes("Split", 2, []string{x.name}, integer("axis", 1), ints("split", int64(at), int64(x.channels-at)))
			pictures = append(pictures, picture{parts[0], at})
			made = picture{parts[1], x.channels - at}
		case 8: // a channel shuffle
			if x.channels%2 != 0 {
				continue
			}
			half := int64(x.channels / 2)
			whole := x.name
			if y := pick(); y.channels == x.channels && rapid.Bool().Draw(t, "of two") {
				whole, half = n.node("Concat", []string{x.name, y.name}, integer("axis", 1)), 2*half
				made.channels *= 2
			}
			y := n.node("Reshape", []string{whole, n.integers(1, 2, half, int64(h), int64(w))})
			y = n.node("Transpose", []string{y}, ints("perm", 0, 2, 1, 3, 4))
			made.name = n.node("Reshape", []string{y, n.integers(1, -1, int64(h), int64(w))})
		case 9: // there and back by way of rows
			y := n.node("Reshape", []string{x.name, n.integers(1, int64(x.channels), -1)})
			y = n.node("Transpose", []string{y}, ints("perm", 0, 2, 1))
			y = n.node("MatMul", []string{y, n.weights(-0.3, 0.3, x.channels, x.channels)})
			y = n.node("Transpose", []string{y}, ints("perm", 0, 2, 1))
			made.name = n.node("Reshape", []string{y, n.integers(1, int64(x.channels), int64(h), int64(w))})
		case 10:
			made.name = n.node("MaxPool", []string{x.name}, ints("kernel_shape", 3, 3), ints("pads", 1, 1, 1, 1))
		case 11:
			gate := n.node("Sigmoid", []string{n.node("GlobalAveragePool", []string{x.name})})
			made.name = n.node("Mul", []string{x.name, gate})
		case 12: // a smaller picture, enlarged and added
			if h%2 != 0 || w%2 != 0 {
				continue
			}
			y := pick()
			small := n.node("MaxPool", []string{x.name}, ints("kernel_shape", 2, 2), ints("strides", 2, 2))
			made.name = n.node("Resize", []string{small, "", n.factors(1, 1, 2, 2)}, str("mode", "nearest"),
				str("coordinate_transformation_mode", "asymmetric"), str("nearest_mode", "floor"))
			if y.channels == x.channels {
				made.name = n.node("Add", []string{y.name, made.name})
			}
		}
		pictures = append(pictures, made)
	}
	last := pictures[len(pictures)-1].name
	n.outputs(last)
	if other := pick().name; other != last && rapid.Bool().Draw(t, "two outputs") {
		n.outputs(other)
	}
	// What nobody reads must do no harm, and values may be read by a flat consumer too.
	if rapid.Bool().Draw(t, "flat") {
		n.outputs(n.node("Flatten", []string{pick().name}))
	}
	n.graph.Outputs = slices.CompactFunc(n.graph.Outputs, func(a, b onnx.ValueInfo) bool { return a.Name == b.Name })
	return n
}

// The program of every model of the set keeps apart what is alive at the same time: a run does not disturb its input,
// and running twice gives the same.
func TestRunsRepeat(t *testing.T) {
	for _, m := range benchmarkModels {
		model, err := nn.Open(pathstest.Model(t, m.file), nn.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		program := compiled(t, m.file, m.shapes, nil, "")
		input, err := program.Input(model.Inputs()[0].Name)
		if err != nil {
			t.Fatal(err)
		}
		before := slices.Clone(input)
		var runs [2][]float32
		for i := range runs {
			if err := program.Run(); err != nil {
				t.Fatal(err)
			}
			out, _, err := program.Output(model.Outputs()[0].Name)
			if err != nil {
				t.Fatal(err)
			}
			runs[i] = slices.Clone(out)
		}
		if !slices.Equal(before, input) {
			t.Errorf("%s: a run changed its input", m.file)
		}
		if !slices.Equal(runs[0], runs[1]) {
			t.Errorf("%s: a second run gives another result", m.file)
		}
	}
}
