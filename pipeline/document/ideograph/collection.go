package ideograph

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// outlines are the tables that drawing characters takes.
var outlines = []string{"CFF ", "OS/2", "cmap", "cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "name", "post", "prep"}

const (
	collectionTag = "ttcf"
	maxTables     = 64
)

var errTruncated = errors.New("the font is cut off")

// single returns the first font of a collection, or the font itself, with its tables at multiples of four, where the format
// wants them. The collection of Debian's fonts-wqy-zenhei has them anywhere, which golang.org/x/image refuses.
func single(data []byte) ([]byte, error) {
	at := 0
	if len(data) >= 16 && string(data[:4]) == collectionTag {
		at = int(binary.BigEndian.Uint32(data[12:]))
	}
	const header, entry = 12, 16
	if at < 0 || at > len(data)-header {
		return nil, errTruncated
	}
	n := int(binary.BigEndian.Uint16(data[at+4:]))
	if n > maxTables {
		return nil, fmt.Errorf("%d tables, limit %d", n, maxTables)
	}
	if at+header+n*entry > len(data) {
		return nil, errTruncated
	}
	var kept [][]byte
	for i := range n {
		e := data[at+header+i*entry:][:entry]
		if slices.Contains(outlines, string(e[:4])) {
			kept = append(kept, e)
		}
	}
	out := slices.Clone(data[at : at+header])
	binary.BigEndian.PutUint16(out[4:], uint16(len(kept)))
	out = append(out, make([]byte, len(kept)*entry)...)
	for i, e := range kept {
		from, length := uint64(binary.BigEndian.Uint32(e[8:])), uint64(binary.BigEndian.Uint32(e[12:]))
		if from+length > uint64(len(data)) {
			return nil, errTruncated
		}
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
		copied := out[header+i*entry:][:entry]
		copy(copied, e)
		binary.BigEndian.PutUint32(copied[8:], uint32(len(out)))
		out = append(out, data[from:from+length]...)
		if len(out) > maxFont {
			return nil, fmt.Errorf("a font of more than %d bytes", maxFont)
		}
	}
	return out, nil
}
