package store

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

// Entry is one entry of the journal.
type Entry struct {
	Position Position
	// Wall is the entry's wall time (UTC, nanoseconds, years 1970 to 2262). It is never before that of an earlier entry
	// whose clock was trusted as much or more, unless an entry of kind "clock" lies between them.
	Wall time.Time
	// Told is what the clock said. Told before Wall means that the clock had run backwards.
	Told time.Time
	// Clock is how far the clock was trusted, 1 to MaxClock bytes: the word that Opts.Clock gave, or TrustUnknown for a
	// battery clock implausibly far ahead.
	Clock string
	// Kind says what Payload is: 1 to MaxKind bytes of a-z, 0-9, '.', '-', '_'. The store's own kinds are KindClock,
	// KindDoubt, KindErase, KindFile, KindGap, KindList, KindRecovery and KindReview.
	Kind string
	// Payload is the caller's, up to MaxPayload bytes.
	Payload []byte
	// Previous is the hash of the entry before it; all zero for the first entry ever.
	Previous [32]byte
	// Hash is Sum's result, for the payload as it was written.
	Hash [32]byte
	// Redacted says that the payload named somebody who was erased, and was rewritten: Sum differs from Hash, and only
	// the seal proves the payload.
	Redacted bool
}

// Limits of an entry, in bytes.
const (
	MaxKind    = 32
	MaxClock   = 16
	MaxPayload = 64 << 10
)

// Kinds of entry that the store writes itself; their payloads are JSON.
const (
	KindGap      = "gap"      // Gap: entries dropped before they were acknowledged
	KindErase    = "erase"    // Receipt: a person erased
	KindRecovery = "recovery" // Recovery: a damaged file replaced
	KindDoubt    = "doubt"    // Doubt: an entry that is there although its caller was told that it failed
)

// Gap is the payload of KindGap.
type Gap struct {
	First Position `json:"first"`
	Last  Position `json:"last"`
	Count int      `json:"count"` // entries lost, with those that a lost gap stood for
}

// Doubt is the payload of KindDoubt.
type Doubt struct {
	After Position `json:"after"` // the last entry before the failed change
	Head  Position `json:"head"`  // the last entry of the failed change
}

const (
	entryVersion    = 1
	redactedVersion = 2 // of a stored entry whose payload was rewritten
	hashDomain      = "umbral journal entry\n"
)

// Sum is the SHA-256 over the domain line, Previous, and the canonical encoding of the rest: version byte 1, boot u64,
// sequence u64, wall i64 and told i64 in nanoseconds since 1970, clock and kind each behind a length byte, payload
// behind a u32 length; all numbers big-endian. Anyone who holds the journal can follow the chain with it.
func (e *Entry) Sum() [32]byte {
	h := sha256.New()
	h.Write([]byte(hashDomain))
	h.Write(e.Previous[:])
	var b [128]byte
	buf := append(b[:0], entryVersion)
	buf = binary.BigEndian.AppendUint64(buf, e.Position.Boot)
	buf = binary.BigEndian.AppendUint64(buf, e.Position.Sequence)
	buf = e.appendHeader(buf)
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(e.Payload)))
	h.Write(buf)
	h.Write(e.Payload)
	return [32]byte(h.Sum(nil))
}

func (e *Entry) appendHeader(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(nanoseconds(e.Wall)))
	b = binary.BigEndian.AppendUint64(b, uint64(nanoseconds(e.Told)))
	b = append(append(b, byte(len(e.Clock))), e.Clock...)
	return append(append(b, byte(len(e.Kind))), e.Kind...)
}

// nanoseconds is t in nanoseconds since 1970, held within what 64 bits can say: a clock without a battery may start in
// year 1, where UnixNano is undefined.
func nanoseconds(t time.Time) int64 {
	switch s := t.Unix(); {
	case s < 0:
		return 0
	case s >= math.MaxInt64/int64(time.Second):
		return math.MaxInt64
	}
	return t.UnixNano()
}

func instant(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// encode is the entry as stored: version, hash, previous, the header, and the payload sealed and bound to the hash.
func (e *Entry) encode(k *keys) []byte {
	b := make([]byte, 0, e.storedSize())
	version := byte(entryVersion)
	if e.Redacted {
		version = redactedVersion
	}
	b = append(b, version)
	b = append(b, e.Hash[:]...)
	b = append(b, e.Previous[:]...)
	b = e.appendHeader(b)
	return append(b, k.journal.seal(bucketJournal, e.Hash[:], e.Payload)...)
}

func (e *Entry) storedSize() int {
	return 1 + 64 + 16 + 1 + len(e.Clock) + 1 + len(e.Kind) + len(e.Payload) + sealOverhead
}

// cost is what the entry counts against the journal's limit.
func (e *Entry) cost() int64 { return int64(positionSize + e.storedSize()) }

// header decodes all but the payload, which it returns still sealed. It copies what it keeps.
func (e *Entry) header(p Position, v []byte) (sealed []byte, err error) {
	const fixed = 1 + 64 + 16
	if len(v) < fixed+2 || v[0] != entryVersion && v[0] != redactedVersion {
		return nil, fmt.Errorf("store: %w: entry %v: %d bytes do not hold an entry of version %d or %d",
			ErrDamaged, p, len(v), entryVersion, redactedVersion)
	}
	e.Position, e.Redacted = p, v[0] == redactedVersion
	copy(e.Hash[:], v[1:])
	copy(e.Previous[:], v[33:])
	wall, told := int64(binary.BigEndian.Uint64(v[65:])), int64(binary.BigEndian.Uint64(v[73:]))
	if wall < 0 || told < 0 {
		return nil, fmt.Errorf("store: %w: entry %v: time before 1970", ErrDamaged, p)
	}
	e.Wall, e.Told = instant(wall), instant(told)
	rest := v[fixed:]
	for _, f := range []struct {
		to  *string
		max int
	}{{&e.Clock, MaxClock}, {&e.Kind, MaxKind}} {
		n := 0
		if len(rest) > 0 {
			n = int(rest[0])
		}
		if n == 0 || n > f.max || len(rest) < 1+n {
			return nil, fmt.Errorf("store: %w: entry %v: field of %d bytes, limit %d", ErrDamaged, p, n, f.max)
		}
		*f.to, rest = string(rest[1:1+n]), rest[1+n:]
	}
	if len(rest) < sealOverhead || len(rest) > MaxPayload+sealOverhead {
		return nil, fmt.Errorf("store: %w: entry %v: payload of %d bytes", ErrDamaged, p, len(rest))
	}
	return rest, nil
}

// decode reads a stored entry and checks its seal and its hash. Arbitrary bytes give an error.
func decodeEntry(k *keys, p Position, v []byte) (Entry, error) {
	var e Entry
	sealed, err := e.header(p, v)
	if err != nil {
		return Entry{}, err
	}
	if e.Payload, err = k.journal.open(bucketJournal, e.Hash[:], sealed); err != nil {
		return Entry{}, fmt.Errorf("entry %v: %w", p, err)
	}
	return e, e.check()
}

// check holds an entry against its hash. That of a redacted one says what it was.
func (e *Entry) check() error {
	if !e.Redacted && e.Sum() != e.Hash {
		return fmt.Errorf("store: %w: entry %v does not have its hash", ErrDamaged, e.Position)
	}
	return nil
}

func checkKind(kind string) error {
	if len(kind) == 0 || len(kind) > MaxKind {
		return fmt.Errorf("store: %w: kind of %d bytes, limit 1 to %d", ErrInvalid, len(kind), MaxKind)
	}
	for _, c := range []byte(kind) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return fmt.Errorf("store: %w: kind %q has %q (a-z, 0-9, '.', '-', '_')", ErrInvalid, kind, c)
		}
	}
	return nil
}
