package nn

// Program is a model compiled for fixed shapes: packed weights, one arena, a list of steps. It is not safe for
// concurrent use: one goroutine fills the inputs, calls Run, reads the outputs. Programs that share a Pool may run
// concurrently; they take turns on its workers.
type Program struct{}

// Budget is what a Program holds, in bytes.
type Budget struct {
	Weights int64 // small constants used as they are: biases, slopes, shapes
	Packed  int64 // weights in the order that the kernels read; shared between programs of one Model and tier
	Arena   int64 // inputs, outputs and activations
	Scratch int64 // working memory of the threads
}

// Sum is the total in bytes. Packed is counted in full even if it is shared.
func (b Budget) Sum() int64 { return b.Weights + b.Packed + b.Arena + b.Scratch }

// Layer describes one step of a program.
type Layer struct {
	Name      string // output name of the last ONNX node of the step
	Op        string // ONNX ops of the step joined by +
	Algorithm string // kernel that computes it
	Shape     []int  // output shape in ONNX order
	MACs      int64  // multiply-accumulates of one run
	Parallel  bool   // work is split over the pool
}

// Input returns the slice to fill with the named input, in row-major ONNX order (NCHW for pictures). It is the same
// slice for the program's life.
func (p *Program) Input(name string) ([]float32, error) { return nil, errNotBuilt }

// Output returns the named output of the latest Run in row-major ONNX order, and its shape. Both slices are valid until
// the next Run and must not be written.
func (p *Program) Output(name string) ([]float32, []int, error) { return nil, nil, errNotBuilt }

// Run computes the outputs from the inputs. It allocates nothing.
func (p *Program) Run() error { return errNotBuilt }

// Budget says what the program holds.
func (p *Program) Budget() Budget { return Budget{} }

// Layers lists the steps in the order in which they run.
func (p *Program) Layers() []Layer { return nil }
