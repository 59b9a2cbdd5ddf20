package replay

import (
	"context"
	"io"
	"path/filepath"

	"umbral/drivers/camera/feed"
)

// theatre plays a scene.
type theatre struct {
	scene    *Scene
	acts     []act
	renderer *renderer
	act, at  int // the next frame's act and its place therein
	label    string
}

func newTheatre(s *Scene, path string, o feed.Opts) (*theatre, error) {
	s.complete(o)
	folders := []string{filepath.Dir(path)}
	if s.Pictures != "" {
		dir := s.Pictures
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(folders[0], dir)
		}
		folders[0] = dir
	} else if o.Pictures != "" {
		folders = append(folders, o.Pictures)
	}
	acts, err := stage(s, folders)
	if err != nil {
		return nil, err
	}
	r := newRenderer(s.Width, s.Height, byte(s.Wall), uint64(s.Seed))
	for i := range acts {
		if acts[i].subject != nil {
			r.fit(acts[i].subject)
		}
	}
	return &theatre{scene: s, acts: acts, renderer: r}, nil
}

func (t *theatre) open(context.Context) (feed.Format, error) {
	t.act, t.at = 0, 0
	stride, bytes := feed.YUYV.Size(t.scene.Width, t.scene.Height)
	return feed.Format{
		Format: feed.YUYV, Width: t.scene.Width, Height: t.scene.Height, Stride: stride, Bytes: bytes, Rate: t.scene.FPS,
	}, nil
}

func (t *theatre) next(_ context.Context, b *feed.Frame) error {
	if t.act == len(t.acts) {
		return io.EOF
	}
	a := &t.acts[t.act]
	if t.act == 0 && t.at == 0 {
		t.renderer.rewind(uint64(t.scene.Seed))
	}
	t.label = a.label
	t.renderer.sway(a.shake)
	b.Data = b.Data[:b.Stride*b.Height]
	t.renderer.draw(b.Data, a.subject, a.shot(t.at))
	if t.at++; t.at == a.move+a.hold {
		t.act, t.at = t.act+1, 0
	}
	return nil
}

func (t *theatre) note() string { return t.label }
func (t *theatre) close()       {}
