// Package pages makes large slices that lie in large pages where the system has them: reading one of hundreds of
// mebibytes from end to end is then up to twice as fast, for the processor looks far fewer addresses up.
package pages

import (
	"fmt"
	"io"
	"math"
)

// Element is what a slice in large pages may hold: nothing that the collector would have to follow.
type Element interface {
	~int8 | ~uint8 | ~int32 | ~float32
}

// large is the least size in bytes that is worth asking for large pages, of which a part of one at either end has none.
const large = 8 << 20

// Make is make([]T, n). The memory is the collector's like any other, and untouched pages of it take none.
func Make[T Element](n int) []T {
	s := make([]T, n)
	if len(s) > 0 {
		advise(bytes(s))
	}
	return s
}

// Reserve is n zeros that take no memory before they are written, and that the collector doesn't count; release gives
// them back, after which they must not be touched. It fails where the system refuses.
func Reserve[T Element](n int) (s []T, release func(), err error) {
	if n < 1 {
		return nil, func() {}, nil
	}
	if n > math.MaxInt/4 {
		return nil, nil, fmt.Errorf("pages: %d elements are more than there are addresses", n)
	}
	return reserve[T](n)
}

// Read reads n bytes that are needed for a moment only, such as a file that is about to be parsed: release gives their
// memory back to the system at once, not when the collector comes.
func Read(r io.Reader, n int) (data []byte, release func(), err error) {
	if data, release, err = Reserve[byte](n); err != nil {
		return nil, nil, err
	}
	if _, err := io.ReadFull(r, data); err != nil {
		release()
		return nil, nil, err
	}
	return data, release, nil
}
