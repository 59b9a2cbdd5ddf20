package onnx

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// elementBytes is the size of an element in raw_data.
var elementBytes = map[DataType]int{Float: 4, Uint8: 1, Int8: 1, Int32: 4, Int64: 8, Bool: 1, Double: 8}

func (p *parser) tensor(b []byte) (*Tensor, error) {
	t := new(Tensor)
	var raw []byte
	hasRaw := false
	external := false
	var dims []int64
	// The shape may follow the data, so the data is taken in a second pass.
	err := p.message(b, "tensor", func(n protowire.Number, f field) error {
		switch n {
		case 1:
			if err := p.repeated(f, protowire.VarintType, p.limits.Rank-len(dims), func(v uint64) { dims = append(dims, int64(v)) }); err != nil {
				return fmt.Errorf("%w: a tensor's shape has more than %d dimensions", err, p.limits.Rank)
			}
		case 2:
			t.Type = DataType(f.num)
		case 8:
			name, err := p.name(f.bytes)
			t.Name = name
			return err
		case 9:
			raw, hasRaw = f.bytes, true
		case 14:
			external = external || f.num == 1
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	size, ok := elementBytes[t.Type]
	if !ok {
		return nil, fmt.Errorf("onnx: %w: tensor %q: %v is not supported", ErrMalformed, t.Name, t.Type)
	}
	if external {
		return nil, fmt.Errorf("onnx: %w: tensor %q lies in another file (external data is not supported)", ErrMalformed, t.Name)
	}
	count := int64(1)
	for _, d := range dims {
		if d < 0 || d > p.limits.Elements || count*max(d, 1) > p.limits.Elements {
			return nil, fmt.Errorf("onnx: %w: tensor %q: shape %v has more than %d elements", ErrMalformed, t.Name, dims, p.limits.Elements)
		}
		count *= d
		t.Shape = append(t.Shape, int(d))
	}
	memory := count * 4
	if t.Type != Float && t.Type != Double {
		memory = count * 8
	}
	if p.weights += memory; p.weights > p.limits.WeightBytes {
		return nil, fmt.Errorf("onnx: %w: tensors of more than %d bytes", ErrMalformed, p.limits.WeightBytes)
	}
	if hasRaw {
		if int64(len(raw)) != count*int64(size) {
			return nil, fmt.Errorf("onnx: %w: tensor %q: %d bytes of data, its shape %v wants %d", ErrMalformed, t.Name, len(raw), dims, count*int64(size))
		}
		t.fromRaw(raw, int(count))
		return t, nil
	}
	return t, p.typedData(b, t, int(count))
}

func (t *Tensor) fromRaw(raw []byte, count int) {
	if t.Type == Float || t.Type == Double {
		t.F = make([]float32, count)
	} else {
		t.I = make([]int64, count)
	}
	for i := range count {
		switch t.Type {
		case Float:
			t.F[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		case Double:
			t.F[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:])))
		case Int64:
			t.I[i] = int64(binary.LittleEndian.Uint64(raw[8*i:]))
		case Int32:
			t.I[i] = int64(int32(binary.LittleEndian.Uint32(raw[4*i:])))
		case Int8:
			t.I[i] = int64(int8(raw[i]))
		default:
			t.I[i] = int64(raw[i])
		}
	}
}

// typedData reads the lists that hold a tensor's elements where raw_data does not. The list that belongs to the type is
// read, up to as many elements as the shape has; the other lists are not.
func (p *parser) typedData(b []byte, t *Tensor, count int) error {
	floats, ints := t.Type == Float || t.Type == Double, t.Type != Float && t.Type != Double
	if floats {
		t.F = make([]float32, 0, count)
	} else {
		t.I = make([]int64, 0, count)
	}
	err := p.message(b, "tensor", func(n protowire.Number, f field) error {
		switch {
		case n == 4 && t.Type == Float:
			return p.repeated(f, protowire.Fixed32Type, count-len(t.F), func(v uint64) { t.F = append(t.F, math.Float32frombits(uint32(v))) })
		case n == 10 && t.Type == Double:
			return p.repeated(f, protowire.Fixed64Type, count-len(t.F), func(v uint64) { t.F = append(t.F, float32(math.Float64frombits(v))) })
		case n == 7 && t.Type == Int64, n == 5 && ints && t.Type != Int64:
			return p.repeated(f, protowire.VarintType, count-len(t.I), func(v uint64) { t.I = append(t.I, int64(v)) })
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%w: tensor %q of shape %v", err, t.Name, t.Shape)
	}
	if got := len(t.F) + len(t.I); got != count {
		return fmt.Errorf("onnx: %w: tensor %q: %d elements, its shape %v wants %d", ErrMalformed, t.Name, got, t.Shape, count)
	}
	return nil
}
