package store

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Receipt says what erasing a person destroyed. The journal has it with the alias in the place of the id.
type Receipt struct {
	Person     string    `json:"person"`
	Alias      string    `json:"alias,omitempty"` // what entries called the person
	At         time.Time `json:"at,omitzero"`
	Clock      string    `json:"clock,omitempty"`    // how far the clock was trusted
	References int       `json:"references"`         // how many were destroyed
	Faces      int       `json:"faces,omitempty"`    // of them, of a face
	Fingers    int       `json:"fingers,omitempty"`  // and of a finger
	File       bool      `json:"file,omitempty"`     // an enrolment file
	Reviews    int       `json:"reviews,omitempty"`  // in how many the person was named
	Pictures   int       `json:"pictures,omitempty"` // of these reviews
	Reason     string    `json:"reason,omitempty"`   // as given, up to 256 bytes, without the person's id and name
	Position   Position  `json:"-"`                  // of the journal entry
	// Scrubbed says that no file of the store holds the person's key any more, and no entry the id. Else Run sees to
	// it, and Status and Census tell of it meanwhile.
	Scrubbed bool `json:"-"`
	// Entries counts the entries that named the person in clear and were rewritten, once Scrubbed.
	Entries int `json:"-"`
}

// receiptDomain begins a statement, so that its signature counts for nothing else.
const receiptDomain = "umbral erasure receipt 1\n"

// Statement returns the receipt in the form in which a terminal signs it: a line that names the form, and a JSON
// object.
func (r *Receipt) Statement() []byte {
	b, err := json.Marshal(struct {
		*Receipt
		Position string `json:"position"`
		Scrubbed bool   `json:"scrubbed"`
		Entries  int    `json:"entries"`
	}{r, r.Position.String(), r.Scrubbed, r.Entries})
	if err != nil {
		panic(fmt.Sprintf("store: receipt: %v", err)) // plain values always encode
	}
	return append([]byte(receiptDomain), b...)
}

// ParseReceipt reads what Statement wrote.
func ParseReceipt(statement []byte) (Receipt, error) {
	rest, ok := bytes.CutPrefix(statement, []byte(receiptDomain))
	if !ok || len(rest) > MaxPayload {
		return Receipt{}, fmt.Errorf("store: %w: no erasure receipt: %d bytes", ErrInvalid, len(statement))
	}
	var r struct {
		Receipt
		Position string `json:"position"`
		Scrubbed bool   `json:"scrubbed"`
		Entries  int    `json:"entries"`
	}
	d := json.NewDecoder(bytes.NewReader(rest))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil || d.More() {
		return Receipt{}, fmt.Errorf("store: %w: erasure receipt: %w", ErrInvalid, errors.Join(err))
	}
	if _, err := fmt.Sscanf(r.Position, "%d.%d", &r.Receipt.Position.Boot, &r.Receipt.Position.Sequence); err != nil {
		return Receipt{}, fmt.Errorf("store: %w: erasure receipt: position %.40q", ErrInvalid, r.Position)
	}
	r.Receipt.Scrubbed, r.Receipt.Entries = r.Scrubbed, r.Entries
	return r.Receipt, nil
}

// erasure is one whose traces are not gone from every file yet. Without an id it is of references alone.
type erasure struct {
	ID    string   `json:"id,omitempty"`
	Alias string   `json:"alias,omitempty"`
	Upto  Position `json:"upto,omitzero"` // entries up to here may name the person in clear
}

// maxErasing limits the erasures that wait for their traces to be removed. Only a disk that stays full lets them mount
// up.
const maxErasing = 256

// Erase destroys a person's key, record, file and references, takes the person out of reviews, withdrawing one that is
// pending, and journals a receipt, all in one commit. Then it removes the id from the entries that have it in clear,
// and rewrites the store's files without the freed pages (see scrub). Where that fails, Receipt.Scrubbed is false, and
// Run finishes it. ErrNotFound if there is no such person.
func (s *Store) Erase(id, reason string) (Receipt, error) {
	if err := checkID(id); err != nil {
		return Receipt{}, err
	}
	if len(reason) > MaxName {
		return Receipt{}, fmt.Errorf("store: %w: reason of %d bytes, limit %d", ErrInvalid, len(reason), MaxName)
	}
	var r Receipt
	err := s.commit(func(c *change) (err error) {
		r = Receipt{Person: id, Reason: reason}
		return c.erase(&r)
	})
	if err != nil {
		return Receipt{}, err
	}
	rewritten, err := s.scrub()
	s.noteCopy(err)
	r.Scrubbed, r.Entries = err == nil, rewritten[r.Alias]
	return r, nil
}

// erase destroys all that is the person's.
func (c *change) erase(r *Receipt) error {
	tag := c.s.keys.tag(r.Person)
	key, err := personKey(c.tx, c.s.keys, tag)
	switch {
	case errors.Is(err, ErrNotFound):
		return fmt.Errorf("store: %w: person %q", ErrNotFound, r.Person)
	case err == nil:
		r.Alias = aliasOf(key)
		r.Reason = c.anonymous(r.Reason, r.Person, r.Alias, tag)
	default: // damaged: there is no alias to find the entries by, and no name
		r.Alias, r.Reason = aliasMark, ""
	}
	if len(c.next.Erasing) >= maxErasing {
		return fmt.Errorf("store: %w: %d erasures wait for their traces to be removed, limit %d",
			ErrFull, len(c.next.Erasing), maxErasing)
	}
	told, err := c.told()
	if err != nil {
		return err
	}
	r.At, r.Clock = instant(told.at), told.word
	r.File = get(c.tx, bucketFiles, tag) != nil
	for _, name := range []string{bucketKeys, bucketPeople, bucketFiles} {
		if err := c.tx.Bucket([]byte(name)).Delete(tag); err != nil {
			return err
		}
	}
	if err := c.eraseReferences(r, tag, key); err != nil {
		return err
	}
	if r.Reviews, r.Pictures, err = c.eraseReviews(r.Person); err != nil {
		return err
	}
	if err := c.eraseGuardian(r.Person); err != nil {
		return err
	}
	c.next.people--
	c.done = append(c.done, func() { c.s.forgetAlias(r.Alias) }, c.s.forgetFaces)
	inJournal := *r
	inJournal.Person, inJournal.Alias = r.Alias, ""
	payload, err := json.Marshal(inJournal)
	if err != nil {
		return fmt.Errorf("store: %w: %w", ErrInvalid, err)
	}
	if r.Position, err = c.append(KindErase, payload); err != nil {
		return err
	}
	c.pendErasure(erasure{ID: r.Person, Alias: r.Alias, Upto: r.Position})
	return nil
}

// eraseReferences removes a person's references, and counts them by kind as far as they can be read.
func (c *change) eraseReferences(r *Receipt, tag, key []byte) error {
	own, ownErr := newBox(key)
	refs := c.tx.Bucket([]byte(bucketReferences))
	for _, at := range referenceKeys(refs, tag) {
		r.References++
		if ownErr == nil {
			switch kindOf(own, at, refs.Get(at)) {
			case KindFace:
				r.Faces++
			case KindFinger:
				r.Fingers++
			}
		}
		if err := refs.Delete(at); err != nil {
			return err
		}
	}
	return nil
}

// eraseGuardian takes a person out of the files of those whom they may stand for. A file that can't be read stays.
func (c *change) eraseGuardian(id string) error {
	wards := map[string]File{}
	err := forEach(c.tx, bucketFiles, func(tag, _ []byte) error {
		f, err := openFile(c.tx, c.s.keys, tag)
		if err == nil && slices.Contains(f.Guardians, id) {
			wards[string(tag)] = f
		}
		return nil
	})
	if err != nil {
		return err
	}
	for tag, f := range wards {
		own, err := personBox(c.tx, c.s.keys, []byte(tag))
		if err != nil {
			return err
		}
		f.Guardians = slices.DeleteFunc(f.Guardians, func(g string) bool { return g == id })
		if err := c.putFile(own, []byte(tag), &f); err != nil {
			return err
		}
	}
	return nil
}

// anonymous puts the alias in the place of a person's id and name in a text.
func (c *change) anonymous(text, id, alias string, tag []byte) string {
	text = strings.ReplaceAll(text, id, alias)
	if p, err := openPerson(c.tx, c.s.keys, tag); err == nil && p.Name != "" {
		text = strings.ReplaceAll(text, p.Name, alias)
	}
	return text
}

// pendErasure remembers to remove the traces of an erasure.
func (c *change) pendErasure(e erasure) {
	c.next.Erasing = append(slices.Clip(slices.Clone(c.next.Erasing)), e)
	c.next.Scrub = true
}

// pendOldErasures does the same for those whom an older program erased and whose receipts in the journal name them.
func (c *change) pendOldErasures() error {
	return forEach(c.tx, bucketJournal, func(key, v []byte) error {
		var e Entry
		p, ok := positionOf(key)
		if !ok || len(c.next.Erasing) >= maxErasing {
			return nil
		}
		if _, err := e.header(p, v); err != nil || e.Kind != KindErase {
			return nil // a damaged entry is the check's to find
		}
		e, err := decodeEntry(c.s.keys, p, v)
		if err != nil {
			return nil
		}
		var r Receipt
		if json.Unmarshal(e.Payload, &r) == nil && r.Person != "" {
			c.pendErasure(erasure{ID: r.Person, Alias: aliasOf([]byte(rand.Text())), Upto: p})
		}
		return nil
	})
}

// redactBatch is how many entries one commit of redact looks at, so that others wait little for it.
const redactBatch = 64

// redact puts the aliases of erased people in the place of their ids in the entries that have those in clear: entries
// of an older program, and of a time before the person was enrolled. It returns how many it rewrote, by alias.
func (s *Store) redact(erased []erasure) (map[string]int, error) {
	rewritten := map[string]int{}
	upto := Position{}
	for _, e := range erased {
		if e.ID != "" && e.Upto.Compare(upto) > 0 {
			upto = e.Upto
		}
	}
	for after := (Position{}); after.Compare(upto) < 0; {
		batch, err := s.Next(after, redactBatch)
		if err != nil {
			return nil, err
		}
		if len(batch) == 0 {
			break
		}
		after = batch[len(batch)-1].Position
		if err := s.rewrite(s.redacted(batch, erased, rewritten)); err != nil {
			return nil, err
		}
	}
	return rewritten, nil
}

// redacted returns the entries of a batch that name somebody erased, without the ids.
func (s *Store) redacted(batch []Entry, erased []erasure, rewritten map[string]int) (out []Entry) {
	for _, e := range batch {
		found := map[string]bool{}
		name := func(id string) string {
			i := slices.IndexFunc(erased, func(x erasure) bool {
				return x.ID != "" && x.ID == id && e.Position.Compare(x.Upto) <= 0
			})
			if i < 0 {
				return id
			}
			found[erased[i].Alias] = true
			return erased[i].Alias
		}
		payload, err := s.opts.Rename(e.Kind, e.Payload, name)
		if len(found) == 0 {
			continue
		}
		if err != nil || len(payload) > MaxPayload {
			payload = nil // it can't be rewritten, and must not stay
		}
		e.Payload, e.Redacted = payload, true
		for alias := range found {
			rewritten[alias]++
		}
		out = append(out, e)
	}
	return out
}

// rewrite puts redacted entries in the place of those that they were, as far as these are still there.
func (s *Store) rewrite(redacted []Entry) error {
	if len(redacted) == 0 {
		return nil
	}
	return s.commit(func(c *change) error {
		b := c.tx.Bucket([]byte(bucketJournal))
		for _, e := range redacted {
			key := e.Position.key()
			was := b.Get(key)
			if was == nil {
				continue // dropped meanwhile
			}
			v := e.encode(s.keys)
			c.next.bytes += int64(len(v) - len(was))
			if err := b.Put(key, v); err != nil {
				return err
			}
		}
		return nil
	})
}

// kindOf reads what a reference is of; empty where it can't be read.
func kindOf(own box, key, sealed []byte) Kind {
	plain, err := own.open(bucketReferences, key, sealed)
	if err != nil {
		return ""
	}
	r, err := decodeReference(plain)
	if err != nil {
		return ""
	}
	return r.Kind
}

// scrub removes the traces of erasures from every file of the store: ids from the journal, and what is left in freed
// pages. The live file is compacted and exchanged, one new copy replaces both, and damaged files, which nothing can
// clean, are removed. Changes wait meanwhile, about as long as a copy takes. It returns how many entries were
// rewritten, by alias.
func (s *Store) scrub() (map[string]int, error) {
	s.copying.Lock()
	defer s.copying.Unlock()
	s.mu.Lock()
	erased := s.state.Erasing
	s.mu.Unlock()
	rewritten, err := s.redact(erased)
	if err == nil {
		err = s.rewriteFiles()
	}
	if err != nil {
		return nil, named(classify(fmt.Errorf("scrub: %w", err)))
	}
	return rewritten, s.commit(func(c *change) error {
		// Those that came meanwhile begin behind the ones that were seen to.
		c.next.Erasing = slices.Clone(c.next.Erasing[min(len(erased), len(c.next.Erasing)):])
		c.next.Scrub = len(c.next.Erasing) > 0
		return nil
	})
}
