// Package onnx reads the parts of an ONNX file (onnx.proto3, IR versions 3 to 10) that describe a network for
// inference: nodes, attributes, initializers, inputs and outputs. It knows the container and not the operators: what a
// Conv means is the business of package nn.
//
// A model file is hostile input. Every count and size is checked against [Limits] before anything of that size is
// allocated, and every error names the node, operator and attribute or the tensor where the file went wrong. Unknown
// fields are skipped, as protocol buffers demand; sub-graphs, sparse and external tensors are refused by name.
package onnx
