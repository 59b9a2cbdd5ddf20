package eval

import (
	"context"

	"umbral/pipeline/face"
)

// Faces compares the pictures of each pair. Every distinct picture is looked at once. A picture that can't be read, or
// shows no face, is not acquired; a file that isn't there is an error, since the set is then not the one that was meant.
func Faces(ctx context.Context, pairs []Pair, o Opts) ([]Comparison, error) {
	index := map[string]int{}
	var files []string
	for _, p := range pairs {
		for _, file := range []string{p.A, p.B} {
			if _, ok := index[file]; !ok {
				index[file] = len(files)
				files = append(files, file)
			}
		}
	}
	templates := make([]*face.Template, len(files))
	err := o.each(ctx, files, func(e *eye, i int) error {
		t, err := e.template(files[i], o.Pad)
		if err == nil {
			templates[i] = t
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	comparisons := make([]Comparison, len(pairs))
	for i, p := range pairs {
		a, b := templates[index[p.A]], templates[index[p.B]]
		comparisons[i] = Comparison{Mated: p.Mated, Fold: p.Fold, Acquired: a != nil && b != nil}
		if comparisons[i].Acquired {
			comparisons[i].Score = face.Compare(a, b)
		}
	}
	return comparisons, nil
}

func (e *eye) template(path string, pad bool) (*face.Template, error) {
	img, d, err := e.acquire(path, pad)
	if err != nil {
		return nil, err
	}
	points, err := e.analyzer.Landmarks(img, d.Box)
	if err != nil {
		return nil, err
	}
	t, err := e.analyzer.Embed(img, points)
	return &t, err
}
