package store

import (
	"context"
	"encoding/json"
	"fmt"

	"go.etcd.io/bbolt"
)

// journalFill is how full bbolt leaves a leaf page when it splits: keys only ever arrive at the end.
const journalFill = 0.95

// Append adds an entry with the clock's time and returns its position once it is on the disk. The payload is stored
// with aliases in the place of the ids of people who are enrolled; see Named. Besides the errors of every change
// (ErrFull, ErrReadOnly, ErrDamaged, ErrClosed) it gives ErrInvalid for a kind or payload beyond its limit; see Entry.
func (s *Store) Append(kind string, payload []byte) (Position, error) {
	if err := checkKind(kind); err != nil {
		return Position{}, err
	}
	if len(payload) > MaxPayload {
		return Position{}, fmt.Errorf("store: %w: payload of %d bytes, limit %d", ErrInvalid, len(payload), MaxPayload)
	}
	var p Position
	err := s.commit(func(c *change) (err error) {
		p, err = c.append(kind, payload)
		return err
	})
	if err != nil {
		return Position{}, err
	}
	return p, nil
}

// append adds an entry to the change, after making room for it.
func (c *change) append(kind string, payload []byte) (Position, error) {
	r, err := c.told()
	if err != nil {
		return Position{}, err
	}
	if payload, err = c.aliased(kind, payload); err != nil {
		return Position{}, err
	}
	e := Entry{Kind: kind, Payload: payload, Told: instant(r.at), Clock: r.word}
	if err := c.makeRoom(e.cost()); err != nil {
		return Position{}, err
	}
	e.Position = Position{c.next.Boot, 1}
	if c.next.head.Boot == c.next.Boot {
		e.Position.Sequence = c.next.head.Sequence + 1
	}
	e.Wall = instant(max(r.at, c.next.Marks.last(r.trust)))
	e.Previous = c.next.headHash
	e.Hash = e.Sum()
	b := c.tx.Bucket([]byte(bucketJournal))
	b.FillPercent = journalFill
	if err := b.Put(e.Position.key(), e.encode(c.s.keys)); err != nil {
		return Position{}, err
	}
	if c.next.entries == 0 {
		c.next.first = e.Position
	}
	c.next.head, c.next.headHash = e.Position, e.Hash
	c.next.Marks.raise(r)
	c.next.entries++
	c.next.pending++
	c.next.bytes += e.cost()
	return e.Position, nil
}

// journal adds an entry of the store's own with a payload that always encodes.
func (c *change) journal(kind string, payload any) error {
	b, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("store: %w: %s: %w", ErrInvalid, kind, err)
	}
	_, err = c.append(kind, b)
	return err
}

// makeRoom drops entries from the old end until n bytes fit. Acknowledged ones go one by one. When unacknowledged ones
// must go, a sixteenth of the journal goes at once, so that an outage longer than the journal leaves sixteen gap
// entries and not one for each loss.
func (c *change) makeRoom(n int64) error {
	limit := c.s.opts.JournalBytes
	if c.next.bytes+n <= limit {
		return nil
	}
	b := c.tx.Bucket([]byte(bucketJournal))
	var gap Gap
	for c.next.bytes+n > limit && c.next.entries > 0 {
		var e Entry
		key, v := b.Cursor().First()
		p, ok := positionOf(key)
		if !ok {
			return fmt.Errorf("%w: journal key of %d bytes", ErrDamaged, len(key))
		}
		sealed, err := e.header(p, v)
		if err != nil {
			return err
		}
		if p.Compare(c.next.Cursor) > 0 {
			limit = c.s.opts.JournalBytes - c.s.opts.JournalBytes/16
			lost := Gap{p, p, 1}
			if e.Kind == KindGap {
				if lost, err = c.innerGap(&e, sealed); err != nil {
					return err
				}
			}
			if gap.Count == 0 || lost.First.Compare(gap.First) < 0 {
				gap.First = lost.First
			}
			gap.Last = p
			gap.Count += lost.Count
			c.next.pending--
		}
		c.next.bytes -= int64(len(key) + len(v))
		c.next.entries--
		c.next.Anchor, c.next.AnchorHash = p, e.Hash
		if err := b.Delete(p.key()); err != nil {
			return err
		}
	}
	if c.next.entries > 0 {
		c.next.first, _ = positionOf(firstKey(b))
	}
	if gap.Count == 0 {
		return nil
	}
	payload, err := json.Marshal(gap)
	if err != nil {
		return err
	}
	_, err = c.append(KindGap, payload)
	return err
}

func firstKey(b *bbolt.Bucket) []byte {
	k, _ := b.Cursor().First()
	return k
}

// innerGap is what a gap entry stood for that is now lost itself.
func (c *change) innerGap(e *Entry, sealed []byte) (Gap, error) {
	plain, err := c.s.keys.journal.open(bucketJournal, e.Hash[:], sealed)
	if err != nil {
		return Gap{}, err
	}
	var g Gap
	if err := json.Unmarshal(plain, &g); err != nil {
		return Gap{}, fmt.Errorf("%w: entry %v: %w", ErrDamaged, e.Position, err)
	}
	return g, nil
}

// Limits of one Next.
const (
	maxNext      = 256
	maxNextBytes = 4 << 20
)

// Next returns up to max entries after a position, oldest first, each verified: at most 256 entries or, if those are
// more, 4 MB of payload and at least one entry. Where after was dropped it goes on with the oldest entry that is left.
// None is not an error.
func (s *Store) Next(after Position, max int) ([]Entry, error) {
	var out []Entry
	err := s.read(func(tx *bbolt.Tx) error {
		c := tx.Bucket([]byte(bucketJournal)).Cursor()
		size := 0
		for k, v := c.Seek(after.key()); k != nil && len(out) < min(max, maxNext) && size < maxNextBytes; k, v = c.Next() {
			p, ok := positionOf(k)
			if !ok {
				return fmt.Errorf("store: %w: journal key of %d bytes", ErrDamaged, len(k))
			}
			if p == after {
				continue
			}
			e, err := decodeEntry(s.keys, p, v)
			if err != nil {
				return err
			}
			out = append(out, e)
			size += len(e.Payload)
		}
		return nil
	})
	if err != nil && len(out) == 0 {
		return nil, err
	}
	return out, nil // what came before a damaged entry is good; the next call meets the damage and says so
}

// Ack records that the fleet has every entry up to p; entries up to p may be dropped from then on. An earlier p than
// the cursor changes nothing; one beyond the newest entry is ErrInvalid.
func (s *Store) Ack(p Position) error {
	if p.Compare(s.Cursor()) <= 0 {
		return nil
	}
	return s.commit(func(c *change) error {
		if p.Compare(c.next.head) > 0 {
			return fmt.Errorf("store: %w: acknowledged %v, the newest entry is %v", ErrInvalid, p, c.next.head)
		}
		cur := c.tx.Bucket([]byte(bucketJournal)).Cursor()
		for k, _ := cur.Seek(c.next.Cursor.key()); k != nil; k, _ = cur.Next() {
			at, ok := positionOf(k)
			if !ok {
				return fmt.Errorf("%w: journal key of %d bytes", ErrDamaged, len(k))
			}
			if at.Compare(p) > 0 {
				break
			}
			if at.Compare(c.next.Cursor) > 0 {
				c.next.pending--
			}
		}
		if p.Compare(c.next.Cursor) > 0 {
			c.next.Cursor = p
		}
		return nil
	})
}

// Cursor is the last acknowledged position.
func (s *Store) Cursor() Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Cursor
}

// Head is the position and the hash of the newest entry, dropped or not; zero before the first entry ever.
func (s *Store) Head() (Position, [32]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.head, s.state.headHash
}

// Pending is the number of entries that are not acknowledged.
func (s *Store) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.pending
}

// Wait returns nil as soon as there is an entry after a position, ctx's error when ctx ends first, or ErrClosed.
func (s *Store) Wait(ctx context.Context, after Position) error {
	for {
		s.mu.Lock()
		head, news := s.state.head, s.news
		s.mu.Unlock()
		if news == nil {
			return fmt.Errorf("store: %w", ErrClosed)
		}
		if head.Compare(after) > 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-news:
		}
	}
}
