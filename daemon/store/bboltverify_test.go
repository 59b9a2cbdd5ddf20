package store

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

func FuzzVerifyPages(f *testing.F) {
	dir, _, _ := filled(f, testOpts())
	whole, err := os.ReadFile(filepath.Join(dir, copyNames[0]))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, []byte{1})
	f.Add(4096+8, []byte{0x10})
	f.Add(3*4096, bytes.Repeat([]byte{0xff}, 16))
	f.Fuzz(func(t *testing.T, at int, patch []byte) {
		b := bytes.Clone(whole)
		if at < 0 || at >= len(b) {
			b = b[:len(b)/2]
		} else {
			copy(b[at:], patch)
		}
		if pages, err := verifyPages(bytes.NewReader(b), int64(len(b))); err != nil || pages.metas < 2 {
			return
		}
		// What the verifier accepts, bbolt must be able to read to the end.
		path := filepath.Join(t.TempDir(), "x.db")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		boltSound(t, path)
	})
}

// TestEveryByteOfThePageStructureIsVerified changes each byte of the pages that is neither in a key nor in a value.
// bbolt would read past some of these changes without a word: a lower count, for one, hides elements.
func TestEveryByteOfThePageStructureIsVerified(t *testing.T) {
	dir, _, _ := filled(t, testOpts(), fillKinds)
	whole, err := os.ReadFile(filepath.Join(dir, copyNames[0]))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := verifyPages(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	m, _, err := newestMeta(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	free := map[uint64]bool{}
	for i := range pages.free {
		free[le.Uint64(whole[int(m.freelist)*m.pageSize+pageHeader+8*i:])] = true
	}
	kinds := map[uint16]int{}
	for id := 2; id < int(pages.pages); {
		if free[uint64(id)] {
			id++
			continue
		}
		page := whole[id*pages.pageSize:]
		flags, count, length := le.Uint16(page[8:]), int(le.Uint16(page[10:])), (1+int(le.Uint32(page[12:])))*pages.pageSize
		structure := pageHeader + count*elementSize
		end, sizes := structure, [2]int{}
		switch {
		case flags == flagFreelist:
			structure = pageHeader + count*8
			end = length // bbolt never reads what follows the ids
		case flags == flagBranch || flags == flagLeaf:
			for i := range count {
				e := pageHeader + i*elementSize
				sizes = [2]int{e + 4, e + 8} // of the last element, in the end: its seal proves where it ends
				if flags == flagLeaf {
					sizes = [2]int{e + 8, e + 16}
				}
				for at := sizes[0]; at < sizes[1]; at += 4 {
					end += int(le.Uint32(page[at:]))
				}
			}
		}
		kinds[flags]++
		for at := range length {
			if at >= structure && at < end || at >= sizes[0] && at < sizes[1] {
				continue
			}
			for _, x := range []byte{1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0xff} {
				page[at] ^= x
				if _, err := verifyPages(bytes.NewReader(whole), int64(len(whole))); err == nil {
					t.Errorf("page %d of type %#x with %d elements: byte %d changed by %#x passes",
						id, flags, count, at, x)
				}
				page[at] ^= x
				if at > end {
					break // the rest of the page: one change stands for all
				}
			}
		}
		id += length / pages.pageSize
	}
	if kinds[flagLeaf] < len(buckets)/2 || kinds[flagBranch] == 0 || kinds[flagFreelist] != 1 {
		t.Errorf("pages looked at by type: %v", kinds)
	}
}
