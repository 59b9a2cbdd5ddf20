package onnx_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/encoding/protowire"

	"umbral/pipeline/nn/onnx"
	"umbral/pipeline/nn/onnx/onnxtest"
)

// sample uses every kind of attribute and element type that is read.
func sample() *onnx.Graph {
	return &onnx.Graph{
		Opset: 11,
		Nodes: []onnx.Node{
			{Name: "first", Op: "Conv", Inputs: []string{"x", "w", ""}, Outputs: []string{"y"}, Attributes: []onnx.Attribute{
				{Name: "pads", Kind: onnx.KindInts, Ints: []int64{1, -1, 1 << 40, 0}},
				{Name: "group", Kind: onnx.KindInt, I: -3},
				{Name: "alpha", Kind: onnx.KindFloat, F: 0.25},
				{Name: "auto_pad", Kind: onnx.KindString, S: "VALID"},
				{Name: "bounds", Kind: onnx.KindFloats, Floats: []float32{1.5, -2}},
				{Name: "value", Kind: onnx.KindTensor, T: &onnx.Tensor{Type: onnx.Int64, Shape: []int{2}, I: []int64{-1, 7}}},
			}},
			{Name: "second", Op: "Relu", Domain: "ai.onnx", Inputs: []string{"y"}, Outputs: []string{"z"}},
		},
		Initializers: map[string]*onnx.Tensor{
			"w": {Name: "w", Type: onnx.Float, Shape: []int{1, 3}, F: []float32{1, 2, 3}},
			"b": {Name: "b", Type: onnx.Bool, Shape: []int{2}, I: []int64{1, 0}},
			"i": {Name: "i", Type: onnx.Int32, Shape: nil, I: []int64{-5}},
		},
		Inputs:  []onnx.ValueInfo{{Name: "x", Type: onnx.Float, Shape: []int{-1, 3, 8}}},
		Outputs: []onnx.ValueInfo{{Name: "z", Type: onnx.Float, Shape: []int{1}}},
	}
}

func TestParseReadsWhatIsWritten(t *testing.T) {
	want := sample()
	got, err := onnx.Parse(onnxtest.Marshal(want), onnx.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
}

func TestRawData(t *testing.T) {
	for _, c := range []struct {
		name string
		kind onnx.DataType
		raw  []byte
		want onnx.Tensor
	}{
		{"float", onnx.Float, []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}, onnx.Tensor{F: []float32{1, -2}}},
		{"double", onnx.Double, []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0}, onnx.Tensor{F: []float32{1, -2}}},
		{"int64", onnx.Int64, []byte{1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255}, onnx.Tensor{I: []int64{1, -1}}},
		{"int32", onnx.Int32, []byte{1, 0, 0, 0, 255, 255, 255, 255}, onnx.Tensor{I: []int64{1, -1}}},
		{"int8", onnx.Int8, []byte{1, 255}, onnx.Tensor{I: []int64{1, -1}}},
		{"uint8", onnx.Uint8, []byte{1, 255}, onnx.Tensor{I: []int64{1, 255}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.Name, c.want.Type, c.want.Shape = "v", c.kind, []int{2}
			got, err := onnx.Parse(withTensor(c.kind, 2, c.raw), onnx.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(&c.want, got.Initializers["v"]); d != "" {
				t.Error(d)
			}
			if _, err := onnx.Parse(withTensor(c.kind, 3, c.raw), onnx.DefaultLimits()); !errors.Is(err, onnx.ErrMalformed) || !strings.Contains(err.Error(), `"v"`) {
				t.Errorf("too little data: %v", err)
			}
		})
	}
}

// withTensor is a model of one initializer "v" with raw_data.
func withTensor(kind onnx.DataType, elements uint64, raw []byte) []byte {
	t := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), elements)
	t = protowire.AppendVarint(protowire.AppendTag(t, 2, protowire.VarintType), uint64(kind))
	t = protowire.AppendBytes(protowire.AppendTag(t, 8, protowire.BytesType), []byte("v"))
	t = protowire.AppendBytes(protowire.AppendTag(t, 9, protowire.BytesType), raw)
	return withGraph(protowire.AppendBytes(protowire.AppendTag(nil, 5, protowire.BytesType), t))
}

func withGraph(body []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, 7, protowire.BytesType), body)
}

// Each limit ends in an error that names it, before anything of that size is made.
func TestLimits(t *testing.T) {
	wide := sample()
	for range 20 {
		wide.Nodes[0].Inputs = append(wide.Nodes[0].Inputs, "x")
	}
	listed := sample()
	listed.Nodes[0].Attributes[0].Ints = make([]int64, 50)
	for _, c := range []struct {
		name  string
		graph *onnx.Graph
		set   func(*onnx.Limits)
		want  string
	}{
		{"file", sample(), func(l *onnx.Limits) { l.FileBytes = 10 }, "limit 10"},
		{"nodes", sample(), func(l *onnx.Limits) { l.Nodes = 1 }, "more than 1 nodes"},
		{"initializers", sample(), func(l *onnx.Limits) { l.Nodes = 2 }, "more than 2 initializers"},
		{"rank", sample(), func(l *onnx.Limits) { l.Rank = 1 }, "dimensions"},
		{"elements", sample(), func(l *onnx.Limits) { l.Elements = 2 }, "more than 2 elements"},
		{"weights", sample(), func(l *onnx.Limits) { l.WeightBytes = 12 }, "more than 12 bytes"},
		{"name", sample(), func(l *onnx.Limits) { l.NameBytes = 3 }, "limit 3"},
		{"inputs of a node", wide, func(l *onnx.Limits) { l.List = 8 }, "list of more than 8"},
		{"numbers of an attribute", listed, func(l *onnx.Limits) { l.List = 20 }, `attribute "pads"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := onnx.DefaultLimits()
			c.set(&l)
			if _, err := onnx.Parse(onnxtest.Marshal(c.graph), l); !errors.Is(err, onnx.ErrMalformed) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// A file that ends anywhere, or holds any one wrong byte, gives an error or a graph, and never a panic.
func TestDamagedFiles(t *testing.T) {
	data := onnxtest.Marshal(sample())
	for i := range data {
		if _, err := onnx.Parse(data[:i], onnx.DefaultLimits()); err == nil && i < len(data)/2 {
			t.Errorf("the first %d of %d bytes are taken for a model", i, len(data))
		}
		for _, flip := range []byte{1, 0x80, 0xff} {
			damaged := append([]byte(nil), data...)
			damaged[i] ^= flip
			_, _ = onnx.Parse(damaged, onnx.DefaultLimits())
		}
	}
}

func TestUnsupportedContent(t *testing.T) {
	subgraph := protowire.AppendBytes(protowire.AppendTag(nil, 6, protowire.BytesType), nil)
	subgraph = protowire.AppendBytes(protowire.AppendTag(subgraph, 1, protowire.BytesType), []byte("then_branch"))
	node := protowire.AppendBytes(protowire.AppendTag(nil, 5, protowire.BytesType), subgraph)
	node = protowire.AppendBytes(protowire.AppendTag(node, 4, protowire.BytesType), []byte("If"))
	external := protowire.AppendVarint(protowire.AppendTag(nil, 2, protowire.VarintType), uint64(onnx.Float))
	external = protowire.AppendVarint(protowire.AppendTag(external, 14, protowire.VarintType), 1)
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "0 graphs"},
		{"two graphs", append(withGraph(nil), withGraph(nil)...), "2 graphs"},
		{"sub-graph", withGraph(protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), node)), `attribute "then_branch"`},
		{"external data", withGraph(protowire.AppendBytes(protowire.AppendTag(nil, 5, protowire.BytesType), external)), "another file"},
		{"sparse", withGraph(protowire.AppendBytes(protowire.AppendTag(nil, 15, protowire.BytesType), nil)), "sparse"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := onnx.Parse(c.data, onnx.DefaultLimits()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(onnxtest.Marshal(sample()))
	f.Add([]byte{})
	limits := onnx.Limits{FileBytes: 1 << 20, WeightBytes: 1 << 16, Nodes: 50, Rank: 8, Elements: 1 << 12, NameBytes: 64, List: 32}
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := onnx.Parse(data, limits)
		if err != nil {
			return
		}
		// An attribute that holds several values keeps the last one's kind; written once, it holds that alone.
		var read [2]*onnx.Graph
		for i := range read {
			if read[i], err = onnx.Parse(onnxtest.Marshal(g), onnx.DefaultLimits()); err != nil {
				t.Fatalf("what was read cannot be written and read again: %v", err)
			}
			g = read[i]
		}
		if d := cmp.Diff(read[0], read[1], cmpopts.EquateEmpty(), cmpopts.EquateNaNs()); d != "" {
			t.Error(d)
		}
	})
}
