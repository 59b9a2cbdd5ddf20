// Package onnx reads model files of the Open Neural Network Exchange (onnx.proto3, IR version 3 and later): the fields
// that inference needs, within stated limits, and nothing else.
package onnx

import (
	"errors"
	"fmt"
)

// Limits bound what a file may ask for, before anything is allocated for it.
type Limits struct {
	FileBytes   int64 // of the whole file
	WeightBytes int64 // of all tensors together
	Nodes       int
	Rank        int   // dimensions of a tensor
	Elements    int64 // of one tensor
	NameBytes   int   // of one name
	List        int   // entries of one node's or graph's list: inputs, outputs, attributes, numbers of an attribute
}

// DefaultLimits allow every model that a terminal could run in time: 64 MiB, 10,000 nodes.
func DefaultLimits() Limits {
	return Limits{FileBytes: 64 << 20, WeightBytes: 64 << 20, Nodes: 10_000, Rank: 8, Elements: 16 << 20, NameBytes: 1024, List: 4096}
}

// ErrMalformed is wrapped by every error about the file's bytes.
var ErrMalformed = errors.New("malformed model")

// DataType is TensorProto.DataType.
type DataType int32

// The data types that models here use.
const (
	Float  DataType = 1
	Uint8  DataType = 2
	Int8   DataType = 3
	Int32  DataType = 6
	Int64  DataType = 7
	Bool   DataType = 9
	Double DataType = 11
)

// String is the name in the specification.
func (d DataType) String() string {
	switch d {
	case Float:
		return "FLOAT"
	case Uint8:
		return "UINT8"
	case Int8:
		return "INT8"
	case Int32:
		return "INT32"
	case Int64:
		return "INT64"
	case Bool:
		return "BOOL"
	case Double:
		return "DOUBLE"
	}
	return fmt.Sprintf("data type %d", int32(d))
}

// Tensor is a constant. Float, Double are in F; integers and Bool in I.
type Tensor struct {
	Name  string
	Type  DataType
	Shape []int
	F     []float32
	I     []int64
}

// Len is the number of elements.
func (t *Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Attribute is a named parameter of a node. Which field counts is Kind's word.
type Attribute struct {
	Name   string
	Kind   AttributeKind
	F      float32
	I      int64
	S      string
	T      *Tensor
	Floats []float32
	Ints   []int64
}

// AttributeKind is AttributeProto.AttributeType.
type AttributeKind int32

// The kinds of attributes that are read; others give an error.
const (
	KindFloat  AttributeKind = 1
	KindInt    AttributeKind = 2
	KindString AttributeKind = 3
	KindTensor AttributeKind = 4
	KindFloats AttributeKind = 6
	KindInts   AttributeKind = 7
)

// Node is one operation. An empty input name is an absent optional input.
type Node struct {
	Name, Op, Domain string
	Inputs, Outputs  []string
	Attributes       []Attribute
}

// Attr finds an attribute by name, nil when the node has none.
func (n *Node) Attr(name string) *Attribute {
	for i := range n.Attributes {
		if n.Attributes[i].Name == name {
			return &n.Attributes[i]
		}
	}
	return nil
}

// ValueInfo is a graph's input or output. A dimension of −1 is chosen by the caller.
type ValueInfo struct {
	Name  string
	Type  DataType
	Shape []int
}

// Graph is a model's graph, its nodes in the file's order, which the specification wants topological.
type Graph struct {
	Opset        int64
	Nodes        []Node
	Initializers map[string]*Tensor
	Inputs       []ValueInfo
	Outputs      []ValueInfo
}
