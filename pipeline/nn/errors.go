package nn

import (
	"errors"
	"fmt"

	"umbral/pipeline/nn/onnx"
)

// ErrUnsupported is wrapped by errors about models that are well-formed but ask for what this package does not do.
var ErrUnsupported = errors.New("unsupported model")

// unsupported names the node and its operation, and says what about it is not to be had.
func unsupported(n *onnx.Node, format string, args ...any) error {
	name := n.Name
	if name == "" && len(n.Outputs) > 0 {
		name = n.Outputs[0]
	}
	return fmt.Errorf("nn: node %q, op %s: %s: %w", name, n.Op, fmt.Sprintf(format, args...), ErrUnsupported)
}

// attributes reads a node's attributes and remembers the first mistake.
type attributes struct {
	node *onnx.Node
	err  error
}

func (a *attributes) fail(name, format string, args ...any) {
	if a.err == nil {
		a.err = unsupported(a.node, "attribute %q: %s", name, fmt.Sprintf(format, args...))
	}
}

func (a *attributes) int(name string, missing int) int {
	at := a.node.Attr(name)
	if at == nil {
		return missing
	}
	if at.Kind != onnx.KindInt || at.I != int64(int32(at.I)) {
		a.fail(name, "value %d of kind %d, wanted a small whole number", at.I, at.Kind)
		return missing
	}
	return int(at.I)
}

func (a *attributes) float(name string, missing float32) float32 {
	at := a.node.Attr(name)
	if at == nil {
		return missing
	}
	if at.Kind != onnx.KindFloat {
		a.fail(name, "kind %d, wanted a number", at.Kind)
	}
	return at.F
}

func (a *attributes) string(name, missing string) string {
	if at := a.node.Attr(name); at != nil {
		return at.S
	}
	return missing
}

// ints returns a list whose values are all in low…high, or missing.
func (a *attributes) ints(name string, low, high int, missing []int) []int {
	at := a.node.Attr(name)
	if at == nil {
		return missing
	}
	list := make([]int, len(at.Ints))
	for i, v := range at.Ints {
		if v < int64(low) || v > int64(high) {
			a.fail(name, "value %d, allowed %d to %d", v, low, high)
			return missing
		}
		list[i] = int(v)
	}
	return list
}

// pair is a list of exactly two.
func (a *attributes) pair(name string, low, high, missing int) [2]int {
	list := a.ints(name, low, high, []int{missing, missing})
	if len(list) != 2 {
		a.fail(name, "%d values, wanted 2: only two spatial dimensions are supported", len(list))
		return [2]int{missing, missing}
	}
	return [2]int{list[0], list[1]}
}
