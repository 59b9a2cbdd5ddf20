package onnx

// Limits bounds what Parse may allocate.
type Limits struct {
	Bytes       int64 // size of the file
	Nodes       int   // nodes of the graph
	Dims        int   // dimensions of one tensor
	Elements    int64 // elements of one tensor
	WeightBytes int64 // decoded tensors together: 4 bytes an element of floats, 8 of integers
}

const (
	// maxPerNode bounds the inputs, the outputs and the attributes of one node: a Concat of a published network has tens.
	maxPerNode = 1024
	// maxAttributeList bounds one attribute's list of numbers.
	maxAttributeList = 4096
	// maxInterface bounds the inputs and outputs of the graph and its operator sets.
	maxInterface = 256
	// maxName bounds names in errors and in memory.
	maxName = 1024
)
