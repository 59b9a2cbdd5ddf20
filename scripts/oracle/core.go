package main

import (
	"fmt"
	"path/filepath"
	"time"

	"umbral/pipeline/nn"
)

// core is the inference core under test, on one thread as its reference. It keeps one program for each model and shape.
type core struct {
	models   string
	tier     string // of kernels, empty for the fastest
	programs map[string]*nn.Program
}

func newCore(models, tier string) *core {
	return &core{models: models, tier: tier, programs: make(map[string]*nn.Program)}
}

func (c *core) program(n network, shape []int) (*nn.Program, error) {
	key := fmt.Sprint(n.File, shape)
	if p := c.programs[key]; p != nil {
		return p, nil
	}
	model, err := nn.Open(filepath.Join(c.models, n.File), nn.DefaultLimits())
	if err != nil {
		return nil, err
	}
	p, err := model.Compile(nn.Options{Shapes: map[string][]int{n.Input.Name: shape}, Tier: c.tier})
	if err != nil {
		return nil, fmt.Errorf("oracle: %s: %w", n.File, err)
	}
	c.programs[key] = p
	return p, nil
}

// do runs one inference and copies the named outputs.
func (c *core) do(r inference, names ...string) (result, error) {
	p, err := c.program(r.network, r.shape)
	if err != nil {
		return result{}, err
	}
	input, err := p.Input(r.network.Input.Name)
	if err != nil {
		return result{}, err
	}
	if len(input) != len(r.data) {
		return result{}, fmt.Errorf("oracle: %s takes %d values for shape %v, not %d", r.network.File, len(input), r.shape, len(r.data))
	}
	copy(input, r.data)
	start := time.Now()
	if err := p.Run(); err != nil {
		return result{}, fmt.Errorf("oracle: %s: %w", r.network.File, err)
	}
	all := result{milliseconds: float64(time.Since(start).Microseconds()) / 1000}
	for _, name := range names {
		data, shape, err := p.Output(name)
		if err != nil {
			return result{}, err
		}
		all.outputs = append(all.outputs, output{name: name, shape: append([]int(nil), shape...), data: append([]float32(nil), data...)})
	}
	return all, nil
}
