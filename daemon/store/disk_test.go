package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// smallDisk mounts a tmpfs of that many bytes, or skips the test where that is not allowed.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("mounting a small tmpfs needs privilege: %v (the limit on the file's size is tested without)", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

func TestFullDisk(t *testing.T) {
	disk := smallDisk(t, "size=3m")
	dir, o := filepath.Join(disk, "store"), testOpts()
	o.JournalBytes, o.FileBytes = 4<<20, 16<<20
	s, _, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, 10_000)
	var last Position
	for range 1000 {
		p, err := s.Append("e", payload)
		if err != nil {
			if !errors.Is(err, ErrFull) {
				t.Fatalf("full disk: %v", err)
			}
			break
		}
		last = p
	}
	if st := s.Status(); st.Head != last || !errors.Is(st.Fault, ErrFull) || last.Sequence < 20 {
		t.Fatalf("last %v, status %+v", last, st)
	}
	if err := s.makeCopy(); !errors.Is(err, ErrFull) {
		t.Errorf("copy to a full disk: %v", err)
	}
	if err := s.Close(); !errors.Is(err, ErrFull) {
		t.Errorf("close on a full disk: %v", err)
	}
	// A full disk does not keep the store from opening, nor from growing once there is space.
	fill(t, disk)
	s, rec, err := Open(dir, o)
	if err != nil || rec.Happened() {
		t.Fatalf("open on a full disk: %+v, %v", rec, err)
	}
	if got := entries(t, s); got[len(got)-1].Position != last {
		t.Errorf("last entry %v, want %v", got[len(got)-1].Position, last)
	}
	if _, err := s.Append("e", payload); !errors.Is(err, ErrFull) {
		t.Errorf("append to a full disk: %v", err)
	}
	if err := unix.Mount("", disk, "", unix.MS_REMOUNT, "size=32m"); err != nil {
		t.Fatal(err)
	}
	p, err := s.Append("e", payload)
	if err != nil || p.Boot != last.Boot+1 || s.Status().Fault != nil {
		t.Errorf("with space again: %v, %v, %v", p, err, s.Status().Fault)
	}
	closed(t, s)
}

// fill takes the rest of the disk.
func fill(t *testing.T, disk string) {
	t.Helper()
	f, err := os.Create(filepath.Join(disk, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, n := range []int{4096, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, n))
		}
	}
}

func TestReadOnlyFileSystem(t *testing.T) {
	disk := smallDisk(t, "size=16m")
	dir, o := filepath.Join(disk, "store"), testOpts()
	s := opened(t, dir, o)
	if err := s.Enrol(person(1), []Reference{reference(1, 8)}); err != nil {
		t.Fatal(err)
	}
	last := appended(t, s, "e", "x")
	closed(t, s)
	remount := func(flags uintptr) {
		t.Helper()
		if err := unix.Mount("", disk, "", unix.MS_REMOUNT|flags, "size=16m"); err != nil {
			t.Fatal(err)
		}
	}
	remount(unix.MS_RDONLY)
	if _, _, err := Open(filepath.Join(disk, "other"), o); !errors.Is(err, ErrReadOnly) {
		t.Errorf("a new store on a read-only disk: %v", err)
	}
	if r, err := Check(dir, testKey); err != nil || !r.OK() {
		t.Errorf("check on a read-only disk: %+v, %v", r, err)
	}
	s = opened(t, dir, o)
	if _, err := s.Append("e", nil); !errors.Is(err, ErrReadOnly) {
		t.Errorf("append: %v", err)
	}
	if st := s.Status(); !errors.Is(st.Fault, ErrReadOnly) {
		t.Errorf("status %+v", st)
	}
	if refs, err := s.References(person(1).ID); err != nil || len(refs) != 1 {
		t.Errorf("people can still be read: %v, %v", refs, err)
	}
	remount(0)
	if p, err := s.Append("e", nil); err != nil || p.Boot != last.Boot+1 {
		t.Errorf("writable again: %v, %v", p, err)
	}
	if st := s.Status(); st.Fault != nil {
		t.Errorf("status %+v", st)
	}
}
