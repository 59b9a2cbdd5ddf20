package kernel

import (
	"math"
	"sync/atomic"
)

// peakGeneric is Set.Peak in portable Go: eight sums that don't wait for each other.
func peakGeneric(rounds int) (flops int64) {
	var a, b, c, d, e, f, g, h float32
	const x, y = 1 - 1./(1<<20), 1. / (1 << 20)
	for range rounds {
		a, b, c, d = a*x+y, b*x+y, c*x+y, d*x+y
		e, f, g, h = e*x+y, f*x+y, g*x+y, h*x+y
	}
	use(a + b + c + d + e + f + g + h)
	return int64(rounds) * 16
}

// readGeneric is Set.Read in portable Go.
func readGeneric(x []float32) {
	var a, b, c, d float32
	for len(x) >= 4 {
		a, b, c, d = a+x[0], b+x[1], c+x[2], d+x[3]
		x = x[4:]
	}
	use(a + b + c + d)
}

// use keeps the compiler from leaving out a sum that nobody wants. Several threads measure at once.
func use(sum float32) { sink.Store(math.Float32bits(sum)) }

var sink atomic.Uint32
