// Package nn is the inference core: an ONNX model in, a planned program out.
package nn
