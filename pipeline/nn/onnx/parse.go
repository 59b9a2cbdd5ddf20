package onnx

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// parser carries the limits and what has been spent of them.
type parser struct {
	limits  Limits
	weights int64
}

// Parse reads a model. The result shares no memory with data.
func Parse(data []byte, limits Limits) (*Graph, error) {
	if int64(len(data)) > limits.FileBytes {
		return nil, fmt.Errorf("onnx: %w: %d bytes, limit %d", ErrMalformed, len(data), limits.FileBytes)
	}
	p := &parser{limits: limits}
	g := &Graph{Initializers: map[string]*Tensor{}}
	graphs := 0
	err := p.message(data, "model", func(n protowire.Number, f field) error {
		switch n {
		case 7: // graph
			graphs++
			return p.graph(f.bytes, g)
		case 8: // opset_import
			return p.opset(f.bytes, g)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if graphs != 1 {
		return nil, fmt.Errorf("onnx: %w: %d graphs, wanted 1 (not an ONNX file, or cut off)", ErrMalformed, graphs)
	}
	return g, nil
}

// field is one field of a message: a number for varint and fixed types, bytes for the rest.
type field struct {
	kind  protowire.Type
	num   uint64
	bytes []byte
}

func (p *parser) message(b []byte, what string, fn func(protowire.Number, field) error) error {
	for len(b) > 0 {
		num, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("onnx: %w: %s: %w", ErrMalformed, what, protowire.ParseError(n))
		}
		b = b[n:]
		f := field{kind: kind}
		switch kind {
		case protowire.VarintType:
			f.num, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			f.num = uint64(v)
		case protowire.Fixed64Type:
			f.num, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(num, kind, b)
		}
		if n < 0 {
			return fmt.Errorf("onnx: %w: %s: field %d: %w", ErrMalformed, what, num, protowire.ParseError(n))
		}
		b = b[n:]
		if err := fn(num, f); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) opset(b []byte, g *Graph) error {
	var domain string
	var version int64
	err := p.message(b, "opset", func(n protowire.Number, f field) error {
		switch n {
		case 1:
			domain = string(f.bytes)
		case 2:
			version = int64(f.num)
		}
		return nil
	})
	if err == nil && (domain == "" || domain == "ai.onnx") {
		g.Opset = version
	}
	return err
}

func (p *parser) graph(b []byte, g *Graph) error {
	return p.message(b, "graph", func(n protowire.Number, f field) error {
		switch n {
		case 1:
			if len(g.Nodes) == p.limits.Nodes {
				return fmt.Errorf("onnx: %w: more than %d nodes", ErrMalformed, p.limits.Nodes)
			}
			node, err := p.node(f.bytes)
			if err != nil {
				return fmt.Errorf("%w (node %d)", err, len(g.Nodes))
			}
			g.Nodes = append(g.Nodes, node)
		case 5:
			if len(g.Initializers) == p.limits.Nodes {
				return fmt.Errorf("onnx: %w: more than %d initializers", ErrMalformed, p.limits.Nodes)
			}
			t, err := p.tensor(f.bytes)
			if err != nil {
				return err
			}
			if g.Initializers[t.Name] != nil {
				return fmt.Errorf("onnx: %w: two initializers are named %q", ErrMalformed, t.Name)
			}
			g.Initializers[t.Name] = t
		case 11:
			// Files of IR version 3 list every initializer here too.
			return p.appendValue(&g.Inputs, f, "inputs", p.limits.List+p.limits.Nodes)
		case 12:
			return p.appendValue(&g.Outputs, f, "outputs", p.limits.List)
		case 15:
			return fmt.Errorf("onnx: %w: sparse initializers are not supported", ErrMalformed)
		}
		return nil
	})
}

func (p *parser) appendValue(list *[]ValueInfo, f field, what string, limit int) error {
	if len(*list) == limit {
		return fmt.Errorf("onnx: %w: more than %d graph %s", ErrMalformed, limit, what)
	}
	v, err := p.valueInfo(f.bytes)
	*list = append(*list, v)
	return err
}

func (p *parser) name(b []byte) (string, error) {
	if len(b) > p.limits.NameBytes {
		return "", fmt.Errorf("onnx: %w: a name of %d bytes, limit %d", ErrMalformed, len(b), p.limits.NameBytes)
	}
	return string(b), nil
}

func (p *parser) node(b []byte) (node Node, err error) {
	var attributes [][]byte
	err = p.message(b, "node", func(n protowire.Number, f field) error {
		var s string
		var err error
		if n <= 4 || n == 7 {
			if s, err = p.name(f.bytes); err != nil {
				return err
			}
		}
		if max(len(node.Inputs), len(node.Outputs), len(attributes)) > p.limits.List {
			return fmt.Errorf("onnx: %w: %s %q: a list of more than %d inputs, outputs or attributes", ErrMalformed, node.Op, node.Name, p.limits.List)
		}
		switch n {
		case 1:
			node.Inputs = append(node.Inputs, s)
		case 2:
			node.Outputs = append(node.Outputs, s)
		case 3:
			node.Name = s
		case 4:
			node.Op = s
		case 5:
			attributes = append(attributes, f.bytes)
		case 7:
			node.Domain = s
		}
		return nil
	})
	// Attributes may come before the name that an error about them needs.
	for _, body := range attributes {
		if err != nil {
			break
		}
		var a Attribute
		if a, err = p.attribute(body); err != nil {
			err = fmt.Errorf("%w of %s %q", err, node.Op, node.Name)
		} else if node.Attr(a.Name) != nil {
			err = fmt.Errorf("onnx: %w: %s %q has two attributes %q", ErrMalformed, node.Op, node.Name, a.Name)
		}
		node.Attributes = append(node.Attributes, a)
	}
	if err == nil && len(node.Outputs) == 0 {
		err = fmt.Errorf("onnx: %w: %s %q has no output", ErrMalformed, node.Op, node.Name)
	}
	return node, err
}

func (p *parser) attribute(b []byte) (a Attribute, err error) {
	unread := 0
	err = p.message(b, "attribute", func(n protowire.Number, f field) error {
		switch n {
		case 1:
			name, err := p.name(f.bytes)
			a.Name = name
			return err
		case 2:
			a.F, a.Kind = math.Float32frombits(uint32(f.num)), KindFloat
		case 3:
			a.I, a.Kind = int64(f.num), KindInt
		case 4:
			if len(f.bytes) > p.limits.NameBytes {
				return fmt.Errorf("onnx: %w: a string attribute of %d bytes, limit %d", ErrMalformed, len(f.bytes), p.limits.NameBytes)
			}
			a.S, a.Kind = string(f.bytes), KindString
		case 5:
			t, err := p.tensor(f.bytes)
			if err != nil {
				return err
			}
			a.T, a.Kind = t, KindTensor
		case 7:
			a.Kind = KindFloats
			return p.repeated(f, protowire.Fixed32Type, p.limits.List-len(a.Floats), func(v uint64) { a.Floats = append(a.Floats, math.Float32frombits(uint32(v))) })
		case 8:
			a.Kind = KindInts
			return p.repeated(f, protowire.VarintType, p.limits.List-len(a.Ints), func(v uint64) { a.Ints = append(a.Ints, int64(v)) })
		case 6, 9, 10, 11:
			unread = int(n)
		}
		return nil
	})
	if err != nil {
		return a, fmt.Errorf("%w: attribute %q", err, a.Name)
	}
	if unread != 0 {
		return a, fmt.Errorf("onnx: %w: attribute %q holds a graph or a list (field %d), which are not supported", ErrMalformed, a.Name, unread)
	}
	return a, nil
}

// repeated reads a scalar list, packed or not, of at most room values.
func (p *parser) repeated(f field, kind protowire.Type, room int, add func(uint64)) error {
	b := f.bytes
	if f.kind == kind {
		b = nil
		if room--; room >= 0 {
			add(f.num)
		}
	} else if f.kind != protowire.BytesType {
		return fmt.Errorf("onnx: %w: list of wire type %d", ErrMalformed, f.kind)
	}
	for ; len(b) > 0 && room >= 0; room-- {
		var v uint64
		var n int
		switch kind {
		case protowire.Fixed32Type:
			var v32 uint32
			v32, n = protowire.ConsumeFixed32(b)
			v = uint64(v32)
		case protowire.Fixed64Type:
			v, n = protowire.ConsumeFixed64(b)
		default:
			v, n = protowire.ConsumeVarint(b)
		}
		if n < 0 {
			return fmt.Errorf("onnx: %w: list: %w", ErrMalformed, protowire.ParseError(n))
		}
		if b = b[n:]; room > 0 {
			add(v)
		}
	}
	if room < 0 {
		return fmt.Errorf("onnx: %w: a list is longer than its shape or the limit allows", ErrMalformed)
	}
	return nil
}

func (p *parser) valueInfo(b []byte) (v ValueInfo, err error) {
	var kind, tensor, shape []byte
	pick := func(from []byte, what string, fields map[protowire.Number]*[]byte) error {
		return p.message(from, what, func(n protowire.Number, f field) error {
			if to := fields[n]; to != nil {
				*to = f.bytes
			}
			if what == "tensor type" && n == 1 {
				v.Type = DataType(f.num)
			}
			return nil
		})
	}
	var name []byte
	if err = pick(b, "value", map[protowire.Number]*[]byte{1: &name, 2: &kind}); err != nil {
		return v, err
	}
	if v.Name, err = p.name(name); err != nil {
		return v, err
	}
	if err = pick(kind, "type", map[protowire.Number]*[]byte{1: &tensor}); err != nil {
		return v, err
	}
	if err = pick(tensor, "tensor type", map[protowire.Number]*[]byte{2: &shape}); err != nil {
		return v, err
	}
	err = p.message(shape, "shape", func(n protowire.Number, f field) error {
		if n != 1 {
			return nil
		}
		if len(v.Shape) == p.limits.Rank {
			return fmt.Errorf("onnx: %w: %q has more than %d dimensions", ErrMalformed, v.Name, p.limits.Rank)
		}
		dim := -1
		err := p.message(f.bytes, "dimension", func(n protowire.Number, f field) error {
			if n == 1 && int64(f.num) > 0 && int64(f.num) <= p.limits.Elements {
				dim = int(f.num)
			}
			return nil
		})
		v.Shape = append(v.Shape, dim)
		return err
	})
	return v, err
}
