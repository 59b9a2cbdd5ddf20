package nn

import (
	"errors"

	"umbral/pipeline/nn/kernel"
)

// TensorInfo describes an input or output of a model.
type TensorInfo struct {
	Name  string
	Shape []int // -1 where the model leaves the size open: Options.Shapes gives it
}

// Model is a parsed and simplified network. It is immutable and may be compiled several times, also concurrently;
// programs of the same model and tier share their packed weights. A Program does not keep its Model alive: drop the
// Model after the last Compile and its unpacked weights are freed.
type Model struct{}

// Options says how to compile a model.
type Options struct {
	// Shapes gives the shape of each input by name, batch first. An input that is absent keeps the model's own shape,
	// whose open dimension must then only be the batch (taken as 1).
	Shapes map[string][]int
	// Pool computes large layers on several threads. Nil computes all on the goroutine that calls Run.
	Pool *Pool
	// Tier chooses the kernels. The zero value takes the best of this processor.
	Tier kernel.Tier
}

// Open reads the ONNX file at path.
func Open(path string, l Limits) (*Model, error) { return nil, errNotBuilt }

// Parse reads an ONNX model. The bytes are not kept.
func Parse(data []byte, l Limits) (*Model, error) { return nil, errNotBuilt }

// Inputs lists what the model wants, in the model's order.
func (m *Model) Inputs() []TensorInfo { return nil }

// Outputs lists what the model computes, in the model's order. Shapes that depend on the inputs' are -1.
func (m *Model) Outputs() []TensorInfo { return nil }

// Compile plans the model for fixed input shapes and allocates everything that a run needs.
func (m *Model) Compile(o Options) (*Program, error) { return nil, errNotBuilt }

var errNotBuilt = errors.New("nn: not built yet")
