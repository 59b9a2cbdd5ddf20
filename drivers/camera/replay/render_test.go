package replay

import (
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"umbral/config/paths"
	"umbral/drivers/camera/feed"
)

// ramp is a grey picture whose full-range luma is 2x + y, so that a place can be read off a value.
func ramp(w, h int) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetGray(x, y, color.Gray{byte(min(255, 2*x+y))})
		}
	}
	return img
}

// drawn draws one frame.
func drawn(dst []byte, w, h int, p *subject, s shot) {
	r := newRenderer(w, h, 100, 1)
	r.fit(p)
	r.draw(dst, p, s)
}

func limited(full float64) float64 { return 16 + full*219/255 }

// TestViewsAreWhereTheyShouldBe compares what is drawn with the ramp's own formula.
func TestViewsAreWhereTheyShouldBe(t *testing.T) {
	img := ramp(80, 60)
	const w, h = 64, 48
	rapid.Check(t, func(t *rapid.T) {
		// A view within the picture, of up to 1.2 of its pixels for one of the frame.
		width := rapid.Float64Range(8, 76).Draw(t, "width")
		height := width * h / w
		x := rapid.Float64Range(width/2+1, 79-width/2).Draw(t, "x")
		y := rapid.Float64Range(height/2+1, 59-height/2).Draw(t, "y")
		s := shot{x: fix(x), y: fix(y), width: fix(width), brightness: one}
		a := act{from: s, to: s}
		p := newSubject(img, [4]fixed{0, 0, 80 << 16, 60 << 16}, one, a, w, h)
		dst := make([]byte, 2*w*h)
		drawn(dst, w, h, p, s)
		scale := width / w
		for v := range h {
			for u := range w {
				px, py := x+(float64(u)+0.5-w/2)*scale-0.5, y+(float64(v)+0.5-h/2)*scale-0.5
				if px < 1 || py < 1 || px > 78 || py > 58 {
					continue // the soft rim, one pixel wide
				}
				want, got := limited(2*px+py), float64(dst[2*(v*w+u)])
				if math.Abs(want-got) > 1.6 {
					t.Fatalf("(%d, %d), which is (%.2f, %.2f) of the picture: %v, wanted %.1f", u, v, px, py, got, want)
				}
				if c := dst[2*(v*w+u)+1]; c != 128 {
					t.Fatalf("(%d, %d): chroma %d of a grey picture", u, v, c)
				}
			}
		}
	})
}

func TestFarViewsAreAveraged(t *testing.T) {
	// Single lines of black and white: a view of a quarter of the size must show grey, no pattern.
	img := image.NewGray(image.Rect(0, 0, 256, 192))
	for i := range img.Pix {
		img.Pix[i] = byte(i % 2 * 255)
	}
	s := shot{x: 128 << 16, y: 96 << 16, width: 256 << 16, brightness: one}
	p := newSubject(img, [4]fixed{0, 0, 256 << 16, 192 << 16}, one, act{from: s, to: s}, 64, 48)
	dst := make([]byte, 2*64*48)
	drawn(dst, 64, 48, p, s)
	for y := 2; y < 46; y++ {
		for x := 2; x < 62; x++ {
			if v := dst[2*(64*y+x)]; v < 122 || v > 130 {
				t.Fatalf("(%d, %d) is %d, wanted the mean, 126", x, y, v)
			}
		}
	}
}

func TestBeyondTheCropIsHaze(t *testing.T) {
	// A picture that is dark, but for a bright square in its middle which the crop leaves out.
	img := image.NewGray(image.Rect(0, 0, 640, 480))
	for y := 200; y < 280; y++ {
		for x := 280; x < 360; x++ {
			img.SetGray(x, y, color.Gray{255})
		}
	}
	s := shot{x: 320 << 16, y: 240 << 16, width: 640 << 16, brightness: one}
	crop := [4]fixed{0, 0, 200 << 16, 480 << 16}
	p := newSubject(img, crop, 40*one, act{from: s, to: s}, 640, 480)
	dst := make([]byte, 2*640*480)
	drawn(dst, 640, 480, p, s)
	if v := dst[2*(640*240+100)]; v != 16 {
		t.Errorf("within the crop: %d, wanted 16", v)
	}
	middle := dst[2*(640*240+320)]
	if middle <= 40 || middle >= 235 {
		t.Errorf("the square beyond the crop: %d, wanted it washed out", middle)
	}
	last := -1
	for x := 320; x < 440; x++ {
		v := int(dst[2*(640*240+x)])
		if last >= 0 && last-v > 6 {
			t.Fatalf("an edge in the haze at %d: %d after %d", x, v, last)
		}
		last = v
	}
	p.haze, p.feather = bare(100), one
	drawn(dst, 640, 480, p, s)
	if v := dst[2*(640*240+320)]; v != 100 {
		t.Errorf("behind a print: %d, wanted the wall, 100", v)
	}
}

func TestLightAndNoise(t *testing.T) {
	r := newRenderer(320, 240, 120, 3)
	dst := make([]byte, 2*320*240)
	mean := func() (m, deviation float64) {
		var sum, squares float64
		for x := range 320 {
			v := float64(dst[2*(320*120+x)])
			sum, squares = sum+v, squares+v*v
		}
		m = sum / 320
		return m, math.Sqrt(max(0, squares/320-m*m))
	}
	r.draw(dst, nil, shot{brightness: one})
	m, d := mean()
	if d != 0 || m < 110 || m > 130 {
		t.Errorf("the wall is %.1f ± %.1f", m, d)
	}
	r.draw(dst, nil, shot{brightness: one / 2})
	if half, _ := mean(); math.Abs(half-16-(m-16)/2) > 1 {
		t.Errorf("at half the light %.1f, was %.1f", half, m)
	}
	r.draw(dst, nil, shot{brightness: one, noise: 4 * one})
	if noisy, d := mean(); math.Abs(noisy-m) > 1 || d < 3.2 || d > 4.8 {
		t.Errorf("with noise of 4: %.1f ± %.1f", noisy, d)
	}
}

func TestTurning(t *testing.T) {
	img := ramp(60, 60)
	out := turned(img, 90, 30, 30).(*image.YCbCr)
	// Clockwise by a right angle: what was above the centre is to its right.
	if got, want := out.Y[out.YOffset(40, 30)], img.GrayAt(30, 20).Y; got != want {
		t.Errorf("right of the centre is %d, wanted %d", got, want)
	}
	same := turned(img, 0, 13, 50).(*image.YCbCr)
	for y := range 59 {
		for x := range 59 {
			if got, want := same.Y[same.YOffset(x, y)], img.GrayAt(x, y).Y; got != want {
				t.Fatalf("not turned at all, yet (%d, %d) is %d, was %d", x, y, got, want)
			}
		}
	}
}

// TestFramesAreTheSameEverywhere holds the hash of a scene's frames: they must not depend on the processor.
func TestFramesAreTheSameEverywhere(t *testing.T) {
	dir := stageFiles(t)
	path := filepath.Join(dir, "hash.toml")
	text := "fps = 20\nwidth = 96\nheight = 64\n" + smallScene + "tilt = 10\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o := feed.DefaultOpts()
	o.Once, o.Pace = true, feed.AsTaken
	hash := sha256.New()
	take(t, must(New(path, o)), func(b *feed.Frame) { hash.Write(b.Data) })
	const want = "714ceb26a073f609"
	if got := hex.EncodeToString(hash.Sum(nil)[:8]); got != want {
		t.Errorf("the frames' hash is %s, was %s", got, want)
	}
}

func BenchmarkSceneFrame(b *testing.B) {
	o := feed.DefaultOpts()
	o.Pictures = paths.Pictures()
	s, err := New(demoScene, o)
	if err != nil {
		b.Skip(err)
	}
	th := s.player.(*theatre)
	format := must(th.open(b.Context()))
	frame := feed.Frame{Data: make([]byte, format.Bytes), Height: format.Height, Stride: format.Stride}
	b.SetBytes(int64(format.Bytes))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		th.act, th.at = 1, i%th.acts[1].move
		if err := th.next(b.Context(), &frame); err != nil {
			b.Fatal(err)
		}
	}
}
