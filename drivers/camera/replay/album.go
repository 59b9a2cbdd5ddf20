package replay

import (
	"context"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"slices"

	"umbral/drivers/camera/feed"
)

const (
	maxAlbum     = 10000 // pictures in a folder
	albumSeconds = 2     // how long each is shown
)

// album shows pictures one after the other, each whole, with haze where its proportions are not the frame's.
type album struct {
	dir     string
	names   []string
	o       feed.Opts
	format  feed.Format
	draw    *renderer
	now, at int // the picture that is shown, and the frame of it that comes next
	subject *subject
	shot    shot
}

func newAlbum(path string, folder bool, o feed.Opts) (*album, error) {
	a := &album{dir: filepath.Dir(path), names: []string{filepath.Base(path)}, o: o}
	if folder {
		a.dir, a.names = path, nil
		d, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("replay: folder: %w", err)
		}
		defer d.Close()
		entries, err := d.ReadDir(maxAlbum + 1)
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("replay: folder: %w", err)
		}
		if len(entries) > maxAlbum {
			return nil, fmt.Errorf("replay: folder %s: more than %d files", path, maxAlbum)
		}
		for _, e := range entries {
			if isPicture(e.Name()) && !e.IsDir() {
				a.names = append(a.names, e.Name())
			}
		}
		slices.Sort(a.names)
	}
	if len(a.names) == 0 {
		return nil, fmt.Errorf("replay: folder %s: no .jpg, .jpeg or .png in it", path)
	}
	w, h := o.Width&^1, o.Height
	stride, bytes := feed.YUYV.Size(w, h)
	a.format = feed.Format{Format: feed.YUYV, Width: w, Height: h, Stride: stride, Bytes: bytes, Rate: o.FPS}
	a.draw = newRenderer(w, h, 16, 0)
	return a, nil
}

func (a *album) open(context.Context) (feed.Format, error) {
	a.now, a.at = -1, a.frames()
	return a.format, nil
}

// frames is for how many frames a picture is shown. Frames that nobody waits for in real time are not repeated.
func (a *album) frames() int {
	if a.o.Pace == feed.AsTaken {
		return 1
	}
	return max(1, int(albumSeconds*a.o.FPS))
}

func (a *album) next(_ context.Context, b *feed.Frame) error {
	if a.at == a.frames() {
		if a.now+1 == len(a.names) {
			return io.EOF
		}
		a.now++
		if err := a.load(); err != nil {
			return err
		}
		a.at = 0
	}
	a.at++
	b.Data = b.Data[:b.Stride*b.Height]
	a.draw.draw(b.Data, a.subject, a.shot)
	return nil
}

// load reads the picture that is shown now, unless it is the only one and read already.
func (a *album) load() error {
	if len(a.names) == 1 && a.subject != nil {
		return nil
	}
	a.subject = nil
	path := filepath.Join(a.dir, a.names[a.now])
	img, err := readPicture(path)
	if err != nil {
		return err
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	scale := max(float64(w)/float64(a.format.Width), float64(h)/float64(a.format.Height))
	a.shot = shot{x: fixed(w) << 15, y: fixed(h) << 15, width: fix(scale * float64(a.format.Width)), brightness: one}
	a.subject = &subject{
		cut: cut(img, image.Rect(0, 0, w, h), scale, scale), haze: haze(img),
		left: 0, top: 0, right: fixed(w) << 16, bottom: fixed(h) << 16, feather: 1,
	}
	a.draw.fit(a.subject)
	return nil
}

func (a *album) note() string {
	if a.now < 0 {
		return ""
	}
	return a.names[a.now]
}

func (a *album) close() {}
