package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	xdraw "golang.org/x/image/draw"

	"umbral/pipeline/face"
	"umbral/pipeline/models"
	"umbral/pipeline/vision"
)

// Size of the frames, and of the part of a photograph that they show when a person stands at the gate.
const (
	width, height = 960, 720
	nearWidth     = 1340
)

// role is a person of a photograph.
type role struct {
	photo image.Image
	crop  image.Rectangle // what is seen of the photograph; the rest is haze
	at    image.Point     // what the camera looks at
	mouth mouth
}

var haze = color.RGBA{176, 178, 180, 255}

// feather is how softly the crop ends, in pixels of the photograph.
const feather = 100

// readPhoto reads a JPEG.
func readPhoto(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return jpeg.Decode(f)
}

// cast reads a photograph, hides what is not the person's, and finds their lips.
func cast(a *face.Analyzer, folder, name string, crop image.Rectangle, at image.Point) (*role, error) {
	photo, err := readPhoto(filepath.Join(folder, name))
	if err != nil {
		return nil, err
	}
	r := &role{crop: crop, at: at}
	seen := image.NewRGBA(photo.Bounds())
	for y := seen.Rect.Min.Y; y < seen.Rect.Max.Y; y++ {
		for x := seen.Rect.Min.X; x < seen.Rect.Max.X; x++ {
			seen.SetRGBA(x, y, blend(photo.At(x, y), inside(crop, x, y)))
		}
	}
	r.photo = seen
	img := asImage(seen)
	faces, err := a.Detect(img)
	if err != nil {
		return nil, err
	}
	best := -1
	for i, d := range faces {
		c := d.Box.Centre()
		if image.Pt(int(c.X), int(c.Y)).In(crop) && (best < 0 || d.Box.Dy() > faces[best].Box.Dy()) {
			best = i
		}
	}
	if best < 0 {
		return nil, fmt.Errorf("actor: no face in %v of %s", crop, name)
	}
	points, err := a.Landmarks(img, faces[best].Box)
	if err != nil {
		return nil, err
	}
	r.mouth = newMouth(&points)
	return r, nil
}

// inside is 1 well within the crop and 0 outside of it.
func inside(crop image.Rectangle, x, y int) float64 {
	d := min(x-crop.Min.X, crop.Max.X-x)
	return max(0, min(1, float64(d)/feather))
}

func blend(c color.Color, share float64) color.RGBA {
	r, g, b, _ := c.RGBA()
	mix := func(v uint32, h uint8) uint8 { return uint8(share*float64(v>>8) + (1-share)*float64(h)) }
	return color.RGBA{mix(r, haze.R), mix(g, haze.G), mix(b, haze.B), 255}
}

func asImage(p *image.RGBA) *vision.Image {
	img := vision.NewImage(p.Rect.Dx(), p.Rect.Dy())
	for y := range img.Height {
		row := img.Row(y)
		for x := range img.Width {
			i := p.PixOffset(x+p.Rect.Min.X, y+p.Rect.Min.Y)
			copy(row[3*x:3*x+3], p.Pix[i:i+3])
		}
	}
	return img
}

// openFaces loads the models that find lips.
func openFaces(dir string) (*face.Analyzer, error) {
	set, err := models.Load(dir, models.Default(), models.FaceRoles()...)
	if err != nil {
		return nil, err
	}
	return face.New(set, face.DefaultOpts())
}

// look is one moment on the stage.
type look struct {
	who   *role       // nil: nobody
	far   float64     // how many times as far as at the gate; 1 is at the gate
	open  float64     // the mouth, 0 to 1
	card  image.Image // held before the camera; nil for none
	noise bool        // one level of it
}

// stage draws moments as a camera would see them.
type stage struct {
	frame, face *image.RGBA
	noise       []int8 // of one level, longer than a frame is
	random      *rand.Rand
	t           float64
}

func newStage() *stage {
	s := &stage{frame: image.NewRGBA(image.Rect(0, 0, width, height)), random: rand.New(rand.NewPCG(1, 2)), noise: make([]int8, 5*width*height)}
	for i := range s.noise {
		s.noise[i] = int8(math.Round(s.random.NormFloat64()))
	}
	return s
}

// Where the card is held, in pixels of the frame: 6 to the millimetre, so that its print can be read.
var cardPlace = image.Rect(223, 395, 223+514, 395+324)

// draw gives the frame as JPEG.
func (s *stage) draw(l look) ([]byte, error) {
	s.t++
	draw.Draw(s.frame, s.frame.Rect, image.NewUniform(haze), image.Point{}, draw.Src)
	if l.who != nil {
		photo := l.who.photo
		if l.open > 0 {
			if s.face == nil || s.face.Rect != photo.Bounds() {
				s.face = image.NewRGBA(photo.Bounds())
			}
			draw.Draw(s.face, s.face.Rect, photo, photo.Bounds().Min, draw.Src)
			l.who.mouth.open(s.face, photo, l.open)
			photo = s.face
		}
		w := nearWidth * l.far
		h := w * height / width
		// Nobody stands quite still.
		x := float64(l.who.at.X) + 2.5*math.Sin(s.t/11) + 1.2*math.Sin(s.t/3.7)
		y := float64(l.who.at.Y) + 2.0*math.Sin(s.t/13+1) + 1.1*math.Sin(s.t/4.1)
		from := image.Rect(int(x-w/2), int(y-h/2), int(x+w/2), int(y+h/2))
		xdraw.ApproxBiLinear.Transform(s.frame, [6]float64{
			float64(width) / float64(from.Dx()), 0, -float64(from.Min.X) * float64(width) / float64(from.Dx()),
			0, float64(height) / float64(from.Dy()), -float64(from.Min.Y) * float64(height) / float64(from.Dy()),
		}, photo, photo.Bounds(), draw.Src, nil)
	}
	if l.card != nil {
		sway := image.Pt(int(2*math.Sin(s.t/9)), int(2*math.Cos(s.t/8)))
		xdraw.BiLinear.Scale(s.frame, cardPlace.Add(sway), l.card, l.card.Bounds(), draw.Src, nil)
	}
	if l.noise {
		from := s.noise[s.random.IntN(len(s.noise)-len(s.frame.Pix)):]
		for i, v := range s.frame.Pix {
			s.frame.Pix[i] = uint8(max(0, min(255, int(v)+int(from[i]))))
		}
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, s.frame, &jpeg.Options{Quality: 88})
	return b.Bytes(), err
}
