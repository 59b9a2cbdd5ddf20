package replay

import (
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
)

// maxStageBytes bounds all pictures of a scene together, as they are kept for drawing.
const maxStageBytes = 96 << 20

// subject is who a step shows: the part of a picture that is needed, and the rectangle of it that is seen.
type subject struct {
	cut                      *cutout
	haze                     level // of the whole picture, seen beyond the rims
	left, top, right, bottom fixed // pixels of the picture
	feather                  fixed
}

func (p *subject) bytes() int { return p.cut.bytes() + p.haze.bytes() }

// seen says how much of the picture is to be seen at v between two rims: 256 inside, 0 outside, and in between where the
// rim is soft.
func (p *subject) seen(v, low, high fixed) int32 {
	d := min(v-low, high-v)
	switch {
	case d <= 0:
		return 0
	case d >= p.feather:
		return 256
	}
	return int32(d << 8 / p.feather)
}

// act is a step made ready to be drawn.
type act struct {
	label      string
	subject    *subject // nil = the wall
	from, to   shot
	shake      fixed // pixels of the frame
	move, hold int   // frames
}

// shot is what frame i of the act shows.
func (a *act) shot(i int) shot {
	if i >= a.move {
		return a.to
	}
	return between(a.from, a.to, fixed(i)<<16/fixed(a.move))
}

// gallery reads the pictures of a scene; it keeps the last one, because neighbours often share it.
type gallery struct {
	folders []string // where pictures are looked for, in that order
	name    string
	last    image.Image
}

func (g *gallery) picture(name string) (image.Image, error) {
	if name == g.name {
		return g.last, nil
	}
	path, err := locate(name, g.folders)
	if err != nil {
		return nil, err
	}
	img, err := readPicture(path)
	if err == nil {
		g.name, g.last = name, img
	}
	return img, err
}

// stage makes the scene's steps ready.
func stage(s *Scene, folders []string) ([]act, error) {
	acts := make([]act, 0, len(s.Steps))
	g := gallery{folders: folders}
	bytes := 0
	for i := range s.Steps {
		a, err := s.prepare(&s.Steps[i], &g)
		if err != nil {
			return nil, fmt.Errorf("replay: step %d (%s): %w", i+1, s.Steps[i].Label, err)
		}
		if a.subject != nil {
			bytes += a.subject.bytes()
		}
		if bytes > maxStageBytes {
			return nil, fmt.Errorf("replay: step %d (%s): pictures need more than %d bytes (crop them, or use smaller ones)",
				i+1, s.Steps[i].Label, maxStageBytes)
		}
		acts = append(acts, a)
	}
	return acts, nil
}

// prepare makes one step ready.
func (s *Scene) prepare(step *Step, g *gallery) (act, error) {
	a := act{label: step.Label, move: s.frames(step.Seconds), hold: s.frames(step.Hold)}
	if a.move+a.hold == 0 {
		a.hold = 1
	}
	noise, shake, to := s.Noise, s.Shake, step.From
	if step.Noise != nil {
		noise = *step.Noise
	}
	if step.Shake != nil {
		shake = *step.Shake
	}
	if step.To != nil {
		to = *step.To
	}
	a.shake = fix(shake)
	var img image.Image
	w, h := 1, 1
	if step.Picture != "" {
		var err error
		if img, err = g.picture(step.Picture); err != nil {
			return act{}, err
		}
		w, h = img.Bounds().Dx(), img.Bounds().Dy()
	}
	place := func(l Length, side int) fixed {
		if s.Units == "pixels" {
			side = 1
		}
		return fix(float64(l) * float64(side))
	}
	aim := func(v View) shot {
		if v.Brightness == 0 {
			v.Brightness = 1
		}
		return shot{x: place(v.X, w), y: place(v.Y, h), width: place(v.Width, w), brightness: fix(v.Brightness), noise: fix(noise)}
	}
	a.from, a.to = aim(step.From), aim(to)
	if img == nil {
		return a, nil
	}
	if step.Tilt != 0 {
		img = turned(img, step.Tilt, int(a.to.x>>16), int(a.to.y>>16))
	}
	rim := [4]fixed{0, 0, fixed(w) << 16, fixed(h) << 16}
	for k, l := range step.Crop {
		rim[k] = place(l, [2]int{w, h}[k%2])
	}
	a.subject = newSubject(img, rim, fix(s.Feather), a, s.Width, s.Height)
	if step.Print {
		a.subject.feather = one
		a.subject.haze = bare(byte(s.Wall))
	}
	return a, nil
}

// newSubject cuts out of img what the views from a.from to a.to can see of it.
func newSubject(img image.Image, rim [4]fixed, feather fixed, a act, frameW, frameH int) *subject {
	r := view(a.from, a.shake, frameW, frameH).Union(view(a.to, a.shake, frameW, frameH))
	seen := r.Intersect(image.Rect(int(rim[0]>>16), int(rim[1]>>16), int(rim[2]>>16)+1, int(rim[3]>>16)+1))
	picture := image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy())
	if seen = seen.Intersect(picture); seen.Dx() < 2 || seen.Dy() < 2 {
		seen = picture // nothing of the crop is ever in view: a mistake that shows as haze
	}
	finest := float64(min(a.from.width, a.to.width)) / 65536 / float64(frameW)
	coarsest := float64(max(a.from.width, a.to.width)) / 65536 / float64(frameW)
	return &subject{
		cut: cut(img, seen, finest, coarsest), haze: haze(img),
		left: rim[0], top: rim[1], right: rim[2], bottom: rim[3],
		feather: max(feather, one),
	}
}

// view is the rectangle of the picture that the shot sees, with room for the shake and for interpolation.
func view(s shot, shake fixed, w, h int) image.Rectangle {
	scale := float64(s.width) / 65536 / float64(w)
	margin := float64(shake)/65536*scale + 4*math.Max(1, scale)
	x, y := float64(s.x)/65536, float64(s.y)/65536
	halfW, halfH := scale*float64(w)/2+margin, scale*float64(h)/2+margin
	return image.Rect(int(x-halfW), int(y-halfH), int(x+halfW)+1, int(y+halfH)+1)
}

// locate finds a picture by name in the folders.
func locate(name string, folders []string) (string, error) {
	if filepath.IsAbs(name) {
		return name, nil
	}
	var first error
	for _, dir := range folders {
		path := filepath.Join(dir, name)
		_, err := os.Stat(path)
		if err == nil {
			return path, nil
		}
		if first == nil {
			first = err
		}
	}
	return "", fmt.Errorf("picture %s is in none of the folders %q: %w", name, folders, first)
}
