package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"
)

// nonceTag stands for a nonce of any length.
type nonceTag [16]byte

// MaxNonce is the longest nonce, in bytes.
const MaxNonce = 128

func nonceKey(tag nonceTag, expires int64) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(expires)), tag[:]...)
}

func nonceOf(key []byte) (tag nonceTag, expires int64, ok bool) {
	if len(key) != 8+len(tag) {
		return tag, 0, false
	}
	copy(tag[:], key[8:])
	return tag, int64(binary.BigEndian.Uint64(key)), true
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
	wall, _ := s.clock()
	now, end := nanoseconds(wall), nanoseconds(expires)
	if end > nanoseconds(wall.Add(s.opts.NonceLife)) {
		return fmt.Errorf("store: %w: command expires %v ahead, limit %v (is the clock right?)", ErrInvalid, expires.Sub(wall).Round(time.Second), s.opts.NonceLife)
	}
	sum := sha256.Sum256(nonce)
	tag := nonceTag(sum[:16])
	return s.commit(func(c *change) error {
		known := c.next.nonces
		// The journal's last instant holds where the clock was set back, so that an expired nonce does not come alive.
		now := max(now, nanoseconds(c.next.headWall))
		switch _, used := known[tag]; {
		case used:
			return fmt.Errorf("store: %w: the nonce was used before", ErrReplayed)
		case end <= now:
			return fmt.Errorf("store: %w: the command expired at %v", ErrReplayed, instant(end))
		case end <= c.next.NonceFloor:
			return fmt.Errorf("store: %w: the store was restored from a copy, and a command that expires before %v may have been obeyed before", ErrReplayed, instant(c.next.NonceFloor))
		}
		b := c.tx.Bucket([]byte(bucketNonces))
		var gone []nonceTag
		for cur := b.Cursor(); ; {
			key, _ := cur.First()
			old, oldEnd, ok := nonceOf(key)
			if !ok || oldEnd > now {
				break
			}
			if err := b.Delete(bytes.Clone(key)); err != nil {
				return err
			}
			gone = append(gone, old)
		}
		if n := len(known) - len(gone); n >= s.opts.Nonces {
			return fmt.Errorf("store: %w: %d unexpired commands remembered, limit %d", ErrFull, n, s.opts.Nonces)
		}
		key := nonceKey(tag, end)
		if err := b.Put(key, s.keys.values.seal(bucketNonces, key, nil)); err != nil {
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
