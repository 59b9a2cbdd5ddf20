package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"
)

// Buckets of the file.
const (
	bucketState      = "state"
	bucketJournal    = "journal"
	bucketKeys       = "keys"       // tag of a person -> the person's key, wrapped
	bucketPeople     = "people"     // tag -> Person as JSON, sealed with the person's key
	bucketReferences = "references" // tag, number u32 -> Reference, sealed with the person's key
	bucketSettings   = "settings"   // name -> value, sealed
	bucketNonces     = "nonces"     // expiry u64, hash of the nonce -> seal of nothing

	// Since schema 2.
	bucketFiles    = "files"    // tag -> File as JSON, sealed with the person's key
	bucketReplays  = "replays"  // expiry u64, start of the code's digest -> seal of nothing
	bucketLists    = "lists"    // kind -> List, sealed
	bucketReviews  = "reviews"  // passage -> Review as JSON, sealed
	bucketPictures = "pictures" // passage -> the review's pictures as they were encrypted, sealed
)

var (
	buckets1 = []string{bucketState, bucketJournal, bucketKeys, bucketPeople, bucketReferences, bucketSettings, bucketNonces}
	buckets  = append(slices.Clip(buckets1), bucketFiles, bucketReplays, bucketLists, bucketReviews, bucketPictures)
)

// personBuckets hold what is sealed with a person's key, and the key itself. Their keys begin with the person's tag.
var personBuckets = []string{bucketKeys, bucketPeople, bucketReferences, bucketFiles}

// get is the value under a key. A file of schema 1 that cannot be written has no bucket of schema 2, and so no value.
func get(tx *bbolt.Tx, bucket string, key []byte) []byte {
	if b := tx.Bucket([]byte(bucket)); b != nil {
		return b.Get(key)
	}
	return nil
}

// forEach calls fn for every value of a bucket, if there is that bucket.
func forEach(tx *bbolt.Tx, bucket string, fn func(key, v []byte) error) error {
	if b := tx.Bucket([]byte(bucket)); b != nil {
		return b.ForEach(fn)
	}
	return nil
}

// Keys in bucketState.
var (
	keyID     = []byte("key") // keys.id in clear: tells a wrong key from damage
	keyLedger = []byte("ledger")
)

// schema is what this program writes. The first commit brings an older file to it: schema 1 knew no files, codes, lists
// and reviews, schema 2 no marks of the clock and no head mark.
const schema = 3

// ledger is what the store remembers about itself; sealed JSON in bucketState.
type ledger struct {
	Schema      int      `json:"schema"`
	Boot        uint64   `json:"boot"`
	Commit      uint64   `json:"commit,omitempty"`  // counts the commits
	Counter     uint64   `json:"counter,omitempty"` // at least what the hardware counter tells; 0 where none was used
	Cursor      Position `json:"cursor"`
	Anchor      Position `json:"anchor"`                 // the last entry dropped from the journal's old end
	AnchorHash  [32]byte `json:"anchor_hash"`            // and its hash, which the oldest entry follows
	NonceFloor  int64    `json:"nonce_floor"`            // commands that expire before it, in ns since 1970, are refused
	ReplayFloor int64    `json:"replay_floor,omitempty"` // and codes
	FloorTrust  trust    `json:"floor_trust,omitempty"`  // of the clock that set the floors
	Marks       marks    `json:"marks"`                  // latest instants told
	Forgot      int64    `json:"forgot,omitempty"`       // codes and nonces that expired up to it are forgotten
	// Erasing are the erasures whose traces are not gone from every file yet. A change replaces the slice.
	Erasing []erasure `json:"erasing,omitempty"`
	// Lists are the latest numbers of lists, by listNumber. A change replaces the map.
	Lists map[string]uint64 `json:"lists,omitempty"`
	Scrub bool              `json:"scrub"` // an erased person's key may still be in freed pages or copies
}

// snapshot is what load found from the file; the Store keeps it current afterwards.
type snapshot struct {
	ledger
	head     Position
	headHash [32]byte
	first    Position
	entries  int
	pending  int   // entries after the cursor
	bytes    int64 // of all entries
	people   int
	nonces   map[replayTag]int64
	replays  map[replayTag]int64
}

// depth says how much of the values load verifies: how many bytes of entries.
type depth int64

const (
	shallow depth = 0         // links of the chain only
	whole   depth = 1<<63 - 1 // every value
)

// load reads the state from a file whose pages are sound, and verifies what it can: always the links of the whole
// chain, ledger, nonces and codes, and the newest d bytes of entries; unless shallow also every other value. Without
// keys nothing sealed is looked at.
func load(tx *bbolt.Tx, k *keys, d depth) (snapshot, error) {
	s := snapshot{nonces: map[replayTag]int64{}, replays: map[replayTag]int64{}}
	if err := haveAll(tx, buckets1); err != nil {
		return s, err
	}
	if k != nil {
		if err := s.readLedger(tx, k); err != nil {
			return s, err
		}
		if s.Schema > 1 {
			if err := haveAll(tx, buckets); err != nil {
				return s, err
			}
		}
		if err := loadReplays(tx, k, bucketNonces, s.nonces); err != nil {
			return s, err
		}
		if err := loadReplays(tx, k, bucketReplays, s.replays); err != nil {
			return s, err
		}
	}
	if err := s.readJournal(tx, k, int64(d)); err != nil {
		return s, err
	}
	return s, s.readPeople(tx, k, d != shallow)
}

func haveAll(tx *bbolt.Tx, names []string) error {
	for _, name := range names {
		if tx.Bucket([]byte(name)) == nil {
			return fmt.Errorf("store: %w: bucket %q is missing", ErrDamaged, name)
		}
	}
	return nil
}

func (s *snapshot) readLedger(tx *bbolt.Tx, k *keys) error {
	b := tx.Bucket([]byte(bucketState))
	if id := b.Get(keyID); !bytes.Equal(id, k.id[:]) {
		return fmt.Errorf("store: %w: the store was made with another key", ErrKey)
	}
	plain, err := k.values.open(bucketState, keyLedger, b.Get(keyLedger))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, &s.ledger); err != nil {
		return fmt.Errorf("store: %w: ledger: %w", ErrDamaged, err)
	}
	if s.Schema < 1 || s.Schema > schema {
		return fmt.Errorf("store: schema %d, this program knows %d (an older program on a newer store?)",
			s.Schema, schema)
	}
	return nil
}

func putLedger(tx *bbolt.Tx, k *keys, l ledger) error {
	plain, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("store: ledger: %w", err)
	}
	return tx.Bucket([]byte(bucketState)).Put(keyLedger, k.values.seal(bucketState, keyLedger, plain))
}

// readJournal walks from the newest entry to the oldest, so that a bounded check covers what was written last.
func (s *snapshot) readJournal(tx *bbolt.Tx, k *keys, budget int64) error {
	var e Entry
	var follows [32]byte // what the entry read last gives as its previous
	var clock toldBefore
	c := tx.Bucket([]byte(bucketJournal)).Cursor()
	for key, v := c.Last(); key != nil; key, v = c.Prev() {
		p, ok := positionOf(key)
		if !ok {
			return fmt.Errorf("store: %w: journal key of %d bytes", ErrDamaged, len(key))
		}
		sealed, err := e.header(p, v)
		if err != nil {
			return err
		}
		if k != nil && s.bytes < budget {
			if e.Payload, err = k.journal.openTo(e.Payload[:0], bucketJournal, e.Hash[:], sealed); err != nil {
				return fmt.Errorf("entry %v: %w", p, err)
			}
			if err := e.check(); err != nil {
				return err
			}
		}
		if s.entries == 0 {
			s.head, s.headHash = p, e.Hash
		} else if follows != e.Hash {
			return fmt.Errorf("store: %w: the chain breaks after entry %v", ErrDamaged, p)
		}
		clock.add(&e)
		follows, s.first = e.Previous, p
		s.entries++
		s.bytes += int64(len(key) + len(v))
		if p.Compare(s.Cursor) > 0 {
			s.pending++
		}
	}
	switch {
	case k == nil:
	case s.entries == 0:
		s.head, s.headHash = s.Anchor, s.AnchorHash
	case follows != s.AnchorHash:
		return fmt.Errorf("store: %w: the oldest entry %v does not follow the anchor %v", ErrDamaged, s.first, s.Anchor)
	}
	if s.Marks == (marks{}) { // of an older program, or lost
		s.adopt(clock.marks)
	}
	return nil
}

// orphaned makes damage of a value whose key names nobody: that key was damaged.
func orphaned(err error, bucket string) error {
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("store: %w: a value in %q belongs to nobody", ErrDamaged, bucket)
	}
	return err
}

// readPeople counts the people, and with all opens every sealed value outside the journal.
func (s *snapshot) readPeople(tx *bbolt.Tx, k *keys, all bool) error {
	people := tx.Bucket([]byte(bucketPeople))
	err := tx.Bucket([]byte(bucketKeys)).ForEach(func(tag, wrapped []byte) error {
		s.people++
		if k == nil || !all {
			return nil
		}
		_, err := openPerson(tx, k, tag)
		return err
	})
	if err != nil || k == nil || !all {
		return err
	}
	if n := people.Stats().KeyN; n != s.people {
		return fmt.Errorf("store: %w: %d records of people, %d keys", ErrDamaged, n, s.people)
	}
	c := tx.Bucket([]byte(bucketReferences)).Cursor()
	for key, _ := c.First(); key != nil; {
		if len(key) != tagSize+4 {
			return fmt.Errorf("store: %w: reference key of %d bytes", ErrDamaged, len(key))
		}
		tag := bytes.Clone(key[:tagSize])
		if _, err := openReferences(tx, k, tag); err != nil {
			return orphaned(err, bucketReferences)
		}
		key, _ = c.Seek(append(tag, 0xff, 0xff, 0xff, 0xff, 0xff)) // past this person's
	}
	for _, open := range []struct {
		bucket string
		value  func(key, v []byte) error
	}{
		{bucketFiles, func(tag, _ []byte) error { _, err := openFile(tx, k, tag); return orphaned(err, bucketFiles) }},
		{bucketSettings, func(name, v []byte) error { _, err := k.values.open(bucketSettings, name, v); return err }},
		{bucketLists, func(kind, _ []byte) error { _, err := openList(tx, k, kind); return err }},
		{bucketReviews, func(id, v []byte) error { _, err := decodeReview(k, id, v); return err }},
		{bucketPictures, func(id, v []byte) error { _, err := k.values.open(bucketPictures, id, v); return err }},
	} {
		if err := forEach(tx, open.bucket, open.value); err != nil {
			return err
		}
	}
	return nil
}
