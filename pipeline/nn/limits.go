package nn

import "fmt"

// Limits bounds what a model may make this process allocate. They are checked before the allocation, so that a hostile
// or damaged file costs an error and not the terminal's memory.
type Limits struct {
	FileBytes    int64 // size of the ONNX file
	Nodes        int   // nodes of the graph, constants included
	Dims         int   // dimensions of one tensor
	Elements     int64 // elements of one tensor, weights and activations alike
	WeightBytes  int64 // all weights of a model together, as float32
	ArenaBytes   int64 // activations and scratch of one compiled program
	OperationMAC int64 // multiply-accumulates of one run of a compiled program
}

// DefaultLimits leaves room for models about four times as large as the largest of the model set (OCR detection of a
// 1280x960 picture).
func DefaultLimits() Limits {
	return Limits{
		FileBytes:    64 << 20,
		Nodes:        20_000,
		Dims:         8,
		Elements:     64 << 20,
		WeightBytes:  128 << 20,
		ArenaBytes:   512 << 20,
		OperationMAC: 100e9,
	}
}

func (l Limits) validate() error {
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"FileBytes", l.FileBytes}, {"Nodes", int64(l.Nodes)}, {"Dims", int64(l.Dims)}, {"Elements", l.Elements},
		{"WeightBytes", l.WeightBytes}, {"ArenaBytes", l.ArenaBytes}, {"OperationMAC", l.OperationMAC},
	} {
		if f.value <= 0 {
			return fmt.Errorf("nn: limits: %s is %d, must be positive (start from DefaultLimits)", f.name, f.value)
		}
	}
	return nil
}
