package vision

import (
	"math"
	"testing"
)

func TestSharpness(t *testing.T) {
	// One white pixel in the middle of 5×5: the Laplacian is −1020 there, 255 at four neighbours, 0 at four others.
	m := NewImage(5, 5)
	copy(m.Row(2)[6:], []byte{255, 255, 255})
	mean := 0.0
	want := (1020.0*1020+4*255*255)/9 - mean*mean
	if got := Sharpness(m, m.Bounds()); math.Abs(float64(got)-want) > 1 {
		t.Errorf("sharpness %v, want %v", got, want)
	}
	flat := NewImage(5, 5)
	if got := Sharpness(flat, flat.Bounds()); got != 0 {
		t.Errorf("sharpness of one colour %v, want 0", got)
	}
	photo := noise(40, 40, 5)
	blurred := NewImage(40, 40)
	Resize(blurred, photo, Rect{0.5, 0.5, 40.5, 40.5})
	if Sharpness(blurred, blurred.Bounds()) >= Sharpness(photo, photo.Bounds()) {
		t.Error("a blurred picture counts as sharper")
	}
}

func TestBrightness(t *testing.T) {
	m := ramp(0, 255, 100, 101)
	if got, want := Brightness(m, m.Bounds()), (Light{Mean: 114, Dark: 0.25, Bright: 0.25}); got != want {
		t.Errorf("brightness %+v, want %+v", got, want)
	}
	if got, want := Brightness(m, Rect{1.6, 0, 4, 1}), (Light{Mean: 100.5}); got != want {
		t.Errorf("brightness of a part %+v, want %+v", got, want)
	}
}

func TestMeasuresOfNonsense(t *testing.T) {
	m := ramp(0, 255, 100, 101)
	nan := float32(math.NaN())
	for _, r := range []Rect{{}, {9, 9, 12, 12}, {3, 0, 1, 1}, {nan, nan, nan, nan}, {-1e38, -1e38, -1, -1}} {
		if got := Brightness(m, r); got != (Light{}) {
			t.Errorf("brightness of %+v is %+v, want none", r, got)
		}
		if got := Sharpness(m, r); got != 0 {
			t.Errorf("sharpness of %+v is %v, want 0", r, got)
		}
		c := NewImage(1, 1)
		Crop(c, m, r)
		if len(c.Pix) != 0 {
			t.Errorf("crop of %+v has %dx%d pixels, want none", r, c.Width, c.Height)
		}
	}
}

func TestCrop(t *testing.T) {
	m := noise(8, 6, 1)
	var c Image
	Crop(&c, m, Rect{1.6, 1.4, 20, 3})
	if c.Width != 6 || c.Height != 2 {
		t.Fatalf("size %dx%d, want 6x2", c.Width, c.Height)
	}
	for y := range 2 {
		if got, want := string(c.Row(y)), string(m.Row(y + 1)[6:]); got != want {
			t.Errorf("row %d differs", y)
		}
	}
}
