package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
)

// Most of the file is entries and references, so a bit that went bad most likely lies in a value, and every page is
// still sound. Then nothing newer than the last copy needs to be lost: a duplicate of the file is repaired, value by
// value, from the copy, which has most of the same values. Each value proves itself by its seal, each entry by the
// chain.

// repairLive makes a repaired duplicate of the damaged live file, or an error when that cannot be made sound.
func (s *Store) repairLive(copies []candidate) (repairReport, error) {
	to := s.path(newName)
	if err := duplicate(s.path(liveName), to); err != nil {
		return repairReport{}, err
	}
	m, err := s.repairFile(to, copies)
	if err == nil {
		_, _, err = inspect(to, s.keys, whole)
	}
	if err == nil && len(copies) > 0 && m.head.Compare(copies[0].state.head) < 0 {
		err = fmt.Errorf("store: %w: repairing leaves entries up to %v, the copy has them up to %v",
			ErrDamaged, m.head, copies[0].state.head)
	}
	if err != nil {
		return repairReport{}, errors.Join(err, os.Remove(to))
	}
	return m, nil
}

// repairReport says what was done to a file.
type repairReport struct {
	repaired int // values taken from the copy
	lost     int // values that the copy did not have either: removed
	gap      Gap // unacknowledged entries among them
	head     Position
}

func (s *Store) repairFile(path string, copies []candidate) (m repairReport, err error) {
	db, err := openDatabase(path, s.opts.FileBytes, false)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if len(copies) == 0 {
		return m, guard(func() error {
			return db.Update(func(tx *bbolt.Tx) error { return m.all(tx, nil, s.keys) })
		})
	}
	from, err := openDatabase(copies[0].path, 0, true)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, from.close()) }()
	return m, guard(func() error {
		return from.View(func(old *bbolt.Tx) error {
			return db.Update(func(tx *bbolt.Tx) error { return m.all(tx, old, s.keys) })
		})
	})
}

// all repairs every bucket of tx from old, which is nil without a copy.
func (m *repairReport) all(tx, old *bbolt.Tx, k *keys) error {
	for _, name := range buckets {
		if old != nil && tx.Bucket([]byte(name)) == nil && old.Bucket([]byte(name)) != nil {
			// The damage is in the bucket's name or root: all of it is gone, and the copy holds more.
			return fmt.Errorf("store: %w: bucket %q is missing", ErrDamaged, name)
		}
		if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return err
		}
	}
	for _, name := range buckets {
		if name == bucketState || name == bucketJournal { // the first has fixed keys, the second finds entries by the chain
			continue
		}
		if err := m.moveBack(tx, old, name); err != nil {
			return err
		}
	}
	sealed := func(name string) func(key, v []byte) bool {
		return func(key, v []byte) bool {
			_, err := k.values.open(name, key, v)
			return err == nil
		}
	}
	for _, name := range []string{bucketSettings, bucketNonces, bucketReplays, bucketLists, bucketReviews, bucketPictures} {
		if err := m.values(tx, old, name, sealed(name)); err != nil {
			return err
		}
	}
	// A value that changed since the copy and whose key was damaged is lost. These are never removed by hand, so what
	// only the copy has is either an earlier form of that value, or one that has served its time and does no harm.
	for _, name := range []string{bucketNonces, bucketReplays, bucketLists, bucketReviews} {
		if err := m.missing(tx, old, name, sealed(name)); err != nil {
			return err
		}
	}
	if err := m.pictures(tx, old, k); err != nil {
		return err
	}
	if err := m.people(tx, old, k); err != nil {
		return err
	}
	return m.journal(tx, old, k)
}

// moveBack moves a value that stands under a damaged key to the key that the copy has the same value under. Each value
// is sealed under a nonce of its own, so no two are alike.
func (m *repairReport) moveBack(tx, old *bbolt.Tx, name string) error {
	if old == nil {
		return nil
	}
	b, keys := tx.Bucket([]byte(name)), map[[sha256.Size]byte][]byte{}
	err := forEach(old, name, func(key, v []byte) error {
		if b.Get(key) == nil {
			keys[sha256.Sum256(v)] = bytes.Clone(key)
		}
		return nil
	})
	if err != nil || len(keys) == 0 {
		return err
	}
	for _, key := range keysOf(b) {
		v := bytes.Clone(b.Get(key))
		right, found := keys[sha256.Sum256(v)]
		if !found || get(old, name, key) != nil {
			continue
		}
		m.repaired++
		if err := errors.Join(b.Delete(key), b.Put(right, v)); err != nil {
			return err
		}
	}
	return nil
}

// values repairs a bucket whose values stand for themselves.
func (m *repairReport) values(tx, old *bbolt.Tx, name string, good func(key, v []byte) bool) error {
	b := tx.Bucket([]byte(name))
	for _, key := range keysOf(b) {
		if good(key, b.Get(key)) {
			continue
		}
		if old != nil {
			if v := get(old, name, key); good(key, v) {
				m.repaired++
				if err := b.Put(key, v); err != nil {
					return err
				}
				continue
			}
		}
		m.lost++
		if err := b.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// missing takes from the copy what the bucket does not have.
func (m *repairReport) missing(tx, old *bbolt.Tx, name string, good func(key, v []byte) bool) error {
	if old == nil {
		return nil
	}
	b := tx.Bucket([]byte(name))
	return forEach(old, name, func(key, v []byte) error {
		if b.Get(key) != nil || !good(key, v) {
			return nil
		}
		m.repaired++
		return b.Put(bytes.Clone(key), bytes.Clone(v))
	})
}

func keysOf(b *bbolt.Bucket) (keys [][]byte) {
	c := b.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		keys = append(keys, bytes.Clone(k))
	}
	return keys
}

// people repairs person by person: a person is whole from one file or from the other. Who is in no bucket of the
// damaged file was erased, and stays so.
func (m *repairReport) people(tx, old *bbolt.Tx, k *keys) error {
	tags := map[string]bool{}
	for _, name := range personBuckets {
		for _, key := range keysOf(tx.Bucket([]byte(name))) {
			tags[string(key[:min(len(key), tagSize)])] = true
		}
	}
	for tag := range tags {
		if personSound(tx, k, []byte(tag)) {
			if err := m.file(tx, old, k, []byte(tag)); err != nil {
				return err
			}
			continue
		}
		if err := removePerson(tx, []byte(tag)); err != nil {
			return err
		}
		if old == nil || !personSound(old, k, []byte(tag)) {
			m.lost++
			continue
		}
		m.repaired++
		for _, name := range personBuckets {
			from := old.Bucket([]byte(name))
			if from == nil {
				continue
			}
			for _, key := range referenceKeys(from, []byte(tag)) {
				if err := tx.Bucket([]byte(name)).Put(key, from.Get(key)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// file takes a person's enrolment file from the copy where there is none: its key may have been damaged, and a person
// who is blocked must not pass for that. Files go only with their person.
func (m *repairReport) file(tx, old *bbolt.Tx, k *keys, tag []byte) error {
	if old == nil || get(tx, bucketFiles, tag) != nil {
		return nil
	}
	v := bytes.Clone(get(old, bucketFiles, tag))
	own, err := personBox(tx, k, tag)
	if v == nil || err != nil {
		return nil
	}
	if _, err := own.open(bucketFiles, tag, v); err != nil {
		return nil // of somebody who was erased and enrolled anew
	}
	m.repaired++
	return tx.Bucket([]byte(bucketFiles)).Put(tag, v)
}

func personSound(tx *bbolt.Tx, k *keys, tag []byte) bool {
	if len(tag) != tagSize {
		return false
	}
	_, personErr := openPerson(tx, k, tag)
	_, refsErr := openReferences(tx, k, tag)
	_, fileErr := openFile(tx, k, tag)
	return personErr == nil && refsErr == nil && fileErr == nil
}

func removePerson(tx *bbolt.Tx, tag []byte) error {
	for _, name := range personBuckets {
		b := tx.Bucket([]byte(name))
		for _, key := range referenceKeys(b, tag) { // every key that begins with the tag
			if err := b.Delete(key); err != nil {
				return err
			}
		}
	}
	return nil
}

// journal walks from the newest entry to the oldest. The entry after it says which hash an entry must have, so the
// copy's is either the same entry or none. An entry that is in neither ends the chain: what is older goes with it.
func (m *repairReport) journal(tx, old *bbolt.Tx, k *keys) error {
	l, err := repairLedger(tx, old, k)
	if err != nil {
		return err
	}
	b := tx.Bucket([]byte(bucketJournal))
	var spare *bbolt.Bucket
	if old != nil {
		spare = old.Bucket([]byte(bucketJournal))
	}
	keys := keysOf(b)
	var newer *Entry // the last one accepted
	i := len(keys) - 1
	for i >= 0 {
		if e, ok := entryAt(b, k, keys[i], newer); ok {
			newer = &e
			i--
			continue
		}
		if e, ok := entryBefore(spare, k, newer); ok {
			m.repaired++
			if err := b.Put(e.Position.key(), e.encode(k)); err != nil {
				return err
			}
			newer = &e
			switch at := bytes.Compare(keys[i], e.Position.key()); {
			case at > 0: // it stood under a damaged key
				err = b.Delete(keys[i])
				i--
			case at == 0:
				i--
			}
			if err != nil {
				return err
			}
			continue
		}
		if newer != nil {
			break
		}
		m.forget(keys[i], l) // the newest: no other entry hangs on it
		if err := b.Delete(keys[i]); err != nil {
			return err
		}
		i--
	}
	cut := i
	for ; i >= 0; i-- {
		m.forget(keys[i], l)
		if err := b.Delete(keys[i]); err != nil {
			return err
		}
	}
	if m.head, err = m.anchor(&l, b, newer); err != nil {
		return err
	}
	if cut >= 0 {
		l.Anchor, _ = positionOf(keys[cut])
	}
	return putLedger(tx, k, l)
}

// anchor makes the ledger agree with the oldest entry, and returns the newest position.
func (m *repairReport) anchor(l *ledger, b *bbolt.Bucket, oldest *Entry) (Position, error) {
	if oldest == nil { // nothing is left: a new chain begins
		l.Anchor, l.AnchorHash = Position{}, [32]byte{}
		return Position{}, nil
	}
	if l.AnchorHash != oldest.Previous {
		l.Anchor, l.AnchorHash = Position{}, oldest.Previous
	}
	last, _ := b.Cursor().Last()
	p, ok := positionOf(last)
	if !ok {
		return Position{}, ErrDamaged
	}
	return p, nil
}

// entryAt returns the entry under a key, if it is sound and the one that newer follows.
func entryAt(b *bbolt.Bucket, k *keys, key []byte, newer *Entry) (Entry, bool) {
	p, ok := positionOf(key)
	if !ok {
		return Entry{}, false
	}
	e, err := decodeEntry(k, p, b.Get(key))
	return e, err == nil && (newer == nil || e.Hash == newer.Previous)
}

// entryBefore looks in the copy's journal for the entry that newer follows.
func entryBefore(b *bbolt.Bucket, k *keys, newer *Entry) (Entry, bool) {
	if b == nil || newer == nil {
		return Entry{}, false
	}
	c := b.Cursor()
	key, _ := c.Seek(newer.Position.key())
	if key == nil {
		key, _ = c.Last()
	} else {
		key, _ = c.Prev()
	}
	if key == nil {
		return Entry{}, false
	}
	return entryAt(b, k, key, newer)
}

// forget counts an entry that is lost.
func (m *repairReport) forget(key []byte, l ledger) {
	m.lost++
	p, ok := positionOf(key)
	if !ok || p.Compare(l.Cursor) <= 0 || p.Boot > l.Boot {
		return
	}
	if m.gap.Count == 0 || p.Compare(m.gap.First) < 0 {
		m.gap.First = p
	}
	if p.Compare(m.gap.Last) > 0 {
		m.gap.Last = p
	}
	m.gap.Count++
}

// repairLedger returns the file's ledger, or the copy's, or a new one, whose cursor lies before every entry: what was
// delivered is delivered again.
func repairLedger(tx, old *bbolt.Tx, k *keys) (ledger, error) {
	if err := tx.Bucket([]byte(bucketState)).Put(keyID, k.id[:]); err != nil {
		return ledger{}, err
	}
	for _, from := range []*bbolt.Tx{tx, old} {
		if from == nil {
			continue
		}
		var s snapshot
		if s.readLedger(from, k) == nil {
			if from == old {
				s.Marks = marks{} // older than the entries, from which load derives them anew
			}
			return s.ledger, nil
		}
	}
	return ledger{Schema: schema}, nil
}

// pictures takes the pictures of pending reviews from the copy where there are none. Those of a closed one went with
// its outcome.
func (m *repairReport) pictures(tx, old *bbolt.Tx, k *keys) error {
	if old == nil {
		return nil
	}
	all, err := openReviews(tx, k)
	if err != nil {
		return err
	}
	for _, r := range all {
		key := []byte(r.ID)
		if r.Outcome != Pending || r.Pictures == 0 || get(tx, bucketPictures, key) != nil {
			continue
		}
		v := get(old, bucketPictures, key)
		if _, err := k.values.open(bucketPictures, key, v); err != nil {
			continue
		}
		m.repaired++
		if err := tx.Bucket([]byte(bucketPictures)).Put(key, bytes.Clone(v)); err != nil {
			return err
		}
	}
	return nil
}
