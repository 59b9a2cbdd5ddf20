package store

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
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

// withMeta returns the file with both meta pages changed, and their checksums right again.
func withMeta(file []byte, pageSize int, change func(meta []byte)) []byte {
	out := bytes.Clone(file)
	for i := range 2 {
		meta := out[i*pageSize+pageHeader:][:metaSize]
		change(meta)
		sum := fnv.New64a()
		sum.Write(meta[:metaSummed])
		binary.LittleEndian.PutUint64(meta[metaSummed:], sum.Sum64())
	}
	return out
}

// TestMetaPagesAreHeldToWhatBboltDoesNotAsk changes what the checksum covers, which bbolt would believe.
func TestMetaPagesAreHeldToWhatBboltDoesNotAsk(t *testing.T) {
	dir, _, _ := filled(t, testOpts())
	whole, err := os.ReadFile(filepath.Join(dir, copyNames[0]))
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := newestMeta(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	set32 := func(at int, v uint32) []byte {
		return withMeta(whole, m.pageSize, func(b []byte) { le.PutUint32(b[at:], v) })
	}
	set64 := func(at int, v uint64) []byte {
		return withMeta(whole, m.pageSize, func(b []byte) { le.PutUint64(b[at:], v) })
	}
	verify := func(b []byte) (pageReport, error) { return verifyPages(bytes.NewReader(b), int64(len(b))) }
	if r, err := verify(set64(48, 9)); err != nil || r.metas != 2 || r.txid != 9 {
		t.Errorf("unchanged but for the transaction: %+v, %v", r, err)
	}
	for name, b := range map[string][]byte{
		"magic":                  set32(0, boltMagic+1),
		"version":                set32(4, boltVersion+1),
		"half the page size":     set32(8, uint32(m.pageSize/2)),
		"twice the page size":    set32(8, uint32(2*m.pageSize)),
		"page size of 512":       set32(8, 512),
		"page size of 128 KB":    set32(8, 128<<10),
		"no power of two":        set32(8, uint32(m.pageSize+1)),
		"page size of zero":      set32(8, 0),
		"root in the metas":      set64(16, 1),
		"root at the end":        set64(16, m.pages),
		"root is the freelist":   set64(16, m.freelist),
		"freelist in the metas":  set64(32, 1),
		"freelist at the end":    set64(32, m.pages),
		"freelist is the root":   set64(32, m.root),
		"three pages":            set64(40, 3),
		"no pages":               set64(40, 0),
		"one page less":          set64(40, m.pages-1),
		"one page more":          set64(40, m.pages+1),
		"pages beyond the file":  set64(40, uint64(len(whole)/m.pageSize)+1),
		"pages beyond all files": set64(40, 1<<60),
	} {
		if r, err := verify(b); err == nil {
			t.Errorf("%s passes: %+v", name, r)
		}
	}
	for n := 0; n < 2*m.pageSize+pageHeader+metaSize; n += 16 {
		if _, err := verify(whole[:n]); err == nil {
			t.Errorf("cut off at %d passes", n)
		}
	}
	// One meta page with a wrong checksum is bbolt's normal state after a power cut; a right one that names another page
	// is not.
	for i := range 2 {
		b := bytes.Clone(whole)
		b[i*m.pageSize+pageHeader+metaSummed] ^= 1
		if r, err := verify(b); err != nil || r.metas != 1 {
			t.Errorf("meta page %d alone: %+v, %v", 1-i, r, err)
		}
		b = bytes.Clone(whole)
		b[i*m.pageSize] ^= 2
		if r, err := verify(b); err == nil {
			t.Errorf("meta page %d under another number: %+v", i, r)
		}
		b[i*m.pageSize] ^= 2
		b[i*m.pageSize+8] = flagLeaf
		if r, err := verify(b); err == nil {
			t.Errorf("meta page %d of another type: %+v", i, r)
		}
	}
}

// TestInlineBucketsAreVerified changes the header and the end of a bucket that lies in the root's leaf.
func TestInlineBucketsAreVerified(t *testing.T) {
	value := make([]byte, bucketHeader+pageHeader+elementSize+2)
	le := binary.LittleEndian
	page := value[bucketHeader:]
	le.PutUint16(page[8:], flagLeaf)
	le.PutUint16(page[10:], 1)
	le.PutUint32(page[pageHeader+4:], elementSize)
	le.PutUint32(page[pageHeader+8:], 1)
	le.PutUint32(page[pageHeader+12:], 1)
	copy(page[pageHeader+elementSize:], "kv")
	v := &verifier{r: bytes.NewReader(nil), m: boltMeta{pages: 4, pageSize: 4096}, seen: make(bitmap, 1)}
	if err := v.bucketValue(value); err != nil {
		t.Fatalf("sound: %v", err)
	}
	for n := range value {
		if err := v.bucketValue(value[:n]); err == nil {
			t.Errorf("cut off at %d passes", n)
		}
	}
	for at := range value {
		if at >= 8 && at < bucketHeader || at >= bucketHeader+pageHeader+elementSize {
			continue // the sequence, which the store does not use, and the key with its value
		}
		for bit := range 8 {
			if err := v.bucketValue(patched(value, at, 1<<bit)); err == nil {
				t.Errorf("byte %d, bit %d passes", at, bit)
			}
		}
	}
	if err := v.bucketValue(append(bytes.Clone(value), 1)); err == nil {
		t.Error("a byte behind the last element passes")
	}
	le.PutUint16(page[10:], 0)
	clear(page[pageHeader:])
	if err := v.bucketValue(value); err != nil {
		t.Errorf("an empty bucket: %v", err)
	}
}

// TestKeysAreInOrder tries keys between those of the branch and behind the one before.
func TestKeysAreInOrder(t *testing.T) {
	for _, c := range []struct {
		key, low, high string
		i              int
		ok             bool
	}{
		{"b", "", "", 0, true},
		{"", "", "", 0, false},
		{"b", "b", "", 0, true}, // a branch's key is the first of its child
		{"b", "b", "", 1, false},
		{"b", "a", "c", 1, true},
		{"a", "b", "", 0, false},
		{"a", "b", "", 1, false},
		{"c", "a", "c", 0, false},
		{"d", "a", "c", 0, false},
	} {
		bound := func(s string) []byte {
			if s == "" {
				return nil
			}
			return []byte(s)
		}
		if err := ordered([]byte(c.key), bound(c.low), bound(c.high), c.i); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
