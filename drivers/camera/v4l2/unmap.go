package v4l2

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// span is a mapping of memory, from its first address to the one behind its last.
type span struct{ from, to uintptr }

// mapped lists this process's mappings of a file.
func mapped(path string) ([]span, error) {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return nil, fmt.Errorf("v4l2: mappings: %w", err)
	}
	defer f.Close()
	var out []span
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if s, ok := mapping(lines.Text(), path); ok {
			out = append(out, s)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("v4l2: mappings: %w", err)
	}
	return out, nil
}

// unmap removes the mappings of a node that were not there before: the buffers that a failed StartStreaming left. A camera
// that finds no room on the USB bus fails so at every attempt, a few megabytes each.
func unmap(node string, before []span) error {
	now, err := mapped(node)
	if err != nil {
		return err
	}
	for _, s := range now {
		if slices.Contains(before, s) {
			continue
		}
		if _, _, errno := unix.Syscall(unix.SYS_MUNMAP, s.from, s.to-s.from, 0); errno != 0 {
			return fmt.Errorf("v4l2: unmap %s: %w", node, errno)
		}
	}
	return nil
}

// mapping reads a line of /proc/self/maps (proc(5)); ok if it is a mapping of the file at path.
func mapping(line, path string) (s span, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 6 || fields[5] != path {
		return span{}, false
	}
	low, high, _ := strings.Cut(fields[0], "-")
	a, err1 := strconv.ParseUint(low, 16, strconv.IntSize)
	b, err2 := strconv.ParseUint(high, 16, strconv.IntSize)
	if err1 != nil || err2 != nil || b <= a {
		return span{}, false
	}
	return span{uintptr(a), uintptr(b)}, true
}
