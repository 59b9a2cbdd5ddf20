package kernel

// avx512 serves the processors with 512-bit vectors, masks and byte products: AMD from Zen 4 (2022), Intel's servers from
// Cascade Lake (2019). Zen 4 multiplies no more a cycle than with AVX2, but with 32 registers and half the instructions
// it loses less of it. What is not worth a kernel of its own is AVX2's.
var avx512 = func() Set {
	s := avx2
	s.Name = "avx512"
	s.Tile, s.Tiles = tileAVX512, tilesAVX512
	s.Strip, s.StripKernel, s.StripChannels, s.MaxRow = stripAVX512, 5, 1, maxRow512
	s.Add, s.Mul, s.MulAdd, s.Max, s.Accumulate, s.HardSwish = addAVX512, mulAVX512, mulAddAVX512, maxAVX512, accumulateAVX512, hardSwishAVX512
	s.Peak, s.Dots8 = peakAVX512, dots8AVX512 // AVX2's Dot reads memory faster, 33 GB/s instead of 26
	s.Interleave, s.Merge3, s.Exp, s.Softmax = interleaveAVX512, merge3AVX512, expAVX512, softmaxAVX512
	s.WinogradChannels = 1
	s.WinogradInput = func(out []float32, pitch int, base []float32, offsets *[WinogradSize]int32, channels int) {
		winogradInputAVX512(&out[0], pitch, &base[0], &offsets[0], channels)
	}
	s.WinogradOutput = func(out []float32, row, pixel int, m []float32, pitch int, bias []float32, channels int, low float32) {
		winogradOutputAVX512(&out[0], row, pixel, &m[0], pitch, &bias[0], channels, low)
	}
	s.Heights, s.Widths, s.InOrder, s.Exact = [2]int{1, MaxPixels}, []int{MaxChannels, TileChannels, NarrowChannels}, false, true
	return s
}()

// tileShapes are the functions of a tile by width (8, 16, 32) and height less one.
var tileShapes = [3][12]func(t *Tile, count int){
	{tiles1x8AVX512, tiles2x8AVX512, tiles3x8AVX512, tiles4x8AVX512, tiles5x8AVX512, tiles6x8AVX512, tiles7x8AVX512, tiles8x8AVX512, tiles9x8AVX512, tiles10x8AVX512, tiles11x8AVX512, tiles12x8AVX512},
	{tiles1x16AVX512, tiles2x16AVX512, tiles3x16AVX512, tiles4x16AVX512, tiles5x16AVX512, tiles6x16AVX512, tiles7x16AVX512, tiles8x16AVX512, tiles9x16AVX512, tiles10x16AVX512, tiles11x16AVX512, tiles12x16AVX512},
	{tiles1x32AVX512, tiles2x32AVX512, tiles3x32AVX512, tiles4x32AVX512, tiles5x32AVX512, tiles6x32AVX512, tiles7x32AVX512, tiles8x32AVX512, tiles9x32AVX512, tiles10x32AVX512, tiles11x32AVX512, tiles12x32AVX512},
}

func stripAVX512(s *Strip) {
	switch {
	case s.Kernel == 5:
		wideAVX512(s)
	case s.Stride == 2 && s.Slope != nil:
		sparseSlopeAVX512(s)
	case s.Stride == 2:
		sparseAVX512(s)
	case s.Rows == 2 && s.Slope != nil:
		strip2SlopeAVX512(s)
	case s.Rows == 2:
		strip2AVX512(s)
	case s.Slope != nil:
		strip1SlopeAVX512(s)
	default:
		strip1AVX512(s)
	}
}

//go:noescape
func winogradInputAVX512(out *float32, pitch int, base *float32, offsets *int32, channels int)

//go:noescape
func winogradOutputAVX512(out *float32, row, pixel int, m *float32, pitch int, bias *float32, channels int, low float32)

//go:noescape
func maxRow512(r *Row)

//go:noescape
func strip1AVX512(s *Strip)

//go:noescape
func strip1SlopeAVX512(s *Strip)

//go:noescape
func strip2AVX512(s *Strip)

//go:noescape
func strip2SlopeAVX512(s *Strip)

//go:noescape
func sparseAVX512(s *Strip)

//go:noescape
func sparseSlopeAVX512(s *Strip)

//go:noescape
func wideAVX512(s *Strip)

func tileAVX512(t *Tile) { tilesAVX512(t, 1) }

func tilesAVX512(t *Tile, count int) {
	if count > 0 {
		tileShapes[t.Width/16][t.Height-1](t, count)
	}
}

//go:noescape
func tiles1x8AVX512(t *Tile, count int)

//go:noescape
func tiles2x8AVX512(t *Tile, count int)

//go:noescape
func tiles3x8AVX512(t *Tile, count int)

//go:noescape
func tiles4x8AVX512(t *Tile, count int)

//go:noescape
func tiles5x8AVX512(t *Tile, count int)

//go:noescape
func tiles6x8AVX512(t *Tile, count int)

//go:noescape
func tiles7x8AVX512(t *Tile, count int)

//go:noescape
func tiles8x8AVX512(t *Tile, count int)

//go:noescape
func tiles9x8AVX512(t *Tile, count int)

//go:noescape
func tiles10x8AVX512(t *Tile, count int)

//go:noescape
func tiles11x8AVX512(t *Tile, count int)

//go:noescape
func tiles12x8AVX512(t *Tile, count int)

//go:noescape
func tiles1x16AVX512(t *Tile, count int)

//go:noescape
func tiles2x16AVX512(t *Tile, count int)

//go:noescape
func tiles3x16AVX512(t *Tile, count int)

//go:noescape
func tiles4x16AVX512(t *Tile, count int)

//go:noescape
func tiles5x16AVX512(t *Tile, count int)

//go:noescape
func tiles6x16AVX512(t *Tile, count int)

//go:noescape
func tiles7x16AVX512(t *Tile, count int)

//go:noescape
func tiles8x16AVX512(t *Tile, count int)

//go:noescape
func tiles9x16AVX512(t *Tile, count int)

//go:noescape
func tiles10x16AVX512(t *Tile, count int)

//go:noescape
func tiles11x16AVX512(t *Tile, count int)

//go:noescape
func tiles12x16AVX512(t *Tile, count int)

//go:noescape
func tiles1x32AVX512(t *Tile, count int)

//go:noescape
func tiles2x32AVX512(t *Tile, count int)

//go:noescape
func tiles3x32AVX512(t *Tile, count int)

//go:noescape
func tiles4x32AVX512(t *Tile, count int)

//go:noescape
func tiles5x32AVX512(t *Tile, count int)

//go:noescape
func tiles6x32AVX512(t *Tile, count int)

//go:noescape
func tiles7x32AVX512(t *Tile, count int)

//go:noescape
func tiles8x32AVX512(t *Tile, count int)

//go:noescape
func tiles9x32AVX512(t *Tile, count int)

//go:noescape
func tiles10x32AVX512(t *Tile, count int)

//go:noescape
func tiles11x32AVX512(t *Tile, count int)

//go:noescape
func tiles12x32AVX512(t *Tile, count int)
