package symbol

// Soft sampling reads the modules from luma rather than from the bitmap, once the grid lies well: each module is
// compared with the modules around it, and what blur has mixed in from its neighbours can be taken off first.
const (
	softReach = 3  // modules on each side that a threshold is taken from
	softPart  = 16 // fixed-point one for the share of the neighbours
)

// soft holds the luma of each module of a code.
type soft struct {
	luma   [maxDimension * maxDimension]int16
	sharp  [maxDimension * maxDimension]int16
	column [maxDimension + 1]int
}

// sample fills luma from the plane under the grid: the mean of nine points of each module's middle.
func (s *soft) sample(g *grid, from plane) {
	n := g.dimension
	for j := range n {
		for i := range n {
			sum := 0
			for _, dv := range [...]float64{.3, .5, .7} {
				for _, du := range [...]float64{.3, .5, .7} {
					sum += from.between(g.m.pixel(float64(i)+du, float64(j)+dv))
				}
			}
			s.luma[j*n+i] = int16(sum / 9)
		}
	}
}

// between is the luma at a point, interpolated, in units of 1/16; outside the picture that of its edge.
func (p plane) between(x, y float64) int {
	x, y = max(0, min(x-0.5, float64(p.width-2))), max(0, min(y-0.5, float64(p.height-2)))
	px, py := int(x), int(y)
	u, v := int(16*(x-float64(px))), int(16*(y-float64(py)))
	a, b := p.pix[py*p.stride+px:][:2], p.pix[(py+1)*p.stride+px:][:2]
	return ((int(a[0])*(16-u)+int(a[1])*u)*(16-v) + (int(b[0])*(16-u)+int(b[1])*u)*v) / 16
}

// unmix fills sharp: luma less a share (in sixteenths) of what the four neighbours have in excess of it.
func (s *soft) unmix(n, share int) {
	for j := range n {
		for i := range n {
			at := j*n + i
			c := int(s.luma[at])
			around := 0
			for _, o := range [...]int{at - n*min(j, 1), at + n*min(n-1-j, 1), at - min(i, 1), at + min(n-1-i, 1)} {
				around += int(s.luma[o])
			}
			s.sharp[at] = int16(max(-32000, min(c+share*(4*c-around)/(4*softPart), 32000)))
		}
	}
}

// dark says for each module whether it is darker than its surroundings, by calling set.
func (s *soft) dark(n int, inverted bool, set func(i, j int)) {
	for j := range n {
		top, bottom := max(j-softReach, 0), min(j+softReach, n-1)
		// Sums of columns, then of their beginnings, so that a window is a difference.
		for i := range n {
			sum := 0
			for y := top; y <= bottom; y++ {
				sum += int(s.sharp[y*n+i])
			}
			s.column[i+1] = s.column[i] + sum
		}
		for i := range n {
			left, right := max(i-softReach, 0), min(i+softReach, n-1)
			mean := (s.column[right+1] - s.column[left]) / ((right - left + 1) * (bottom - top + 1))
			if (int(s.sharp[j*n+i]) < mean) != inverted {
				set(i, j)
			}
		}
	}
}
