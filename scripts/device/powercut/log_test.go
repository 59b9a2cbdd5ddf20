package powercut

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// logged writes a log as the emulator does.
func logged(t *testing.T, entries ...Entry) string {
	t.Helper()
	var b bytes.Buffer
	words := func(w ...uint64) {
		head := make([]byte, sector)
		for i, v := range w {
			binary.LittleEndian.PutUint64(head[8*i:], v)
		}
		b.Write(head)
	}
	words(magic, 1, 0, sector)
	for _, e := range entries {
		flags := uint64(0)
		if e.Flush {
			flags = flagFlush
		}
		words(uint64(e.Offset/sector), uint64(len(e.Data)/sector), flags, 0)
		b.Write(e.Data)
	}
	words()
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

type disk []byte

func (d disk) WriteAt(b []byte, at int64) (int, error) { return copy(d[at:], b), nil }

func TestFlushedWritesStayOthersMayNot(t *testing.T) {
	one := func(v byte, sectors int) []byte { return bytes.Repeat([]byte{v}, sectors*sector) }
	path := logged(t, Entry{Offset: 0, Data: one(1, 1)}, Entry{Flush: true}, Entry{Offset: sector, Data: one(2, 2)}, Entry{Offset: 0, Data: one(3, 1)})
	entries, err := ReadLog(path)
	if err != nil || len(entries) != 4 || !entries[1].Flush || !bytes.Equal(entries[2].Data, one(2, 2)) {
		t.Fatalf("%+v, %v", entries, err)
	}
	d := NewDisk(make([]byte, 4*sector), entries)
	d.Advance(4)
	if d.Pending() != 2 {
		t.Errorf("%d writes pending, wanted 2", d.Pending())
	}
	seen := map[[3]byte]bool{}
	for seed := range uint64(200) {
		got := make(disk, 4*sector)
		if err := d.Cut(got, rand.New(rand.NewPCG(seed, 1))); err != nil {
			t.Fatal(err)
		}
		if got[0] != 1 && got[0] != 3 {
			t.Fatalf("the flushed write is gone: %d", got[0])
		}
		seen[[3]byte{got[0], got[sector], got[2*sector]}] = true
	}
	for _, want := range [][3]byte{{1, 0, 0}, {3, 0, 0}, {1, 2, 0}, {1, 2, 2}, {3, 2, 2}} {
		if !seen[want] {
			t.Errorf("no cut left %v among %v", want, seen)
		}
	}
	if seen[[3]byte{1, 0, 2}] {
		t.Error("the second sector of a write is there without the first")
	}
}

func TestALyingDiskKeepsNothingForCertain(t *testing.T) {
	d := NewDisk(make([]byte, sector), []Entry{{Data: make([]byte, sector)}, {Flush: true}})
	d.Flushes = false
	d.Advance(2)
	if d.Pending() != 1 {
		t.Errorf("%d writes pending", d.Pending())
	}
}

func TestLogsThatAreNone(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string][]byte{"empty": {}, "other": make([]byte, 2*sector)} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadLog(path); err == nil {
			t.Errorf("%s passed", name)
		}
	}
	if _, err := ReadLog(logged(t, Entry{Offset: 1 << 50, Data: make([]byte, sector)})); err == nil {
		t.Error("an entry beyond any disk passed")
	}
}
