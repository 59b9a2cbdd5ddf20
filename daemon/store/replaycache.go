package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// Two things may happen only once: a command is obeyed under one nonce, and a code that carries a time stamp is shown at
// the gate. Both are remembered until they could not be accepted any more anyway, and never for less.

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

// maxForget bounds how many expired ones are removed in one commit, so that the first after a long pause takes no longer
// than any other. One that is left over takes a place and nothing else.
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

// UseNonce records that a command with this nonce is obeyed, and returns nil once that is on the disk: only then may the
// command be. expires is the command's expiry by the wall clock that Opts.Clock tells.
//
// Errors: ErrReplayed when the nonce was used before, when the command has expired, or when it expires so early that it may
// have been obeyed in a time that was lost with a damaged file; ErrInvalid for a nonce of 0 or more than MaxNonce bytes or
// an expiry more than Opts.NonceLife ahead; ErrFull while Opts.Nonces unexpired nonces are held, since forgetting one would
// open the door to its replay.
func (s *Store) UseNonce(nonce []byte, expires time.Time) error {
	if len(nonce) == 0 || len(nonce) > MaxNonce {
		return fmt.Errorf("store: %w: nonce of %d bytes, limit 1 to %d", ErrInvalid, len(nonce), MaxNonce)
	}
	sum := sha256.Sum256(nonce)
	return s.useOnce(s.opts.nonceCache(), replayTag(sum[:]), expires)
}

// UseCode records that a code was shown, and returns nil once that is on the disk: only then may the code count. digest
// names the code, time stamp and all (SHA-256 of what was signed, or of person and time step); until is the instant from
// which the terminal refuses the code for its age, by the wall clock that Opts.Clock tells.
//
// Errors: ErrReplayed when the code was shown before, is too old, or may have been shown in a time that was lost with a
// damaged file; ErrInvalid for an until more than Opts.ReplayLife ahead; ErrFull while Opts.Replays codes are remembered
// that could still be accepted.
func (s *Store) UseCode(digest [32]byte, until time.Time) error {
	return s.useOnce(s.opts.codeCache(), replayTag(digest[:]), until)
}

func (s *Store) useOnce(o replayCache, tag replayTag, expires time.Time) error {
	wall, _ := s.clock()
	now, end := nanoseconds(wall), nanoseconds(expires)
	if end > nanoseconds(wall.Add(o.life)) {
		return fmt.Errorf("store: %w: %s expires %v ahead, limit %v (is the clock right?)", ErrInvalid, o.what, expires.Sub(wall).Round(time.Second), o.life)
	}
	return s.commit(func(c *change) error {
		known, floor := c.next.nonces, c.next.NonceFloor
		if o.bucket == bucketReplays {
			known, floor = c.next.replays, c.next.ReplayFloor
		}
		// The journal's last instant holds where the clock was set back, so that what has expired does not come alive.
		now := max(now, nanoseconds(c.next.headWall))
		switch _, used := known[tag]; {
		case used:
			return fmt.Errorf("store: %w: the %s was used before", ErrReplayed, o.what)
		case end <= now:
			return fmt.Errorf("store: %w: the %s expired at %v", ErrReplayed, o.what, instant(end))
		case end <= floor:
			return fmt.Errorf("store: %w: the store was restored from a copy, and a %s that expires before %v may have been used before", ErrReplayed, o.what, instant(floor))
		}
		b := c.tx.Bucket([]byte(o.bucket))
		var gone []replayTag
		for cur := b.Cursor(); len(gone) < maxForget; {
			key, _ := cur.First()
			old, oldEnd, ok := replayOf(key)
			if !ok || oldEnd > now {
				break
			}
			if err := b.Delete(bytes.Clone(key)); err != nil {
				return err
			}
			gone = append(gone, old)
		}
		if n := len(known) - len(gone); n >= o.limit {
			return fmt.Errorf("store: %w: %d unexpired %ss remembered, limit %d", ErrFull, n, o.what, o.limit)
		}
		key := replayKey(tag, end)
		if err := b.Put(key, s.keys.values.seal(o.bucket, key, nil)); err != nil {
			return err
		}
		c.done = append(c.done, func() {
			for _, old := range gone {
				delete(known, old)
			}
			known[tag] = end
		})
		return nil
	})
}
