package pages

import (
	"fmt"
	"syscall"
	"unsafe"
)

// hugePage is the size of a large page on amd64 and of those that arm64 has with base pages of 4 KiB. Where they are
// larger the kernel rounds inwards by itself.
const hugePage = 2 << 20

// bytes looks at a slice that isn't empty as bytes.
func bytes[T Element](s []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), len(s)*int(unsafe.Sizeof(s[0])))
}

// advise asks for large pages (madvise(2), MADV_HUGEPAGE) inside b, so that no neighbour in memory is rounded up to them.
// That the system has none is no error.
func advise(b []byte) {
	if len(b) < large {
		return
	}
	before := int(-uintptr(unsafe.Pointer(&b[0])) % hugePage)
	inside := b[before:]
	_ = syscall.Madvise(inside[:len(inside)/hugePage*hugePage], syscall.MADV_HUGEPAGE)
}

func reserve[T Element](n int) ([]T, func(), error) {
	size := n * int(unsafe.Sizeof(*new(T)))
	b, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
	if err != nil {
		return nil, nil, fmt.Errorf("pages: %d bytes: %w", size, err)
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&b[0])), n), func() { _ = syscall.Munmap(b) }, nil
}
