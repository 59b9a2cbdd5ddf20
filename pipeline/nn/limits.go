package nn

import "umbral/pipeline/nn/onnx"

// Limits bound what a model may ask for. They are checked before anything is allocated.
type Limits struct {
	File  onnx.Limits
	Arena int64 // bytes of all activations of one program
}

// DefaultLimits allow files of 64 MiB and activations of 256 MiB.
func DefaultLimits() Limits {
	return Limits{File: onnx.DefaultLimits(), Arena: 256 << 20}
}
