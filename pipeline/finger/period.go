package finger

// Ridge periods that occur at 500 dpi, in pixels; those of children are near the lower end.
const (
	leastPeriod = 4
	mostPeriod  = 16
	periodUnit  = 16 // of the field: 1/16 pixel
	usualPeriod = 9 * periodUnit
)

// periods measures the distance of the ridges: grey values are summed along the ridges at each distance from the
// block's centre, and the first peak of that profile's autocorrelation is the period (the x-signature of Hong, Wan and
// Jain, IEEE PAMI 20, 1998, with the correlation in place of its peaks' distances).
func (e *Extractor) periods() {
	b := &e.blocks
	n := e.rows * e.cols
	var sum, weights int64
	for r := range e.rows {
		for c := range e.cols {
			i := r*e.cols + c
			b.period[i], b.trust[i] = 0, 0
			// Every second block is enough: periods change slowly.
			if b.mask[i] == 0 || (r+c)%2 == 1 {
				continue
			}
			period, trust := e.periodAt(c*block+block/2, r*block+block/2)
			b.period[i], b.trust[i] = period*trust, trust
			sum += int64(period) * int64(trust)
			weights += int64(trust)
		}
	}
	usual := int32(usualPeriod)
	if weights > 0 {
		usual = int32(sum / weights)
	}
	// The period of the whole print counts a little everywhere, and alone where nothing could be measured.
	for i := range n {
		b.period[i] = b.period[i]*16 + usual
		b.trust[i] = b.trust[i]*16 + 1
	}
	e.blur(b.period[:n], 4)
	e.blur(b.trust[:n], 4)
	for i := range n {
		b.period[i] = min(max(b.period[i]/max(b.trust[i], 1), leastPeriod*periodUnit), mostPeriod*periodUnit)
	}
}

// periodAt returns the period around a pixel and how much it can be trusted, 0 to 64.
func (e *Extractor) periodAt(x, y int) (period, trust int32) {
	const reach, along = 24, 8
	o, coherence := e.ridgeAt(x, y)
	if coherence < 64 {
		return 0, 0
	}
	a := Angle(o / 2)             // half turns to turns
	ux, uy := cosine(a), -sine(a) // along the ridges; y points down in the picture
	vx, vy := -uy, ux             // across
	const half = 1 << (cosineShift - 1)
	var profile [2*reach + 1]int32
	for k := -reach; k <= reach; k++ {
		bx, by := int32(x)<<cosineShift+int32(k)*vx+half, int32(y)<<cosineShift+int32(k)*vy+half
		var sum int32
		for l := int32(-along); l <= along; l += 2 {
			px, py := int((bx+l*ux)>>cosineShift), int((by+l*uy)>>cosineShift)
			px, py = min(max(px, -pad), e.width+pad-1), min(max(py, -pad), e.height+pad-1)
			sum += int32(e.plane[e.at(px, py)])
		}
		profile[k+reach] = sum
	}
	var mean int32
	for _, v := range profile {
		mean += v
	}
	mean /= int32(len(profile))
	for i := range profile {
		profile[i] = (profile[i] - mean) >> 2
	}
	const lags = mostPeriod + 3
	var corr [lags]int64
	for lag := range corr {
		for i := lag; i < len(profile); i++ {
			corr[lag] += int64(profile[i]) * int64(profile[i-lag])
		}
		corr[lag] = corr[lag] * int64(len(profile)) / int64(len(profile)-lag)
	}
	if corr[0] <= 0 {
		return 0, 0
	}
	lag := 2
	for lag < lags && corr[lag] > 0 {
		lag++
	}
	best := 0
	for ; lag < lags-1; lag++ {
		if corr[lag] > corr[lag-1] && corr[lag] >= corr[lag+1] {
			best = lag
			break
		}
	}
	if best < leastPeriod || corr[best]*4 < corr[0] {
		return 0, 0
	}
	// The top of the parabola through three values.
	left, middle, right := corr[best-1], corr[best], corr[best+1]
	shift := int64(0)
	if bend := left - 2*middle + right; bend < 0 {
		shift = periodUnit * (left - right) / (2 * bend)
	}
	return int32(best*periodUnit) + int32(shift), int32(corr[best] * 64 / corr[0])
}
