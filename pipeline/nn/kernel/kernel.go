// Package kernel holds the inner loops of inference, each as portable Go, which is the specification, and as assembly
// for the processors that are worth it.
//
// All tensors are float32 with the channels innermost (NHWC), so that a vector register holds neighbouring channels of
// one pixel, a channel range is a view, and a convolution needs no rearranged copy of its input: Tile and Depthwise read
// it through a table of offsets, one a kernel tap and pixel, in which padding points to zeros (the indirect convolution
// of Dukhan, "The Indirect Convolution Algorithm", 2019).
//
// # Tiers
//
// amd64 has avx2 and avx512, which add up to the same peak on Zen 4: what AVX-512 brings there is 32 registers, so that
// tiles of any height fill them and a depthwise kernel stays in them, and masks instead of scalar ends. arm64 has neon.
// There is no tier of its own for the Cortex-A76 class: its 32-bit floats are the same instructions as the A72's. What it
// adds, half precision and products of bytes, would change results, or serve only the gallery's search by bytes.
package kernel

import (
	"fmt"
	"os"
)

// The shapes of the register tiles.
const (
	TilePixels     = 6  // output pixels of a Tile in every tier
	ShortPixels    = 5  // or so many: every number from 20 on is a sum of fives and sixes
	MaxPixels      = 12 // or up to so many
	TileChannels   = 16 // output channels of a Tile in every tier
	NarrowChannels = 8  // or so many
	MaxChannels    = 32 // or so many
	DeepPixels     = 4  // output pixels of a Depthwise
	DeepChannels   = 16 // channels of a Depthwise
)

// Tile is one block of a convolution or matrix product: Height × Width outputs,
//
//	out[p][c] = act(bias[c] + residual[p][c] + Σ_t Σ_k base[offsets[t·Height+p]+k] · weights[(t·Depth+k)·Width+c])
//
// with act(x) = max(x, 0) + slope[c]·min(x, 0) where Slope is given, max(x, 0) with Relu.
type Tile struct {
	Base          []float32 // what Offsets count in
	Offsets       []int32   // Taps × Height
	Move          int       // floats by which Base goes on from tile to tile, with the same Offsets; 0: Offsets go on instead
	Taps, Depth   int       // at least 1 each
	Height        int       // one of the tier's Heights
	Width         int       // one of the tier's Widths
	Weights       []float32 // Taps × Depth × Width
	Bias          []float32 // Width
	Slope         []float32 // Width, nil for none
	Relu          bool
	Residual      []float32 // nil for none
	ResidualPitch int       // from pixel to pixel
	Out           []float32
	OutPitch      int
	Wanted
}

// Wanted is the part of a block that its caller has use for: pixels [0, Pixels) and channels [Skip, Channels). What the
// kernel writes for the others of the block, or whether it does, does not matter, but there must be room for it. Vector
// kernels compute whole blocks; scalar ones save the work.
type Wanted struct{ Pixels, Skip, Channels int }

// Depthwise is one block of a depthwise convolution: DeepPixels × DeepChannels outputs,
//
//	out[p][c] = act(bias[c] + Σ_t base[offsets[t·DeepPixels+p]+c] · weights[t·WeightPitch+c])
type Depthwise struct {
	Base        []float32
	Offsets     []int32 // Taps × DeepPixels
	Taps        int
	Weights     []float32
	WeightPitch int
	Bias        []float32 // DeepChannels
	Slope       []float32 // DeepChannels, nil for none
	Relu        bool
	Out         []float32
	OutPitch    int
	Wanted
}

// Bounds of a Row.
const (
	RowChannels = 8 // channels, at least
	RowRows     = 8 // rows of the kernel, at most
)

// Row is a run of output pixels of a depthwise convolution that follow each other in a row or a column and touch no
// padding, or all the same:
//
//	out[p][c] = act(bias[c] + Σ_y Σ_x in[y][p·Step + x·Tap + c] · weights[y·WeightRow + x·WeightPitch + c])
//
// It needs no table of offsets.
type Row struct {
	In          [RowRows][]float32 // each from the first window's first tap on
	Rows, Taps  int                // of the kernel: how many of In, and how many taps each
	Tap, Step   int                // floats from tap to tap of a row, and from pixel to pixel
	Weights     []float32
	WeightRow   int
	WeightPitch int
	Bias        []float32 // Channels
	Slope       []float32 // Channels, nil for none
	Relu        bool
	Out         []float32
	OutPitch    int
	Channels    int // at least RowChannels
	Count       int // pixels, at least 1
}

// Set is the kernels of one tier.
type Set struct {
	Name      string
	Tile      func(*Tile)
	Depthwise func(*Depthwise)
	Row       func(*Row)
	// MaxRow is a Row whose outputs are the greatest of what the taps meet; what is no number may be passed over. Nil where
	// the rows' maximum first is as good.
	MaxRow func(*Row)
	// Strip is nil where rows of pixels one by one are as good. StripKernel is the largest kernel that it takes, 3 or
	// 5, and StripChannels the fewest channels.
	Strip                      func(*Strip)
	StripKernel, StripChannels int
	// WinogradInput and WinogradOutput (see the generic ones) are nil where a convolution by tiles is as good. They take
	// multiples of WinogradChannels.
	WinogradChannels int
	WinogradInput    func(out []float32, pitch int, base []float32, offsets *[WinogradSize]int32, channels int)
	WinogradOutput   func(out []float32, row, pixel int, m []float32, pitch int, bias []float32, channels int, low float32)
	// Tiles computes count tiles whose pixels follow each other: Offsets or Base, Residual and Out advance by one tile each
	// time. Nil where Tile called count times is as good.
	Tiles func(t *Tile, count int)
	// Heights are the fewest and the most pixels of a Tile, Widths its numbers of channels, the most first.
	Heights [2]int
	Widths  []int
	// InOrder says that a Tile writes pixel after pixel, each whole; Exact that it writes, and reads of the residual, no
	// channels but those wanted.
	InOrder, Exact bool
	// Depthwises does the same for Depthwise.
	Depthwises func(d *Depthwise, count int)
	// Interleave writes count times a[0], b[0], a[1], b[1], … of n floats each, and goes on by a pitch in each slice.
	Interleave func(out, a, b []float32, n, count, outPitch, pitchA, pitchB int)
	// Merge3 writes a[0], b[0], c[0], a[1], …; out is three times as long as each.
	Merge3 func(out, a, b, c []float32)
	// Exp writes eˣ with a relative error below 2⁻²², 0 below −87.3 and +Inf above 88.37.
	Exp func(out, x []float32)
	// Softmax writes eˣ divided by the sum of all, which are not infinite; out may be x. x has one element at least.
	Softmax func(out, x []float32)
	// Add writes a[i]+b[i]; MulAdd a[i]·s[i]+b[i]; both over len(out), all slices at least as long.
	Add    func(out, a, b []float32)
	MulAdd func(out, a, s, b []float32)
	Mul    func(out, a, b []float32)
	// HardSwish writes scale·x·min(max(x+3, 0), 6)/6+shift.
	HardSwish func(out, x []float32, scale, shift float32)
	// Accumulate adds x to sum.
	Accumulate func(sum, x []float32)
	// Max writes the greater of a[i] and b[i].
	Max func(out, a, b []float32)
	// Dot is the dot product of two vectors of one length; Dots8 writes those of probe with as many rows as out is long,
	// which follow each other, of bytes from −127 to 127. Lengths are multiples of DotStep.
	Dot   func(a, b []float32) float32
	Dots8 func(out []int32, probe, rows []int8)
	// Peak does nothing but multiply and add in registers, and says how many operations it was: what a core can do at
	// most. Read does nothing but read: what memory can give at most.
	Peak func(rounds int) (flops int64)
	Read func(x []float32)
}

// Generic is the specification.
var Generic = Set{
	Name: "generic", Tile: tileGeneric, Depthwise: depthwiseGeneric, Add: addGeneric, MulAdd: mulAddGeneric, Mul: mulGeneric,
	HardSwish: hardSwishGeneric, Accumulate: accumulateGeneric, Max: maxGeneric, Interleave: interleavesBy(interleaveGeneric), Exp: expGeneric, Softmax: softmaxBy(expGeneric), Merge3: merge3Generic,
	Row: rowGeneric, Peak: peakGeneric, Read: readGeneric, Dot: dotGeneric, Dots8: dots8Generic,
	Heights: [2]int{TilePixels, TilePixels}, Widths: []int{TileChannels},
}

// RunTiles computes count tiles that follow each other, by the tier's own loop where it has one. It changes t.
func (s *Set) RunTiles(t *Tile, count int) {
	if s.Tiles != nil {
		s.Tiles(t, count)
		return
	}
	for i := range count {
		if i > 0 {
			if t.Move != 0 {
				t.Base = t.Base[t.Move:]
			} else {
				t.Offsets = t.Offsets[t.Taps*t.Height:]
			}
			t.Out = t.Out[t.Height*t.OutPitch:]
			if t.Residual != nil {
				t.Residual = t.Residual[t.Height*t.ResidualPitch:]
			}
		}
		s.Tile(t)
	}
}

// RunDepthwises computes count blocks that follow each other. It changes d.
func (s *Set) RunDepthwises(d *Depthwise, count int) {
	if s.Depthwises != nil {
		s.Depthwises(d, count)
		return
	}
	for i := range count {
		if i > 0 {
			d.Offsets = d.Offsets[d.Taps*DeepPixels:]
			d.Out = d.Out[DeepPixels*d.OutPitch:]
		}
		s.Depthwise(d)
	}
}

// Variable names the environment variable that limits the tier: off or generic for portable Go, or a tier's name.
const Variable = "UMBRAL_SIMD"

// Choose returns the set named, or with an empty name the one named by UMBRAL_SIMD, or else the fastest that this
// processor has. A tier that the processor lacks is an error.
func Choose(name string) (*Set, error) {
	if name == "" {
		name = os.Getenv(Variable)
	}
	available := append(tiers(), &Generic)
	if name == "" {
		return available[0], nil
	}
	if name == "off" {
		name = Generic.Name
	}
	for _, s := range available {
		if s.Name == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("kernel: tier %q is not to be had on this processor, which has %v (see %s)", name, Names(), Variable)
}

// Names lists the tiers that this processor has, the fastest first.
func Names() (names []string) {
	for _, s := range append(tiers(), &Generic) {
		names = append(names, s.Name)
	}
	return names
}
