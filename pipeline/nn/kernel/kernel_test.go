package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// canary stands before and behind every buffer that a kernel may write.
const canary = float32(12345.678)

var (
	wholeDepthwise = Wanted{Pixels: DeepPixels, Channels: DeepChannels}
)

func guarded(n int) (whole, inner []float32) {
	whole = make([]float32, n+64)
	for i := range whole {
		whole[i] = canary
	}
	return whole, whole[32 : 32+n : 32+n]
}

func intact(t *testing.T, what string, whole []float32) {
	t.Helper()
	for i := range 32 {
		if whole[i] != canary || whole[len(whole)-1-i] != canary {
			t.Fatalf("%s: wrote outside its buffer", what)
		}
	}
}

func random(r *rand.Rand, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(r.NormFloat64())
	}
	return s
}

func close32(a, b float32) bool {
	x, y := float64(a), float64(b)
	if math.IsNaN(x) || math.IsNaN(y) {
		return math.IsNaN(x) == math.IsNaN(y)
	}
	if math.IsInf(x, 0) || math.IsInf(y, 0) {
		return x == y
	}
	return math.Abs(x-y) <= 1e-4*(1+math.Abs(x)+math.Abs(y))
}

// tileFormula is the definition of a Tile.
func tileFormula(t *Tile, out []float32) {
	for p := range t.Height {
		for c := range t.Width {
			sum := t.Bias[c]
			if t.Residual != nil {
				sum += t.Residual[p*t.ResidualPitch+c]
			}
			for tap := range t.Taps {
				for k := range t.Depth {
					sum += t.Base[int(t.Offsets[tap*t.Height+p])+k] * t.Weights[(tap*t.Depth+k)*t.Width+c]
				}
			}
			if t.Slope != nil {
				sum = rectify(sum, t.Slope[c])
			} else if t.Relu {
				sum = relu(sum)
			}
			out[p*t.OutPitch+c] = sum
		}
	}
}

// shapes are those of the tiles that a tier has.
func shapes(s *Set) (list [][2]int) {
	for height := s.Heights[0]; height <= s.Heights[1]; height++ {
		for _, width := range s.Widths {
			list = append(list, [2]int{height, width})
		}
	}
	return list
}

// Every tier computes the formula, up to the rounding of fused multiply-adds, and writes nowhere else.
func TestTilesAgree(t *testing.T) {
	for _, set := range append(tiers(), &Generic) {
		r := rand.New(rand.NewPCG(1, 2))
		for round := range 600 {
			taps, depth := 1+r.IntN(10), 1+r.IntN(40)
			list := shapes(set)
			shape := list[r.IntN(len(list))]
			height, width := shape[0], shape[1]
			tile := Tile{Taps: taps, Depth: depth, Height: height, Width: width, Base: random(r, 4000), Weights: random(r, taps*depth*width), Bias: random(r, width),
				OutPitch: width + r.IntN(5), Wanted: Wanted{Pixels: height, Channels: width}}
			for range taps * height {
				tile.Offsets = append(tile.Offsets, int32(r.IntN(4000-depth)))
			}
			if r.IntN(2) == 0 {
				tile.Slope = random(r, width)
			}
			tile.Relu = tile.Slope == nil && r.IntN(2) == 0
			if r.IntN(2) == 0 {
				tile.ResidualPitch = width + r.IntN(9)
				tile.Residual = random(r, (height-1)*tile.ResidualPitch+width)
			}
			if set.Exact && r.IntN(2) == 0 {
				tile.Channels = 1 + r.IntN(width)
			}
			if round%10 == 9 {
				tile.Base[tile.Offsets[0]] = float32(math.NaN())
				tile.Base[tile.Offsets[1]] = float32(math.Inf(1))
			}
			want := make([]float32, height*tile.OutPitch)
			tileFormula(&tile, want)
			whole, got := guarded((height-1)*tile.OutPitch + tile.Channels)
			tile.Out = got
			set.Tile(&tile)
			intact(t, set.Name, whole)
			for p := range height {
				for c := range tile.OutPitch {
					if i := p*tile.OutPitch + c; c >= tile.Channels && i < len(got) && set.Exact && got[i] != canary {
						t.Fatalf("%s %d×%d: wrote channel %d of %d", set.Name, height, width, c, tile.Channels)
					}
				}
				for c := range tile.Channels {
					if i := p*tile.OutPitch + c; !close32(want[i], got[i]) {
						t.Fatalf("%s %d×%d: pixel %d channel %d: %v, want %v (taps %d, depth %d)", set.Name, height, width, p, c, got[i], want[i], taps, depth)
					}
				}
			}
		}
	}
}

func TestDepthwiseAgrees(t *testing.T) {
	for _, set := range tiers() {
		r := rand.New(rand.NewPCG(3, 4))
		for range 400 {
			taps := 1 + r.IntN(64)
			d := Depthwise{Taps: taps, Base: random(r, 3000), WeightPitch: DeepChannels + r.IntN(30), Bias: random(r, DeepChannels), OutPitch: DeepChannels + r.IntN(5), Wanted: wholeDepthwise}
			d.Weights = random(r, taps*d.WeightPitch)
			for range taps * DeepPixels {
				d.Offsets = append(d.Offsets, int32(r.IntN(3000-DeepChannels)))
			}
			if r.IntN(2) == 0 {
				d.Slope = random(r, DeepChannels)
			}
			d.Relu = d.Slope == nil && r.IntN(2) == 0
			want := make([]float32, DeepPixels*d.OutPitch)
			d.Out = want
			depthwiseGeneric(&d)
			whole, got := guarded((DeepPixels-1)*d.OutPitch + DeepChannels)
			d.Out = got
			set.Depthwise(&d)
			intact(t, set.Name, whole)
			for p := range DeepPixels {
				for c := range DeepChannels {
					if i := p*d.OutPitch + c; !close32(want[i], got[i]) {
						t.Fatalf("%s: pixel %d channel %d: %v, want %v", set.Name, p, c, got[i], want[i])
					}
				}
			}
		}
	}
}

func TestElementWiseAgrees(t *testing.T) {
	for _, set := range tiers() {
		r := rand.New(rand.NewPCG(5, 6))
		for n := range 70 {
			a, b, s, wide := random(r, n), random(r, n), random(r, n), random(r, n)
			for i := range wide {
				wide[i] *= 50
			}
			if n > 20 {
				a[3], b[5], a[17] = float32(math.NaN()), float32(math.Inf(-1)), float32(math.NaN())
			}
			for name, run := range map[string]func(*Set, []float32){
				"add":       func(k *Set, out []float32) { k.Add(out, a, b) },
				"mul":       func(k *Set, out []float32) { k.Mul(out, a, b) },
				"mulAdd":    func(k *Set, out []float32) { k.MulAdd(out, a, s, b) },
				"max":       func(k *Set, out []float32) { k.Max(out, a, b) },
				"hardSwish": func(k *Set, out []float32) { k.HardSwish(out, b, 1.5, -0.25) },
				"exp":       func(k *Set, out []float32) { k.Exp(out, b) },
				"expRange":  func(k *Set, out []float32) { k.Exp(out, wide) },
				"softmax": func(k *Set, out []float32) {
					if n > 0 {
						k.Softmax(out, wide)
					}
				},
				"softmax of what is no number": func(k *Set, out []float32) {
					if n > 0 {
						k.Softmax(out, b)
					}
				},
				"interleave": func(k *Set, out []float32) { clear(out); k.Interleave(out, a, b, n/2, 1, 0, 0, 0) },
				"merge3":     func(k *Set, out []float32) { clear(out); k.Merge3(out[:n/3*3], a[:n/3], b[:n/3], s[:n/3]) },
				"accumulate": func(k *Set, out []float32) { copy(out, b); k.Accumulate(out, a) },
			} {
				want := make([]float32, n)
				run(&Generic, want)
				whole, got := guarded(n)
				run(set, got)
				intact(t, set.Name+" "+name, whole)
				for i := range want {
					if !close32(want[i], got[i]) {
						t.Fatalf("%s: %s of %d: element %d is %v, want %v", set.Name, name, n, i, got[i], want[i])
					}
				}
			}
		}
	}
}

func TestChoose(t *testing.T) {
	if s, err := Choose("off"); err != nil || s.Name != "generic" {
		t.Errorf("off: %v, %v", s, err)
	}
	if _, err := Choose("mmx"); err == nil {
		t.Error("a tier that does not exist is chosen")
	}
	t.Setenv(Variable, "generic")
	if s, err := Choose(""); err != nil || s.Name != "generic" {
		t.Errorf("%s=generic: %v, %v", Variable, s, err)
	}
}

func benchmarkTile(b *testing.B, set *Set) {
	r := rand.New(rand.NewPCG(7, 8))
	pixels, channels := set.Heights[1], set.Widths[0]
	t := Tile{Taps: 1, Depth: 128, Height: pixels, Width: channels, Base: random(r, pixels*128), Weights: random(r, 128*channels), Bias: random(r, channels),
		Out: make([]float32, pixels*channels), OutPitch: channels, Slope: random(r, channels), Wanted: Wanted{Pixels: pixels, Channels: channels}}
	for p := range pixels {
		t.Offsets = append(t.Offsets, int32(p*128))
	}
	for b.Loop() {
		set.Tile(&t)
	}
	b.ReportMetric(float64(b.N*2*pixels*channels)*128/1e9/b.Elapsed().Seconds(), "GFLOP/s")
}

func BenchmarkTile(b *testing.B) {
	for _, set := range append(tiers(), &Generic) {
		b.Run(set.Name, func(b *testing.B) { benchmarkTile(b, set) })
	}
}

// A tier that says so writes pixels in order: what one spills over is the next one's.
func TestTilesAreWrittenInOrder(t *testing.T) {
	for _, set := range tiers() {
		if !set.InOrder {
			continue
		}
		r := rand.New(rand.NewPCG(13, 14))
		for _, shape := range shapes(set) {
			height, width := shape[0], shape[1]
			const tiles, pitch = 3, 4
			tile := Tile{Base: random(r, 100), Taps: 1, Depth: 5, Height: height, Width: width, Weights: random(r, 5*width), Bias: random(r, width),
				Residual: random(r, tiles*height*width), ResidualPitch: width, OutPitch: width, Wanted: Wanted{Pixels: height, Channels: width}}
			for range tiles * height {
				tile.Offsets = append(tile.Offsets, int32(r.IntN(95)))
			}
			apart, close := tile, tile
			apart.Out = make([]float32, tiles*height*width)
			whole := apart.Out
			set.RunTiles(&apart, tiles)
			close.OutPitch, close.Out = pitch, make([]float32, tiles*height*pitch+width)
			got := close.Out
			set.RunTiles(&close, tiles)
			for p := range tiles * height {
				for c := range pitch {
					if got[p*pitch+c] != whole[p*width+c] {
						t.Fatalf("%s %d×%d: pixel %d channel %d is %v, want %v", set.Name, height, width, p, c, got[p*pitch+c], whole[p*width+c])
					}
				}
			}
		}
	}
}

// Several tiles a call are what one tile after another gives.
func TestTilesInOneCallAgree(t *testing.T) {
	for _, set := range append(tiers(), &Generic) {
		r := rand.New(rand.NewPCG(9, 10))
		const taps, depth, tiles, pitch = 3, 7, 4, MaxChannels + 3
		bias := random(r, MaxChannels)
		for _, shape := range shapes(set) {
			height, width := shape[0], shape[1]
			for _, move := range []int{0, 23} {
				tile := Tile{Base: random(r, 600), Move: move, Taps: taps, Depth: depth, Height: height, Width: width, Weights: random(r, taps*depth*width), Bias: bias, Slope: bias,
					Residual: random(r, tiles*height*pitch), ResidualPitch: pitch, OutPitch: pitch, Wanted: Wanted{Pixels: height, Channels: width}}
				for range tiles * taps * height {
					tile.Offsets = append(tile.Offsets, int32(r.IntN(500-depth)))
				}
				want := make([]float32, tiles*height*pitch)
				for i := range tiles {
					one := tile
					if move > 0 {
						one.Base = tile.Base[i*move:]
					} else {
						one.Offsets = tile.Offsets[i*taps*height:]
					}
					one.Residual = tile.Residual[i*height*pitch:]
					tileFormula(&one, want[i*height*pitch:])
				}
				got := make([]float32, tiles*height*pitch)
				tile.Out = got
				set.RunTiles(&tile, tiles)
				for i := range want {
					if i%pitch < width && !close32(want[i], got[i]) {
						t.Fatalf("%s %d×%d, move %d: float %d is %v, want %v", set.Name, height, width, move, i, got[i], want[i])
					}
				}
			}
		}
		deepBase, deepWeights := random(r, 500), random(r, taps*DeepChannels)
		var deepOffsets []int32
		for range tiles * taps * DeepPixels {
			deepOffsets = append(deepOffsets, int32(r.IntN(500-DeepChannels)))
		}
		make2 := func(out []float32) *Depthwise {
			return &Depthwise{Base: deepBase, Offsets: deepOffsets, Taps: taps, Weights: deepWeights, WeightPitch: DeepChannels, Bias: bias, Out: out, OutPitch: pitch, Wanted: wholeDepthwise}
		}
		want, got := make([]float32, tiles*DeepPixels*pitch), make([]float32, tiles*DeepPixels*pitch)
		Generic.RunDepthwises(make2(want), tiles)
		set.RunDepthwises(make2(got), tiles)
		for i := range want {
			if !close32(want[i], got[i]) {
				t.Fatalf("%s: depthwise float %d is %v, want %v", set.Name, i, got[i], want[i])
			}
		}
	}
}

// Exp against the standard library's, over its whole range.
func TestExp(t *testing.T) {
	for x := -87.0; x < 88.3; x += 0.00317 {
		got, want := float64(Exp(float32(x))), math.Exp(float64(float32(x)))
		if math.Abs(got-want) > want*4e-7 {
			t.Fatalf("exp(%v) = %v, want %v", x, got, want)
		}
	}
	if Exp(100) != float32(math.Inf(1)) || Exp(-100) != 0 || Exp(float32(math.NaN())) == Exp(float32(math.NaN())) {
		t.Error("exp does not saturate, or loses NaN")
	}
}

func TestRowAgrees(t *testing.T) {
	for _, set := range tiers() {
		r := rand.New(rand.NewPCG(11, 12))
		for range 200 {
			channels := RowChannels + r.IntN(40)
			rows, taps := 3, 3
			if r.IntN(2) == 0 {
				rows, taps = 1+r.IntN(RowRows), 1+r.IntN(9)
			}
			row := Row{Rows: rows, Taps: taps, Channels: channels, Tap: channels + r.IntN(20), Step: channels + r.IntN(40), WeightPitch: channels + r.IntN(9), OutPitch: channels + r.IntN(9), Count: 1 + r.IntN(20)}
			if r.IntN(2) == 0 {
				row.Step = row.Tap
			}
			for y := range rows {
				row.In[y] = random(r, row.Count*row.Step+taps*row.Tap+channels)
			}
			row.WeightRow = taps*row.WeightPitch + r.IntN(2)*row.WeightPitch
			row.Weights, row.Bias = random(r, rows*row.WeightRow), random(r, channels)
			if r.IntN(2) == 0 {
				row.Slope = random(r, channels)
			}
			row.Relu = row.Slope == nil && r.IntN(2) == 0
			want := make([]float32, row.Count*row.OutPitch)
			row.Out = want
			rowGeneric(&row)
			whole, got := guarded((row.Count-1)*row.OutPitch + channels)
			row.Out = got
			set.Row(&row)
			intact(t, set.Name, whole)
			for p := range row.Count {
				for c := range channels {
					if i := p*row.OutPitch + c; !close32(want[i], got[i]) {
						t.Fatalf("%s: pixel %d channel %d: %v, want %v", set.Name, p, c, got[i], want[i])
					}
				}
			}
		}
	}
}

// Runs interleaved in one call, with floats between them that are nobody's.
func TestInterleavesAgree(t *testing.T) {
	for _, set := range append(tiers(), &Generic) {
		r := rand.New(rand.NewPCG(23, 24))
		for range 200 {
			n, count := 1+r.IntN(70), 1+r.IntN(5)
			outPitch, pitchA, pitchB := 2*n+r.IntN(9), n+r.IntN(9), n+r.IntN(9)
			a, b := random(r, (count-1)*pitchA+n), random(r, (count-1)*pitchB+n)
			whole, out := guarded((count-1)*outPitch + 2*n)
			set.Interleave(out, a, b, n, count, outPitch, pitchA, pitchB)
			intact(t, set.Name, whole)
			for i, v := range out {
				want, run, at := canary, i/outPitch, i%outPitch
				if at < 2*n && at%2 == 0 {
					want = a[run*pitchA+at/2]
				} else if at < 2*n {
					want = b[run*pitchB+at/2]
				}
				if v != want {
					t.Fatalf("%s: float %d of runs of %d, pitch %d, is %v, want %v", set.Name, i, n, outPitch, v, want)
				}
			}
		}
	}
}

func TestMaxRowAgrees(t *testing.T) {
	for _, set := range tiers() {
		if set.MaxRow == nil {
			continue
		}
		r := rand.New(rand.NewPCG(25, 26))
		for range 200 {
			channels := RowChannels + r.IntN(40)
			row := Row{Rows: 1 + r.IntN(RowRows), Taps: 1 + r.IntN(4), Channels: channels, Tap: channels + r.IntN(20), Step: channels + r.IntN(40), OutPitch: channels + r.IntN(9), Count: 1 + r.IntN(20)}
			for y := range row.Rows {
				row.In[y] = random(r, (row.Count-1)*row.Step+(row.Taps-1)*row.Tap+channels)
			}
			whole, got := guarded((row.Count-1)*row.OutPitch + channels)
			row.Out = got
			set.MaxRow(&row)
			intact(t, set.Name, whole)
			for i, v := range got {
				p, c := i/row.OutPitch, i%row.OutPitch
				want := canary
				if c < channels {
					want = float32(math.Inf(-1))
					for y := range row.Rows {
						for x := range row.Taps {
							want = max(want, row.In[y][p*row.Step+x*row.Tap+c])
						}
					}
				}
				if v != want {
					t.Fatalf("%s: pixel %d channel %d is %v, want %v", set.Name, p, c, v, want)
				}
			}
		}
	}
}

// Peak and Read are measures: what can be tested is that they end, count, and read no further.
func TestPeakAndRead(t *testing.T) {
	for _, set := range append(tiers(), &Generic) {
		if one, ten := set.Peak(1), set.Peak(10); one <= 0 || ten != 10*one {
			t.Errorf("%s: %d operations in a round, %d in ten", set.Name, one, ten)
		}
		for _, n := range []int{0, 1, 63, 64, 200} {
			set.Read(make([]float32, n))
		}
	}
}
