package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"time"

	"go.etcd.io/bbolt"
)

// List is a signed list as the fleet or a file gave it: revoked credentials, trusted issuers. The store keeps its bytes
// and sees to it that a newer one is never replaced by an older; what the bytes say, and who signed them, its callers
// verify, before PutList and again after List.
type List struct {
	Kind string // what it lists: 1 to MaxKind bytes of a-z, 0-9, '.', '-', '_'
	// Signer is the fingerprint of the key that its caller verified it with, up to MaxSigner bytes; empty for a list
	// that an older program put here, until BindList. Sequence is the signer's own and only grows, from 1.
	Signer   string
	Sequence uint64
	Received time.Time
	Bytes    []byte // 1 to MaxList bytes
	// Stale is set by List where a later list of the signer was held and is lost. Such a list cannot be relied on for
	// what it does not hold.
	Stale bool
}

// Limits of lists.
const (
	MaxList    = 2 << 20 // bytes of one list
	MaxLists   = 8       // kinds
	MaxSigner  = 64      // bytes
	maxNumbers = 32      // numbers of signers that are remembered; beyond it only those of the lists held are
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
// list again changes nothing and is no error. One that is older than the latest of its signer, or another one with the
// same sequence number, is ErrReplayed; other signers' numbers mean nothing for it. ErrFull at MaxLists kinds or when
// the file is needed for the journal.
func (s *Store) PutList(l List) error {
	if err := checkKind(l.Kind); err != nil {
		return err
	}
	if len(l.Bytes) == 0 || len(l.Bytes) > MaxList || l.Sequence == 0 {
		return fmt.Errorf("store: %w: list %q number %d of %d bytes, limit 1 to %d, numbers begin with 1",
			ErrInvalid, l.Kind, l.Sequence, len(l.Bytes), MaxList)
	}
	if len(l.Signer) > MaxSigner {
		return fmt.Errorf("store: %w: list %q with a signer of %d bytes, limit %d",
			ErrInvalid, l.Kind, len(l.Signer), MaxSigner)
	}
	l.Received, _ = s.clock()
	return s.commit(func(c *change) error {
		b := c.tx.Bucket([]byte(bucketLists))
		key := []byte(l.Kind)
		held, err := openList(c.tx, s.keys, key)
		if err != nil {
			return err
		}
		latest := c.next.Lists[listNumber(l.Kind, l.Signer)]
		if held.Signer == l.Signer {
			latest = max(latest, held.Sequence)
		}
		have := held.Signer == l.Signer && held.Sequence == l.Sequence
		switch {
		case have && bytes.Equal(held.Bytes, l.Bytes):
			return nil
		case have, l.Sequence < latest:
			return fmt.Errorf("store: %w: list %q number %d, number %d of the same signer was held",
				ErrReplayed, l.Kind, l.Sequence, latest)
		case held.Sequence == 0 && b.Stats().KeyN >= MaxLists:
			return fmt.Errorf("store: %w: %d kinds of lists, limit %d", ErrFull, b.Stats().KeyN, MaxLists)
		}
		if err := c.spare(len(l.Bytes)); err != nil {
			return err
		}
		if err := c.putList(&l); err != nil {
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
	s.mu.Lock()
	defer s.mu.Unlock()
	l.Stale = s.state.Lists[listNumber(kind, l.Signer)] > l.Sequence
	return l, err
}

// BindList names the signer of a list that an older program put into the store, once its caller has verified who that
// is. It changes nothing where a signer is named already.
func (s *Store) BindList(kind, signer string) error {
	if signer == "" || len(signer) > MaxSigner {
		return fmt.Errorf("store: %w: signer of %d bytes, limit 1 to %d", ErrInvalid, len(signer), MaxSigner)
	}
	return s.commit(func(c *change) error {
		l, err := openList(c.tx, s.keys, []byte(kind))
		switch {
		case err != nil:
			return err
		case l.Sequence == 0:
			return fmt.Errorf("store: %w: list %q", ErrNotFound, kind)
		case l.Signer != "":
			return nil
		}
		l.Signer = signer
		return c.putList(&l)
	})
}

// listNumber is the key under which the ledger remembers the latest number of a signer's lists of a kind.
func listNumber(kind, signer string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + signer))
	return hex.EncodeToString(sum[:8])
}

// putList stores a list and its number.
func (c *change) putList(l *List) error {
	numbers := maps.Clone(c.next.Lists)
	if numbers == nil || len(numbers) >= maxNumbers {
		numbers = map[string]uint64{}
	}
	numbers[listNumber(l.Kind, l.Signer)] = l.Sequence
	c.next.Lists = numbers
	c.done = append(c.done, c.s.peopleChanged)
	key := []byte(l.Kind)
	return c.tx.Bucket([]byte(bucketLists)).Put(key, c.s.keys.values.seal(bucketLists, key, l.encode()))
}

// listHeader is how long the fixed part is: a u64 of 0, which no list of an older program begins with, then sequence
// u64, received i64 ns, and the signer behind a length byte. An older program's value begins with the sequence, and has
// no signer.
const (
	listHeader    = 8 + 8 + 8 + 1
	oldListHeader = 8 + 8
)

func (l *List) encode() []byte {
	b := make([]byte, 8, listHeader+len(l.Signer)+len(l.Bytes))
	b = binary.BigEndian.AppendUint64(b, l.Sequence)
	b = binary.BigEndian.AppendUint64(b, uint64(nanoseconds(l.Received)))
	b = append(append(b, byte(len(l.Signer))), l.Signer...)
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

// decodeList reads what encode, or that of an older program, wrote. Arbitrary bytes give an error.
func decodeList(kind string, plain []byte) (List, error) {
	l, rest := List{Kind: kind}, plain
	isNew := len(plain) >= listHeader && binary.BigEndian.Uint64(plain) == 0
	if isNew {
		rest = plain[8:]
	}
	if len(rest) <= oldListHeader {
		return l, fmt.Errorf("store: %w: list %q of %d bytes", ErrDamaged, kind, len(plain))
	}
	l.Sequence = binary.BigEndian.Uint64(rest)
	received := int64(binary.BigEndian.Uint64(rest[8:]))
	rest = rest[oldListHeader:]
	if isNew {
		n := int(rest[0])
		if n > MaxSigner || n >= len(rest) {
			return l, fmt.Errorf("store: %w: list %q with a signer of %d bytes", ErrDamaged, kind, n)
		}
		l.Signer, rest = string(rest[1:1+n]), rest[1+n:]
	}
	if l.Sequence == 0 || received < 0 || len(rest) == 0 || len(rest) > MaxList {
		return l, fmt.Errorf("store: %w: list %q number %d of %d bytes", ErrDamaged, kind, l.Sequence, len(rest))
	}
	l.Received, l.Bytes = instant(received), rest
	return l, nil
}
