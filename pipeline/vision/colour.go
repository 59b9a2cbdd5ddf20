package vision

// conversion is how Y'CbCr becomes RGB in whole numbers of 16 bits, exactly as in units of 1/65536. What a factor has
// above a multiple of 65536 is multiplied, the multiple is added; with y the luma less its offset, u = Cb−128 and
// v = Cr−128
//
//	R = y + v (+ v) + (y·a + v·b + ½)
//	G = y − v + (y·a + v·c + u·d + ½)
//	B = y + 2u + (y·a + u·e + ½)
//
// where the brackets are in units of 1/65536, rounded down. Each field is repeated over a vector.
type conversion struct {
	lumaOffset [16]int16
	red        [16]int16 // a, b, a, b, …
	greenV     [16]int16 // a, c, …
	greenU     [16]int16 // d and what two of make one half, …
	blue       [16]int16 // a, e, …
	redAgain   [16]int16 // all ones where v is added twice
}

// newConversion splits factors given in units of 1/65536, as the scalar conversions use them.
func newConversion(offset, luma, crR, cbG, crG, cbB int32) *conversion {
	const one = 1 << 16
	c := new(conversion)
	crR -= one
	if crR > one/2 {
		crR -= one
		for i := range c.redAgain {
			c.redAgain[i] = -1
		}
	}
	for i := range 16 {
		c.lumaOffset[i] = int16(offset)
		pair := func(to *[16]int16, even, odd int32) { to[i] = int16([2]int32{even, odd}[i%2]) }
		pair(&c.red, luma-one, crR)
		pair(&c.greenV, luma-one, one-crG)
		pair(&c.greenU, -cbG, half/2)
		pair(&c.blue, luma-one, cbB-2*one)
	}
	return c
}

var (
	limitedRange = newConversion(16, limitedY, limitedCrR, limitedCbG, limitedCrG, limitedCbB)
	fullRange16  = newConversion(0, 1<<16, fullCrR, fullCbG, fullCrG, fullCbB)
)
