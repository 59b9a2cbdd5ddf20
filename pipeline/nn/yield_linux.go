package nn

import "syscall"

// yield lets another thread have this processor if one waits for it (sched_yield(2)). It doesn't tell Go's scheduler,
// which would give the goroutine's place away.
func yield() { syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) }
