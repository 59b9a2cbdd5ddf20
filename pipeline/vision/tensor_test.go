package vision

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// ramp is a row of grey pixels with the given levels.
func ramp(levels ...byte) *Image {
	m := NewImage(len(levels), 1)
	greyToRGB(m.Row(0), levels)
	return m
}

// noise is a picture of random pixels with a gap after each row.
func noise(w, h int, seed uint64) *Image {
	m := &Image{Width: w, Height: h, Stride: 3*w + 5, Pix: make([]byte, h*(3*w+5))}
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range m.Pix {
		m.Pix[i] = byte(r.Uint32())
	}
	return m
}

var plain = Norm{Order: GreyLuma, Scale: [3]float32{1, 1, 1}}

// By hand: output i takes its value at (i+0.5)·scale−0.5 of the source, clamped to its first and last pixel.
func TestResizeTensorByHand(t *testing.T) {
	tests := map[string]struct {
		src    *Image
		region Rect
		want   []float32
	}{
		"same size":           {ramp(10, 20, 40, 80), Rect{0, 0, 4, 1}, []float32{10, 20, 40, 80}},
		"half":                {ramp(10, 20, 40, 80), Rect{0, 0, 4, 1}, []float32{15, 60}},           // at 0.5, 2.5
		"a third":             {ramp(10, 20, 40, 80, 90, 100), Rect{0, 0, 6, 1}, []float32{20, 90}},  // at 1, 4
		"double":              {ramp(10, 20), Rect{0, 0, 2, 1}, []float32{10, 12.5, 17.5, 20}},       // at −0.25, 0.25, 0.75, 1.25
		"3 to 4":              {ramp(0, 80, 160), Rect{0, 0, 3, 1}, []float32{0, 50, 110, 160}},      // at −0.125, 0.625, 1.375, 2.125
		"part":                {ramp(10, 20, 40, 80), Rect{1, 0, 3, 1}, []float32{20, 40}},           // at 1, 2
		"part, enlarged":      {ramp(10, 20, 40, 80), Rect{1, 0, 3, 1}, []float32{17.5, 25, 35, 50}}, // at 0.75, 1.25, 1.75, 2.25
		"between pixels":      {ramp(10, 20, 40, 80), Rect{0.5, 0, 2.5, 1}, []float32{15, 30}},       // at 0.5, 1.5
		"over the left edge":  {ramp(10, 20, 40, 80), Rect{-2, 0, 2, 1}, []float32{10, 10, 10, 20}},  // at −2, −1, 0, 1
		"over the right edge": {ramp(10, 20, 40, 80), Rect{2, 0, 6, 1}, []float32{40, 80, 80, 80}},   // at 2, 3, 4, 5
		"outside":             {ramp(10, 20), Rect{100, 0, 102, 1}, []float32{20, 20}},
		"not a number":        {ramp(10, 20), Rect{float32(math.NaN()), 0, 2, 1}, []float32{10, 10}},
		"infinite":            {ramp(10, 20), Rect{0, 0, float32(math.Inf(1)), 1}, []float32{20, 20}},
		"turned round":        {ramp(10, 20, 30, 40), Rect{4, 0, 0, 1}, []float32{35, 15}}, // at 2.5, 0.5
		"of an empty picture": {new(Image), Rect{0, 0, 2, 2}, []float32{0, 0}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := make([]float32, len(test.want))
			ResizeTensor(got, len(got), 1, test.src, test.region, plain)
			if d := cmp.Diff(test.want, got, cmpopts.EquateApprox(0, 1e-4)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestNorm(t *testing.T) {
	src := NewImage(1, 1)
	copy(src.Pix, []byte{100, 150, 200})
	mean, scale := [3]float32{1, 2, 3}, [3]float32{1, 0.5, 0.25}
	tests := map[Order][]float32{
		RGB:      {99, 74, 49.25},
		BGR:      {199, 74, 24.25}, // the first mean and scale belong to blue now
		GreyLuma: {0.299*100 + 0.587*150 + 0.114*200 - 1},
	}
	for order, want := range tests {
		got := make([]float32, order.Planes())
		n := Norm{Order: order, Mean: mean, Scale: scale}
		ResizeTensor(got, 1, 1, src, src.Bounds(), n)
		if d := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-3)); d != "" {
			t.Errorf("resize, order %d: %s", order, d)
		}
		clear(got)
		WarpTensor(got, 1, 1, src, Similarity{A: 1}, n)
		if d := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-3)); d != "" {
			t.Errorf("warp, order %d: %s", order, d)
		}
	}
}

// sample is bilinear interpolation as the textbook has it: at (x, y), pixels outside given by pixel.
func sample(x, y float64, pixel func(x, y int) float64) float64 {
	x0, y0 := math.Floor(x), math.Floor(y)
	fx, fy, i, j := x-x0, y-y0, int(x0), int(y0)
	return (1-fy)*((1-fx)*pixel(i, j)+fx*pixel(i+1, j)) + fy*((1-fx)*pixel(i, j+1)+fx*pixel(i+1, j+1))
}

// roundedWeights is the most that weights of 1/2048 can change a value of 255 levels, in both directions.
const roundedWeights = 2 * 255.0 / 4096

func TestResizeAgreesWithTextbook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side := rapid.IntRange(1, 40)
		w, h, dw, dh := side.Draw(t, "w"), side.Draw(t, "h"), rapid.IntRange(1, 300).Draw(t, "dw"), side.Draw(t, "dh")
		edge := rapid.Float32Range(-50, 50)
		region := Rect{edge.Draw(t, "x0"), edge.Draw(t, "y0"), edge.Draw(t, "x1"), edge.Draw(t, "y1")}
		src := noise(w, h, rapid.Uint64().Draw(t, "seed"))
		tensor, bytes := make([]float32, 3*dw*dh), NewImage(dw, dh)
		ResizeTensor(tensor, dw, dh, src, region, Norm{Order: BGR, Scale: [3]float32{1, 1, 1}})
		Resize(bytes, src, region)
		for c := range 3 {
			pixel := func(x, y int) float64 {
				return float64(src.Row(min(max(y, 0), h-1))[3*min(max(x, 0), w-1)+c])
			}
			for y := range dh {
				for x := range dw {
					sx := float64(region.X0) + (float64(x)+0.5)*float64(region.Dx())/float64(dw) - 0.5
					sy := float64(region.Y0) + (float64(y)+0.5)*float64(region.Dy())/float64(dh) - 0.5
					want := sample(sx, sy, pixel)
					if got := tensor[(2-c)*dw*dh+y*dw+x]; math.Abs(float64(got)-want) > roundedWeights {
						t.Fatalf("tensor channel %d at (%d, %d): %v, want %v", c, x, y, got, want)
					}
					if got := bytes.Row(y)[3*x+c]; math.Abs(float64(got)-want) > roundedWeights+0.5 {
						t.Fatalf("picture channel %d at (%d, %d): %v, want %v", c, x, y, got, want)
					}
				}
			}
		}
	})
}

func TestWarpAgreesWithTextbook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side := rapid.IntRange(1, 40)
		w, h, dw, dh := side.Draw(t, "w"), side.Draw(t, "h"), side.Draw(t, "dw"), side.Draw(t, "dh")
		angle, scale := rapid.Float64Range(-math.Pi, math.Pi).Draw(t, "angle"), rapid.Float64Range(0.2, 5).Draw(t, "scale")
		shift := rapid.Float32Range(-60, 60)
		m := Similarity{float32(scale * math.Cos(angle)), float32(scale * math.Sin(angle)), shift.Draw(t, "x"), shift.Draw(t, "y")}
		src := noise(w, h, rapid.Uint64().Draw(t, "seed"))
		tensor := make([]float32, 3*dw*dh)
		WarpTensor(tensor, dw, dh, src, m, Norm{Order: RGB, Scale: [3]float32{1, 1, 1}})
		a, b := float64(m.A), float64(m.B)
		det := a*a + b*b
		for c := range 3 {
			pixel := func(x, y int) float64 {
				if x < 0 || y < 0 || x >= w || y >= h {
					return 0
				}
				return float64(src.Row(y)[3*x+c])
			}
			for y := range dh {
				for x := range dw {
					qx, qy := float64(x)-float64(m.X), float64(y)-float64(m.Y)
					want := sample((a*qx+b*qy)/det, (a*qy-b*qx)/det, pixel)
					// Weights are cut to 1/2048, not rounded.
					if got := tensor[c*dw*dh+y*dw+x]; math.Abs(float64(got)-want) > 2*roundedWeights+0.02 {
						t.Fatalf("channel %d at (%d, %d): %v, want %v", c, x, y, got, want)
					}
				}
			}
		}
	})
}

func TestWarpOfNonsenseIsBlack(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, m := range []Similarity{{}, {A: nan}, {A: 1, X: nan}, {A: 1, Y: inf}, {A: 1e-30}, {A: 1, X: 3e38}, {B: inf}} {
		got := []float32{7, 7, 7, 7}
		WarpTensor(got, 2, 2, ramp(9, 9, 9), m, plain)
		if d := cmp.Diff([]float32{0, 0, 0, 0}, got); d != "" {
			t.Errorf("%+v: %s", m, d)
		}
	}
}

func TestEstimateSimilarity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		angle, scale := rapid.Float64Range(-3, 3).Draw(t, "angle"), rapid.Float64Range(0.1, 8).Draw(t, "scale")
		want := Similarity{float32(scale * math.Cos(angle)), float32(scale * math.Sin(angle)), 17, -40}
		from := []Point{{0, 0}, {100, 3}, {50, 60}, {20, 90}, {80, 95}}
		to := make([]Point, len(from))
		for i, p := range from {
			to[i] = want.Apply(p)
		}
		got, err := EstimateSimilarity(from, to)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, cmpopts.EquateApprox(1e-4, 1e-3)); d != "" {
			t.Fatal(d)
		}
		if math.Abs(float64(got.Scale())-scale) > 1e-3 || math.Abs(float64(got.Roll())-angle*180/math.Pi) > 1e-2 {
			t.Fatalf("scale %v, roll %v; want %v, %v", got.Scale(), got.Roll(), scale, angle*180/math.Pi)
		}
	})
}

// No similarity near the estimate has a smaller sum of squares.
func TestEstimateSimilarityIsTheLeast(t *testing.T) {
	from := []Point{{30, 31}, {70, 29}, {52, 55}, {33, 80}, {69, 77}}
	to := []Point{{38.2946, 51.6963}, {73.5318, 51.5014}, {56.0252, 71.7366}, {41.5493, 92.3655}, {70.7299, 92.2041}}
	cost := func(m Similarity) (sum float64) {
		for i, p := range from {
			q := m.Apply(p)
			dx, dy := float64(q.X-to[i].X), float64(q.Y-to[i].Y)
			sum += dx*dx + dy*dy
		}
		return sum
	}
	best, err := EstimateSimilarity(from, to)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []Similarity{{A: 0.01}, {A: -0.01}, {B: 0.01}, {B: -0.01}, {X: 0.2}, {X: -0.2}, {Y: 0.2}, {Y: -0.2}} {
		near := Similarity{best.A + step.A, best.B + step.B, best.X + step.X, best.Y + step.Y}
		if cost(near) <= cost(best) {
			t.Errorf("%+v costs %v, the estimate %+v costs %v", near, cost(near), best, cost(best))
		}
	}
}

func TestEstimateSimilarityRefuses(t *testing.T) {
	nan := float32(math.NaN())
	tests := map[string]struct{ from, to []Point }{
		"nothing":           {},
		"one point":         {[]Point{{1, 2}}, []Point{{1, 2}}},
		"different numbers": {[]Point{{1, 2}, {3, 4}}, []Point{{1, 2}}},
		"one place":         {[]Point{{400, 300}, {400, 300}}, []Point{{1, 2}, {3, 4}}},
		"not a number":      {[]Point{{nan, 2}, {3, 4}}, []Point{{1, 2}, {3, 4}}},
		"infinite":          {[]Point{{1, 2}, {3, 4}}, []Point{{1, 2}, {float32(math.Inf(1)), 4}}},
	}
	for name, test := range tests {
		if m, err := EstimateSimilarity(test.from, test.to); err == nil {
			t.Errorf("%s: %+v, want an error", name, m)
		}
	}
}

func TestTensorsAllocateNothing(t *testing.T) {
	src := noise(64, 48, 3)
	small := NewImage(32, 32)
	dst := make([]float32, 3*300*20)
	from := []Point{{1, 1}, {9, 2}, {4, 8}}
	if n := testing.AllocsPerRun(10, func() {
		ResizeTensor(dst, 300, 20, src, Rect{-3, 2, 50, 60}, Norm{})
		Resize(small, src, Rect{3, 2, 50, 40})
		Crop(small, src, Rect{3, 2, 20, 20})
		m, err := EstimateSimilarity(from, from)
		if err != nil {
			t.Fatal(err)
		}
		WarpTensor(dst, 32, 32, src, m, Norm{})
		Sharpness(src, src.Bounds())
		Brightness(src, src.Bounds())
		small.Reset(32, 32)
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
