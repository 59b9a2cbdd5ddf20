package vision

// BT.601 limited range (ITU-R BT.601-7, section 2.5.3: luma 16–235, chroma 16–240 about 128) to full-range RGB, in
// units of 1/65536:
//
//	R = 255/219·(Y−16)                              + 2·(1−Kr)·255/224·(Cr−128)
//	G = 255/219·(Y−16) − 2·(1−Kb)·Kb/Kg·255/224·(Cb−128) − 2·(1−Kr)·Kr/Kg·255/224·(Cr−128)
//	B = 255/219·(Y−16) + 2·(1−Kb)·255/224·(Cb−128)
//
// with Kr = 0.299, Kb = 0.114, Kg = 1−Kr−Kb. The largest sum is below 2²⁶, so 32 bits are enough.
const (
	limitedY   = 76309
	limitedCrR = 104597
	limitedCbG = 25675
	limitedCrG = 53279
	limitedCbB = 132201
	half       = 1 << 15
)

// clamp8 limits v to a byte.
func clamp8(v int32) byte {
	if uint32(v) > 255 {
		return byte(^v >> 31) // all ones for v > 255, zero for v < 0
	}
	return byte(v)
}

// saturated clamps without a branch, which noisy pictures make the processor guess wrong: colour sums lie between −384
// and 639, and the lowest ten bits of one, as an index, give its byte.
var saturated = func() (table [1024]byte) {
	for i := range table {
		switch {
		case i < 256:
			table[i] = byte(i)
		case i < 640:
			table[i] = 255
		}
	}
	return table
}()

// level8 brings a colour sum in units of 1/65536 to a byte.
func level8(v int32) byte { return saturated[uint32(v)>>16&1023] }

// twoPixels writes two pixels that share their chroma.
func twoPixels(to *[6]byte, y0, y1, cb, cr byte) {
	u, v := int32(cb)-128, int32(cr)-128
	r, g, b := limitedCrR*v+half, half-limitedCbG*u-limitedCrG*v, limitedCbB*u+half
	a := limitedY * (int32(y0) - 16)
	to[0], to[1], to[2] = level8(a+r), level8(a+g), level8(a+b)
	a = limitedY * (int32(y1) - 16)
	to[3], to[4], to[5] = level8(a+r), level8(a+g), level8(a+b)
}

// yuyvToRGB fills the row to; from holds two bytes a pixel.
func yuyvToRGB(to, from []byte) {
	n := packedVectors(to, from)
	to, from = to[3*n:], from[2*n:]
	for len(to) >= 6 && len(from) >= 4 {
		twoPixels((*[6]byte)(to), from[0], from[2], from[1], from[3])
		to, from = to[6:], from[4:]
	}
}

// nv12ToRGB fills the row to from a row of luma and its row of Cb Cr pairs.
func nv12ToRGB(to, luma, chroma []byte) {
	n := pairedVectors(to, luma, chroma)
	to, luma, chroma = to[3*n:], luma[n:], chroma[n:]
	for len(to) >= 6 && len(luma) >= 2 && len(chroma) >= 2 {
		twoPixels((*[6]byte)(to), luma[0], luma[1], chroma[0], chroma[1])
		to, luma, chroma = to[6:], luma[2:], chroma[2:]
	}
}

// greyToRGB repeats each byte three times.
func greyToRGB(to, from []byte) {
	from = from[:len(to)/3]
	for i, v := range from {
		p := to[3*i:][:3]
		p[0], p[1], p[2] = v, v, v
	}
}

// fullLuma maps limited-range luma to 0–255.
var fullLuma = func() (table [256]byte) {
	for y := range table {
		table[y] = clamp8((limitedY*(int32(y)-16) + half) >> 16)
	}
	return table
}()

// stretchLuma fills to with every step-th byte of from, mapped to full range.
func stretchLuma(to, from []byte, step int) {
	from = from[:(len(to)-1)*step+1]
	for i := range to {
		to[i] = fullLuma[from[i*step]]
	}
}

// Luma weights of BT.601 in units of 1/65536; they add up to one.
const (
	lumaR = 19595
	lumaG = 38470
	lumaB = 7471
)

// Luma writes the luma of src into dst, which takes its size; it allocates only when dst.Pix is too small.
func Luma(dst *Grey, src *Image) {
	dst.Reset(src.Width, src.Height)
	for y := range src.Height {
		rgbToLuma(dst.Row(y), src.Row(y))
	}
}

// rgbToLuma fills to from RGB pixels.
func rgbToLuma(to, from []byte) {
	from = from[:3*len(to)]
	for i := range to {
		p := from[3*i:][:3]
		to[i] = byte((lumaR*uint32(p[0]) + lumaG*uint32(p[1]) + lumaB*uint32(p[2]) + half) >> 16)
	}
}
