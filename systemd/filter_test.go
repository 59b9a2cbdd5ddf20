package systemd_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"umbral/daemon/ntpstate"
)

// clockCalls are the calls that tell or set the clock's state.
var clockCalls = map[string]uint32{
	"adjtimex": unix.SYS_ADJTIMEX, "clock_adjtime": unix.SYS_CLOCK_ADJTIME, "clock_settime": unix.SYS_CLOCK_SETTIME,
	"settimeofday": unix.SYS_SETTIMEOFDAY,
}

// members returns the calls of a set, as systemd has it.
func members(t *testing.T, set string) (calls []string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), tool(t, "systemd-analyze"), "syscall-filter", set).Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		switch line = strings.TrimSpace(line); {
		case line == "" || strings.HasPrefix(line, "#") || line == set:
		case strings.HasPrefix(line, "@"):
			calls = append(calls, members(t, line)...)
		default:
			calls = append(calls, line)
		}
	}
	return calls
}

// allowed returns the calls that a unit allows, by systemd.exec(5): the first line makes it a list of what is allowed, later
// ones add to it or take from it, and ProtectClock= takes @clock whatever they say.
func allowed(t *testing.T, unit string) map[string]bool {
	t.Helper()
	text := read(t, unit)
	calls := map[string]bool{}
	for i, line := range settings(text, "SystemCallFilter") {
		names, taken := strings.CutPrefix(line, "~")
		if i == 0 && taken {
			t.Fatalf("%s: SystemCallFilter begins with %q, which allows everything else", unit, line)
		}
		for _, name := range strings.Fields(names) {
			list := []string{name}
			if strings.HasPrefix(name, "@") {
				list = members(t, name)
			}
			for _, call := range list {
				if calls[call] = true; taken {
					delete(calls, call)
				}
			}
		}
	}
	if slices.Equal(settings(text, "ProtectClock"), []string{"yes"}) {
		for _, call := range members(t, "@clock") {
			delete(calls, call)
		}
	}
	return calls
}

// TestFilters names calls that each unit must have, and calls that it must not have.
func TestFilters(t *testing.T) {
	must := []string{"clone", "futex", "mmap", "openat", "ioctl", "fsync", "fdatasync", "epoll_pwait", "rename", "renameat", "flock"}
	never := []string{
		"clock_settime", "settimeofday", "clock_adjtime", "reboot", "mount", "ptrace", "init_module", "iopl", "setuid", "chroot",
		"swapon", "bpf", "setrlimit", "kexec_load",
	}
	for unit, more := range map[string][]string{"umbrald.service": nil, "umbral-clock.service": {"adjtimex"}} {
		calls := allowed(t, unit)
		for _, call := range append(must, more...) {
			if !calls[call] {
				t.Errorf("%s forbids %s", unit, call)
			}
		}
		for _, call := range never {
			if calls[call] {
				t.Errorf("%s allows %s", unit, call)
			}
		}
	}
	if allowed(t, "umbrald.service")["adjtimex"] {
		t.Error("umbrald.service allows adjtimex, which umbral-clock is there for")
	}
}

// deny puts the whole process under a filter of the kernel's that answers EPERM to calls, as the units' do.
func deny(numbers []uint32) error {
	program := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}} // the call's number comes first
	for _, n := range numbers {
		program = append(program,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: n},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)})
	}
	program = append(program, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	const allThreads = unix.SECCOMP_FILTER_FLAG_TSYNC
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, allThreads, uintptr(unsafe.Pointer(&filter))); errno != 0 {
		return errno
	}
	runtime.KeepAlive(program)
	return nil
}

// Environment of a process under a unit's filter.
const (
	envUnit = "UMBRAL_TEST_UNIT"
	envFile = "UMBRAL_TEST_FILE"
)

// TestClockUnderTheFilters puts two processes under the filters of the units: the one publishes what the kernel says of the
// clock, and cannot set it; the other is refused by the kernel, and reads what was published.
func TestClockUnderTheFilters(t *testing.T) {
	if unit := os.Getenv(envUnit); unit != "" {
		filtered(t, unit, os.Getenv(envFile))
		return
	}
	file := filepath.Join(t.TempDir(), "ntp")
	for _, unit := range []string{"umbral-clock.service", "umbrald.service"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestClockUnderTheFilters$", "-test.v")
		cmd.Env = append(os.Environ(), envUnit+"="+unit, envFile+"="+file)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", unit, err, out)
		}
		if strings.Contains(string(out), "SKIP") {
			t.Skipf("%s", out)
		}
	}
}

// filtered is the process under a unit's filter.
func filtered(t *testing.T, unit, file string) {
	calls := allowed(t, unit)
	runtime.LockOSThread()
	var denied []uint32
	for _, name := range slices.Sorted(maps.Keys(clockCalls)) {
		if !calls[name] {
			denied = append(denied, clockCalls[name])
		}
	}
	if err := deny(denied); err != nil {
		t.Skipf("this kernel takes no filter: %v", err)
	}
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &unix.Timespec{Nsec: -1}); !errors.Is(err, unix.EPERM) {
		t.Errorf("the clock could be set: %v", err) // without the filter it is EINVAL
	}
	if unit == "umbral-clock.service" {
		if _, err := ntpstate.Kernel(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- ntpstate.Publish(ctx, file+".live") }()
		// The publisher takes its file with it, so the next process reads a copy.
		for copied := false; !copied && len(done) == 0; runtime.Gosched() {
			text, err := os.ReadFile(file + ".live")
			copied = err == nil && os.WriteFile(file, text, 0o600) == nil
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		return
	}
	if _, err := ntpstate.Kernel(); !errors.Is(err, unix.EPERM) {
		t.Errorf("the kernel answers: %v", err)
	}
	if _, err := ntpstate.Read(file); err != nil {
		t.Error(err)
	}
	if _, err := ntpstate.Read(file + ".none"); !errors.Is(err, unix.EPERM) {
		t.Errorf("without a publisher: %v", err)
	}
}
