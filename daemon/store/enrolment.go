package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"go.etcd.io/bbolt"
)

// File is a person's enrolment file: what the rules on who may pass ask for, and what the clerk has seen. It is sealed
// with the person's key, so that erasing the person destroys it. A person without one has the zero File.
type File struct {
	Eligibility
	Blocked *Block `json:"blocked,omitempty"`
	// Secret is shared with the person's phone for one-time passwords (RFC 6238): MinSecret to MaxSecret bytes.
	Secret   []byte   `json:"secret,omitempty"`
	Occasion Occasion `json:"occasion,omitempty"` // of this enrolment
	Ticks    []Tick   `json:"ticks,omitempty"`    // one an item
}

// Eligibility is what is known of a person for the rules on age, validity and time of day. Days are written 2006-01-02;
// an empty one is not known, or sets no limit.
type Eligibility struct {
	Born       string   `json:"born,omitempty"`
	ValidFrom  string   `json:"valid_from,omitempty"`  // first day
	ValidUntil string   `json:"valid_until,omitempty"` // last day
	Guardians  []string `json:"guardians,omitempty"`   // ids, who may stand for a minor: up to MaxGuardians
	Schedule   string   `json:"schedule,omitempty"`    // name of a schedule that the site configures
}

// Block keeps a person out.
type Block struct {
	Since  time.Time `json:"since"` // by the store's clock
	Reason string    `json:"reason"`
	By     string    `json:"by"`
}

// Occasion is why a person is enrolled.
type Occasion string

// The occasions.
const (
	Issue       Occasion = "issue" // the first time
	Renewal     Occasion = "renewal"
	Replacement Occasion = "replacement" // of a lost or damaged card
)

// Tick says that an item of the checklist was seen to.
type Tick struct {
	Item string    `json:"item"`
	By   string    `json:"by"`             // who says so
	At   time.Time `json:"at"`             // by the store's clock
	Note string    `json:"note,omitempty"` // up to MaxNote bytes; stays in the file, the journal does not have it
	// Until is when a consent ends, zero where it has no end. No other item has one.
	Until time.Time `json:"until,omitzero"`
}

// Limits of a file.
const (
	MaxGuardians = 4
	MinSecret    = 16 // bytes; RFC 4226 section 4 asks for at least 128 bits
	MaxSecret    = 64
	MaxTicks     = 32
	MaxItem      = 48  // bytes of an item's or a schedule's name
	MaxNote      = 128 // bytes
	MaxWhy       = 128 // bytes of a block's reason
	day          = "2006-01-02"
)

// KindFile is the kind of entry that records each change of a file: FileEntry as JSON.
const KindFile = "file"

// FileEntry is the payload of KindFile. It says what was done and by whom; birth dates, secrets and notes it does not
// have.
type FileEntry struct {
	Person   string   `json:"person"`
	Change   string   `json:"change"` // "tick", "untick", "block", "unblock", "eligibility", "secret", "occasion"
	By       string   `json:"by"`
	Item     string   `json:"item,omitempty"`   // of tick and untick
	Reason   string   `json:"reason,omitempty"` // of block
	Occasion Occasion `json:"occasion,omitempty"`
	Until    string   `json:"until,omitempty"` // of the tick of a consent, RFC 3339
}

// File returns a person's file. ErrNotFound if there is no such person.
func (s *Store) File(id string) (File, error) {
	var f File
	err := s.read(func(tx *bbolt.Tx) (err error) {
		f, err = openFile(tx, s.keys, s.keys.tag(id))
		return err
	})
	if err != nil {
		return File{}, fmt.Errorf("%w (%q)", err, id)
	}
	return f, nil
}

// EachFile calls fn for every person with the file, in order of ids. An error of fn ends it and is returned. Those
// whose record or file is damaged are left out and named in the error at the end.
func (s *Store) EachFile(fn func(p Person, f File) error) error {
	people, err := s.People()
	damaged := []error{err}
	for _, p := range people {
		f, err := s.File(p.ID)
		if errors.Is(err, ErrNotFound) {
			continue // erased meanwhile
		}
		if err != nil {
			damaged = append(damaged, err)
			continue
		}
		if err := fn(p, f); err != nil {
			return err
		}
	}
	return errors.Join(damaged...)
}

// SetEligibility replaces what is known of a person for the rules. Guardians need not be enrolled yet. The changes of a
// file below are journalled in the same commit; by names who makes them. Their errors: ErrNotFound if there is no such
// person, ErrInvalid for what breaks a limit, ErrFull when the file is needed for the journal.
func (s *Store) SetEligibility(id, by string, e Eligibility) error {
	if err := e.validate(id); err != nil {
		return err
	}
	return s.editFile(FileEntry{Person: id, Change: "eligibility", By: by}, func(f *File) error {
		f.Eligibility = e
		return nil
	})
}

// SetSecret replaces the secret of a person's one-time passwords; nil removes it.
func (s *Store) SetSecret(id, by string, secret []byte) error {
	if n := len(secret); n != 0 && (n < MinSecret || n > MaxSecret) {
		return fmt.Errorf("store: %w: secret of %d bytes, limit %d to %d", ErrInvalid, n, MinSecret, MaxSecret)
	}
	return s.editFile(FileEntry{Person: id, Change: "secret", By: by}, func(f *File) error {
		f.Secret = secret
		return nil
	})
}

// SetOccasion begins an enrolment on another occasion: every tick is taken back but those of consent, since what was
// seen for an earlier card says nothing of this one.
func (s *Store) SetOccasion(id, by string, o Occasion) error {
	if o != Issue && o != Renewal && o != Replacement {
		return fmt.Errorf("store: %w: occasion %q, allowed %q, %q, %q", ErrInvalid, o, Issue, Renewal, Replacement)
	}
	return s.editFile(FileEntry{Person: id, Change: "occasion", By: by, Occasion: o}, func(f *File) error {
		f.Occasion = o
		f.Ticks = slices.DeleteFunc(f.Ticks, func(t Tick) bool { return !isConsent(t.Item) })
		return nil
	})
}

// Block keeps a person out, for a reason in plain words without a name or a number: it is journalled, and of the
// person's own id and name only the alias. A person who is blocked already gets the new reason and keeps the old time.
func (s *Store) Block(id, by, reason string) error {
	if reason == "" || len(reason) > MaxWhy || !utf8.ValidString(reason) {
		return fmt.Errorf("store: %w: reason of %d bytes, limit 1 to %d, UTF-8", ErrInvalid, len(reason), MaxWhy)
	}
	now, _ := s.clock()
	return s.editFile(FileEntry{Person: id, Change: "block", By: by, Reason: reason}, func(f *File) error {
		since := now.UTC()
		if f.Blocked != nil {
			since = f.Blocked.Since
		}
		f.Blocked = &Block{Since: since, Reason: reason, By: by}
		return nil
	})
}

// Unblock lets a person pass again. ErrNotFound for one who is not blocked.
func (s *Store) Unblock(id, by string) error {
	return s.editFile(FileEntry{Person: id, Change: "unblock", By: by}, func(f *File) error {
		if f.Blocked == nil {
			return fmt.Errorf("store: %w: %q is not blocked", ErrNotFound, id)
		}
		f.Blocked = nil
		return nil
	})
}

// Tick records that an item of the checklist was seen to, or seen to again. At is set to the store's clock.
func (s *Store) Tick(id string, t Tick) error {
	switch {
	case !validItem(t.Item):
		return fmt.Errorf("store: %w: item %.60q, wanted 1 to %d of a-z, 0-9, '.', '-'", ErrInvalid, t.Item, MaxItem)
	case len(t.Note) > MaxNote || !utf8.ValidString(t.Note):
		return fmt.Errorf("store: %w: note of %d bytes, limit %d, UTF-8", ErrInvalid, len(t.Note), MaxNote)
	}
	now, _ := s.clock()
	t.At = now.UTC()
	e := FileEntry{Person: id, Change: "tick", By: t.By, Item: t.Item}
	if !t.Until.IsZero() {
		t.Until = t.Until.UTC()
		e.Until = t.Until.Format(time.RFC3339)
	}
	switch {
	case !t.Until.IsZero() && !isConsent(t.Item):
		return fmt.Errorf("store: %w: %q ends at %s, only a consent (%s…) ends",
			ErrInvalid, t.Item, e.Until, ItemConsent)
	case t.Ended(now):
		return fmt.Errorf("store: %w: consent %q ends at %s, which has passed", ErrInvalid, t.Item, e.Until)
	}
	return s.editFile(e, func(f *File) error {
		if i := f.tick(t.Item); i >= 0 {
			f.Ticks[i] = t
			return nil
		}
		if len(f.Ticks) >= MaxTicks {
			return fmt.Errorf("store: %w: %q has %d ticks, limit %d", ErrFull, id, len(f.Ticks), MaxTicks)
		}
		f.Ticks = append(f.Ticks, t)
		return nil
	})
}

// Untick takes a tick back: a document turned out to be wrong, a consent was withdrawn. A consent stays in the file,
// ended, so that it can be seen when it was given and when it was withdrawn. ErrNotFound where there is none, or it has
// ended.
func (s *Store) Untick(id, item, by string) error {
	now, _ := s.clock()
	return s.editFile(FileEntry{Person: id, Change: "untick", By: by, Item: item}, func(f *File) error {
		i := f.tick(item)
		if i < 0 || f.Ticks[i].Ended(now) {
			return fmt.Errorf("store: %w: %q has no tick at %.60q", ErrNotFound, id, item)
		}
		if isConsent(item) {
			f.Ticks[i].Until = now.UTC()
			return nil
		}
		f.Ticks = slices.Delete(f.Ticks, i, i+1)
		return nil
	})
}

// tick is the index of an item's tick, -1 without one.
func (f *File) tick(item string) int {
	return slices.IndexFunc(f.Ticks, func(t Tick) bool { return t.Item == item })
}

func (e *Eligibility) validate(id string) error {
	days := make([]time.Time, 3)
	for i, text := range []string{e.Born, e.ValidFrom, e.ValidUntil} {
		if text == "" {
			continue
		}
		d, err := time.Parse(day, text)
		if err != nil || d.Year() < 1850 {
			return fmt.Errorf("store: %w: day %.20q, wanted one since 1850 written 2006-01-02", ErrInvalid, text)
		}
		days[i] = d
	}
	switch {
	case !days[1].IsZero() && !days[2].IsZero() && days[2].Before(days[1]):
		return fmt.Errorf("store: %w: valid until %s, before %s from which it is valid",
			ErrInvalid, e.ValidUntil, e.ValidFrom)
	case len(e.Guardians) > MaxGuardians:
		return fmt.Errorf("store: %w: %d guardians, limit %d", ErrInvalid, len(e.Guardians), MaxGuardians)
	case e.Schedule != "" && !validItem(e.Schedule):
		return fmt.Errorf("store: %w: schedule %.60q, wanted 1 to %d of a-z, 0-9, '.', '-'",
			ErrInvalid, e.Schedule, MaxItem)
	}
	for i, g := range e.Guardians {
		if err := checkID(g); err != nil {
			return err
		}
		if g == id || slices.Contains(e.Guardians[:i], g) {
			return fmt.Errorf("store: %w: guardian %q is the person, or named twice", ErrInvalid, g)
		}
	}
	return nil
}

func validItem(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= MaxItem
}

// editFile changes a person's file and journals the change, in one commit.
func (s *Store) editFile(e FileEntry, edit func(*File) error) error {
	if err := checkID(e.By); err != nil {
		return fmt.Errorf("%w: who makes the change", err)
	}
	return s.commit(func(c *change) error {
		tag := s.keys.tag(e.Person)
		own, err := personBox(c.tx, s.keys, tag)
		if err != nil {
			return fmt.Errorf("%w (%q)", err, e.Person)
		}
		f, err := openFile(c.tx, s.keys, tag)
		if err != nil {
			return err
		}
		if err := edit(&f); err != nil {
			return err
		}
		if err := c.putFile(own, tag, &f); err != nil {
			return fmt.Errorf("%w (file of %q)", err, e.Person)
		}
		if e.Reason != "" {
			key, err := personKey(c.tx, s.keys, tag)
			if err != nil {
				return err
			}
			e.Reason = c.anonymous(e.Reason, e.Person, aliasOf(key), tag)
		}
		return c.journal(KindFile, e)
	})
}

// putFile stores a person's file.
func (c *change) putFile(own box, tag []byte, f *File) error {
	plain, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("store: %w: %w", ErrInvalid, err)
	}
	if err := c.spare(len(plain)); err != nil {
		return err
	}
	c.done = append(c.done, c.s.peopleChanged)
	return c.tx.Bucket([]byte(bucketFiles)).Put(tag, own.seal(bucketFiles, tag, plain))
}

// openFile reads a person's file, the zero File where there is none.
func openFile(tx *bbolt.Tx, k *keys, tag []byte) (File, error) {
	own, err := personBox(tx, k, tag)
	if err != nil {
		return File{}, err
	}
	v := get(tx, bucketFiles, tag)
	if v == nil {
		return File{}, nil
	}
	plain, err := own.open(bucketFiles, tag, v)
	if err != nil {
		return File{}, err
	}
	var f File
	if err := json.Unmarshal(plain, &f); err != nil {
		return File{}, fmt.Errorf("store: %w: file of a person: %w", ErrDamaged, err)
	}
	return f, nil
}
