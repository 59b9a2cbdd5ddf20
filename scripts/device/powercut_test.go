package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"umbral/daemon/store"
	"umbral/scripts/device/control"
	"umbral/scripts/device/machine"
	"umbral/scripts/device/powercut"
)

const (
	fileSystem = 32 << 20   // bytes of the file system
	noteAt     = fileSystem // the note stands behind it
	diskSize   = fileSystem + 1<<20
	cuts       = 220 // crash points of the store
	controls   = 40  // of the control
	kills      = 6   // the writer is killed and started again so often
)

// tool finds a program of e2fsprogs, which is in nobody's path but root's.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, path := range []string{name, "/sbin/" + name, "/usr/sbin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	t.Skip("the emulated device: " + name + " is not installed (apt-get install e2fsprogs)")
	return ""
}

// newDisk makes a disk with an ext4 file system and a note that says nothing.
func newDisk(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, make([]byte, diskSize), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool(t, "mke2fs"), "-q", "-F", "-t", "ext4", "-J", "size=4", path, strconv.Itoa(fileSystem/1024)+"k").CombinedOutput()
	if err != nil {
		t.Fatalf("mke2fs: %v %s", err, out)
	}
}

// diskArgs are QEMU's for a disk of which every write is logged.
func diskArgs(disk, log string) []string {
	return []string{
		"-blockdev", "driver=file,node-name=raw,filename=" + disk,
		"-blockdev", "driver=file,node-name=log,filename=" + log,
		"-blockdev", "driver=blklogwrites,node-name=logged,file=raw,log=log",
		"-device", "virtio-blk-pci,drive=logged",
	}
}

// recorded lets a journal be written in the device, killed and started again, and cuts the power. It returns the disk as
// it was before, the log, and the log's length at each kill.
func recorded(t *testing.T, kind string, appends uint64) (before []byte, entries []powercut.Entry, killed []int) {
	t.Helper()
	dir := t.TempDir()
	disk, log := filepath.Join(dir, "disk"), filepath.Join(dir, "log")
	newDisk(t, disk)
	if err := os.WriteFile(log, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(disk)
	if err != nil {
		t.Fatal(err)
	}
	m := booted(t, func(o *machine.Opts) { o.Args = diskArgs(disk, log) })
	run(t, m, "mount", "-t", "ext4", "/dev/vda", "/mnt")
	run(t, m, "mkdir", "-p", "/mnt/state")
	// The kernel shall write back early what nobody flushes, so that a cut finds some of it and not always nothing.
	run(t, m, "sh", "-c", "echo 50 > /proc/sys/vm/dirty_expire_centisecs; echo 20 > /proc/sys/vm/dirty_writeback_centisecs")
	acknowledged := func() uint64 {
		out := run(t, m, "sh", "-c", fmt.Sprintf("dd if=/dev/vda bs=4096 skip=%d count=1 iflag=direct 2>/dev/null | hexdump -n 4 -e '1/4 \"%%u\"'", noteAt/4096))
		n, _ := strconv.ParseUint(out, 10, 32)
		return n
	}
	for i := range kills {
		name := "journal" + strconv.Itoa(i)
		p, err := m.Start(t.Context(), name, control.Command{Args: []string{"guest", "journal", kind, "/mnt/state", "/dev/vda", strconv.Itoa(noteAt)}})
		if err != nil {
			t.Fatal(err)
		}
		until(t, time.Minute, "entries", func() (string, bool) {
			n := acknowledged()
			log, _ := m.Get(t.Context(), "/run/"+name+".log")
			if len(log) > 0 {
				t.Fatalf("%s", log)
			}
			return fmt.Sprint(n), n >= appends*uint64(i+1)/kills
		})
		run(t, m, "kill", "-KILL", strconv.Itoa(p.PID))
		if _, err := m.Process(t.Context(), name, 5*time.Second); err != nil {
			t.Fatal(err)
		}
		if kind == "store" { // a kill seldom falls between a commit and its flush; here each one does
			run(t, m, "guest", "unflushed", "/mnt/state/umbral.db")
		}
		if entries, err = powercut.ReadLog(log); err != nil {
			t.Fatal(err)
		}
		killed = append(killed, len(entries))
	}
	run(t, m, "sync")
	m.Kill()
	if entries, err = powercut.ReadLog(log); err != nil {
		t.Fatal(err)
	}
	return before, entries, killed
}

// noted is how far a journal was acknowledged by the notes among the first n entries of the log.
func noted(entries []powercut.Entry) (last uint64) {
	for i := len(entries) - 1; i >= 0; i-- {
		if e := entries[i]; e.Offset == noteAt && len(e.Data) >= 16 {
			return binary.LittleEndian.Uint64(e.Data)
		}
	}
	return 0
}

// extracted lets the file system's journal be replayed, as a mount does, and copies the folder of the store out.
func extracted(t *testing.T, image, to string) error {
	t.Helper()
	out, err := exec.Command(tool(t, "e2fsck"), "-fy", image).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() <= 1 {
		err = nil // it repaired what a cut leaves
	}
	if err != nil {
		return fmt.Errorf("e2fsck: %w %s", err, out)
	}
	cmd := exec.Command(tool(t, "debugfs"), "-R", "rdump /state "+to, image)
	if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("rdump:")) {
		return fmt.Errorf("debugfs: %w %s", err, out)
	}
	return nil
}

// eachCut cuts the power at n places spread over the log, and at a twentieth as many soon after each place in after. It
// calls look with the store's folder of each.
func eachCut(t *testing.T, before []byte, entries []powercut.Entry, n int, after []int, lying bool,
	look func(cut int, dir string, acknowledged uint64)) {
	t.Helper()
	first := 0
	for first < len(entries) && noted(entries[:first]) == 0 {
		first++
	}
	r := rand.New(rand.NewPCG(20261125, uint64(n)))
	points := make([]int, n)
	for i := range points {
		points[i] = first + (len(entries)-first)*i/n + r.IntN(max(1, (len(entries)-first)/n))
	}
	const soon = 16 // writes: the last of the killed process, and the first of the next
	for _, at := range after {
		for range n / 20 {
			points = append(points, min(max(at+r.IntN(soon), first), len(entries)))
		}
	}
	slices.Sort(points)
	d := powercut.NewDisk(bytes.Clone(before), entries)
	d.Flushes = !lying
	dir := t.TempDir()
	lost := 0
	for i, at := range points {
		d.Advance(at)
		lost += d.Pending()
		image, to := filepath.Join(dir, "cut"), filepath.Join(dir, "out")
		f, err := os.Create(image)
		if err != nil {
			t.Fatal(err)
		}
		err = errors.Join(d.Cut(f, r), f.Close(), os.RemoveAll(to), os.Mkdir(to, 0o700))
		if err != nil {
			t.Fatal(err)
		}
		if err := extracted(t, image, to); err != nil {
			t.Errorf("cut %d at entry %d of %d: %v", i, at, len(entries), err)
			continue
		}
		look(i, filepath.Join(to, "state"), noted(entries[:at]))
	}
	t.Logf("%d cuts in a log of %d writes and flushes; %.1f writes a cut could be lost", len(points), len(entries), float64(lost)/float64(len(points)))
}

// passagesOf opens a store as the daemon does, after a check of it, and reads its journal.
func passagesOf(dir string) (map[string]bool, error) {
	report, err := store.Check(dir, control.JournalKey)
	if err != nil {
		return nil, err
	}
	if !report.OK() {
		return nil, fmt.Errorf("not sound: %v", report.Problems)
	}
	o := store.DefaultOpts()
	o.Key, o.JournalBytes, o.FileBytes = control.JournalKey, 2<<20, 8<<20
	s, rec, err := store.Open(dir, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if rec.Happened() {
		return nil, fmt.Errorf("recovery: %s", rec.Reason)
	}
	out := map[string]bool{}
	var after store.Position
	for {
		entries, err := s.Next(after, 100)
		if err != nil || len(entries) == 0 {
			return out, err
		}
		for _, e := range entries {
			out[string(e.Payload)] = true
			after = e.Position
		}
	}
}

// TestPowerCuts cuts the power while the store is written, at many places, and looks for every entry that was
// acknowledged before. A disk that lies loses some in the same test; so does a database that does not flush, in the next one.
func TestPowerCuts(t *testing.T) {
	before, entries, killed := recorded(t, "store", 600)
	begin := time.Now()
	least, most := ^uint64(0), uint64(0)
	eachCut(t, before, entries, cuts, killed, false, func(cut int, dir string, acknowledged uint64) {
		least, most = min(least, acknowledged), max(most, acknowledged)
		got, err := passagesOf(dir)
		if err != nil {
			t.Errorf("cut %d: %v", cut, err)
			return
		}
		for n := uint64(1); n <= acknowledged; n++ {
			if !got[string(control.Passage(n))] {
				t.Errorf("cut %d: entry %d of %d acknowledged is lost", cut, n, acknowledged)
			}
		}
	})
	t.Logf("%d to %d entries acknowledged before the cuts, the writer killed %d times; looked at in %.1f s", least, most, kills, time.Since(begin).Seconds())

	failed := 0
	eachCut(t, before, entries, controls, nil, true, func(cut int, dir string, acknowledged uint64) {
		got, err := passagesOf(dir)
		if err != nil || !got[string(control.Passage(acknowledged))] {
			failed++
		}
	})
	t.Logf("control, a disk that ignores flushes: %d of %d cuts lost something", failed, controls)
	if failed < controls/4 {
		t.Errorf("a disk that ignores flushes loses too little to prove the test")
	}
}

// TestPowerCutsControlWithoutSync does the same to a database that does not flush, which loses entries.
func TestPowerCutsControlWithoutSync(t *testing.T) {
	before, entries, _ := recorded(t, "nosync", 200)
	// Without a cut, all is there: what is missing below, the cuts took.
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "whole"))
	if err != nil {
		t.Fatal(err)
	}
	d := powercut.NewDisk(bytes.Clone(before), entries)
	d.Advance(len(entries))
	if err := errors.Join(d.Whole(f), f.Close(), extracted(t, f.Name(), dir)); err != nil {
		t.Fatal(err)
	}
	damaged, lost := 0, 0
	if last, err := lastWithoutSync(filepath.Join(dir, "state", "nosync.db")); err != nil || last == 0 {
		t.Errorf("without a cut: entry %d, %v", last, err)
	}
	eachCut(t, before, entries, controls, nil, false, func(cut int, dir string, acknowledged uint64) {
		last, err := lastWithoutSync(filepath.Join(dir, "nosync.db"))
		switch {
		case err != nil:
			damaged++
		case last < acknowledged:
			lost++
		}
	})
	t.Logf("control, bbolt with NoSync: after %d of %d cuts entries were lost, after %d more nothing could be read", lost, controls, damaged)
	if lost+damaged < controls/4 {
		t.Errorf("without sync, %d cuts lost something and %d all: the test would notice nothing", lost, damaged)
	}
}

// lastWithoutSync is the number of the last entry. bbolt panics, recurses or faults on some damaged files, so a process
// of its own opens them.
func lastWithoutSync(path string) (uint64, error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), readerRole+"="+path)
	out, err := cmd.Output()
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(string(out), 10, 64)
}

// readerRole makes this program the process that opens the file it names.
const readerRole = "UMBRAL_DEVICE_READ"

func reader(path string) int {
	last, err := readWithoutSync(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Print(last)
	return 0
}

func readWithoutSync(path string) (last uint64, err error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return 0, err
	}
	defer db.Close()
	return last, db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte("journal"))
		if b == nil {
			return errors.New("no bucket")
		}
		k, v := b.Cursor().Last()
		if len(k) != 8 || !strings.HasPrefix(string(v), `{"passage"`) {
			return errors.New("no entry")
		}
		last = binary.BigEndian.Uint64(k)
		return nil
	})
}
