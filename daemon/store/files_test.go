package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The null device takes every write and refuses to flush, so it tells who does not look whether a flush succeeded.

func TestWriteFileFlushes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "link") // so that what is removed is not the device
	if err := os.Symlink(os.DevNull, path); err != nil {
		t.Fatal(err)
	}
	err := writeFile(path, func(w io.Writer) error {
		_, err := w.Write([]byte("x"))
		return err
	})
	if !errors.Is(err, syscall.EINVAL) {
		t.Errorf("a file that cannot be flushed: %v", err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	if err := os.Symlink(os.DevNull, path); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(path, func(io.Writer) error { return io.ErrClosedPipe }); !errors.Is(err, io.ErrClosedPipe) || errors.Is(err, syscall.EINVAL) {
		t.Errorf("a file that could not be written: %v", err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestSyncDirFlushes(t *testing.T) {
	if err := syncDir(os.DevNull); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("what cannot be flushed: %v", err)
	}
	if err := syncDir(t.TempDir()); err != nil {
		t.Errorf("a directory: %v", err)
	}
}

// TestOpenFlushesWhatAKilledProcessLeft opens a store in a process whose kernel refuses to flush data.
func TestOpenFlushesWhatAKilledProcessLeft(t *testing.T) {
	dir := t.TempDir()
	opened(t, dir, testOpts()).Close()
	out, err := childCommand(t, "unflushable", dir).Output()
	if err != nil || !strings.Contains(string(out), syscall.EIO.Error()) {
		t.Errorf("%v: %s", err, out)
	}
}

// openUnflushable opens a bbolt file when fdatasync fails, and tells the error.
func openUnflushable(dir string) int {
	runtime.LockOSThread() // the filter is this thread's
	if err := refuseFdatasync(); err != nil {
		fmt.Println("seccomp:", err)
		return 1
	}
	db, err := openDatabase(filepath.Join(dir, liveName), testOpts().FileBytes, false)
	if err == nil {
		db.close()
	}
	fmt.Println(err)
	return 0
}

// refuseFdatasync lets every fdatasync of this thread fail with EIO (seccomp(2)).
func refuseFdatasync() error {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the system call's number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_FDATASYNC, Jt: 0, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(syscall.EIO)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}
