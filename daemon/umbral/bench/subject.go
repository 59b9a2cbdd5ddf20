package bench

import (
	"fmt"
	"path/filepath"
	"slices"

	"umbral/pipeline/models"
	"umbral/pipeline/nn"
)

// Subject is a model at the size in which it is measured.
type Subject struct {
	Name string // as it is called
	Path string
	// Shape of the input, nil for the model's own.
	Shape []int
	Face  bool // one of the models that every terminal loads
}

// Subjects are the models of a manifest; text models at the sizes of a card that fills the frame, and of its lines.
func Subjects(m models.Manifest, folder string) ([]Subject, error) {
	var list []Subject
	for _, role := range models.FaceRoles() {
		model, err := m.Of(role)
		if err != nil {
			return nil, err
		}
		list = append(list, Subject{Name: string(role), Path: filepath.Join(folder, model.File), Face: true})
	}
	for _, s := range []struct {
		role  models.Role
		name  string
		shape []int
	}{
		{models.TextDetect, "text detect", []int{1, 3, 608, 960}},
		{models.TextRecognise, "text read", []int{1, 3, 48, 320}},
		{models.TextDirection, "text turn", []int{1, 3, 48, 192}},
	} {
		model, err := m.Of(s.role)
		if err != nil {
			return nil, err
		}
		list = append(list, Subject{Name: s.name, Path: filepath.Join(folder, model.File), Shape: s.shape})
	}
	return list, nil
}

// Pick keeps the subjects named, all without names.
func Pick(all []Subject, names []string) ([]Subject, error) {
	if len(names) == 0 {
		return all, nil
	}
	var list []Subject
	for _, name := range names {
		i := slices.IndexFunc(all, func(s Subject) bool { return s.Name == name })
		if i < 0 {
			var known []string
			for _, s := range all {
				known = append(known, s.Name)
			}
			return nil, fmt.Errorf("bench: no model %q, known are %q", name, known)
		}
		list = append(list, all[i])
	}
	return list, nil
}

// Of is the subjects of a set that memory is measured for.
func Of(subjects []Subject, set string) []Subject {
	if set == allModels {
		return subjects
	}
	return slices.DeleteFunc(slices.Clone(subjects), func(s Subject) bool { return !s.Face })
}

// open reads the subject's model and says with which shape of its only input it is measured.
func (s *Subject) open() (*nn.Model, []int, error) {
	model, err := nn.Open(s.Path, nn.DefaultLimits())
	if err != nil {
		return nil, nil, err
	}
	if s.Shape != nil {
		return model, s.Shape, nil
	}
	shape := slices.Clone(model.Inputs()[0].Shape)
	if len(shape) > 0 {
		shape[0] = 1
	}
	return model, shape, nil
}

// compile makes a program of the subject, its input filled.
func (s *Subject) compile(o nn.Options) (*nn.Program, error) {
	model, shape, err := s.open()
	if err != nil {
		return nil, err
	}
	name := model.Inputs()[0].Name
	o.Shapes = map[string][]int{name: shape}
	program, err := model.Compile(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path, err)
	}
	floats, err := program.Input(name)
	if err != nil {
		return nil, err
	}
	fill(floats)
	return program, nil
}

// fill makes noise from −1 to 1, as a picture's edges are to a network: with a flat input, runtimes that look at values
// seem quicker than they are. The generator is that of Numerical Recipes, since runtime.mjs has to have the same.
func fill(floats []float32) {
	state := uint32(1)
	for i := range floats {
		state = state*1664525 + 1013904223
		floats[i] = float32(float64(state)/(1<<31) - 1)
	}
}
