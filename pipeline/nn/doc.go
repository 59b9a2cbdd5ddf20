// Package nn is the inference core: an ONNX model in, a planned program out.
//
//	model, err := nn.Open(path, nn.DefaultLimits())
//	program, err := model.Compile(nn.Options{Shapes: map[string][]int{"x": {1, 3, 48, 320}}, Pool: pool})
//	in, err := program.Input("x")    // fill it, NCHW
//	err = program.Run()              // allocates nothing
//	out, shape, err := program.Output("softmax_11.tmp_0")
//
// # Stages
//
// A model goes through five stages, each in files of its own:
//
//  1. onnx.Parse reads the file within limits (package onnx).
//  2. bind (graph.go, operators*.go) settles every shape from those of the inputs, computes what is constant, and decodes
//     each node. An operation that isn't supported, or a shape that doesn't fit, ends here with the node's name.
//  3. fuse (fuse*.go) folds what follows a convolution into its weights (batch normalisation, scale and shift), or does it
//     before the outputs are stored (activation, residual), and puts together what exporters take apart (hard swish,
//     swish, layer normalisation, channel shuffles).
//  4. lower (lower*.go) turns operations into steps over views and packs their weights. A view has a stride for each
//     dimension, so transposing, slicing, splitting and most reshaping cost nothing, and the inputs of a concatenation
//     are written where its result lies. Pictures are stored with the channels innermost.
//  5. plan (plan.go) gives every buffer its place in one arena by the steps between which it is in use.
//
// A run walks the steps (step*.go) and allocates nothing. Large steps are shared among the threads of a Pool, small ones
// stay on the goroutine that calls Run. The inner loops are in package kernel, as portable Go, which is the
// specification, and as assembly for the processors that have it; UMBRAL_SIMD chooses.
//
// # Algorithms
//
// Layer.Algorithm says which one a step uses; lowering chooses by shape:
//
//   - indirect: convolution in register tiles that read the input where it lies (step_conv.go); product: the same for a
//     matrix; packed product: both matrices are computed, one is packed first (step_product.go);
//   - rows: the first convolution, over planes, whose input is rearranged strip by strip (step_front.go);
//   - winograd: 3×3, also with a dilation, where fewer products outweigh the transforms (step_winograd.go);
//   - depthwise: strips of whole rows where the tier has them, else runs of pixels, else tables (step_depthwise.go,
//     step_strip.go);
//   - separable: depthwise and the 1×1 behind it by strips of rows, so that what lies between never leaves the cache
//     (step_separable.go);
//   - cascade: separable convolutions one behind the other, some rows of each in turns, so that the large pictures between
//     them never leave the cache either (step_cascade.go).
//
// # Memory
//
// Program.Budget states what a program takes once its Model is dropped, and a test holds it against the heap. Programs of
// one Model share packed weights, and programs that run in turns may share an Arena. Element-wise steps write over what is
// read for the last time. An input keeps its place and its content from run to run; an output is valid until the next run.
//
// # Hostile models
//
// A model is a file from elsewhere. Limits bound the file, each tensor, what is made of the weights, the activations and
// the work of a run, each before anything of that size is allocated. Errors wrap onnx.ErrMalformed (the bytes make no
// sense) or ErrUnsupported (they make sense, but ask for what is not done here) and name node, operation and attribute.
//
// # To add an operation
//
// Give it an entry in operators (operators.go) that settles its output's shape and decodes its attributes into op, a case
// in lowering.op (lower.go) that emits a step, the step itself, and a line in the reference of the tests
// (reference_test.go) with cases in TestOperators. An operation that only rearranges needs no step, but a view.
package nn
