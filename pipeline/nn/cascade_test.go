package nn_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"umbral/pipeline/nn"
)

// tower is a network that begins with large pictures: a convolution over planes, and depthwise and 1×1 convolutions.
type tower struct {
	*network
	top      string
	channels int
}

func newTower(seed uint64, height, width, channels int, stride int64) *tower {
	n := newNetwork(seed)
	in := n.input(1, 3, height, width)
	t := &tower{n, "", channels}
	t.top = n.node("Conv", []string{in, n.weights(-0.3, 0.3, channels, 3, 3, 3), n.weights(-1, 1, channels)}, ints("strides", stride, stride), ints("pads", 1, 1, 1, 1))
	t.top = n.node("Relu", []string{t.top})
	return t
}

// storey adds a depthwise convolution and a 1×1 one, each followed by an activation.
func (t *tower) storey(activation string, channels int, stride int64, pads ...int64) {
	n := t.network
	t.top = n.node("Conv", []string{t.top, n.weights(-0.5, 0.5, t.channels, 1, 3, 3), n.weights(-1, 1, t.channels)},
		ints("strides", stride, stride), ints("pads", pads...), integer("group", int64(t.channels)))
	t.activate(activation)
	t.top = n.node("Conv", []string{t.top, n.weights(-0.2, 0.2, channels, t.channels, 1, 1), n.weights(-1, 1, channels)})
	t.channels = channels
	t.activate(activation)
}

func (t *tower) activate(kind string) {
	in := []string{t.top}
	if kind == "PRelu" {
		in = append(in, t.weights(-1, 1, t.channels, 1, 1))
	}
	t.top = t.node(kind, in)
}

// cascades are the names of the steps of which it is made, one text for each cascade.
func cascades(t *testing.T, n *network) (list []string) {
	t.Helper()
	for _, l := range n.program(t).Layers() {
		if l.Algorithm == "cascade" {
			list = append(list, l.Name)
		}
	}
	return list
}

// Rows of several steps in turns give what the steps one after the other do, with odd sizes, padding on some sides, strides
// and each activation; and steps whose result somebody else reads are left alone.
func TestCascades(t *testing.T) {
	even := []int64{1, 1, 1, 1}
	for name, c := range map[string]struct {
		build func() *tower
		want  []int // steps of each cascade
	}{
		"two": {func() *tower {
			t := newTower(1, 257, 262, 16, 2)
			t.storey("Relu", 24, 1, even...)
			t.storey("Relu", 16, 1, even...)
			return t
		}, []int{2}},
		"three": {func() *tower {
			t := newTower(2, 261, 259, 16, 2)
			t.storey("Relu", 32, 1, even...)
			t.storey("Relu", 24, 1, even...)
			t.storey("PRelu", 20, 2, 1, 1, 0, 0)
			return t
		}, []int{3}},
		"more than a cascade takes": {func() *tower {
			t := newTower(3, 131, 133, 16, 1)
			for range 6 {
				t.storey("HardSwish", 16, 1, even...)
			}
			return t
		}, []int{4, 2}},
		"rows of padding": {func() *tower {
			t := newTower(4, 128, 132, 16, 1)
			t.storey("Relu", 16, 1, 2, 0, 0, 2)
			t.storey("Relu", 8, 2, 0, 1, 2, 1)
			return t
		}, []int{2}},
		"read twice": {func() *tower {
			t := newTower(5, 130, 130, 16, 1)
			t.storey("Relu", 16, 1, even...)
			before := t.top
			t.storey("Relu", 16, 1, even...)
			t.top = t.node("Add", []string{t.top, before})
			return t
		}, nil},
		"small": {func() *tower {
			t := newTower(6, 60, 60, 16, 1)
			t.storey("Relu", 16, 1, even...)
			t.storey("Relu", 16, 1, even...)
			return t
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			n := c.build()
			n.outputs(n.top)
			var got []int
			for _, names := range cascades(t, n.network) {
				got = append(got, 1+strings.Count(names, ","))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("cascades of %v steps, wanted %v", got, c.want)
			}
			n.check(t, withPool(t))
		})
	}
}

// What a cascade keeps is bounded, whatever the model asks for: rows this long, and so many of them, are no cascade.
func TestCascadesAreBounded(t *testing.T) {
	n := newTower(7, 66, 3000, 32, 1)
	n.storey("Relu", 32, 1, 1, 1, 1, 1)
	n.top = n.node("Conv", []string{n.top, n.weights(-0.5, 0.5, 32, 1, 3, 3)},
		ints("strides", 1, 31), ints("dilations", 31, 1), ints("pads", 31, 1, 31, 1), integer("group", 32))
	n.top = n.node("Conv", []string{n.top, n.weights(-0.2, 0.2, 8, 32, 1, 1)})
	n.outputs(n.top)
	if got := cascades(t, n.network); len(got) > 0 {
		t.Errorf("cascades %q", got)
	}
	if scratch := n.program(t).Budget().Scratch; scratch > 2<<20 {
		t.Errorf("%d bytes of scratch", scratch)
	}
}

// Small towers of any shape, with a residual or a second reader now and then.
func TestRandomCascades(t *testing.T) {
	nn.Eagerly(t)
	pool := withPool(t)
	formed := 0
	rapid.Check(t, func(rt *rapid.T) {
		height, width := rapid.IntRange(4, 40).Draw(rt, "height"), rapid.IntRange(3, 30).Draw(rt, "width")
		channels := rapid.SampledFrom([]int{4, 8, 13, 16, 24, 40}).Draw(rt, "channels")
		n := newTower(rapid.Uint64().Draw(rt, "seed"), height, width, channels, rapid.Int64Range(1, 2).Draw(rt, "first stride"))
		for range rapid.IntRange(1, 5).Draw(rt, "storeys") {
			before, wide := n.top, n.channels
			pads := rapid.SampledFrom([][]int64{{1, 1, 1, 1}, {2, 0, 0, 2}, {0, 1, 2, 1}, {2, 2, 1, 1}}).Draw(rt, "pads")
			stride, outputs := rapid.Int64Range(1, 2).Draw(rt, "stride"), rapid.SampledFrom([]int{4, 8, 16, 20, 32, wide}).Draw(rt, "outputs")
			n.storey(rapid.SampledFrom([]string{"Relu", "PRelu", "HardSwish"}).Draw(rt, "activation"), outputs, stride, pads...)
			if stride == 1 && pads[0] == 1 && outputs == wide && rapid.Bool().Draw(rt, "residual") {
				n.top = n.node("Add", []string{n.top, before})
			}
		}
		n.outputs(n.top)
		formed += len(cascades(t, n.network))
		n.check(rt, pool)
	})
	if formed == 0 {
		t.Error("no cascade was formed")
	}
}

// What is chosen by its cost gives the same where it costs more.
func TestRandomNetworksEagerly(t *testing.T) {
	nn.Eagerly(t)
	pool := withPool(t)
	rapid.Check(t, func(t *rapid.T) { randomNetwork(t).check(t, pool) })
}
