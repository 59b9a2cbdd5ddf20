package store

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.etcd.io/bbolt"
)

// Person is one enrolled person.
type Person struct {
	ID      string          `json:"id"`               // 1 to 64 bytes of letters, digits and . _ : @ + -
	Name    string          `json:"name"`             // UTF-8, up to 256 bytes
	Created time.Time       `json:"created"`          // as the caller gives it
	Status  string          `json:"status"`           // StatusActive or StatusSuspended; empty means active
	Fields  json.RawMessage `json:"fields,omitempty"` // the caller's own, one JSON value of up to 4 KB
}

// Values of Person.Status.
const (
	StatusActive    = "active"
	StatusSuspended = "suspended"
)

// Limits of a person's record, in bytes.
const (
	MaxID     = 64
	MaxName   = 256
	MaxFields = 4 << 10
)

const tagSize = 16

func (p *Person) validate() error {
	if err := checkID(p.ID); err != nil {
		return err
	}
	p.Status = cmp.Or(p.Status, StatusActive)
	switch {
	case strings.Trim(p.ID, ".") == "":
		// In an address of the local API it would be a step upwards.
		return fmt.Errorf("store: %w: person id %q is nothing but dots", ErrInvalid, p.ID)
	case len(p.Name) > MaxName || !utf8.ValidString(p.Name):
		return fmt.Errorf("store: %w: name of %d bytes, limit %d, UTF-8", ErrInvalid, len(p.Name), MaxName)
	case p.Status != StatusActive && p.Status != StatusSuspended:
		return fmt.Errorf("store: %w: status %q, allowed %q, %q", ErrInvalid, p.Status, StatusActive, StatusSuspended)
	case len(p.Fields) > MaxFields:
		return fmt.Errorf("store: %w: fields of %d bytes, limit %d", ErrInvalid, len(p.Fields), MaxFields)
	case len(p.Fields) > 0 && !json.Valid(p.Fields):
		return fmt.Errorf("store: %w: fields are not JSON", ErrInvalid)
	}
	return nil
}

func checkID(id string) error {
	if len(id) == 0 || len(id) > MaxID {
		return fmt.Errorf("store: %w: person id of %d bytes, limit 1 to %d", ErrInvalid, len(id), MaxID)
	}
	for _, c := range []byte(id) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !bytes.ContainsRune([]byte("._:@+-"), rune(c)) {
			return fmt.Errorf("store: %w: person id %q has %q (letters, digits and . _ : @ + -)", ErrInvalid, id, c)
		}
	}
	return nil
}

// Enrol stores a new person together with references, or nothing. ErrExists if there is such a person, ErrFull at
// Opts.People or Opts.Faces, or when the file is needed for the journal.
func (s *Store) Enrol(p Person, refs []Reference) error {
	if err := p.validate(); err != nil {
		return err
	}
	if len(refs) > s.opts.ReferencesPerPerson {
		return fmt.Errorf("store: %w: %d references, limit %d", ErrInvalid, len(refs), s.opts.ReferencesPerPerson)
	}
	for i := range refs {
		if err := refs[i].validate(); err != nil {
			return err
		}
	}
	return s.commit(func(c *change) error {
		tag := s.keys.tag(p.ID)
		if c.tx.Bucket([]byte(bucketKeys)).Get(tag) != nil {
			return fmt.Errorf("store: %w: person %q", ErrExists, p.ID)
		}
		if err := c.admitFaces(nil, refs); err != nil {
			return err
		}
		b, err := c.putPerson(tag, p)
		if err != nil {
			return err
		}
		for i, r := range refs {
			r.Number = uint32(i + 1)
			if err := c.putReference(b, tag, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// PutPerson changes a person's record, or creates a person without references.
func (s *Store) PutPerson(p Person) error {
	if err := p.validate(); err != nil {
		return err
	}
	return s.commit(func(c *change) error {
		_, err := c.putPerson(s.keys.tag(p.ID), p)
		return err
	})
}

// putPerson stores the record under the person's key, which it makes for a new person.
func (c *change) putPerson(tag []byte, p Person) (box, error) {
	k := c.s.keys
	plain, err := json.Marshal(p)
	if err != nil {
		return box{}, fmt.Errorf("store: %w: person %q: %w", ErrInvalid, p.ID, err)
	}
	if err := c.spare(len(plain)); err != nil {
		return box{}, err
	}
	b, err := personBox(c.tx, k, tag)
	if errors.Is(err, ErrNotFound) {
		if c.next.people >= c.s.opts.People {
			return box{}, fmt.Errorf("store: %w: %d people, limit %d", ErrFull, c.next.people, c.s.opts.People)
		}
		var raw [KeySize]byte
		rand.Read(raw[:])
		if err := c.tx.Bucket([]byte(bucketKeys)).Put(tag, k.wrap.seal(bucketKeys, tag, raw[:])); err != nil {
			return box{}, err
		}
		c.next.people++
		c.done = append(c.done, func() { c.s.keepAlias(aliasOf(raw[:]), tag) })
		b, err = newBox(raw[:])
	}
	if err != nil {
		return box{}, err
	}
	c.done = append(c.done, c.s.peopleChanged)
	return b, c.tx.Bucket([]byte(bucketPeople)).Put(tag, b.seal(bucketPeople, tag, plain))
}

// spare refuses to let people take the room that the journal, nonces and codes may still need: without it nobody could
// be let in. Twice the entries' bytes, because bbolt writes a changed page to a new place before it frees the old one.
func (c *change) spare(n int) error {
	page := int64(c.tx.DB().Info().PageSize)
	used := c.tx.Size() - int64(c.s.db.Stats().FreePageN)*page
	once := c.s.opts.Nonces + c.s.opts.Replays - len(c.next.nonces) - len(c.next.replays)
	reserved := 2*(c.s.opts.JournalBytes-c.next.bytes) + replayRoom*int64(max(0, once)) + fileHeadroom/2
	if left := c.s.opts.FileBytes - used - reserved; left < int64(n) {
		return fmt.Errorf("store: %w: %d bytes used and %d kept for the journal, nonces and codes, limit %d (raise FileBytes)",
			ErrFull, used, reserved, c.s.opts.FileBytes)
	}
	return nil
}

func (s *Store) peopleChanged() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peopleCopied = false
}

// personKey opens the person's own key.
func personKey(tx *bbolt.Tx, k *keys, tag []byte) ([]byte, error) {
	wrapped := tx.Bucket([]byte(bucketKeys)).Get(tag)
	if wrapped == nil {
		return nil, fmt.Errorf("store: %w: person", ErrNotFound)
	}
	raw, err := k.wrap.open(bucketKeys, tag, wrapped)
	if err != nil {
		return nil, err
	}
	if len(raw) != KeySize {
		return nil, fmt.Errorf("store: %w: person key of %d bytes", ErrDamaged, len(raw))
	}
	return raw, nil
}

// personBox returns the box of the person's own key.
func personBox(tx *bbolt.Tx, k *keys, tag []byte) (box, error) {
	raw, err := personKey(tx, k, tag)
	if err != nil {
		return box{}, err
	}
	return newBox(raw)
}

func openPerson(tx *bbolt.Tx, k *keys, tag []byte) (Person, error) {
	b, err := personBox(tx, k, tag)
	if err != nil {
		return Person{}, err
	}
	plain, err := b.open(bucketPeople, tag, tx.Bucket([]byte(bucketPeople)).Get(tag))
	if err != nil {
		return Person{}, err
	}
	var p Person
	if err := json.Unmarshal(plain, &p); err != nil {
		return Person{}, fmt.Errorf("store: %w: record of a person: %w", ErrDamaged, err)
	}
	return p, nil
}

// Person returns one person, or ErrNotFound.
func (s *Store) Person(id string) (Person, error) {
	var p Person
	err := s.read(func(tx *bbolt.Tx) (err error) {
		p, err = openPerson(tx, s.keys, s.keys.tag(id))
		return err
	})
	if err != nil {
		return Person{}, fmt.Errorf("%w (%q)", err, id)
	}
	return p, nil
}

// People returns all people in order of their ids, at most Opts.People. Damaged records are left out and named in the
// error, which comes with the sound ones.
func (s *Store) People() ([]Person, error) {
	var out []Person
	var damaged []error
	err := s.read(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucketKeys)).ForEach(func(tag, _ []byte) error {
			p, err := openPerson(tx, s.keys, tag)
			if err != nil {
				damaged = append(damaged, fmt.Errorf("%w (record %x)", err, tag))
				return nil
			}
			out = append(out, p)
			return nil
		})
	})
	slices.SortFunc(out, func(a, b Person) int { return cmp.Compare(a.ID, b.ID) })
	return out, errors.Join(append(damaged, err)...)
}
