package nn_test

import (
	"fmt"
	"log"

	"umbral/pipeline/nn"
	"umbral/pipeline/nn/onnx"
	"umbral/pipeline/nn/onnx/onnxtest"
)

// A model of one node is written here; others come from a file, through Open.
func ExampleModel_Compile() {
	file := onnxtest.Marshal(&onnx.Graph{
		Opset:   13,
		Nodes:   []onnx.Node{{Name: "relu", Op: "Relu", Inputs: []string{"x"}, Outputs: []string{"y"}}},
		Inputs:  []onnx.ValueInfo{{Name: "x", Type: onnx.Float, Shape: []int{1, -1}}},
		Outputs: []onnx.ValueInfo{{Name: "y", Type: onnx.Float}},
	})
	model, err := nn.Parse(file, nn.DefaultLimits())
	if err != nil {
		log.Fatal(err)
	}
	program, err := model.Compile(nn.Options{Shapes: map[string][]int{"x": {1, 4}}})
	if err != nil {
		log.Fatal(err)
	}
	in, err := program.Input("x")
	if err != nil {
		log.Fatal(err)
	}
	copy(in, []float32{-2, -1, 1, 2})
	if err := program.Run(); err != nil {
		log.Fatal(err)
	}
	out, shape, err := program.Output("y")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out, shape)
	// Output: [0 0 1 2] [1 4]
}
