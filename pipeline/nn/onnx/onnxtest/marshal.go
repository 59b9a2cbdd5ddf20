// Package onnxtest writes small ONNX files for tests.
package onnxtest

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"umbral/pipeline/nn/onnx"
)

// Marshal writes the graph as a model file, initializers with typed data.
func Marshal(g *onnx.Graph) []byte {
	var graph []byte
	for i := range g.Nodes {
		graph = message(graph, 1, node(&g.Nodes[i]))
	}
	for name, t := range g.Initializers {
		named := *t
		named.Name = name
		graph = message(graph, 5, Tensor(&named))
	}
	for _, v := range g.Inputs {
		graph = message(graph, 11, value(v))
	}
	for _, v := range g.Outputs {
		graph = message(graph, 12, value(v))
	}
	model := number(nil, 1, 8) // IR version
	model = message(model, 8, number(nil, 2, uint64(g.Opset)))
	return message(model, 7, graph)
}

func message(b []byte, field protowire.Number, body []byte) []byte {
	b = protowire.AppendTag(b, field, protowire.BytesType)
	return protowire.AppendBytes(b, body)
}

func text(b []byte, field protowire.Number, s string) []byte { return message(b, field, []byte(s)) }

func number(b []byte, field protowire.Number, v uint64) []byte {
	b = protowire.AppendTag(b, field, protowire.VarintType)
	return protowire.AppendVarint(b, v)
}

func node(n *onnx.Node) (b []byte) {
	for _, s := range n.Inputs {
		b = text(b, 1, s)
	}
	for _, s := range n.Outputs {
		b = text(b, 2, s)
	}
	b = text(b, 3, n.Name)
	b = text(b, 4, n.Op)
	for i := range n.Attributes {
		b = message(b, 5, attribute(&n.Attributes[i]))
	}
	return text(b, 7, n.Domain)
}

func attribute(a *onnx.Attribute) []byte {
	b := text(nil, 1, a.Name)
	switch a.Kind {
	case onnx.KindFloat:
		b = protowire.AppendTag(b, 2, protowire.Fixed32Type)
		b = protowire.AppendFixed32(b, math.Float32bits(a.F))
	case onnx.KindInt:
		b = number(b, 3, uint64(a.I))
	case onnx.KindString:
		b = text(b, 4, a.S)
	case onnx.KindTensor:
		b = message(b, 5, Tensor(a.T))
	case onnx.KindFloats:
		b = message(b, 7, floats(a.Floats))
	case onnx.KindInts:
		for _, v := range a.Ints {
			b = number(b, 8, uint64(v))
		}
	}
	return number(b, 20, uint64(a.Kind))
}

func floats(list []float32) (b []byte) {
	for _, v := range list {
		b = protowire.AppendFixed32(b, math.Float32bits(v))
	}
	return b
}

// Tensor writes TensorProto with typed data.
func Tensor(t *onnx.Tensor) (b []byte) {
	for _, d := range t.Shape {
		b = number(b, 1, uint64(d))
	}
	b = number(b, 2, uint64(t.Type))
	switch t.Type {
	case onnx.Float:
		b = message(b, 4, floats(t.F))
	case onnx.Double:
		for _, v := range t.F {
			b = protowire.AppendTag(b, 10, protowire.Fixed64Type)
			b = protowire.AppendFixed64(b, math.Float64bits(float64(v)))
		}
	}
	var ints []byte
	for _, v := range t.I {
		ints = protowire.AppendVarint(ints, uint64(v))
	}
	if field := protowire.Number(5); len(ints) > 0 {
		if t.Type == onnx.Int64 {
			field = 7
		}
		b = message(b, field, ints)
	}
	return text(b, 8, t.Name)
}

func value(v onnx.ValueInfo) []byte {
	var shape []byte
	for _, d := range v.Shape {
		if d < 0 {
			shape = message(shape, 1, text(nil, 2, "open"))
			continue
		}
		shape = message(shape, 1, number(nil, 1, uint64(d)))
	}
	tensor := message(number(nil, 1, uint64(v.Type)), 2, shape)
	return message(text(nil, 1, v.Name), 2, message(nil, 1, tensor))
}
