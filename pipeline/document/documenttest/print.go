// Package documenttest prints identity cards of people who do not exist, for tests and for the demo. It knows the layout by
// the standard (GA 448-2013) and nothing of the reader.
package documenttest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"os"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"umbral/pipeline/vision"
)

// The fonts that cards are rendered with, as Debian's fonts-noto-cjk installs them.
const (
	sansFont  = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
	boldFont  = "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"
	serifFont = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc"
)

// Scale is the resolution of a card in pixels a millimetre; its size is that of ISO/IEC 7810 ID-1.
const (
	Scale         = 20
	width, height = 85.6, 54.0
)

// Where the rows' middles and the values' left edges are, in millimetres.
const (
	rowName, rowSex, rowBirth, rowAddress, rowNumber = 11.9, 18.3, 24.3, 30.8, 46.8
	addressPitch                                     = 4.05
	valueLeft, numberLeft                            = 17.3, 26.3
	rowAuthority, rowValidity, backLeft              = 40.9, 47.7, 33.9
)

// Card is the print of a card. Empty fields stay empty. Name and Authority may have lines.
type Card struct {
	Name, Sex, Ethnicity, Address, Number string
	Year, Month, Day                      int // of birth
	Portrait                              *vision.Image
	Authority, Validity                   string
	More                                  []Print
}

// Print is a text that no field of a card has, its middle left edge at a place in millimetres. Down prints one character below
// the other.
type Print struct {
	X, Y, Size float64
	Down       bool
	Text       string
}

// more prints what no field has.
func (s sheet) more(f *opentype.Font, list []Print) {
	for _, one := range list {
		if !one.Down {
			s.write(f, one.Size, one.X, one.Y, 0, valueInk, one.Text)
			continue
		}
		for i, c := range []rune(one.Text) {
			s.write(f, one.Size, one.X, one.Y+1.1*one.Size*float64(i), 0, valueInk, string(c))
		}
	}
}

// Printer draws cards.
type Printer struct{ sans, bold, serif *opentype.Font }

// NewPrinter reads the fonts; the error says which package brings one that is missing.
func NewPrinter() (*Printer, error) {
	p := new(Printer)
	for _, f := range []struct {
		path string
		to   **opentype.Font
	}{{sansFont, &p.sans}, {boldFont, &p.bold}, {serifFont, &p.serif}} {
		data, err := os.ReadFile(f.path)
		if err != nil {
			return nil, fmt.Errorf("documenttest: %w (apt-get install fonts-noto-cjk)", err)
		}
		all, err := opentype.ParseCollection(data)
		if err != nil {
			return nil, fmt.Errorf("documenttest: %s: %w", f.path, err)
		}
		for i := range all.NumFonts() { // the collection has a font a language
			one, err := all.Font(i)
			if err != nil {
				return nil, fmt.Errorf("documenttest: %s: %w", f.path, err)
			}
			if name, err := one.Name(nil, 4); err == nil && bytes.HasSuffix([]byte(name), []byte("CJK SC")) || i == all.NumFonts()-1 && *f.to == nil {
				*f.to = one
			}
		}
	}
	return p, nil
}

var (
	captionInk = color.RGBA{60, 120, 180, 255}
	valueInk   = color.RGBA{25, 25, 30, 255}
)

// sheet is a card while it is drawn; places are in millimetres.
type sheet struct {
	*image.RGBA
}

// write puts text with its left edge and its middle at a place; pitch, if not 0, is the distance of the characters.
func (s sheet) write(f *opentype.Font, size, x, y, pitch float64, ink color.Color, text string) {
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size * Scale, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic(fmt.Sprintf("documenttest: a face of a font that was read: %v", err))
	}
	defer face.Close()
	pen := font.Drawer{Dst: s.RGBA, Src: image.NewUniform(ink), Face: face}
	baseline := fixed.Int26_6((y + 0.37*size) * Scale * 64)
	pen.Dot = fixed.Point26_6{X: fixed.Int26_6(x * Scale * 64), Y: baseline}
	if pitch == 0 {
		pen.DrawString(text)
		return
	}
	for i, c := range []rune(text) {
		pen.Dot = fixed.Point26_6{X: fixed.Int26_6((x + float64(i)*pitch) * Scale * 64), Y: baseline}
		pen.DrawString(string(c))
	}
}

// paper is a card's paper: a tint with wavy lines.
func paper(r *rand.Rand) sheet {
	m := image.NewRGBA(image.Rect(0, 0, int(width*Scale), int(height*Scale)))
	base := [3]float64{215 + 20*r.Float64(), 225 + 15*r.Float64(), 230 + 15*r.Float64()}
	phase, waves := 6*r.Float64(), 20+20*r.Float64()
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			u, v := float64(x)/Scale, float64(y)/Scale
			line := math.Sin(waves*math.Sin(u/17+phase)*math.Cos(v/13) + 3*v)
			d := 0.0
			if line > 0.85 {
				d = 14
			}
			m.SetRGBA(x, y, color.RGBA{uint8(base[0] - d), uint8(base[1] - d*0.7), uint8(base[2] - d*0.5 + 8*math.Sin(u/30)), 255})
		}
	}
	return sheet{m}
}

// Front draws the portrait's side; printers differ a little in where they put things.
func (p *Printer) Front(who Card, r *rand.Rand) *image.RGBA {
	s := paper(r)
	jitter := func() float64 { return 0.4 * (2*r.Float64() - 1) }
	dx, dy := jitter(), jitter()
	caption := func(x, y float64, text string) {
		s.write(p.sans, 2.7, x-1.35+dx, y+dy, 4.2, captionInk, text)
	}
	value := func(x, y, size, pitch float64, text string) { s.write(p.bold, size, x+dx, y+dy, pitch, valueInk, text) }
	caption(8.6, rowName, "姓名")
	caption(8.6, rowSex, "性别")
	caption(27.2, rowSex, "民族")
	caption(8.6, rowBirth, "出生")
	caption(8.6, rowAddress, "住址")
	if lines := strings.Split(who.Name, "\n"); len(lines) == 1 {
		value(valueLeft, rowName, 3.7, 4, who.Name)
	} else {
		const size, pitch = 3.1, 3.4
		for i, line := range lines {
			value(valueLeft, rowName+pitch*(float64(i)-float64(len(lines)-1)/2), size, 0, line)
		}
	}
	value(valueLeft, rowSex, 3.2, 0, who.Sex)
	value(37, rowSex, 3.2, 0, who.Ethnicity)
	value(valueLeft, rowBirth, 3.2, 0, fmt.Sprint(who.Year))
	s.write(p.sans, 2.7, 26.2+dx, rowBirth+dy, 0, captionInk, "年")
	value(30.5, rowBirth, 3.2, 0, fmt.Sprint(who.Month))
	s.write(p.sans, 2.7, 34.5+dx, rowBirth+dy, 0, captionInk, "月")
	value(39.2, rowBirth, 3.2, 0, fmt.Sprint(who.Day))
	s.write(p.sans, 2.7, 43.2+dx, rowBirth+dy, 0, captionInk, "日")
	y := rowAddress
	for line := []rune(who.Address); len(line) > 0; y += addressPitch {
		n := 0
		for width := 0.0; n < len(line) && width < 11; n++ { // eleven Chinese characters, or twice as many digits
			if width++; line[n] < 128 {
				width -= 0.45
			}
		}
		value(valueLeft, y, 3.2, 0, string(line[:n]))
		line = line[n:]
	}
	s.write(p.sans, 2.7, 7.4+dx, rowNumber+dy, 2.74, captionInk, "公民身份号码")
	value(numberLeft+4.5*r.Float64(), rowNumber, 3.9, 2.58, who.Number)
	if img := who.Portrait; img != nil {
		side := min(img.Width, img.Height*26/32)
		face := vision.NewImage(22*Scale, 27*Scale)
		vision.Resize(face, img, vision.Rect{X0: float32(img.Width-side) / 2, X1: float32(img.Width+side) / 2, Y1: float32(side * 32 / 26)})
		for y := range face.Height {
			for x := range face.Width {
				c := face.Row(y)[3*x:]
				s.SetRGBA(int(57.5*Scale)+x, int(10.5*Scale)+y, color.RGBA{c[0], c[1], c[2], 255})
			}
		}
	}
	s.more(p.bold, who.More)
	return s.RGBA
}

// Back draws the emblem's side, with a disc in the emblem's place.
func (p *Printer) Back(who Card, r *rand.Rand) *image.RGBA {
	s := paper(r)
	for y := range 15 * Scale {
		for x := range 15 * Scale {
			if math.Hypot(float64(x)-7.5*Scale, float64(y)-7.5*Scale) < 7.5*Scale {
				s.SetRGBA(7*Scale+x, 5*Scale+y, color.RGBA{200, 60, 50, 255})
			}
		}
	}
	jitter := func() float64 { return 0.4 * (2*r.Float64() - 1) }
	dx, dy := jitter(), jitter()
	s.write(p.serif, 5, 30.2+dx, 9.9+dy, 6.83, valueInk, "中华人民共和国")
	s.write(p.serif, 7.5, 25.2+dx, 19.2+dy, 12, valueInk, "居民身份证")
	s.write(p.bold, 2.7, 20.9+dx, rowAuthority+dy, 2.9, valueInk, "签发机关")
	s.write(p.bold, 2.7, 20.9+dx, rowValidity+dy, 2.9, valueInk, "有效期限")
	for i, line := range strings.Split(who.Authority, "\n") {
		const pitch = 3.5
		s.write(p.sans, 3.4, backLeft+dx, rowAuthority+dy+pitch*float64(i), 0, valueInk, line)
	}
	s.write(p.sans, 3.4, backLeft+dx, rowValidity+dy, 0, valueInk, who.Validity)
	s.more(p.sans, who.More)
	return s.RGBA
}
