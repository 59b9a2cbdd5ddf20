package nn

import "runtime"

// spin lets others run for a moment.
func spin() { runtime.Gosched() }
