// Package nn is the inference core: an ONNX model in, a planned program out.
//
// A model goes through five stages, each in files of its own:
//
//  1. onnx.Parse reads the file within limits (package onnx).
//  2. bind (graph.go, operators*.go) settles every shape from those of the inputs, computes what is constant, and decodes
//     each node. An operation that isn't supported, or a shape that doesn't fit, ends here with the node's name.
//  3. fuse (fuse.go) folds what follows a convolution into its weights (batch normalisation, scale and shift), or does it
//     before the outputs are stored (activation, residual), and puts together what exporters take apart (hard swish,
//     swish, layer normalisation).
//  4. lower (lower*.go) turns operations into steps over views. A view has a stride for each dimension, so transposing,
//     slicing, splitting and most reshaping cost nothing, and the inputs of a concatenation are written where its result
//     lies. Pictures are stored with the channels innermost.
//  5. plan (plan.go) gives every buffer its place in one arena by the steps between which it is in use.
//
// A run walks the steps and allocates nothing. Large steps are shared among the threads of a Pool. The inner loops are
// in package kernel, as portable Go and as assembly for the processors that have it.
package nn
