package store

import (
	"fmt"
	"math"
	"time"
)

// Opts is how a store is opened. Start from DefaultOpts; a zero limit is an error, not "unlimited".
type Opts struct {
	// Key is the terminal key.
	Key Key
	// Clock tells the wall time and how far it can be trusted: TrustUnknown, TrustRTC, TrustBroker or TrustNTP. Nil
	// means time.Now and TrustUnknown.
	Clock func() (wall time.Time, trust string)
	// ClockAhead limits how far a battery clock may be ahead of the last trusted instant. Further ahead it counts as
	// unknown, until a better clock agrees.
	ClockAhead time.Duration

	// Rename finds the ids of people in the payloads of entries. Nil means RenameMembers.
	Rename Renamer
	// Counter is the board's monotonic counter, nil where it has none.
	Counter Counter

	// JournalBytes limits what the journal's entries take, in bytes of keys and values. At the limit the oldest
	// acknowledged entries go first; if unacknowledged ones must go, an entry of kind "gap" says which.
	JournalBytes int64
	// FileBytes limits the live file (bbolt's MaxSize). At least twice JournalBytes plus 4 MB, because a change needs
	// free pages beside the old ones; at most 1 GB, because 32-bit arm maps the file into 2 GB.
	FileBytes int64
	// People limits the number of people.
	People int
	// Faces limits the number of people with a reference of a face, since the law may ask for notice above some number.
	Faces int
	// EraseAfter is how long after the end of a consent the references that it covered are erased.
	EraseAfter time.Duration
	// ReferencesPerPerson limits the references of one person.
	ReferencesPerPerson int
	// Nonces limits how many unexpired command nonces are remembered; when it is reached, commands are refused.
	Nonces int
	// NonceLife limits how far ahead a command may expire; it bounds the nonces' life.
	NonceLife time.Duration
	// Replays limits how many codes that could still be accepted are remembered; when it is reached, codes are refused.
	Replays int
	// ReplayLife limits how far ahead a code may still be accepted; it bounds the codes' life, and is the time after a
	// recovery in which codes are refused. Make it as short as the site's codes allow.
	ReplayLife time.Duration
	// Reviews limits the reviews that wait for an answer.
	Reviews int

	// LockWait is how long Open waits for another process to let go of the store.
	LockWait time.Duration
	// CopyEvery is the time between copies made by Run while something changes. Changes to people are copied within a
	// tenth of it.
	CopyEvery time.Duration
	// CheckBytes limits how many bytes of the newest entries Open verifies, at least 1. Pages, the links of the chain
	// and people are verified always; every entry is whenever a copy is made. Checking costs about 25 MB a second on a
	// core without AES instructions.
	CheckBytes int64
}

// DefaultOpts returns the limits for a terminal with 1 GB of memory and a small flash: 128 MB of file, 24 MB of journal
// (some 40,000 passages), 10,000 people, codes of
// five minutes shown 27 times a second.
func DefaultOpts() Opts {
	return Opts{
		JournalBytes:        24 << 20,
		FileBytes:           128 << 20,
		People:              10_000,
		Faces:               100_000,
		EraseAfter:          24 * time.Hour,
		ReferencesPerPerson: 32,
		Nonces:              4096,
		NonceLife:           15 * time.Minute,
		Replays:             8192,
		ReplayLife:          5 * time.Minute,
		Reviews:             32,
		ClockAhead:          366 * 24 * time.Hour,
		LockWait:            3 * time.Second,
		CopyEvery:           10 * time.Minute,
		CheckBytes:          32 << 20,
	}
}

const (
	minJournalBytes = 256 << 10
	maxFileBytes    = 1 << 30
	fileHeadroom    = 4 << 20
)

func (o *Opts) validate() error {
	type limit struct {
		name     string
		value    int64
		min, max int64
	}
	for _, l := range []limit{
		{"JournalBytes", o.JournalBytes, minJournalBytes, maxFileBytes / 2},
		{"FileBytes", o.FileBytes, 2*o.JournalBytes + fileHeadroom, maxFileBytes},
		{"People", int64(o.People), 1, 100_000},
		{"Faces", int64(o.Faces), 0, 100_000},
		{"EraseAfter", int64(o.EraseAfter), 0, int64(366 * 24 * time.Hour)},
		{"ReferencesPerPerson", int64(o.ReferencesPerPerson), 1, 64},
		{"Nonces", int64(o.Nonces), 1, 1 << 16},
		{"NonceLife", int64(o.NonceLife), int64(time.Second), int64(24 * time.Hour)},
		{"Replays", int64(o.Replays), 1, 1 << 17},
		{"ReplayLife", int64(o.ReplayLife), int64(time.Second), int64(24 * time.Hour)},
		{"Reviews", int64(o.Reviews), 1, 256},
		{"ClockAhead", int64(o.ClockAhead), int64(time.Hour), math.MaxInt64},
		{"LockWait", int64(o.LockWait), 0, int64(time.Minute)},
		{"CopyEvery", int64(o.CopyEvery), int64(time.Second), int64(7 * 24 * time.Hour)},
		{"CheckBytes", o.CheckBytes, 1, maxFileBytes},
	} {
		if l.value < l.min || l.value > l.max {
			return fmt.Errorf("store: %w: %s %d, limit %d to %d (start from DefaultOpts)",
				ErrInvalid, l.name, l.value, l.min, l.max)
		}
	}
	if o.Key == (Key{}) {
		return fmt.Errorf("store: %w: the terminal key is missing (LoadKey or CreateKey)", ErrInvalid)
	}
	if o.Rename == nil {
		o.Rename = RenameMembers
	}
	if o.Clock == nil {
		o.Clock = func() (time.Time, string) { return time.Now(), TrustUnknown }
	}
	return nil
}
