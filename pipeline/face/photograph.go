package face

import (
	"cmp"
	"slices"

	"umbral/pipeline/vision"
)

// photograph is a picture to enrol from in its four turns.
type photograph struct{ turns [4]*turned }

// turned is a photograph after some quarter turns clockwise. Boxes are in pixels of the photograph so turned.
type turned struct {
	full, half    scaledPicture // as it was given, and so far reduced that large faces are quickly cut out
	small         *vision.Image // reduced further, and turned
	quarters      int
	width, height int // after the turn
	faces         []*found
}

// found is a face in a photograph, with what was learnt about it once that was asked for.
type found struct {
	Detection
	cut      *cutout
	symmetry *symmetry
}

// scaledPicture is a picture reduced by step.
type scaledPicture struct {
	img  *vision.Image
	step int
}

func reducedTo(img *vision.Image, side int) scaledPicture {
	step := (max(img.Width, img.Height) + side - 1) / side
	return scaledPicture{vision.Reduce(img, step), step}
}

// canvasWidth and canvasHeight are the size at which a photograph is searched for faces: twice the detector's.
const (
	canvasWidth  = 640
	canvasHeight = 480
)

// border is the grey around a photograph.
const border = 128

// halfSide is the side to which a photograph is reduced for large faces.
const halfSide = 2048

func newPhotograph(img *vision.Image) *photograph {
	p := new(photograph)
	full := scaledPicture{img, 1}
	half := full
	if max(img.Width, img.Height) > halfSide {
		half = reducedTo(img, halfSide)
	}
	small := reducedTo(half.img, canvasWidth)
	for i := range p.turns {
		v := &turned{full: full, half: half, small: vision.Turn(small.img, i), quarters: i}
		v.width, v.height = img.Width, img.Height
		if i%2 == 1 {
			v.width, v.height = v.height, v.width
		}
		p.turns[i] = v
	}
	return p
}

// tallest returns the height of the tallest face in any turn.
func (p *photograph) tallest() (height float32) {
	for _, v := range p.turns {
		for _, d := range v.faces {
			height = max(height, d.Box.Dy())
		}
	}
	return height
}

// faces finds the faces of v, the most prominent first. The detector was made for faces with something around them, so
// the photograph is also shown to it smaller, in a grey border.
func (a *Analyzer) faces(v *turned) ([]*found, error) {
	var all []*found
	canvas := vision.NewImage(canvasWidth, canvasHeight)
	for _, share := range []float32{1, 0.6, 0.35} {
		at := v.place(canvas, share)
		seen, err := a.Detect(canvas)
		if err != nil {
			return nil, err
		}
		scale := at.Dx() / float32(v.width)
		for _, d := range seen {
			d.Box = vision.Rect{
				X0: (d.Box.X0 - at.X0) / scale, Y0: (d.Box.Y0 - at.Y0) / scale,
				X1: (d.Box.X1 - at.X0) / scale, Y1: (d.Box.Y1 - at.Y0) / scale,
			}
			if v.holds(d.Box) {
				all = append(all, &found{Detection: d})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *found) int { return cmp.Compare(b.Score, a.Score) })
	var kept []*found
	var boxes []Detection
	for _, d := range all {
		if !slices.ContainsFunc(kept, func(k *found) bool { return sameFace(k.Box, d.Box) }) {
			kept, boxes = append(kept, d), append(boxes, d.Detection)
		}
	}
	if first := Prominent(boxes, v.width, v.height); first > 0 {
		kept[0], kept[first] = kept[first], kept[0]
	}
	return kept, nil
}

// holds reports whether the middle of box lies in the photograph.
func (v *turned) holds(box vision.Rect) bool {
	c := box.Centre()
	return c.X > 0 && c.Y > 0 && c.X < float32(v.width) && c.Y < float32(v.height)
}

// sameFace reports whether most of the smaller box lies in the other.
func sameFace(a, b vision.Rect) bool {
	w, h := min(a.X1, b.X1)-max(a.X0, b.X0), min(a.Y1, b.Y1)-max(a.Y0, b.Y0)
	return w > 0 && h > 0 && w*h > 0.6*min(a.Dx()*a.Dy(), b.Dx()*b.Dy())
}

// place puts the photograph into the middle of the canvas, so that it takes a share of its width or height, and returns
// where it lies.
func (v *turned) place(canvas *vision.Image, share float32) vision.Rect {
	for i := range canvas.Pix {
		canvas.Pix[i] = border
	}
	scale := min(share*canvasWidth/float32(v.width), share*canvasHeight/float32(v.height))
	w, h := max(1, int(float32(v.width)*scale)), max(1, int(float32(v.height)*scale))
	x0, y0 := (canvasWidth-w)/2, (canvasHeight-h)/2
	src := vision.Reduce(v.small, v.small.Width/w)
	part := vision.Image{Width: w, Height: h, Stride: canvas.Stride, Pix: canvas.Pix[y0*canvas.Stride+3*x0:]}
	vision.Resize(&part, src, src.Bounds())
	return vision.Rect{X0: float32(x0), Y0: float32(y0), X1: float32(x0 + w), Y1: float32(y0 + h)}
}

// cutout is a face of a photograph with its surroundings, upright, at about the size that a camera would see.
type cutout struct {
	img    *vision.Image
	box    vision.Rect  // of the face, in pixels of img
	origin vision.Point // of img in the photograph
	step   float32      // pixels of the photograph for one of img
}

// cutoutFace is the least height of a face in pixels to which a larger one is reduced, and surroundings how many
// times as large as the face a cutout is.
const (
	cutoutFace   = 224
	surroundings = 3
)

// cut takes a face out of the photograph. What lies beyond the photograph is grey.
func (v *turned) cut(box vision.Rect) *cutout {
	from := v.full
	if box.Dy() >= float32(cutoutFace*v.half.step) {
		from = v.half
	}
	scale := float32(from.step)
	step := max(1, int(box.Dy()/scale/cutoutFace))
	side := max(8, int(surroundings*box.Dy()/scale))
	side = (side + step - 1) / step * step
	centre := box.Centre()
	x0, y0 := int(centre.X/scale)-side/2, int(centre.Y/scale)-side/2
	x, y := v.stored(from, x0, y0, side)
	c := &cutout{
		img:    vision.Turn(vision.ReduceRegion(from.img, x, y, side, step, border), v.quarters),
		origin: vision.Point{X: float32(x0) * scale, Y: float32(y0) * scale},
		step:   scale * float32(step),
	}
	c.box = vision.Rect{
		X0: (box.X0 - c.origin.X) / c.step, Y0: (box.Y0 - c.origin.Y) / c.step,
		X1: (box.X1 - c.origin.X) / c.step, Y1: (box.Y1 - c.origin.Y) / c.step,
	}
	return c
}

// stored returns where a square of the turned picture begins in the picture as it was given.
func (v *turned) stored(from scaledPicture, x, y, side int) (int, int) {
	w, h := from.img.Width, from.img.Height
	switch v.quarters {
	case 1:
		return y, h - x - side
	case 2:
		return w - x - side, h - y - side
	case 3:
		return w - y - side, x
	}
	return x, y
}

// cutOff reports whether part of the face lies beyond the photograph. Cheeks and chin may a little: selfies are like
// that.
func (v *turned) cutOff(c *cutout, points *Landmarks) bool {
	const brows, margin = 17, 0.1
	for i, p := range points {
		x, y := c.origin.X+p.X*c.step, c.origin.Y+p.Y*c.step
		over := max(-x, -y, x-float32(v.width), y-float32(v.height))
		if over > 0 && (i >= brows || over > margin*c.box.Dy()*c.step) {
			return true
		}
	}
	return false
}

// barred reports whether a stripe of one colour crosses the face: a bar over the eyes, or what is missing of a damaged
// picture.
func (l *Landmarks) barred(img *vision.Image) bool {
	const brows = 17
	low, high := l[brows], l[brows]
	for _, p := range l[brows:] {
		low = vision.Point{X: min(low.X, p.X), Y: min(low.Y, p.Y)}
		high = vision.Point{X: max(high.X, p.X), Y: max(high.Y, p.Y)}
	}
	var face vision.Image
	vision.Crop(&face, img, vision.Rect{X0: low.X, Y0: low.Y, X1: high.X, Y1: high.Y})
	return stripe(&face) || stripe(vision.Turn(&face, 1))
}

// stripe reports whether so many rows of one colour follow one another that they are none of a face's.
func stripe(face *vision.Image) bool {
	const share = 12 // a twelfth of the rows
	run, longest := 0, 0
	for y := range face.Height {
		if run++; !uniform(face.Row(y)) {
			run = 0
		}
		longest = max(longest, run)
	}
	return face.Height >= share && longest >= face.Height/share
}

// uniform reports whether all pixels of a row are the same.
func uniform(row []byte) bool {
	for i := 3; i < len(row); i++ {
		if row[i] != row[i-3] {
			return false
		}
	}
	return true
}
