package store

import (
	"cmp"
	"encoding/binary"
	"fmt"
)

// Position is an entry's place in the journal. Boot counts the times that the store was opened for writing, from 1;
// Sequence counts the entries of that boot, from 1. Positions only grow, also over a restore from a copy. The zero
// Position lies before every entry.
type Position struct {
	Boot     uint64 `json:"boot"`
	Sequence uint64 `json:"sequence"`
}

// Compare returns -1, 0 or +1 as p lies before, at or after q.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Boot, q.Boot), cmp.Compare(p.Sequence, q.Sequence))
}

// IsZero says whether p lies before every entry.
func (p Position) IsZero() bool { return p == Position{} }

// String is "boot.sequence".
func (p Position) String() string { return fmt.Sprintf("%d.%d", p.Boot, p.Sequence) }

const positionSize = 16

// key is the position as a bbolt key: big-endian, so that byte order is journal order.
func (p Position) key() []byte {
	b := make([]byte, 0, positionSize)
	b = binary.BigEndian.AppendUint64(b, p.Boot)
	return binary.BigEndian.AppendUint64(b, p.Sequence)
}

func positionOf(key []byte) (Position, bool) {
	if len(key) != positionSize {
		return Position{}, false
	}
	return Position{binary.BigEndian.Uint64(key), binary.BigEndian.Uint64(key[8:])}, true
}
