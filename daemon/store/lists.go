package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// List is a signed list as the fleet or a file gave it: revoked credentials, trusted issuers. The store keeps its bytes and
// sees to it that a newer one is never replaced by an older; what the bytes say, and who signed them, its callers verify,
// before PutList and again after List.
type List struct {
	Kind     string // what it lists: 1 to MaxKind bytes of a-z, 0-9, '.', '-', '_'
	Sequence uint64 // the signer's, which only grows; from 1
	Received time.Time
	Bytes    []byte // 1 to MaxList bytes
}

// Limits of lists.
const (
	MaxList  = 2 << 20 // bytes of one list
	MaxLists = 8       // kinds
)

// KindList is the kind of entry that records a new list: ListEntry as JSON.
const KindList = "list"

// ListEntry is the payload of KindList.
type ListEntry struct {
	List     string `json:"list"`
	Sequence uint64 `json:"sequence"`
	Bytes    int    `json:"bytes"`
}

// PutList replaces the list of that kind and journals it, in one commit. Received is set to the store's clock. The same
// list again changes nothing and is no error; an older one, or another one with the same sequence number, is ErrReplayed.
// ErrFull at MaxLists kinds or when the file is needed for the journal.
func (s *Store) PutList(l List) error {
	if err := checkKind(l.Kind); err != nil {
		return err
	}
	if len(l.Bytes) == 0 || len(l.Bytes) > MaxList || l.Sequence == 0 {
		return fmt.Errorf("store: %w: list %q number %d of %d bytes, limit 1 to %d, numbers begin with 1", ErrInvalid, l.Kind, l.Sequence, len(l.Bytes), MaxList)
	}
	l.Received, _ = s.clock()
	return s.commit(func(c *change) error {
		b := c.tx.Bucket([]byte(bucketLists))
		key := []byte(l.Kind)
		held, err := openList(c.tx, s.keys, key)
		switch {
		case err != nil:
			return err
		case held.Sequence == l.Sequence && bytes.Equal(held.Bytes, l.Bytes):
			return nil
		case held.Sequence >= l.Sequence:
			return fmt.Errorf("store: %w: list %q number %d, number %d is held", ErrReplayed, l.Kind, l.Sequence, held.Sequence)
		case held.Sequence == 0 && b.Stats().KeyN >= MaxLists:
			return fmt.Errorf("store: %w: %d kinds of lists, limit %d", ErrFull, b.Stats().KeyN, MaxLists)
		}
		if err := c.spare(len(l.Bytes)); err != nil {
			return err
		}
		c.done = append(c.done, s.peopleChanged)
		if err := b.Put(key, s.keys.values.seal(bucketLists, key, l.encode())); err != nil {
			return err
		}
		return c.journal(KindList, ListEntry{l.Kind, l.Sequence, len(l.Bytes)})
	})
}

// List returns the list of a kind, or ErrNotFound.
func (s *Store) List(kind string) (List, error) {
	var l List
	err := s.read(func(tx *bbolt.Tx) (err error) {
		l, err = openList(tx, s.keys, []byte(kind))
		return err
	})
	if err == nil && l.Sequence == 0 {
		err = fmt.Errorf("store: %w: list %q", ErrNotFound, kind)
	}
	return l, err
}

const listHeader = 8 + 8

// encode: sequence u64, received i64 ns, big-endian, then the bytes.
func (l *List) encode() []byte {
	b := make([]byte, 0, listHeader+len(l.Bytes))
	b = binary.BigEndian.AppendUint64(b, l.Sequence)
	b = binary.BigEndian.AppendUint64(b, uint64(nanoseconds(l.Received)))
	return append(b, l.Bytes...)
}

// openList reads a list; its sequence number is 0 where there is none.
func openList(tx *bbolt.Tx, k *keys, key []byte) (List, error) {
	l := List{Kind: string(key)}
	v := get(tx, bucketLists, key)
	if v == nil {
		return l, nil
	}
	plain, err := k.values.open(bucketLists, key, v)
	if err != nil {
		return l, err
	}
	return decodeList(string(key), plain)
}

// decodeList reads what encode wrote. Arbitrary bytes give an error.
func decodeList(kind string, plain []byte) (List, error) {
	l := List{Kind: kind}
	if len(plain) <= listHeader || len(plain) > listHeader+MaxList {
		return l, fmt.Errorf("store: %w: list %q of %d bytes", ErrDamaged, kind, len(plain))
	}
	l.Sequence = binary.BigEndian.Uint64(plain)
	received := int64(binary.BigEndian.Uint64(plain[8:]))
	if l.Sequence == 0 || received < 0 {
		return l, fmt.Errorf("store: %w: list %q without number or time", ErrDamaged, kind)
	}
	l.Received, l.Bytes = instant(received), plain[listHeader:]
	return l, nil
}
