package vision

import "umbral/pipeline/nn/kernel"

// vectors says that the processor has AVX2 and that nobody ruled it out (kernel.Variable).
var vectors = func() bool {
	set, err := kernel.Choose("")
	return err == nil && set != &kernel.Generic
}()

// vectorPixels is how many pixels the conversions take at a time.
const vectorPixels = 16

//go:noescape
func packedRow(to, from *byte, n int, c *conversion)

//go:noescape
func pairedRow(to, luma, chroma *byte, n int, c *conversion)

//go:noescape
func planarRow(to, luma, cb, cr *byte, n int, c *conversion)

// resizing is a row of a resized tensor: at each of its columns, of the rows top and bottom, what lies left and right.
type resizing struct {
	r, g, b              *float32
	top, bottom          *byte
	left, right, weights *int32 // weights in pairs of 16 bits: of what is left in the lower half, of what is right in the upper
	count                int
	upper, lower         int32
	gain, bias           [3]float32
	grey                 int // 1 for luma in r alone
}

//go:noescape
func resizeVectors(p *resizing)

// resizeStart writes the first columns of a row and returns how many those are. pix is what top and bottom lie in: from
// each place four bytes are read.
func (p *planes) resizeStart(at int, c *columns, count int, pix []byte, top, bottom int, lower uint32) int {
	// Columns go from left to right, so those that could read too far are the last.
	for count > 0 && max(top, bottom)+int(c.right[count-1])+4 > len(pix) {
		count--
	}
	count &^= 7
	if !vectors || count == 0 || c.backwards {
		return 0
	}
	v := resizing{
		r: &p.r[at : at+count][0], top: &pix[top], bottom: &pix[bottom],
		left: &c.left[0], right: &c.right[0], weights: &c.pairs[0],
		count: count, upper: int32(weightOne - lower), lower: int32(lower), gain: p.gain, bias: p.bias,
	}
	if p.grey {
		v.grey = 1
	} else {
		v.g, v.b = &p.g[at : at+count][0], &p.b[at : at+count][0]
	}
	resizeVectors(&v)
	return count
}

// The functions below convert the first pixels of a row, as many as vectors take, and return how many those are.

func packedVectors(to, from []byte) int {
	n := min(len(to)/3, len(from)/2) &^ (vectorPixels - 1)
	if !vectors || n == 0 {
		return 0
	}
	packedRow(&to[0], &from[0], n, limitedRange)
	return n
}

func pairedVectors(to, luma, chroma []byte) int {
	n := min(len(to)/3, len(luma), len(chroma)) &^ (vectorPixels - 1)
	if !vectors || n == 0 {
		return 0
	}
	pairedRow(&to[0], &luma[0], &chroma[0], n, limitedRange)
	return n
}

func planarVectors(to, luma, cb, cr []byte) int {
	n := min(len(to)/3, len(luma), 2*len(cb), 2*len(cr)) &^ (vectorPixels - 1)
	if !vectors || n == 0 {
		return 0
	}
	planarRow(&to[0], &luma[0], &cb[0], &cr[0], n, fullRange16)
	return n
}
