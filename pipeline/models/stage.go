package models

import (
	"fmt"
	"slices"

	"umbral/pipeline/nn"
	"umbral/pipeline/vision"
)

// Stage is a model of the set that is ready to run on regions of pictures. It is not safe for concurrent use.
type Stage struct {
	Model
	program *nn.Program
	input   []float32
	norm    vision.Norm
}

// Size is the width and height of an input in pixels.
type Size struct{ Width, Height int }

// Compile opens a model with an input of fixed size and plans its memory. The model's input must have the manifest's
// shape and there must be an output for each name of the manifest. A nil pool runs on the caller's goroutine.
func (s *Set) Compile(role Role, l nn.Limits, pool *nn.Pool) (*Stage, error) {
	model, err := s.Of(role)
	if err != nil {
		return nil, err
	}
	stages, err := s.CompileSizes(role, []Size{{model.Input.Width, model.Input.Height}}, l, pool)
	if err != nil {
		return nil, err
	}
	return stages[0], nil
}

// CompileSizes opens a model whose input has no fixed size (a side of 0 in the manifest) once and plans it for each of
// the sizes. The stages share their packed weights; each has its own arena, or takes its turn in the set's.
func (s *Set) CompileSizes(role Role, sizes []Size, l nn.Limits, pool *nn.Pool) ([]*Stage, error) {
	stages, err := s.CompileCopies(role, sizes, []*nn.Arena{s.Arena}, l, pool)
	if err != nil {
		return nil, err
	}
	return stages[0], nil
}

// CompileCopies plans a model for each of the sizes as CompileSizes does, once for each of the arenas. Stages of different
// arenas may run at the same time. All share their packed weights.
func (s *Set) CompileCopies(role Role, sizes []Size, arenas []*nn.Arena, l nn.Limits, pool *nn.Pool) ([][]*Stage, error) {
	model, err := s.Of(role)
	if err != nil {
		return nil, err
	}
	parsed, err := s.Open(role, l)
	if err != nil {
		return nil, err
	}
	copies := make([][]*Stage, len(arenas))
	for i, arena := range arenas {
		for _, size := range sizes {
			in := model.Input
			if size.Width < 1 || size.Height < 1 || in.Width > 0 && in.Width != size.Width || in.Height > 0 && in.Height != size.Height {
				return nil, fmt.Errorf("models: %s: input of %d×%d pixels, the manifest has %d×%d (0: free)", model.File, size.Width, size.Height, in.Width, in.Height)
			}
			sized := model
			sized.Input.Width, sized.Input.Height = size.Width, size.Height
			stage, err := s.compile(parsed, sized, arena, pool)
			if err != nil {
				return nil, err
			}
			copies[i] = append(copies[i], stage)
		}
	}
	return copies, nil
}

func (s *Set) compile(parsed *nn.Model, model Model, arena *nn.Arena, pool *nn.Pool) (*Stage, error) {
	in := model.Input
	shape := []int{1, orders[in.Order].Planes(), in.Height, in.Width}
	named := func(t nn.TensorInfo) bool { return t.Name == in.Name }
	at := slices.IndexFunc(parsed.Inputs(), named)
	if at < 0 {
		return nil, fmt.Errorf("models: %s: input %q is not among the model's %v", model.File, in.Name, parsed.Inputs())
	}
	if has := parsed.Inputs()[at].Shape; !fits(has, shape) {
		return nil, fmt.Errorf("models: %s: input %q has shape %v, the manifest wants %v", model.File, in.Name, has, shape)
	}
	program, err := parsed.Compile(nn.Options{Shapes: map[string][]int{in.Name: shape}, Pool: pool, Arena: arena, Tier: s.Tier})
	if err != nil {
		return nil, fmt.Errorf("models: %s: %w", model.File, err)
	}
	stage := &Stage{Model: model, program: program, norm: in.Norm()}
	if stage.input, err = program.Input(in.Name); err != nil {
		return nil, fmt.Errorf("models: %s: %w", model.File, err)
	}
	for meaning, name := range model.Outputs {
		if _, _, err := program.Output(name); err != nil {
			return nil, fmt.Errorf("models: %s: output for %q: %w", model.File, meaning, err)
		}
	}
	return stage, nil
}

// fits tells whether a tensor may have a shape; sizes below 1 are free.
func fits(declared, shape []int) bool {
	if len(declared) != len(shape) {
		return false
	}
	for i, n := range declared {
		if n > 0 && n != shape[i] {
			return false
		}
	}
	return true
}

// Look runs the model on a region of img, stretched to the input's size.
func (s *Stage) Look(img *vision.Image, region vision.Rect) error {
	vision.ResizeTensor(s.input, s.Input.Width, s.Input.Height, img, region, s.norm)
	return s.program.Run()
}

// Warp runs the model on img moved by m.
func (s *Stage) Warp(img *vision.Image, m vision.Similarity) error {
	vision.WarpTensor(s.input, s.Input.Width, s.Input.Height, img, m, s.norm)
	return s.program.Run()
}

// Output gives the values of a meaning of the model's role, valid until the next run.
func (s *Stage) Output(meaning string) ([]float32, error) {
	values, _, err := s.program.Output(s.Outputs[meaning])
	return values, err
}

// Budget is the memory that the stage takes.
func (s *Stage) Budget() nn.Budget { return s.program.Budget() }
