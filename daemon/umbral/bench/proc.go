package bench

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
)

// peakMemory reads a process's greatest resident size (proc(5), VmHWM) in bytes.
func peakMemory(pid int) (int64, error) {
	path := fmt.Sprintf("/proc/%d/status", pid)
	f, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("bench: %w", err)
	}
	defer f.Close()
	n := kibibytes(f, "VmHWM")
	if n == 0 {
		return 0, fmt.Errorf("bench: %s has no VmHWM (has the process ended?)", path)
	}
	return n, nil
}

// freeMemory is what programs can still take (proc(5), MemAvailable) in bytes, 0 where that isn't known.
func freeMemory() int64 {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer f.Close()
	return kibibytes(f, "MemAvailable")
}

// kibibytes finds a line "key:   123 kB" and returns the bytes, 0 without one.
func kibibytes(r io.Reader, key string) int64 {
	const most = 1 << 43 // so that it fits when it is bytes
	for s := bufio.NewScanner(r); s.Scan(); {
		text, ok := strings.CutPrefix(s.Text(), key+":")
		if !ok {
			continue
		}
		var n int64
		if _, err := fmt.Sscanf(strings.TrimSpace(text), "%d kB", &n); err != nil || n < 0 || n > most {
			return 0
		}
		return n << 10
	}
	return 0
}
