package symbol

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// scene is a frame that is drawn around codes: everything a camera does to them, with the truth known.
type scene struct {
	frame plane
	rng   *rand.Rand
}

// newScene is a frame of a room: smooth light, edges of things, some texture.
func newScene(w, h int, seed uint64) *scene {
	s := &scene{frame: reuse(make([]byte, w*h), w, h), rng: rand.New(rand.NewPCG(seed, 7))}
	base, slopeX, slopeY := 90+60*s.rng.Float64(), 60*s.rng.Float64(), 40*s.rng.Float64()
	for y := range h {
		row := s.frame.row(y)
		for x := range row {
			row[x] = byte(base + slopeX*float64(x)/float64(w) - slopeY*float64(y)/float64(h))
		}
	}
	for range 40 {
		x, y, rw, rh, d := s.rng.IntN(w), s.rng.IntN(h), 5+s.rng.IntN(w/4), 5+s.rng.IntN(h/4), s.rng.IntN(120)-60
		for py := y; py < min(y+rh, h); py++ {
			row := s.frame.row(py)
			for px := x; px < min(x+rw, w); px++ {
				row[px] = byte(max(0, min(int(row[px])+d, 255)))
			}
		}
	}
	return s
}

// shown says how a code is held.
type shown struct {
	x, y   float64 // of its middle, in pixels
	module float64 // pixels
	turn   float64 // degrees
	tilt   float64 // how much smaller the far side is, 0 to 0.5
	dark   float64 // luma of dark modules
	light  float64
}

// draw puts a code with its quiet zone into the frame, with four samples a pixel.
func (s *scene) draw(rows [][]bool, besides, above int, h shown) {
	w, height := float64(len(rows[0])+2*besides), float64(len(rows)+2*above)
	sin, cos := math.Sincos(h.turn * math.Pi / 180)
	corner := func(u, v float64) point {
		u, v = (u-w/2)*h.module, (v-height/2)*h.module
		p := 1 + h.tilt*u/(w*h.module) // perspective about the vertical axis of the code
		u, v = u/p, v/p
		return point{h.x + cos*u - sin*v, h.y + sin*u + cos*v}
	}
	c := [4]point{corner(0, 0), corner(w, 0), corner(w, height), corner(0, height)}
	m, ok := fromSquare(c)
	if !ok {
		return
	}
	reach := math.Hypot(w, height)*h.module/(1-h.tilt) + 2
	for py := max(0, int(h.y-reach)); py < min(s.frame.height, int(h.y+reach)); py++ {
		for px := max(0, int(h.x-reach)); px < min(s.frame.width, int(h.x+reach)); px++ {
			sum, n := 0.0, 0
			for _, d := range [...]point{{.25, .25}, {.75, .25}, {.25, .75}, {.75, .75}} {
				u, v, in := m.inverse(float64(px)+d.x, float64(py)+d.y)
				if !in {
					sum += float64(s.frame.pix[py*s.frame.stride+px])
					continue
				}
				n++
				i, j := int(math.Floor(u*w))-besides, int(math.Floor(v*height))-above
				if j >= 0 && j < len(rows) && i >= 0 && i < len(rows[0]) && rows[j][i] {
					sum += h.dark
				} else {
					sum += h.light
				}
			}
			if n > 0 {
				s.frame.pix[py*s.frame.stride+px] = byte(sum / 4)
			}
		}
	}
}

// inverse gives the place in the unit square, and whether it lies in it.
func (m *homography) inverse(x, y float64) (u, v float64, in bool) {
	// Solve (a-gx)u + (b-hx)v = x-c, (d-gy)u + (e-hy)v = y-f.
	a, b, c := m.a-m.g*x, m.b-m.h*x, x-m.c
	d, e, f := m.d-m.g*y, m.e-m.h*y, y-m.f
	det := a*e - b*d
	u, v = (c*e-b*f)/det, (a*f-c*d)/det
	return u, v, u >= 0 && v >= 0 && u < 1 && v < 1
}

// blur is a box filter applied twice.
func (s *scene) blur(radius int) {
	for range 2 {
		for _, vertical := range [...]bool{false, true} {
			out := reuse(make([]byte, len(s.frame.pix)), s.frame.width, s.frame.height)
			for y := range out.height {
				for x := range out.width {
					sum := 0
					for d := -radius; d <= radius; d++ {
						px, py := x+d, y
						if vertical {
							px, py = x, y+d
						}
						px, py = max(0, min(px, out.width-1)), max(0, min(py, out.height-1))
						sum += int(s.frame.pix[py*s.frame.stride+px])
					}
					out.pix[y*out.stride+x] = byte(sum / (2*radius + 1))
				}
			}
			s.frame = out
		}
	}
}

// glare adds a bright spot, as a lamp on a phone's glass.
func (s *scene) glare(x, y, radius, strength float64) {
	for py := range s.frame.height {
		row := s.frame.row(py)
		for px := range row {
			d := ((float64(px)-x)*(float64(px)-x) + (float64(py)-y)*(float64(py)-y)) / (radius * radius)
			if d < 9 {
				row[px] = byte(min(float64(row[px])+strength*math.Exp(-d), 255))
			}
		}
	}
}

func (s *scene) noise(sigma float64) {
	for i, v := range s.frame.pix {
		s.frame.pix[i] = byte(max(0, min(float64(v)+sigma*s.rng.NormFloat64(), 255)))
	}
}

// credentialText is text of so many characters in the alphabet of credentials.
func credentialText(n int, rng *rand.Rand) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	var b strings.Builder
	for range n {
		b.WriteByte(alphabet[rng.IntN(len(alphabet))])
	}
	return b.String()
}

// hardCase is one thing that makes a code hard to read.
type hardCase struct {
	name  string
	chars int
	apply func(s *scene, h *shown) // before drawing
	after func(s *scene, h shown)
}

var hardCases = []hardCase{
	{"plain", 300, nil, nil},
	{"turned 30°", 300, func(s *scene, h *shown) { h.turn = 30 }, nil},
	{"turned 45°", 300, func(s *scene, h *shown) { h.turn = 45 }, nil},
	{"upside down", 300, func(s *scene, h *shown) { h.turn = 180 }, nil},
	{"turned anyhow", 500, func(s *scene, h *shown) { h.turn = 360 * s.rng.Float64() }, nil},
	{"tilted", 300, func(s *scene, h *shown) { h.tilt, h.turn = 0.3, 10 }, nil},
	{"tilted, large", 1150, func(s *scene, h *shown) { h.tilt, h.turn = 0.25, -8 }, nil},
	{"inverted", 300, func(s *scene, h *shown) { h.dark, h.light = 220, 30 }, nil},
	{"low contrast", 300, func(s *scene, h *shown) { h.dark, h.light = 110, 150 }, nil},
	{"dark", 300, func(s *scene, h *shown) { h.dark, h.light = 10, 50 }, nil},
	{"glare", 300, nil, func(s *scene, h shown) { s.glare(h.x+20, h.y+10, 50, 190) }},
	{"out of focus", 300, nil, func(s *scene, h shown) { s.blur(1) }},
	{"small", 300, func(s *scene, h *shown) { h.module = 2.2; h.turn = 12 }, nil},
	{"noise", 300, nil, func(s *scene, h shown) { s.noise(16) }},
	{"large", 1150, func(s *scene, h *shown) { h.module = 3.4 }, nil},
	{"largest", 1478, func(s *scene, h *shown) { h.module = 3.6; h.turn = 3 }, nil},
}

// drawHard draws one hard case; the module is at most 4 pixels unless the case says otherwise.
func drawHard(t testing.TB, c hardCase, seed uint64) (frame plane, text string) {
	s := newScene(1280, 720, seed)
	text = credentialText(c.chars, s.rng)
	rows, err := EncodeQR(text, Low)
	if err != nil {
		t.Fatal(err)
	}
	h := shown{module: 3.2 + s.rng.Float64(), dark: 20, light: 230}
	if c.apply != nil {
		c.apply(s, &h)
	}
	size := float64(len(rows)+2*quiet) * h.module / 2
	h.x, h.y = 640+300*(s.rng.Float64()-.5), 360
	if room := 350 - size*1.4; room > 0 {
		h.y += room * (s.rng.Float64() - .5)
	}
	s.draw(rows, quiet, quiet, h)
	s.noise(3)
	if c.after != nil {
		c.after(s, h)
	}
	return s.frame, text
}

func TestHardCases(t *testing.T) {
	const each = 3
	read, alone := 0, 0
	for _, c := range hardCases {
		ok, theirs := 0, 0
		for seed := range uint64(each) {
			frame, text := drawHard(t, c, seed+100)
			r, err := NewReader(stillOpts())
			if err != nil {
				t.Fatal(err)
			}
			symbols, err := r.Read(frame.pix, frame.width, frame.height, frame.stride)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range symbols {
				if s.Text != text {
					t.Errorf("%s, %d: read %q", c.name, seed, s.Text)
				} else {
					ok++
				}
			}
			if gozxingAlone(frame, true) == text {
				theirs++
			}
		}
		t.Logf("%-14s %d of %d, gozxing alone %d", c.name, ok, each, theirs)
		read, alone = read+ok, alone+theirs
	}
	t.Logf("%d of %d read, gozxing alone %d", read, each*len(hardCases), alone)
	if read < 42 || read <= alone {
		t.Errorf("%d read, gozxing alone %d", read, alone)
	}
}
