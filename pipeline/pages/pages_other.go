//go:build !linux

package pages

func bytes[T Element]([]T) []byte { return nil }

// advise does nothing: the system decides by itself.
func advise([]byte) {}

func reserve(n int) ([]float32, func(), error) { return make([]float32, n), func() {}, nil }
