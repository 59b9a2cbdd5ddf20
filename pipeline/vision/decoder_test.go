package vision

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// limited is BT.601 limited range as the specification has it.
func limited(y, cb, cr byte) [3]byte {
	a, u, v := 255.0/219*(float64(y)-16), 255.0/224*(float64(cb)-128), 255.0/224*(float64(cr)-128)
	const kr, kb = 0.299, 0.114
	r, b := a+2*(1-kr)*v, a+2*(1-kb)*u
	g := a - 2*(1-kb)*kb/(1-kr-kb)*u - 2*(1-kr)*kr/(1-kr-kb)*v
	round := func(v float64) byte { return byte(math.Round(min(max(v, 0), 255))) }
	return [3]byte{round(r), round(g), round(b)}
}

// apart tells whether two pixels differ by more than the one level that whole numbers may cost.
func apart(a []byte, b [3]byte) bool {
	for i := range b {
		if d := int(a[i]) - int(b[i]); d < -1 || d > 1 {
			return true
		}
	}
	return false
}

func TestYUYVAndNV12FollowBT601(t *testing.T) {
	const w, h, stride = 6, 4, 20
	r := rand.New(rand.NewPCG(1, 2))
	d := NewDecoder(w, h)
	for range 500 {
		data := make([]byte, stride*h*3/2)
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		var yuyv, nv12 Image
		if err := d.Decode(&yuyv, Frame{YUYV, w, h, stride, data}); err != nil {
			t.Fatal(err)
		}
		if err := d.Decode(&nv12, Frame{NV12, w, h, stride, data}); err != nil {
			t.Fatal(err)
		}
		for y := range h {
			for x := range w {
				pair := data[y*stride+x/2*4:]
				if got, want := yuyv.Row(y)[3*x:][:3], limited(pair[x%2*2], pair[1], pair[3]); apart(got, want) {
					t.Fatalf("YUYV at (%d, %d): %v, want %v", x, y, got, want)
				}
				chroma := data[h*stride+y/2*stride+x/2*2:]
				if got, want := nv12.Row(y)[3*x:][:3], limited(data[y*stride+x], chroma[0], chroma[1]); apart(got, want) {
					t.Fatalf("NV12 at (%d, %d): %v, want %v", x, y, got, want)
				}
			}
		}
	}
}

func TestRawFormats(t *testing.T) {
	// Black, white and a little more than white in the limited range; the same in the full range.
	tests := map[string]struct {
		frame     Frame
		rgb, luma []byte
	}{
		"YUYV":            {Frame{YUYV, 2, 2, 0, []byte{16, 128, 235, 128, 16, 128, 255, 128}}, []byte{0, 0, 0, 255, 255, 255, 0, 0, 0, 255, 255, 255}, []byte{0, 255, 0, 255}},
		"NV12":            {Frame{NV12, 2, 2, 0, []byte{16, 235, 126, 16, 128, 128}}, []byte{0, 0, 0, 255, 255, 255, 128, 128, 128, 0, 0, 0}, []byte{0, 255, 128, 0}},
		"GREY with gaps":  {Frame{GREY, 1, 2, 3, []byte{9, 0, 0, 250}}, []byte{9, 9, 9, 250, 250, 250}, []byte{9, 250}},
		"RGB3":            {Frame{RGB3, 2, 1, 0, []byte{255, 0, 0, 0, 255, 0}}, []byte{255, 0, 0, 0, 255, 0}, []byte{76, 150}},
		"RGB3 with gaps":  {Frame{RGB3, 1, 2, 4, []byte{1, 1, 1, 0, 2, 2, 2}}, []byte{1, 1, 1, 2, 2, 2}, []byte{1, 2}},
		"more than it is": {Frame{GREY, 1, 1, 0, []byte{5, 6, 7}}, []byte{5, 5, 5}, []byte{5}},
	}
	d := NewDecoder(2, 2)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var rgb Image
			var luma Grey
			if err := d.Decode(&rgb, test.frame); err != nil {
				t.Fatal(err)
			}
			if err := d.Luma(&luma, test.frame); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.rgb, rgb.Pix); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.luma, luma.Pix); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	tests := map[string]struct {
		frame Frame
		want  string
	}{
		"unknown format":   {Frame{PixelFormat('H' | '2'<<8 | '6'<<16 | '4'<<24), 2, 2, 0, nil}, "H264"},
		"unprintable":      {Frame{3, 2, 2, 0, nil}, "0x00000003"},
		"too wide":         {Frame{GREY, 17, 1, 0, make([]byte, 99)}, "17x1 pixels, limit 16x8"},
		"no height":        {Frame{GREY, 4, 0, 0, make([]byte, 99)}, "4x0"},
		"negative":         {Frame{YUYV, -2, -2, 0, make([]byte, 99)}, "-2x-2"},
		"odd YUYV":         {Frame{YUYV, 3, 2, 0, make([]byte, 99)}, "odd size"},
		"odd NV12":         {Frame{NV12, 4, 3, 0, make([]byte, 99)}, "odd size"},
		"stride in pixels": {Frame{YUYV, 4, 2, 4, make([]byte, 99)}, "stride 4, at least 8"},
		"negative stride":  {Frame{GREY, 4, 2, -4, make([]byte, 99)}, "stride -4"},
		"huge stride":      {Frame{GREY, 4, 4, math.MaxInt32, make([]byte, 99)}, "has 99 bytes"},
		"cut short":        {Frame{NV12, 4, 4, 0, make([]byte, 23)}, "has 23 bytes, needs 24"},
		"no data":          {Frame{RGB3, 1, 1, 0, nil}, "has 0 bytes, needs 3"},
	}
	d := NewDecoder(16, 8)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for kind, err := range map[string]error{"Decode": d.Decode(new(Image), test.frame), "Luma": d.Luma(new(Grey), test.frame)} {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%s: error %q, want one with %q", kind, err, test.want)
				}
			}
		})
	}
}

func TestRawFormatsAllocateNothing(t *testing.T) {
	d := NewDecoder(64, 48)
	data := make([]byte, 64*48*3)
	var rgb Image
	var luma Grey
	for _, format := range []PixelFormat{YUYV, NV12, GREY, RGB3} {
		f := Frame{Format: format, Width: 64, Height: 48, Data: data}
		if n := testing.AllocsPerRun(10, func() {
			if d.Decode(&rgb, f) != nil || d.Luma(&luma, f) != nil {
				t.Fatal("decoding failed")
			}
		}); n != 0 {
			t.Errorf("%v: %v allocations a frame, want 0", format, n)
		}
	}
}
