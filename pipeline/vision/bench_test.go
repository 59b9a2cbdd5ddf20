package vision

import (
	"bytes"
	"testing"
)

// vga is a photograph-like frame of 640×480 pixels: smooth areas with noise of a few levels.
func vga() *Image {
	m := NewImage(640, 480)
	grain := noise(640, 480, 9)
	for y := range m.Height {
		for x := range m.Width {
			for c := range 3 {
				m.Row(y)[3*x+c] = byte(30*c + x/5 + y/8 + int(grain.Row(y)[3*x+c])/32)
			}
		}
	}
	return m
}

func BenchmarkDecode(b *testing.B) {
	d := NewDecoder(640, 480)
	var coded bytes.Buffer
	if err := WriteJPEG(&coded, vga(), 85); err != nil {
		b.Fatal(err)
	}
	raw := noise(640, 480, 2).Pix
	for _, f := range []Frame{{YUYV, 640, 480, 0, raw}, {NV12, 640, 480, 0, raw}, {GREY, 640, 480, 0, raw}, mjpg(coded.Bytes())} {
		var rgb Image
		var luma Grey
		b.Run(f.Format.String()+"/RGB", func(b *testing.B) {
			b.SetBytes(640 * 480)
			b.ReportAllocs()
			for b.Loop() {
				if err := d.Decode(&rgb, f); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(f.Format.String()+"/luma", func(b *testing.B) {
			b.SetBytes(640 * 480)
			for b.Loop() {
				if err := d.Luma(&luma, f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkTensors(b *testing.B) {
	src := vga()
	dst := make([]float32, 3*320*240)
	norm := Norm{Order: RGB, Mean: [3]float32{127, 127, 127}, Scale: [3]float32{1. / 128, 1. / 128, 1. / 128}}
	b.Run("resize 640x480 to 320x240", func(b *testing.B) {
		for b.Loop() {
			ResizeTensor(dst, 320, 240, src, src.Bounds(), norm)
		}
	})
	b.Run("warp to 112x112", func(b *testing.B) {
		m := Similarity{0.5, 0.1, -30, -40}
		for b.Loop() {
			WarpTensor(dst, 112, 112, src, m, norm)
		}
	})
	b.Run("sharpness of 200x200", func(b *testing.B) {
		for b.Loop() {
			Sharpness(src, Rect{100, 100, 300, 300})
		}
	})
	b.Run("write JPEG 640x480", func(b *testing.B) {
		var out bytes.Buffer
		for b.Loop() {
			out.Reset()
			if err := WriteJPEG(&out, src, 80); err != nil {
				b.Fatal(err)
			}
		}
	})
}
