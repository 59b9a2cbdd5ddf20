package passage

import (
	"bytes"
	"errors"
	"fmt"
)

// ErrNoVerdict means that a record's observations do not lead to a verdict.
var ErrNoVerdict = errors.New("the observations lead to no verdict")

// ErrDiffers means that a record's observations lead to another record.
var ErrDiffers = errors.New("the replay differs from the record")

// Replay decides a journalled passage (or command, or exit) again: a new machine, the record's own rules, what was
// remembered at the begin, and the observations. It returns what that machine decides, whatever the record says.
func Replay(record []byte) (Verdict, []Reason, error) {
	e, err := replay(record)
	return e.Verdict, e.Reasons, err
}

// Verify replays a record and compares every byte of what comes out with it: an error that wraps ErrDiffers or
// ErrNoVerdict means that the record was not made by these rules from these observations.
func Verify(record []byte) error {
	e, err := replay(record)
	if err != nil {
		return err
	}
	if !bytes.Equal(e.Record, record) {
		return fmt.Errorf("passage: replay: %w: it ends in %v %v", ErrDiffers, e.Verdict, e.Reasons)
	}
	return nil
}

// replay returns the journal effect that the last observation brings.
func replay(record []byte) (Effect, error) {
	r, err := DecodeRecord(record)
	if err != nil {
		return Effect{}, err
	}
	m, err := New(r.Rules, r.Passage)
	if err != nil {
		return Effect{}, err
	}
	m.restore(r)
	var verdict Effect
	for at, o := range r.Observations() {
		verdict = Effect{}
		for _, e := range m.Step(at, o) {
			if e.Kind == EffectJournal && e.Entry == r.Start.Cause && e.Passage == r.Passage {
				verdict = e
			}
		}
	}
	if verdict.Verdict == Undecided {
		return Effect{}, fmt.Errorf("passage: replay of %v: %w", r.Passage, ErrNoVerdict)
	}
	return verdict, nil
}

// restore brings a new machine to the state in which the recorded passage began.
func (m *Machine) restore(r *Record) {
	m.clock = clock{r.Clock.Trust, r.Clock.Wall, 0, r.Clock.Offset}
	m.cameraUp = true
	m.replayed = true
	m.interlocked, m.lock.other = r.Start.Interlock, r.Start.Interlock
	if r.Start.Cause == EntryReview {
		m.openAs(0, forReview, r.Passage)
		m.await(0, r.Start.Track, r.Start.Person, r.Start.Claimed)
	}
	if r.Start.Cause == EntryPassage {
		m.approach = approach{track: r.Start.Track, frames: m.rules.StartFrames}
	}
	if r.Start.Regrant > 0 {
		m.remember(r.Person, r.Start.Regrant)
	}
}
