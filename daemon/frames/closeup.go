package frames

import (
	"bytes"
	"sync"
	"time"

	"umbral/daemon/passage"
	"umbral/pipeline/face"
	"umbral/pipeline/vision"
)

// Closeup keeps the face that was compared last in the passage under way, for reviewers and the authority: its template,
// and a small picture of it where the site sends pictures. Neither outlives the passage.
type Closeup struct {
	mu       sync.Mutex
	passage  passage.ID
	at       time.Time
	template face.Template
	image    *vision.Image // nil where the site sends no pictures
}

// closeupHeight and closeupWidth bound the picture, in pixels.
const (
	closeupHeight = 240
	closeupWidth  = 4 * closeupHeight
)

// NewCloseup returns a closeup, with room for a picture where the site sends pictures.
func NewCloseup(pictures bool) *Closeup {
	c := new(Closeup)
	if pictures {
		c.image = vision.NewImage(closeupWidth, closeupHeight)
		c.image.Reset(0, 0)
	}
	return c
}

// Bytes returns the memory of the picture.
func (c *Closeup) Bytes() int64 {
	if c.image == nil {
		return 0
	}
	return int64(cap(c.image.Pix))
}

// take keeps a face of a frame, with what is around it.
func (c *Closeup) take(id passage.ID, img *vision.Image, box vision.Rect, t *face.Template) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.passage, c.at, c.template = id, time.Now(), *t
	if c.image == nil {
		return
	}
	all := img.Bounds()
	w, h := box.Dx()/2, box.Dy()/2
	region := vision.Rect{X0: max(0, box.X0-w), Y0: max(0, box.Y0-h), X1: min(all.X1, box.X1+w), Y1: min(all.Y1, box.Y1+h)}
	if region.Dx() < 1 || region.Dy() < 1 {
		c.image.Reset(0, 0)
		return
	}
	c.image.Reset(max(1, min(closeupWidth, int(closeupHeight*region.Dx()/region.Dy()))), closeupHeight)
	vision.Resize(c.image, img, region)
}

// keep overwrites what was taken in any other passage.
func (c *Closeup) keep(id passage.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.passage == id || c.passage.IsZero() {
		return
	}
	c.passage, c.template = passage.ID{}, face.Template{}
	if c.image != nil {
		clear(c.image.Pix)
		c.image.Reset(0, 0)
	}
}

// closeupAge is how old the face may be that an authority is asked about.
const closeupAge = 5 * time.Second

// Face returns the template of the passage's face and reports whether there is one that is not too old.
func (c *Closeup) Face(id passage.ID) (face.Template, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.template, !id.IsZero() && c.passage == id && time.Since(c.at) <= closeupAge
}

// Picture returns the passage's face as JPEG of at most so many bytes, nil where there is none.
func (c *Closeup) Picture(id passage.ID, most int) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.image == nil || id.IsZero() || c.passage != id || c.image.Height == 0 {
		return nil
	}
	return encodeWithin(c.image, most)
}

// JpegWithin makes a small JPEG of a picture, of at most so many bytes; nil where that can't be.
func JpegWithin(img *vision.Image, most int) []byte {
	if img.Width < 1 || img.Height < 1 {
		return nil
	}
	small := vision.NewImage(max(1, min(closeupWidth, closeupHeight*img.Width/img.Height)), closeupHeight)
	vision.Resize(small, img, img.Bounds())
	return encodeWithin(small, most)
}

func encodeWithin(img *vision.Image, most int) []byte {
	for quality := 85; quality >= 25; quality -= 20 {
		var b bytes.Buffer
		if vision.WriteJPEG(&b, img, quality) == nil && b.Len() <= most {
			return b.Bytes()
		}
	}
	return nil
}
