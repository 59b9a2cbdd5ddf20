package nn

import (
	"fmt"

	"umbral/pipeline/nn/onnx"
)

// Limits bound what a model may ask for. They are checked before anything is allocated or computed.
type Limits struct {
	File    onnx.Limits
	Arena   int64 // bytes of all activations of one program
	Weights int64 // bytes of what one program makes of the file's weights: folded, packed, biases, slopes
	Work    int64 // multiply-adds and floats moved in one run
}

// DefaultLimits allow files of 64 MiB, activations of 256 MiB and runs of 60 thousand million multiply-adds, which is
// twenty times the largest of the model set and some seconds on one core.
func DefaultLimits() Limits {
	return Limits{File: onnx.DefaultLimits(), Arena: 256 << 20, Weights: 192 << 20, Work: 60e9}
}

// largestArena keeps places, in bytes too, within the 31 bits of the int of the smallest terminals.
const largestArena = 1 << 30

func (l Limits) check() error {
	for _, f := range []struct {
		name       string
		value, top int64
	}{{"Arena", l.Arena, largestArena}, {"Weights", l.Weights, largestArena}, {"Work", l.Work, 1 << 50}} {
		if f.value < 1 || f.value > f.top {
			return fmt.Errorf("nn: limits: %s is %d, allowed 1 to %d (start from DefaultLimits)", f.name, f.value, f.top)
		}
	}
	return nil
}
