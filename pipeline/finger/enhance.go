package finger

import "math"

// The bank of filters: orientations over half a turn, periods in steps of half a pixel.
const (
	orientations = 64
	periodStep   = periodUnit / 2
	periodKinds  = (mostPeriod-leastPeriod)*periodUnit/periodStep + 1
	weightShift  = 12
)

// tap is one value that a filter sums: a place relative to the pixel and its weight, × 1<<weightShift.
type tap struct {
	offset int32
	weight int32
}

// bank holds the filters for one stride.
type bank struct {
	along  [orientations][]tap              // smoothing along the ridges
	across [orientations][periodKinds][]tap // an even Gabor function across them
}

// prepare computes the bank. A filter along a line takes one step a column, or a row where the line is steep, and
// shares its weight between the two pixels that the line passes between.
func (k *bank) prepare(stride int) {
	for o := range orientations {
		angle := math.Pi * float64(o) / orientations
		dx, dy := math.Cos(angle), -math.Sin(angle)
		const deviation, reach = 4.0, 9
		k.along[o] = line(dx, dy, stride, reach, func(d float64) float64 { return math.Exp(-d * d / (2 * deviation * deviation)) }, false)
		for p := range periodKinds {
			period := float64(leastPeriod) + float64(p)*periodStep/periodUnit
			spread := 0.5 * period
			wave := func(d float64) float64 {
				return math.Exp(-d*d/(2*spread*spread)) * math.Cos(2*math.Pi*d/period)
			}
			k.across[o][p] = line(-dy, dx, stride, int(math.Ceil(1.25*period)), wave, true)
		}
	}
}

// line makes the taps of a function of the distance along a line through the pixel. A balanced filter ignores the mean.
func line(dx, dy float64, stride, reach int, f func(distance float64) float64, balanced bool) []tap {
	type place struct{ x, y int }
	weights := map[place]float64{}
	var order []place
	add := func(x, y int, w float64) {
		if _, known := weights[place{x, y}]; !known {
			order = append(order, place{x, y})
		}
		weights[place{x, y}] += w
	}
	steep := math.Abs(dy) > math.Abs(dx)
	major := math.Max(math.Abs(dx), math.Abs(dy))
	for s := -reach; s <= reach; s++ {
		distance := float64(s) / major
		if math.Abs(distance) > float64(reach)+0.5 {
			continue
		}
		x, y := distance*dx, distance*dy
		w := f(distance)
		if steep {
			below := math.Floor(x)
			add(int(below), int(math.Round(y)), w*(1-(x-below)))
			add(int(below)+1, int(math.Round(y)), w*(x-below))
		} else {
			below := math.Floor(y)
			add(int(math.Round(x)), int(below), w*(1-(y-below)))
			add(int(math.Round(x)), int(below)+1, w*(y-below))
		}
	}
	total, size := 0.0, 0.0
	for _, at := range order {
		total += weights[at]
	}
	if balanced {
		for _, at := range order {
			weights[at] -= total / float64(len(order))
		}
	}
	for _, at := range order {
		size += math.Abs(weights[at])
	}
	var taps []tap
	for _, at := range order {
		if w := int32(math.Round(weights[at] / size * (1 << weightShift))); w != 0 {
			taps = append(taps, tap{int32(at.y*stride + at.x), w})
		}
	}
	return taps
}

// enhance filters each pixel of the print along its ridges and then across them, as a Gabor filter of that orientation
// and period would (Hong, Wan and Jain, 1998), in two passes of a few dozen products.
func (e *Extractor) enhance() {
	clear(e.smooth)
	clear(e.response)
	e.eachBlock(func(x0, y0, x1, y1, i int) {
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				o, _ := e.ridgeAt(x, y)
				at := e.at(x, y)
				var sum int32
				for _, t := range e.bank.along[o/(256/orientations)] {
					sum += int32(e.plane[at+int(t.offset)]) * t.weight
				}
				e.smooth[at] = int16(sum >> (weightShift - 2))
			}
		}
	})
	e.eachBlock(func(x0, y0, x1, y1, i int) {
		kind := (e.blocks.period[i] - leastPeriod*periodUnit + periodStep/2) / periodStep
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				o, _ := e.ridgeAt(x, y)
				at := e.at(x, y)
				var sum int32
				for _, t := range e.bank.across[o/(256/orientations)][kind] {
					sum += int32(e.smooth[at+int(t.offset)]) * t.weight
				}
				e.response[at] = int16(sum >> weightShift)
			}
		}
	})
}

// eachBlock calls f with the pixels of each block of the print and its place in the fields.
func (e *Extractor) eachBlock(f func(x0, y0, x1, y1, i int)) {
	for r := range e.rows {
		for c := range e.cols {
			if i := r*e.cols + c; e.blocks.mask[i] == 1 {
				f(c*block, r*block, min((c+1)*block, e.width), min((r+1)*block, e.height), i)
			}
		}
	}
}

// binarize marks the ridges: where the filter answers positively, and most of the nine pixels agree.
func (e *Extractor) binarize() {
	clear(e.ridge)
	s := e.stride
	e.eachBlock(func(x0, y0, x1, y1, i int) {
		for y := y0; y < y1; y++ {
			for at := e.at(x0, y); at < e.at(x1, y); at++ {
				n := 0
				for _, line := range [3][]int16{e.response[at-s-1 : at-s+2], e.response[at-1 : at+2], e.response[at+s-1 : at+s+2]} {
					for _, v := range line {
						if v > 0 {
							n++
						}
					}
				}
				if n >= 5 {
					e.ridge[at] = 1
				}
			}
		}
	})
}
