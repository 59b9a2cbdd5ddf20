//go:build !linux

package nn

import "runtime"

// yield lets another goroutine run.
func yield() { runtime.Gosched() }
