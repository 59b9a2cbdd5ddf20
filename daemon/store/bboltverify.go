package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// The bbolt file format, version 2, as written by v1.5.0 (internal/common: meta.go, page.go, bucket.go; native byte
// order, which is little-endian on every machine that Umbral is built for). All offsets are in bytes.
//
//	page:     id u64, flags u16, count u16, overflow u32, then elements; a page with overflow n is n+1 pages long
//	branch:   pos u32, ksize u32, page u64          pos counts from the element itself
//	leaf:     flags u32, pos u32, ksize u32, vsize u32
//	bucket:   root page u64, sequence u64           as a leaf's value; root 0 means that a leaf page follows inline
//	meta:     magic u32, version u32, page size u32, flags u32, root bucket, freelist u64, pages u64, txid u64, FNV-64a u64
//	freelist: count ids u64; a count of 0xffff means that the first id is the count
const (
	pageHeader   = 16
	elementSize  = 16
	bucketHeader = 16
	metaSize     = 64
	metaSummed   = metaSize - 8

	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagMeta     = 0x04
	flagFreelist = 0x10

	boltMagic   = 0xED0CDAED
	boltVersion = 2

	minPageSize = 1 << 10
	maxPageSize = 64 << 10
	maxDepth    = 24 // a tree of 4 KB pages with two keys each would be deeper only beyond 2^24 pages
)

// level is where a tree stands: a store has buckets at the root and values in them, nothing deeper and nothing beside.
// Its value is the flags of each leaf element there.
type level uint32

const (
	bucketLevel level = 0
	rootLevel   level = 1 // each element is a bucket
)

// pageReport is what verifyPages found in a file that holds together.
type pageReport struct {
	pageSize int
	metas    int    // valid meta pages, 1 or 2
	txid     uint64 // of the newest valid meta page
	pages    uint64 // high water mark
	free     int
}

type boltMeta struct {
	page                  uint64 // of the header, as flags
	flags                 uint16
	pageSize              int
	root, freelist, pages uint64
	txid                  uint64
}

// verifyPages checks that bbolt can use a file of size bytes without panicking, faulting or recursing without end: meta
// checksums, page ids and types, elements that cover the page without gap or overlap, key order, each page reachable
// once or free, nothing beyond the file. It reads the file with bounded reads, needs two bits a page, and looks at keys
// only for their order, never at values: those prove themselves by their seals.
func verifyPages(r io.ReaderAt, size int64) (pageReport, error) {
	m, valid, err := newestMeta(r, size)
	if err != nil {
		return pageReport{}, err
	}
	if need := int64(m.pages) * int64(m.pageSize); m.pages > uint64(size)/uint64(m.pageSize) {
		return pageReport{}, fmt.Errorf("file is cut off: %d bytes, pages need %d", size, need)
	}
	v := &verifier{r: r, m: m, seen: make(bitmap, (m.pages+63)/64)}
	v.seen.set(0)
	v.seen.set(1)
	if err := v.tree(m.root, nil, nil, rootLevel, 0); err != nil {
		return pageReport{}, err
	}
	free, err := v.freelist()
	if err != nil {
		return pageReport{}, err
	}
	for id := range m.pages {
		if !v.seen.has(id) {
			return pageReport{}, fmt.Errorf("page %d: neither used nor free", id)
		}
	}
	return pageReport{pageSize: m.pageSize, metas: valid, txid: m.txid, pages: m.pages, free: free}, nil
}

// newestMeta finds the meta page that bbolt will use, the one with the highest transaction among those whose checksum
// is right, and says how many there are. The second one lies a page further on, and while the first is damaged only
// trying tells how long a page is.
func newestMeta(r io.ReaderAt, size int64) (boltMeta, int, error) {
	first, err0 := readMeta(r, size, 0, 0)
	if err0 == nil {
		if err := first.plausible(0, int64(first.pageSize)); err != nil {
			return boltMeta{}, 0, err
		}
		second, err := readMeta(r, size, int64(first.pageSize), 1)
		if err != nil {
			return first, 1, nil
		}
		if err := second.plausible(1, int64(first.pageSize)); err != nil {
			return boltMeta{}, 0, err
		}
		if second.txid > first.txid {
			return second, 2, nil
		}
		return first, 2, nil
	}
	for at := int64(minPageSize); at <= maxPageSize; at *= 2 {
		if second, err := readMeta(r, size, at, 1); err == nil {
			return second, 1, second.plausible(1, at)
		}
	}
	return boltMeta{}, 0, fmt.Errorf("no valid meta page: %w", err0)
}

// readMeta gives an error where bbolt would find the meta page invalid.
func readMeta(r io.ReaderAt, size, at int64, id uint64) (boltMeta, error) {
	var b [pageHeader + metaSize]byte
	if at+int64(len(b)) > size {
		return boltMeta{}, fmt.Errorf("file of %d bytes ends before meta page %d", size, id)
	}
	if _, err := r.ReadAt(b[:], at); err != nil {
		return boltMeta{}, fmt.Errorf("meta page %d: %w", id, err)
	}
	le := binary.LittleEndian
	p := b[pageHeader:]
	sum := fnv.New64a()
	sum.Write(p[:metaSummed])
	switch {
	case le.Uint32(p) != boltMagic || le.Uint32(p[4:]) != boltVersion:
		return boltMeta{}, fmt.Errorf("meta page %d: not a bbolt file of version %d", id, boltVersion)
	case le.Uint64(p[metaSummed:]) != sum.Sum64():
		return boltMeta{}, fmt.Errorf("meta page %d: wrong checksum", id)
	}
	return boltMeta{
		page: le.Uint64(b[:]), flags: le.Uint16(b[8:]),
		pageSize: int(le.Uint32(p[8:])),
		root:     le.Uint64(p[16:]),
		freelist: le.Uint64(p[32:]),
		pages:    le.Uint64(p[40:]),
		txid:     le.Uint64(p[48:]),
	}, nil
}

// plausible holds a meta page whose checksum is right, so that bbolt would trust it, to what bbolt does not ask.
func (m *boltMeta) plausible(id uint64, pageSize int64) error {
	switch {
	case m.page != id || m.flags != flagMeta:
		return fmt.Errorf("meta page %d: header names page %d of type %#x", id, m.page, m.flags)
	case int64(m.pageSize) != pageSize || pageSize < minPageSize || pageSize > maxPageSize || pageSize&(pageSize-1) != 0:
		return fmt.Errorf("meta page %d: page size %d, wanted %d", id, m.pageSize, pageSize)
	case m.pages < 4:
		return fmt.Errorf("meta page %d: %d pages, wanted at least 4", id, m.pages)
	}
	return nil
}

type bitmap []uint64

func (b bitmap) has(i uint64) bool { return b[i/64]&(1<<(i%64)) != 0 }
func (b bitmap) set(i uint64)      { b[i/64] |= 1 << (i % 64) }

type verifier struct {
	r     io.ReaderAt
	m     boltMeta
	seen  bitmap
	pages [][]byte // one buffer for each level of the page being looked at
	level int
}

// buffer returns n bytes that are good until the page at this level has been looked at.
func (v *verifier) buffer(n uint64) []byte {
	for len(v.pages) <= v.level {
		v.pages = append(v.pages, nil)
	}
	if uint64(cap(v.pages[v.level])) < n {
		v.pages[v.level] = make([]byte, n)
	}
	return v.pages[v.level][:n]
}

// run reads the page id with its overflow and marks all of it as seen.
func (v *verifier) run(id uint64) ([]byte, error) {
	if id < 2 || id >= v.m.pages {
		return nil, fmt.Errorf("page %d: outside 2 to %d", id, v.m.pages)
	}
	var h [pageHeader]byte
	at := int64(id) * int64(v.m.pageSize)
	if _, err := v.r.ReadAt(h[:], at); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	le := binary.LittleEndian
	if got := le.Uint64(h[:]); got != id {
		return nil, fmt.Errorf("page %d: says that it is page %d", id, got)
	}
	n := uint64(le.Uint32(h[12:])) + 1
	if n > v.m.pages-id {
		return nil, fmt.Errorf("page %d: %d pages long, file has %d", id, n, v.m.pages)
	}
	for i := id; i < id+n; i++ {
		if v.seen.has(i) {
			return nil, fmt.Errorf("page %d: used twice", i)
		}
		v.seen.set(i)
	}
	b := v.buffer(n * uint64(v.m.pageSize))
	if _, err := v.r.ReadAt(b, at); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	return b, nil
}

// tree checks the pages below id, whose keys must lie in [low, high).
func (v *verifier) tree(id uint64, low, high []byte, l level, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("page %d: tree deeper than %d", id, maxDepth)
	}
	b, err := v.run(id)
	if err != nil {
		return err
	}
	v.level++
	defer func() { v.level-- }()
	switch flags := binary.LittleEndian.Uint16(b[8:]); flags {
	case flagLeaf:
		if err := v.leaf(b, low, high, l); err != nil {
			return fmt.Errorf("page %d: %w", id, err)
		}
		return nil
	case flagBranch:
		return v.branch(id, b, low, high, l, depth)
	default:
		return fmt.Errorf("page %d: type %#x in a tree", id, flags)
	}
}

func (v *verifier) branch(id uint64, b, low, high []byte, l level, depth int) error {
	le := binary.LittleEndian
	count := int(le.Uint16(b[10:]))
	if count == 0 {
		return fmt.Errorf("page %d: branch without children", id)
	}
	keys := make([][]byte, count+1)
	children := make([]uint64, count)
	data, err := dataOf(b, count)
	if err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	for i := range count {
		e := pageHeader + i*elementSize
		key, err := data.next(e, le.Uint32(b[e:]), uint64(le.Uint32(b[e+4:])))
		if err != nil {
			return fmt.Errorf("page %d: element %d: %w", id, i, err)
		}
		keys[i], children[i] = key, le.Uint64(b[e+8:])
	}
	if err := data.end(); err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	keys[count] = high
	for i, child := range children {
		if err := ordered(keys[i], low, high, i); err != nil {
			return fmt.Errorf("page %d: element %d: %w", id, i, err)
		}
		if err := v.tree(child, keys[i], keys[i+1], l, depth+1); err != nil {
			return err
		}
		low = keys[i]
	}
	return nil
}

// leaf checks a leaf page, or the inline page of a small bucket, and the buckets in it.
func (v *verifier) leaf(b, low, high []byte, l level) error {
	le := binary.LittleEndian
	count := int(le.Uint16(b[10:]))
	data, err := dataOf(b, count)
	if err != nil {
		return err
	}
	for i := range count {
		e := pageHeader + i*elementSize
		ksize, vsize := uint64(le.Uint32(b[e+8:])), uint64(le.Uint32(b[e+12:]))
		both, err := data.next(e, le.Uint32(b[e+4:]), ksize+vsize)
		if err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
		key, value := both[:ksize], both[ksize:]
		if err := ordered(key, low, high, i); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
		if flags := le.Uint32(b[e:]); flags != uint32(l) {
			return fmt.Errorf("element %d: flags %#x, wanted %#x", i, flags, l)
		}
		if l == rootLevel {
			if err := v.bucketValue(value); err != nil {
				return fmt.Errorf("element %d: %w", i, err)
			}
		}
		low = key
	}
	return data.end()
}

func (v *verifier) bucketValue(value []byte) error {
	if len(value) < bucketHeader {
		return fmt.Errorf("bucket of %d bytes", len(value))
	}
	if root := binary.LittleEndian.Uint64(value); root != 0 {
		return v.tree(root, nil, nil, bucketLevel, 0)
	}
	page, le := value[bucketHeader:], binary.LittleEndian
	if len(page) < pageHeader || le.Uint16(page[8:]) != flagLeaf {
		return errors.New("inline bucket without a leaf page")
	}
	if id, overflow := le.Uint64(page), le.Uint32(page[12:]); id != 0 || overflow != 0 {
		return fmt.Errorf("inline page says that it is page %d with %d more", id, overflow)
	}
	return v.leaf(page, nil, nil, bucketLevel)
}

// pageData walks the keys and values of a page. bbolt writes them right behind the element table, one after the other
// in the elements' order, and leaves the rest of the page zero. So an element that points elsewhere is damaged, and so
// is a page with a count that leaves data over: bbolt would not see the elements beyond it.
type pageData struct {
	page []byte
	at   uint64
}

func dataOf(page []byte, count int) (pageData, error) {
	begin := pageHeader + count*elementSize
	if begin > len(page) {
		return pageData{}, fmt.Errorf("%d elements do not fit %d bytes", count, len(page))
	}
	return pageData{page, uint64(begin)}, nil
}

// next returns the n bytes of the element at e, which must lie pos bytes after it and directly follow those before.
func (d *pageData) next(e int, pos uint32, n uint64) ([]byte, error) {
	from := uint64(e) + uint64(pos)
	if from != d.at || from+n > uint64(len(d.page)) {
		return nil, fmt.Errorf("%d bytes at %d, wanted at %d, within %d", n, from, d.at, len(d.page))
	}
	d.at += n
	return d.page[from:d.at:d.at], nil
}

// end checks that nothing follows the last element.
func (d *pageData) end() error {
	for i, b := range d.page[d.at:] {
		if b != 0 {
			return fmt.Errorf("byte %d belongs to no element", d.at+uint64(i))
		}
	}
	return nil
}

func ordered(key, low, high []byte, i int) error {
	switch c := bytes.Compare(key, low); {
	case len(key) == 0:
		return errors.New("empty key")
	case low != nil && (c < 0 || c == 0 && i > 0):
		return errors.New("key out of order")
	case high != nil && bytes.Compare(key, high) >= 0:
		return errors.New("key beyond its branch")
	}
	return nil
}

func (v *verifier) freelist() (int, error) {
	id := v.m.freelist
	b, err := v.run(id)
	if err != nil {
		return 0, fmt.Errorf("freelist: %w", err)
	}
	le := binary.LittleEndian
	if flags := le.Uint16(b[8:]); flags != flagFreelist {
		return 0, fmt.Errorf("freelist: page %d has type %#x", id, flags)
	}
	ids, count := b[pageHeader:], uint64(le.Uint16(b[10:]))
	if count == 0xffff {
		count, ids = le.Uint64(ids), ids[8:]
	}
	if count > uint64(len(ids))/8 {
		return 0, fmt.Errorf("freelist: %d ids do not fit page %d", count, id)
	}
	for i := range count {
		free := le.Uint64(ids[i*8:])
		if free < 2 || free >= v.m.pages {
			return 0, fmt.Errorf("freelist: page %d outside 2 to %d", free, v.m.pages)
		}
		if v.seen.has(free) {
			return 0, fmt.Errorf("freelist: page %d is in use or listed twice", free)
		}
		v.seen.set(free)
	}
	return int(count), nil
}
