package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

// A consent is a tick at an item that begins with ItemConsent and names the purpose: "consent.face" covers the
// references of faces, "consent.finger" those of fingers. It may have an end. From then on, and from its withdrawal on,
// the references of that kind must not be used, and when Opts.EraseAfter has passed they are erased. Without any such
// tick, whether a consent is wanted is the site's checklist's to say.

// Ended reports whether the tick is a consent that has ended at a time.
func (t *Tick) Ended(at time.Time) bool { return !t.Until.IsZero() && !at.Before(t.Until) }

// consentEnded reports whether there is a consent to references of a kind, and it has ended.
func (f *File) consentEnded(kind Kind, at time.Time) bool {
	i := f.tick(ItemConsent + string(kind))
	return i >= 0 && f.Ticks[i].Ended(at)
}

// ConsentEnd is what EndConsents found of one person.
type ConsentEnd struct {
	Person string
	Kind   Kind
	Ended  time.Time
	Erased int // references erased now
}

// EndConsents returns whose consents have ended while there are still references of that kind, and erases those whose
// consent ended Opts.EraseAfter ago or more. A clock that nothing vouches for erases nothing. next is when the next
// consent ends, or the next references are to be erased, zero for never. Damaged files are named in the error, which
// comes with the rest.
func (s *Store) EndConsents() (due []ConsentEnd, next time.Time, err error) {
	now, trusted, err := s.reading()
	if err != nil {
		return nil, time.Time{}, err
	}
	due, next, damaged := s.consentEnds(now)
	erased := false
	for i := range due {
		if d := &due[i]; trusted && now.Sub(d.Ended) >= s.opts.EraseAfter {
			if err := s.eraseKind(d); err != nil {
				return due, next, errors.Join(damaged, err)
			}
			erased = true
		}
	}
	if erased {
		_, err := s.scrub()
		s.noteCopy(err)
	}
	return due, next, damaged
}

// reading returns the time by which dates are judged, no earlier than what a clock of as much trust told before, and
// whether the clock can be trusted with what can't be undone.
func (s *Store) reading() (now time.Time, trusted bool, err error) {
	s.mu.Lock()
	known := s.state.Marks
	s.mu.Unlock()
	r, err := known.read(s.clock, s.opts.ClockAhead)
	last := known.last(r.trust)
	return instant(max(r.at, last)), r.trust > trustUnknown && r.at+clockSlack >= last, err
}

// consentEnds lists the references whose consent has ended, and returns when that list changes next.
func (s *Store) consentEnds(now time.Time) (due []ConsentEnd, next time.Time, damaged error) {
	soon := func(at time.Time) {
		if at.After(now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	damaged = s.EachFile(func(p Person, f File) error {
		for _, kind := range []Kind{KindFace, KindFinger} {
			i := f.tick(ItemConsent + string(kind))
			if i < 0 || f.Ticks[i].Until.IsZero() {
				continue
			}
			end := f.Ticks[i].Until
			if soon(end); end.After(now) {
				continue
			}
			refs, err := s.References(p.ID)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
			if slices.ContainsFunc(refs, func(r Reference) bool { return r.Kind == kind }) {
				due = append(due, ConsentEnd{Person: p.ID, Kind: kind, Ended: end})
				soon(end.Add(s.opts.EraseAfter))
			}
		}
		return nil
	})
	return due, next, damaged
}

// ChangeConsentEnded is the change of a file that erases the references of a kind because the consent to them has
// ended.
const ChangeConsentEnded = "consent-ended"

// eraseKind erases a person's references of a kind, and journals that.
func (s *Store) eraseKind(d *ConsentEnd) error {
	return s.commit(func(c *change) error {
		d.Erased = 0
		tag := s.keys.tag(d.Person)
		own, err := personBox(c.tx, s.keys, tag)
		if errors.Is(err, ErrNotFound) {
			return nil // erased meanwhile
		}
		if err != nil {
			return fmt.Errorf("%w (%q)", err, d.Person)
		}
		if len(c.next.Erasing) >= maxErasing {
			return fmt.Errorf("store: %w: %d erasures wait for their traces to be removed, limit %d",
				ErrFull, len(c.next.Erasing), maxErasing)
		}
		refs := c.tx.Bucket([]byte(bucketReferences))
		for _, key := range referenceKeys(refs, tag) {
			if kindOf(own, key, refs.Get(key)) != d.Kind {
				continue
			}
			if err := refs.Delete(key); err != nil {
				return err
			}
			d.Erased++
		}
		c.pendErasure(erasure{})
		c.done = append(c.done, s.peopleChanged, s.forgetFaces)
		return c.journal(KindFile, FileEntry{
			Person: d.Person, Change: ChangeConsentEnded, By: "terminal", Item: ItemConsent + string(d.Kind),
		})
	})
}

// Census counts what the store holds about people.
type Census struct {
	People     int `json:"people"`
	References int `json:"references"`
	Faces      int `json:"faces"`   // people with a reference of a face
	Fingers    int `json:"fingers"` // people with a reference of a finger
	Minors     int `json:"minors"`  // below AgeAlone; those of unknown age are not among them
	// Oldest is when the oldest reference was made; zero where there is none.
	Oldest time.Time `json:"oldest,omitzero"`
	// ConsentsEnding are the people with a consent that ends within ConsentNotice, ConsentsEnded those with one that
	// has ended and references that it covered.
	ConsentsEnding int `json:"consents_ending"`
	ConsentsEnded  int `json:"consents_ended"`
	// Unproven counts the erasures whose traces are not gone from every file yet.
	Unproven int `json:"unproven"`
}

// ConsentNotice is how long before its end a consent counts as ending.
const ConsentNotice = 30 * 24 * time.Hour

// Census reads every person, reference and file, which takes a while with thousands of them. Those that are damaged are
// left out and named in the error, which comes with the counts.
func (s *Store) Census() (Census, error) {
	now, _, err := s.reading()
	if err != nil {
		return Census{}, err
	}
	var out Census
	var damaged []error
	err = s.read(func(tx *bbolt.Tx) error {
		return forEach(tx, bucketKeys, func(tag, _ []byte) error {
			out.People++
			refs, refsErr := openReferences(tx, s.keys, tag)
			f, fileErr := openFile(tx, s.keys, tag)
			if err := errors.Join(refsErr, fileErr); err != nil {
				damaged = append(damaged, fmt.Errorf("%w (record %x)", err, tag))
				return nil
			}
			out.count(refs, &f, now)
			return nil
		})
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if out.Unproven = len(s.state.Erasing); out.Unproven == 0 && s.state.Scrub {
		out.Unproven = 1 // of an older program, which did not count
	}
	return out, errors.Join(append(damaged, err)...)
}

// count adds one person.
func (c *Census) count(refs []Reference, f *File, now time.Time) {
	c.References += len(refs)
	have := map[Kind]bool{}
	for _, r := range refs {
		have[r.Kind] = true
		if c.Oldest.IsZero() || r.Created.Before(c.Oldest) {
			c.Oldest = r.Created
		}
	}
	if have[KindFace] {
		c.Faces++
	}
	if have[KindFinger] {
		c.Fingers++
	}
	if age, known := AgeOn(f.Born, now); known && age < AgeAlone {
		c.Minors++
	}
	ending, ended := false, false
	for i := range f.Ticks {
		t := &f.Ticks[i]
		purpose, ok := strings.CutPrefix(t.Item, ItemConsent)
		if !ok {
			continue
		}
		if t.Ended(now) {
			ended = ended || have[Kind(purpose)]
		} else if t.Ended(now.Add(ConsentNotice)) {
			ending = true
		}
	}
	if ending {
		c.ConsentsEnding++
	}
	if ended {
		c.ConsentsEnded++
	}
}
