package pages

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"unsafe"
)

func TestMake(t *testing.T) {
	for _, n := range []int{0, 1, large - 1, large, large + 12345} {
		s := Make[int8](n)
		if len(s) != n {
			t.Fatalf("%d elements, want %d", len(s), n)
		}
		for i := 0; i < n; i += 4095 {
			if s[i] != 0 {
				t.Fatalf("element %d of %d is %d", i, n, s[i])
			}
			s[i] = 1
		}
	}
	if n := len(Make[float32](3 << 20)); n != 3<<20 {
		t.Errorf("%d elements", n)
	}
}

// The kernel knows that large pages are wanted (proc(5), smaps: flag hg).
func TestLargePagesAreWanted(t *testing.T) {
	mode, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	if err != nil || strings.Contains(string(mode), "[never]") {
		t.Skip("this system has no large pages to ask for")
	}
	s := Make[float32](8 << 20)
	middle := uintptr(unsafe.Pointer(&s[len(s)/2]))
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	inside := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var from, to uintptr
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x ", &from, &to); n == 2 {
			inside = from <= middle && middle < to
		}
		if flags, ok := strings.CutPrefix(lines.Text(), "VmFlags:"); ok && inside {
			if !strings.Contains(flags+" ", " hg ") {
				t.Errorf("the memory's flags are%s, want hg among them", flags)
			}
			return
		}
	}
	t.Error("the memory is not among the process's mappings")
}

// Reserved memory is zero and takes nothing before it is written.
func TestReserve(t *testing.T) {
	const n = 64 << 20 // 256 MiB
	before := resident(t)
	floats, release, err := Reserve[float32](n)
	if err != nil {
		t.Fatal(err)
	}
	if len(floats) != n || floats[0] != 0 || floats[n-1] != 0 {
		t.Errorf("%d floats, %v at the start, %v at the end", len(floats), floats[0], floats[n-1])
	}
	floats[n/2] = 1
	if grown := resident(t) - before; grown > 8<<20 {
		t.Errorf("the process grew by %d bytes", grown)
	}
	release()
	if floats, release, err := Reserve[int8](0); floats != nil || release == nil || err != nil {
		t.Errorf("nothing reserved: %v, %v", floats, err)
	}
	if _, _, err := Reserve[int32](math.MaxInt); err == nil {
		t.Error("more than any machine has was reserved")
	}
}

func TestRead(t *testing.T) {
	data, release, err := Read(strings.NewReader("model and more"), 5)
	if err != nil || string(data) != "model" {
		t.Fatalf("%q, %v", data, err)
	}
	release()
	if _, _, err := Read(strings.NewReader("short"), 6); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that is shorter than it says: %v", err)
	}
	if data, _, err := Read(strings.NewReader(""), 0); len(data) != 0 || err != nil {
		t.Errorf("an empty file: %q, %v", data, err)
	}
}

// resident is the process's size in bytes (proc(5), statm).
func resident(t *testing.T) int {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip(err)
	}
	var size, pages int
	if _, err := fmt.Sscan(string(data), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
