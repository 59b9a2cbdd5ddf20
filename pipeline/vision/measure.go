package vision

// Sharpness returns the variance of the luma's Laplacian (the 4-neighbour kernel, as OpenCV's Laplacian with ksize 1)
// over the pixels of region whose neighbours lie inside img, in squared levels; 0 for a region that holds none. It
// grows with the picture's resolution, so compare only faces brought to one size. Sensor noise counts as sharpness.
func Sharpness(img *Image, region Rect) float32 {
	x0, y0, x1, y1 := region.pixels(img.Width, img.Height)
	x0, y0, x1, y1 = max(x0, 1), max(y0, 1), min(x1, img.Width-1), min(y1, img.Height-1)
	if x0 >= x1 || y0 >= y1 {
		return 0
	}
	var sum, squares int64
	var lines [3][strip + 2]int32 // luma of three rows, so that each pixel's is computed once
	for at := x0; at < x1; at += strip {
		count := min(strip, x1-at)
		above, here, below := &lines[0], &lines[1], &lines[2]
		lumas(above[:count+2], img.Row(y0 - 1)[3*(at-1):])
		lumas(here[:count+2], img.Row(y0)[3*(at-1):])
		for y := y0; y < y1; y++ {
			lumas(below[:count+2], img.Row(y + 1)[3*(at-1):])
			for x := 1; x <= count; x++ {
				v := int64(here[x-1] + here[x+1] + above[x] + below[x] - 4*here[x])
				sum += v
				squares += v * v
			}
			above, here, below = here, below, above
		}
	}
	n := float64(x1-x0) * float64(y1-y0)
	mean := float64(sum) / n
	return float32(float64(squares)/n - mean*mean)
}

// lumas fills to with the luma of a row of RGB.
func lumas(to []int32, row []byte) {
	row = row[:3*len(to)]
	for i := range to {
		to[i] = lumaAt(row, i)
	}
}

// lumaAt returns the luma of pixel x in a row of RGB, 0 to 255.
func lumaAt(row []byte, x int) int32 {
	p := (*[3]byte)(row[3*x:])
	return (lumaR*int32(p[0]) + lumaG*int32(p[1]) + lumaB*int32(p[2]) + half) >> 16
}

// Light is how bright a region is.
type Light struct {
	Mean float32 // mean luma, 0 to 255
	// Dark and Bright are the shares, 0 to 1, of pixels whose luma is clipped: at most 5, or at least 250.
	Dark, Bright float32
}

// Brightness measures region of img; all zero for a region that lies outside.
func Brightness(img *Image, region Rect) Light {
	x0, y0, x1, y1 := region.pixels(img.Width, img.Height)
	if x0 >= x1 || y0 >= y1 {
		return Light{}
	}
	const black, white = 5, 250
	var sum, dark, bright int64
	for y := y0; y < y1; y++ {
		row := img.Row(y)
		for x := x0; x < x1; x++ {
			v := lumaAt(row, x)
			sum += int64(v)
			if v <= black {
				dark++
			} else if v >= white {
				bright++
			}
		}
	}
	n := float32(x1-x0) * float32(y1-y0)
	return Light{Mean: float32(sum) / n, Dark: float32(dark) / n, Bright: float32(bright) / n}
}
