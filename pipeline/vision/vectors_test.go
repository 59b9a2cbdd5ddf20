//go:build amd64

package vision

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// withoutVectors runs f by the portable code.
func withoutVectors(f func()) {
	before := vectors
	vectors = false
	defer func() { vectors = before }()
	f()
}

// extremes are random bytes, many of them at the ends of the range.
func extremes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		switch r.IntN(4) {
		case 0:
			b[i] = byte(255 * r.IntN(2))
		case 1:
			b[i] = []byte{15, 16, 17, 127, 128, 129, 235, 240}[r.IntN(8)]
		default:
			b[i] = byte(r.IntN(256))
		}
	}
	return b
}

// Vectors convert colours to the same bytes as the portable code, and write nothing beside them.
func TestVectorsConvertTheSame(t *testing.T) {
	if !vectors {
		t.Skip("this processor has no AVX2, or it is ruled out")
	}
	r := rand.New(rand.NewPCG(4, 4))
	for _, n := range []int{2, 14, 16, 18, 30, 32, 46, 48, 640, 1282} {
		for range 20 {
			a, b, c := extremes(r, 2*n), extremes(r, n), extremes(r, n)
			for name, convert := range map[string]func(to []byte){
				"YUYV":   func(to []byte) { yuyvToRGB(to, a) },
				"NV12":   func(to []byte) { nv12ToRGB(to, a[:n], b) },
				"planar": func(to []byte) { fullRangePairs(to, a[:n], b[:n/2], c[:n/2]) },
			} {
				got, want := bytes.Repeat([]byte{7}, 3*n+32), bytes.Repeat([]byte{7}, 3*n+32)
				convert(got[:3*n])
				withoutVectors(func() { convert(want[:3*n]) })
				if !bytes.Equal(got, want) {
					for i := range got {
						if got[i] != want[i] {
							t.Fatalf("%s, %d pixels: byte %d is %d, want %d", name, n, i, got[i], want[i])
						}
					}
				}
			}
		}
	}
}

// All there is of luma and chroma.
func TestVectorsConvertEveryColour(t *testing.T) {
	if !vectors || testing.Short() {
		t.Skip("this processor has no AVX2, or it is ruled out; or the run is to be short")
	}
	luma, cb, cr := make([]byte, 256), make([]byte, 128), make([]byte, 128)
	yuyv, nv := make([]byte, 512), make([]byte, 256)
	got, want := make([]byte, 3*256), make([]byte, 3*256)
	for u := range 256 {
		for v := range 256 {
			for i := range luma {
				luma[i], cb[i/2], cr[i/2] = byte(i), byte(u), byte(v)
				yuyv[2*i], yuyv[2*i+1], nv[i] = byte(i), byte([2]int{u, v}[i%2]), byte([2]int{u, v}[i%2])
			}
			for name, convert := range map[string]func(to []byte){
				"YUYV": func(to []byte) { yuyvToRGB(to, yuyv) }, "NV12": func(to []byte) { nv12ToRGB(to, luma, nv) },
				"planar": func(to []byte) { fullRangePairs(to, luma, cb, cr) },
			} {
				convert(got)
				withoutVectors(func() { convert(want) })
				if !bytes.Equal(got, want) {
					t.Fatalf("%s: Cb %d, Cr %d differ", name, u, v)
				}
			}
		}
	}
}

// Vectors resize to the same floats as the portable code, whatever the region, and read nothing behind the picture.
func TestVectorsResizeTheSame(t *testing.T) {
	if !vectors {
		t.Skip("this processor has no AVX2, or it is ruled out")
	}
	r := rand.New(rand.NewPCG(5, 5))
	for range 400 {
		w, h, stride := 1+r.IntN(80), 1+r.IntN(40), r.IntN(3)
		src := &Image{Width: w, Height: h, Stride: 3*w + stride}
		src.Pix = extremes(r, src.Stride*(h-1)+3*w)
		dw, dh := 1+r.IntN(300), 1+r.IntN(20)
		at := func(size int) float32 { return (r.Float32()*2 - 0.5) * float32(size) }
		region := Rect{at(w), at(h), at(w), at(h)}
		if r.IntN(3) == 0 {
			region = src.Bounds()
		}
		n := Norm{Order: Order(r.IntN(3)), Mean: [3]float32{127, 104, 117.5}, Scale: [3]float32{1. / 128, 0.017, 1}}
		size := n.Order.Planes() * dw * dh
		got, want := make([]float32, size), make([]float32, size)
		ResizeTensor(got, dw, dh, src, region, n)
		withoutVectors(func() { ResizeTensor(want, dw, dh, src, region, n) })
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("%v of %d×%d at %d×%d, %+v: value %d is %v, want %v", region, w, h, dw, dh, n, i, got[i], want[i])
			}
		}
	}
}
