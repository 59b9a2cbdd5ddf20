package eval

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"sync"

	"umbral/pipeline/face"
	"umbral/pipeline/liveness"
	"umbral/pipeline/models"
	"umbral/pipeline/vision"
)

// Opts says how pictures are evaluated.
type Opts struct {
	Models   string          // folder of the model files
	Manifest models.Manifest // which they are
	Workers  int             // pictures at a time; 0 takes one a processor
	// Pad puts each picture, a tight crop of a face, in the middle of a grey canvas before detection: the detector was not
	// made for faces that fill the picture.
	Pad bool
	// Progress is told how many of how many pictures are done; nil for nobody.
	Progress func(done, of int)
	// Missed is told of each file that gave nothing, and why; nil for nobody. It is called from one goroutine at a time.
	Missed func(file string, why error)
}

// MaxWorkers bounds Opts.Workers: each takes a set of buffers of its own.
const MaxWorkers = 64

// eye is what one worker looks with.
type eye struct {
	analyzer *face.Analyzer
	passive  *liveness.Passive
	canvas   *vision.Image
}

func (o *Opts) workers() (int, error) {
	if o.Workers < 0 || o.Workers > MaxWorkers {
		return 0, fmt.Errorf("eval: %d workers, allowed are 0 to %d", o.Workers, MaxWorkers)
	}
	if o.Workers == 0 {
		return min(runtime.GOMAXPROCS(0), MaxWorkers), nil
	}
	return o.Workers, nil
}

func (o *Opts) eyes() ([]*eye, error) {
	workers, err := o.workers()
	if err != nil {
		return nil, err
	}
	set, err := models.Load(o.Models, o.Manifest, models.FaceRoles()...)
	if err != nil {
		return nil, err
	}
	list := make([]*eye, workers)
	for i := range list {
		e := &eye{canvas: new(vision.Image)}
		if e.analyzer, err = face.New(set, face.DefaultOpts()); err != nil {
			return nil, err
		}
		if e.passive, err = liveness.NewPassive(set, liveness.DefaultOpts()); err != nil {
			return nil, err
		}
		list[i] = e
	}
	return list, nil
}

// errNoFace means that a picture shows no face.
var errNoFace = errors.New("no face found")

// errCannot means that this machine lacks what a file needs, so that no other file of its kind can be read either.
var errCannot = errors.New("cannot evaluate")

// each lets eyes look at files, see share.
func (o *Opts) each(ctx context.Context, files []string, fn func(e *eye, i int) error) error {
	list, err := o.eyes()
	if err != nil {
		return err
	}
	return share(ctx, o, list, files, fn)
}

// share shares files among workers, in no particular order. fn runs in one goroutine a worker; what it returns is why a
// file gave nothing. A file that isn't there ends the evaluation: the set is then not the one that was meant.
func share[W any](ctx context.Context, o *Opts, workers []W, files []string, fn func(w W, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var group sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for _, w := range workers {
		group.Go(func() {
			for i := range next {
				err := fn(w, i)
				if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errCannot) {
					cancel(fmt.Errorf("eval: %w", err))
				}
				mu.Lock()
				if err != nil && o.Missed != nil && ctx.Err() == nil {
					o.Missed(files[i], err)
				}
				done++
				if o.Progress != nil {
					o.Progress(done, len(files))
				}
				mu.Unlock()
			}
		})
	}
feed:
	for i := range files {
		select {
		case next <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	group.Wait()
	return context.Cause(ctx)
}

// readPicture opens a picture within the limits for pictures from outside.
func readPicture(path string) (*vision.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return vision.ReadPicture(f, vision.DefaultPictureLimits())
}

// acquire reads a picture and finds its face. A crop in which padding hides the face is tried once more as it is: of the
// 100 crops of CASIA-FaceV5 here, three are missed with a grey border, and only one of these without.
func (e *eye) acquire(path string, pad bool) (*vision.Image, face.Detection, error) {
	img, err := readPicture(path)
	if err != nil {
		return nil, face.Detection{}, err
	}
	if pad {
		canvas := e.padded(img)
		if d, err := e.find(canvas); !errors.Is(err, errNoFace) {
			return canvas, d, err
		}
	}
	d, err := e.find(img)
	return img, d, err
}

// canvasGrey is the colour around a crop; canvasShare how much of the canvas' height the crop takes, as for CASIA-FaceV5,
// whose crops of 168×193 were measured on 320×240.
const (
	canvasGrey  = 128
	canvasShare = 0.8
)

// padded puts a crop in the middle of a grey canvas of 4:3.
func (e *eye) padded(img *vision.Image) *vision.Image {
	height := max(int(float64(img.Height)/canvasShare), (img.Width*3+3)/4)
	width := height * 4 / 3
	e.canvas.Reset(width, height)
	for y := range height {
		row := e.canvas.Row(y)
		for i := range row {
			row[i] = canvasGrey
		}
	}
	x0, y0 := (width-img.Width)/2, (height-img.Height)/2
	for y := range img.Height {
		copy(e.canvas.Row(y0 + y)[3*x0:], img.Row(y))
	}
	return e.canvas
}

// find picks the face that a picture is of: the most prominent one. In a picture made of one person, faces at the border
// belong to passers-by. A face that the border cuts off is taken all the same: an evaluation's pictures are what they are,
// and refusing one would count as an error that the gate, which asks the person to step into the frame, doesn't make.
func (e *eye) find(img *vision.Image) (face.Detection, error) {
	faces, err := e.analyzer.Detect(img)
	if err != nil {
		return face.Detection{}, err
	}
	i := face.Prominent(faces, img.Width, img.Height)
	if i < 0 {
		return face.Detection{}, errNoFace
	}
	return faces[i], nil
}
