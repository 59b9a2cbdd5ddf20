package store

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// Two things may happen only once: a command is obeyed under one nonce, and a code that carries a time stamp is shown
// at the gate. Both are remembered until they could not be accepted any more anyway, and never for less.

// replayTag stands for what happened, whatever its length.
type replayTag [16]byte

// replayCache is a bounded memory of what may happen only once.
type replayCache struct {
	bucket string
	what   string // for errors
	limit  int
	life   time.Duration // how far ahead an expiry may lie
}

func (o *Opts) nonceCache() replayCache {
	return replayCache{bucketNonces, "command", o.Nonces, o.NonceLife}
}
func (o *Opts) codeCache() replayCache {
	return replayCache{bucketReplays, "code", o.Replays, o.ReplayLife}
}

// MaxNonce is the longest nonce, in bytes.
const MaxNonce = 128

// maxForget bounds how many expired ones are removed in one commit, so that the first after a long pause takes no
// longer than any other. One that is left over takes a place and nothing else.
const maxForget = 256

// replayRoom is what one takes in the file at most, in bytes: 52 of key and value, 16 of bbolt's, in pages half full.
const replayRoom = 2 * (8 + 16 + sealOverhead + 16)

func replayKey(tag replayTag, expires int64) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(expires)), tag[:]...)
}

func replayOf(key []byte) (tag replayTag, expires int64, ok bool) {
	if len(key) != 8+len(tag) {
		return tag, 0, false
	}
	copy(tag[:], key[8:])
	return tag, int64(binary.BigEndian.Uint64(key)), true
}

// loadReplays fills known from a bucket, verifying each key by its seal.
func loadReplays(tx *bbolt.Tx, k *keys, bucket string, known map[replayTag]int64) error {
	return forEach(tx, bucket, func(key, v []byte) error {
		tag, expires, ok := replayOf(key)
		if !ok {
			return fmt.Errorf("store: %w: key of %d bytes in %q", ErrDamaged, len(key), bucket)
		}
		if _, err := k.values.open(bucket, key, v); err != nil {
			return err
		}
		known[tag] = expires
		return nil
	})
}

// UseNonce records that a command with this nonce is obeyed, and returns nil once that is on the disk: only then may
// the command be. expires is the command's expiry by the wall clock that Opts.Clock tells.
//
// Errors: ErrReplayed when the nonce was used before, when the command has expired, or when it expires so early that it
// may have been obeyed in a time that was lost with a damaged file; ErrClock when the clock is to blame; ErrInvalid for
// a nonce of 0 or more than MaxNonce bytes or an expiry more than Opts.NonceLife ahead; ErrFull while Opts.Nonces
// unexpired nonces are held, since forgetting one would open the door to its replay.
func (s *Store) UseNonce(nonce []byte, expires time.Time) error {
	if len(nonce) == 0 || len(nonce) > MaxNonce {
		return fmt.Errorf("store: %w: nonce of %d bytes, limit 1 to %d", ErrInvalid, len(nonce), MaxNonce)
	}
	sum := sha256.Sum256(nonce)
	return s.useOnce(s.opts.nonceCache(), replayTag(sum[:]), expires)
}

// UseCode records that a code was shown, and returns nil once that is on the disk: only then may the code count. digest
// names the code, time stamp and all (SHA-256 of what was signed, or of person and time step); until is the instant
// from which the terminal refuses the code for its age, by the wall clock that Opts.Clock tells.
//
// Errors: ErrReplayed when the code was shown before, is too old, or may have been shown in a time that was lost with a
// damaged file; ErrClock when the clock is to blame; ErrInvalid for an until more than Opts.ReplayLife ahead; ErrFull
// while Opts.Replays codes are remembered that could still be accepted.
func (s *Store) UseCode(digest [32]byte, until time.Time) error {
	return s.useOnce(s.opts.codeCache(), replayTag(digest[:]), until)
}

func (s *Store) useOnce(o replayCache, tag replayTag, expires time.Time) error {
	var refused error
	err := s.commit(func(c *change) error {
		before := c.next.head
		r, err := c.told()
		if err != nil {
			return err
		}
		if refused = c.use(&o, tag, nanoseconds(expires), r); refused != nil && c.next.head != before {
			return nil // the clock's correction counts all the same
		}
		return refused
	})
	return cmp.Or(err, refused)
}

// use records that something happened which counts until end, unless it must not happen any more.
func (c *change) use(o *replayCache, tag replayTag, end int64, r reading) error {
	known, floor := c.next.nonces, c.next.NonceFloor
	if o.bucket == bucketReplays {
		known, floor = c.next.replays, c.next.ReplayFloor
	}
	if _, used := known[tag]; used {
		return fmt.Errorf("store: %w: the %s was used before", ErrReplayed, o.what)
	}
	if err := o.check(end, r, &c.next.ledger, floor); err != nil {
		return err
	}
	b := c.tx.Bucket([]byte(o.bucket))
	gone, err := forget(b, max(r.at, c.next.Marks.last(r.trust)), &c.next.ledger)
	if err != nil {
		return err
	}
	c.done = append(c.done, func() {
		for _, old := range gone {
			delete(known, old)
		}
	})
	if n := len(known) - len(gone); n >= o.limit {
		return fmt.Errorf("store: %w: %d unexpired %ss remembered, limit %d", ErrFull, n, o.what, o.limit)
	}
	key := replayKey(tag, end)
	if err := b.Put(key, c.s.keys.values.seal(o.bucket, key, nil)); err != nil {
		return err
	}
	c.next.Marks.raise(r)
	c.done = append(c.done, func() { known[tag] = end })
	return nil
}

// check refuses what has expired, and what may have been used and forgotten since.
func (o *replayCache) check(end int64, r reading, l *ledger, floor int64) error {
	last, latest := l.Marks.last(r.trust), r.at+int64(o.life)
	switch {
	case end <= r.at:
		return fmt.Errorf("store: %w: the %s expired at %v", ErrReplayed, o.what, instant(end))
	case end <= last, end > latest && r.at < last:
		return fmt.Errorf("store: %w: it is behind %v, which it told with as much trust before: a %s that expires at %v cannot be judged",
			ErrClock, instant(last), o.what, instant(end))
	case end > latest:
		return fmt.Errorf("store: %w: the %s expires %v ahead, limit %v (is the clock right?)",
			ErrInvalid, o.what, time.Duration(end-r.at).Round(time.Second), o.life)
	case end <= l.Forgot:
		return fmt.Errorf("store: %w: it was ahead, and a %s that expires before %v may have been used and forgotten",
			ErrClock, o.what, instant(l.Forgot))
	case end <= floor && floor > latest:
		return fmt.Errorf("store: %w: it was ahead at a recovery, and a %s that expires before %v may have been used before",
			ErrClock, o.what, instant(floor))
	case end <= floor:
		return fmt.Errorf("store: %w: the store was restored from a copy, and a %s that expires before %v may have been used before",
			ErrReplayed, o.what, instant(floor))
	}
	return nil
}

// forget removes what has expired by now, at most maxForget of it. A clock that is later set back must not make fresh
// what was forgotten, so the ledger keeps the latest such instant.
func forget(b *bbolt.Bucket, now int64, l *ledger) (gone []replayTag, err error) {
	for cur := b.Cursor(); len(gone) < maxForget; {
		key, _ := cur.First()
		tag, end, ok := replayOf(key)
		if !ok || end > now {
			break
		}
		if err := b.Delete(bytes.Clone(key)); err != nil {
			return gone, err
		}
		l.Forgot = max(l.Forgot, now)
		gone = append(gone, tag)
	}
	return gone, nil
}
