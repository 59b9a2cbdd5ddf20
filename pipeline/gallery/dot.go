package gallery

import "umbral/pipeline/nn/kernel"

// kernels are the processor's own; a tier that UMBRAL_SIMD names and the processor lacks is refused when models load.
var kernels = func() *kernel.Set {
	set, err := kernel.Choose("")
	if err != nil {
		return &kernel.Generic
	}
	return set
}()

// dot is the dot product of two templates of one length.
func dot(a, b []float32) float32 {
	n := len(a) &^ (kernel.DotStep - 1)
	sum := kernels.Dot(a[:n], b[:n])
	for i, v := range a[n:] {
		sum += v * b[n+i]
	}
	return sum
}

// dots8 writes the products of probe with rows that follow each other, all of bytes.
func dots8(out []int32, probe, rows []int8) {
	if len(probe)%kernel.DotStep == 0 {
		kernels.Dots8(out, probe, rows)
		return
	}
	kernel.Generic.Dots8(out, probe, rows)
}
