package onnx

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

func (p *parser) node(f field, index int) (Node, error) {
	n := Node{Index: index}
	b, err := f.message(fmt.Sprintf("node %d", index))
	if err != nil {
		return n, err
	}
	var attributes [][]byte
	err = each(b, func(f field) (err error) {
		switch f.number {
		case 1:
			n.Inputs, err = appendName(n.Inputs, f, "input")
		case 2:
			n.Outputs, err = appendName(n.Outputs, f, "output")
		case 3:
			n.Name, err = f.text("name")
		case 4:
			n.Op, err = f.text("op_type")
		case 5:
			if len(attributes) >= maxPerNode {
				return fmt.Errorf("more than %d attributes", maxPerNode)
			}
			var body []byte
			body, err = f.message("attribute")
			attributes = append(attributes, body)
		case 7:
			n.Domain, err = f.text("domain")
		}
		return err
	})
	if err != nil {
		return n, fmt.Errorf("%v: %w", &n, err)
	}
	// Attributes come after the names in none of the files seen, but nothing promises it; an error should know the names.
	for _, body := range attributes {
		a, err := p.attribute(body)
		if err != nil {
			return n, fmt.Errorf("%v: attribute %q: %w", &n, a.Name, err)
		}
		n.Attributes = append(n.Attributes, a)
	}
	return n, nil
}

func appendName(list []string, f field, what string) ([]string, error) {
	if len(list) >= maxPerNode {
		return list, fmt.Errorf("more than %d %ss", maxPerNode, what)
	}
	s, err := f.text(what)
	return append(list, s), err
}

func (p *parser) attribute(b []byte) (a Attribute, err error) {
	declared := KindNone
	err = each(b, func(f field) (err error) {
		switch f.number {
		case 1:
			a.Name, err = f.text("name")
		case 2:
			a.Float, a.Kind = math.Float32frombits(uint32(f.scalar)), KindFloat
		case 3:
			a.Int, a.Kind = int64(f.scalar), KindInt
		case 4:
			a.Kind = KindString
			a.String, err = f.text("string value")
		case 5:
			a.Kind = KindTensor
			var body []byte
			if body, err = f.message("tensor value"); err == nil {
				a.Tensor, err = p.tensor(body)
			}
		case 6, 11:
			return fmt.Errorf("holds a sub-graph: control flow (If, Loop, Scan) is not supported")
		case 7:
			a.Kind = KindFloats
			a.Floats, err = appendFloats(a.Floats, f, maxAttributeList)
		case 8:
			a.Kind = KindInts
			a.Ints, err = appendVarints(a.Ints, f, maxAttributeList)
		case 9:
			a.Kind = KindStrings
		case 20:
			declared = Kind(f.scalar)
		}
		return err
	})
	if err != nil {
		return a, err
	}
	if a.Kind == KindNone {
		a.Kind = declared // an empty list, or a zero that a writer left out
	}
	if declared != KindNone && declared != a.Kind {
		return a, fmt.Errorf("declared %v, holds %v (damaged file?)", declared, a.Kind)
	}
	return a, nil
}

// appendFloats reads a repeated float field, packed or not, up to limit values in all.
func appendFloats(list []float32, f field, limit int) ([]float32, error) {
	if f.kind == protowire.Fixed32Type {
		if len(list) >= limit {
			return list, fmt.Errorf("more than %d values", limit)
		}
		return append(list, math.Float32frombits(uint32(f.scalar))), nil
	}
	b, err := f.message("list of floats")
	if err != nil {
		return list, err
	}
	if len(b)%4 != 0 {
		return list, fmt.Errorf("%d bytes of float32, not a multiple of 4 (damaged file?)", len(b))
	}
	if len(list)+len(b)/4 > limit {
		return list, fmt.Errorf("%d values, limit %d", len(list)+len(b)/4, limit)
	}
	for ; len(b) > 0; b = b[4:] {
		v, _ := protowire.ConsumeFixed32(b)
		list = append(list, math.Float32frombits(v))
	}
	return list, nil
}

// appendVarints reads a repeated integer field, packed or not, up to limit values in all.
func appendVarints(list []int64, f field, limit int) ([]int64, error) {
	if f.kind == protowire.VarintType {
		if len(list) >= limit {
			return list, fmt.Errorf("more than %d values", limit)
		}
		return append(list, int64(f.scalar)), nil
	}
	b, err := f.message("list of integers")
	if err != nil {
		return list, err
	}
	for len(b) > 0 {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return list, fmt.Errorf("damaged integer: %w", protowire.ParseError(n))
		}
		if len(list) >= limit {
			return list, fmt.Errorf("more than %d values", limit)
		}
		list, b = append(list, int64(v)), b[n:]
	}
	return list, nil
}
