//go:build !linux

package pages

func bytes[T Element]([]T) []byte { return nil }

// advise does nothing: the system decides by itself.
func advise([]byte) {}

func reserve[T Element](n int) ([]T, func(), error) { return make([]T, n), func() {}, nil }
