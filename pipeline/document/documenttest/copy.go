package documenttest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"os"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"umbral/pipeline/vision"
)

// kaiFont is the brush hand that stamps are cut in, as Debian's fonts-arphic-gkai00mp installs it.
const kaiFont = "/usr/share/fonts/truetype/arphic-gkai00mp/gkai00mp.ttf"

// Copier makes copies of cards as archives keep them: grey, level, small, without the portrait, with stamps that forbid
// their use over whatever is printed there.
type Copier struct {
	*Printer
	kai *opentype.Font
}

// NewCopier reads the fonts; the error says which package brings one that is missing.
func NewCopier() (*Copier, error) {
	p, err := NewPrinter()
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(kaiFont)
	if err != nil {
		return nil, fmt.Errorf("documenttest: %w (apt-get install fonts-arphic-gkai00mp)", err)
	}
	kai, err := opentype.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("documenttest: %s: %w", kaiFont, err)
	}
	return &Copier{p, kai}, nil
}

// Stamp is what lies over the print; places are in millimetres on the card.
type Stamp struct {
	X, Y    float64 // the upper left corner
	Solid   bool    // a dark block with light characters; otherwise a frame around dark ones
	Ink     float64 // level of the ink, 0 to 255
	Opacity float64 // how much of what is below it hides, 0 to 1
}

// AnyStamp is a stamp at any place where it is on the card. One in four is solid.
func AnyStamp(r *rand.Rand) Stamp {
	s := Stamp{Solid: r.IntN(4) == 0, Ink: 60 + 45*r.Float64(), Opacity: 0.6 + 0.28*r.Float64()}
	if s.Solid {
		s.Ink, s.Opacity = 45+25*r.Float64(), 0.85+0.1*r.Float64()
	}
	w, h := s.Size()
	s.X, s.Y = 3+(width-w-8)*r.Float64(), 1+(height-h-2)*r.Float64()
	return s
}

// Size of a stamp in millimetres.
func (s *Stamp) Size() (w, h float64) {
	if s.Solid {
		return 18.8, 18.8
	}
	return 34, 9.4
}

// Covers tells whether the stamp lies over any of a rectangle.
func (s *Stamp) Covers(x0, y0, x1, y1 float64) bool {
	w, h := s.Size()
	return s.X < x1 && s.X+w > x0 && s.Y < y1 && s.Y+h > y0
}

// press puts the stamp on a card.
func (c *Copier) press(on sheet, s Stamp, r *rand.Rand) {
	w, h := s.Size()
	ink := image.NewAlpha(image.Rect(0, 0, int(w*Scale), int(h*Scale)))
	text := image.NewAlpha(ink.Rect)
	draw := func(x, y, size float64, what string) {
		face, err := opentype.NewFace(c.kai, &opentype.FaceOptions{Size: size * Scale, DPI: 72})
		if err != nil {
			panic(fmt.Sprintf("documenttest: a face of a font that was read: %v", err))
		}
		defer face.Close()
		pen := font.Drawer{Dst: text, Src: image.Opaque, Face: face}
		// A stamp is cut with a broad blade: each character several times, a little beside itself.
		for _, d := range [][2]float64{{0, 0}, {0.15, 0}, {-0.15, 0}, {0, 0.15}, {0, -0.15}} {
			pen.Dot = fixed.Point26_6{X: fixed.Int26_6((x + d[0]) * Scale * 64), Y: fixed.Int26_6((y + 0.37*size + d[1]) * Scale * 64)}
			pen.DrawString(what)
		}
	}
	if s.Solid {
		draw(1.7, 5.4, 7.4, "复禁")
		draw(1.7, 13.2, 7.4, "印止")
	} else {
		for i, one := range []string{"复", "印", "无", "效"} {
			draw(2.2+7.7*float64(i), 4.7, 6.8, one)
		}
	}
	const frame = 0.75 * Scale
	rough := make([]float64, 4*(ink.Rect.Dx()/6+2)) // the edge of a block, sixth by sixth of a millimetre
	for i := range rough {
		rough[i] = 0.35 * Scale * r.Float64()
	}
	for y := range ink.Rect.Dy() {
		for x := range ink.Rect.Dx() {
			edge := math.Min(math.Min(float64(x), float64(ink.Rect.Dx()-1-x)), math.Min(float64(y), float64(ink.Rect.Dy()-1-y)))
			t := float64(text.AlphaAt(x, y).A) / 255
			level, hides := s.Ink, 0.0
			switch {
			case s.Solid && edge < rough[(x+y)/6]:
			case s.Solid && t > 0:
				level, hides = s.Ink+(225-s.Ink)*t, s.Opacity
			case s.Solid:
				hides = s.Opacity
			case edge < frame:
				hides = s.Opacity
			default:
				hides = s.Opacity * t
			}
			px, py := int(s.X*Scale)+x, int(s.Y*Scale)+y
			if hides == 0 || !(image.Point{X: px, Y: py}).In(on.Rect) {
				continue
			}
			below := float64(on.RGBAAt(px, py).G)
			v := uint8(below + (level-below)*hides)
			on.SetRGBA(px, py, color.RGBA{v, v, v, 255})
		}
	}
}

// copyLine is how many Chinese characters a line of the address holds.
const copyLine = 12

// Front copies the portrait's side; the portrait is left out.
func (c *Copier) Front(who Card, stamps []Stamp, r *rand.Rand) *vision.Image {
	s := paper(r)
	caption, value := color.Gray{uint8(95 + r.IntN(50))}, color.Gray{uint8(15 + r.IntN(35))}
	dx, dy := 0.3*(2*r.Float64()-1), 0.3*(2*r.Float64()-1)
	print := func(x, y, size, pitch float64, ink color.Color, text string) {
		s.write(c.sans, size, x+dx, y+dy, pitch, ink, text)
	}
	print(1, 2.8, 3, 0, value, "仅供测试使用")
	for _, one := range []struct {
		x, y float64
		text string
	}{{7.4, rowName, "姓名"}, {7.4, rowSex, "性别"}, {26, rowSex, "民族"}, {7.4, rowBirth, "出生"}, {7.4, rowAddress, "住址"}} {
		print(one.x, one.y, 2.5, 4.2, caption, one.text)
	}
	print(7.4, rowNumber, 2.4, 2.7, caption, "公民身份号码")
	print(valueLeft, rowName, 3.3, 3.7, value, who.Name)
	print(valueLeft+0.3, rowSex, 3.2, 0, value, who.Sex)
	print(37, rowSex, 3.2, 3.6, value, who.Ethnicity)
	print(valueLeft, rowBirth, 3.3, 2, value, fmt.Sprint(who.Year))
	print(26.7, rowBirth, 2.3, 0, caption, "年")
	print(30, rowBirth, 3.3, 2, value, fmt.Sprint(who.Month))
	print(35.2, rowBirth, 2.3, 0, caption, "月")
	print(39.6, rowBirth, 3.3, 2, value, fmt.Sprint(who.Day))
	print(43.9, rowBirth, 2.3, 0, caption, "日")
	for i, line := range copyLines(who.Address) {
		print(valueLeft, rowAddress+addressPitch*float64(i), 3.2, 0, value, line)
	}
	print(numberLeft, rowNumber, 3.4, 2.52, value, who.Number)
	return c.scan(s, stamps, r)
}

// Back copies the emblem's side.
func (c *Copier) Back(who Card, stamps []Stamp, r *rand.Rand) *vision.Image {
	s := sheet{c.Printer.Back(who, r)}
	return c.scan(s, stamps, r)
}

// copyLines breaks an address.
func copyLines(address string) (lines []string) {
	for line := []rune(address); len(line) > 0; {
		n := 0
		for width := 0.0; n < len(line) && width < copyLine; n++ {
			if width++; line[n] < 128 {
				width -= 0.45
			}
		}
		lines = append(lines, string(line[:n]))
		line = line[n:]
	}
	return lines
}

// CopyBoxes are where the values of a copied card are printed, in millimetres: x0, y0, x1, y1 of each, the address over
// all its lines.
func CopyBoxes(who Card) map[string][4]float64 {
	row := func(x, y, length float64) [4]float64 { return [4]float64{x, y - 1.6, x + length, y + 1.6} }
	runes := func(s string) float64 { return float64(len([]rune(s))) }
	address := row(valueLeft, rowAddress, 3.2*math.Min(copyLine, runes(who.Address)))
	address[3] += addressPitch * float64(len(copyLines(who.Address))-1)
	return map[string][4]float64{
		"name": row(valueLeft, rowName, 3.7*runes(who.Name)), "sex": row(valueLeft, rowSex, 3.2),
		"ethnicity": row(37, rowSex, 3.6*runes(who.Ethnicity)), "birth": row(valueLeft, rowBirth, 26.5),
		"address": address, "number": row(numberLeft, rowNumber, 2.52*runes(who.Number)),
		"authority": row(backLeft, rowAuthority, 3.4*runes(who.Authority)), "validity": row(backLeft, rowValidity, 38),
	}
}

// scan stamps a card and makes it a small grey picture of uneven brightness, kept as a JPEG.
func (c *Copier) scan(s sheet, stamps []Stamp, r *rand.Rand) *vision.Image {
	grey := color.GrayModel
	for y := range s.Rect.Dy() {
		for x := range s.Rect.Dx() {
			g := grey.Convert(s.RGBAAt(x, y)).(color.Gray).Y
			s.SetRGBA(x, y, color.RGBA{g, g, g, 255})
		}
	}
	for _, one := range stamps {
		c.press(s, one, r)
	}
	out := vision.NewImage(446+r.IntN(6), 283+r.IntN(4))
	gain, blur := 0.62+0.36*r.Float64(), 0.8+0.5*r.Float64() // blur: half the side of the square that a pixel sees
	scaleX, scaleY := float64(s.Rect.Dx())/float64(out.Width), float64(s.Rect.Dy())/float64(out.Height)
	for y := range out.Height {
		for x := range out.Width {
			cx, cy := (float64(x)+0.5)*scaleX, (float64(y)+0.5)*scaleY
			sum, n := 0, 0
			for v := max(0, int(cy-blur*scaleY)); v < min(s.Rect.Dy(), int(cy+blur*scaleY)); v++ {
				for u := max(0, int(cx-blur*scaleX)); u < min(s.Rect.Dx(), int(cx+blur*scaleX)); u++ {
					sum += int(s.Pix[v*s.Stride+4*u])
					n++
				}
			}
			g := byte(math.Max(0, math.Min(255, gain*float64(sum)/float64(n)+1.5*r.NormFloat64())))
			copy(out.Row(y)[3*x:], []byte{g, g, g})
		}
	}
	var file bytes.Buffer
	if err := vision.WriteJPEG(&file, out, 75+r.IntN(21)); err != nil {
		panic(fmt.Sprintf("documenttest: a picture that was just made: %v", err))
	}
	img, err := vision.ReadPicture(&file, vision.DefaultPictureLimits())
	if err != nil {
		panic(fmt.Sprintf("documenttest: a picture that was just written: %v", err))
	}
	return img
}
