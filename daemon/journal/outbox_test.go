package journal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/store"
)

func opened(t *testing.T) *store.Store {
	t.Helper()
	o := store.DefaultOpts()
	o.Key = store.Key{1}
	s, _, err := store.Open(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestTheOutboxShowsEntriesInTheOrderOfTheirCommits commits, looks, acknowledges.
func TestTheOutboxShowsEntriesInTheOrderOfTheirCommits(t *testing.T) {
	s := opened(t)
	j, o := New(s), NewOutbox(s, pseudonymOf)
	for i := range 5 {
		if err := j.Append(EntryCommandStatus, fmt.Appendf(nil, `{"id":"%d"}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	var after fleet.Position
	var previous [32]byte
	for i := 0; i < 5; {
		if err := o.Wait(t.Context(), after); err != nil {
			t.Fatal(err)
		}
		entries, err := o.Next(after, 2)
		if err != nil || len(entries) == 0 || len(entries) > 2 {
			t.Fatal(len(entries), err)
		}
		for _, e := range entries {
			if want := fmt.Sprintf(`{"id":"%d"}`, i); string(e.Payload) != want || e.Kind != EntryCommandStatus || e.Previous != previous || e.Hash == previous {
				t.Errorf("entry %d: %+v", i, e)
			}
			after, previous = e.Position, e.Hash
			i++
		}
		if c, err := o.Cursor(); c == after || err != nil {
			t.Errorf("the cursor is at %v before %v is acknowledged (%v)", c, after, err)
		}
		if err := o.Ack(after); err != nil {
			t.Fatal(err)
		}
		if c, err := o.Cursor(); c != after || err != nil {
			t.Errorf("the cursor is at %v, acknowledged %v (%v)", c, after, err)
		}
	}
	first := fleet.Position{Boot: after.Boot, Sequence: 1}
	beyond := fleet.Position{Boot: after.Boot, Sequence: after.Sequence + 1}
	if err := o.Ack(first); err != nil {
		t.Error(err)
	}
	if err := o.Ack(beyond); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("what was never committed is acknowledged: %v", err)
	}
	if c, _ := o.Cursor(); c != after {
		t.Errorf("the cursor went from %v to %v", after, c)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := o.Wait(ended, after); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for what is not there ends with %v", err)
	}
}

// TestTheOutboxCallsPeopleByTheirPseudonyms goes through the store, which writes an alias and reads the id back.
func TestTheOutboxCallsPeopleByTheirPseudonyms(t *testing.T) {
	s := opened(t)
	face := store.Reference{Kind: store.KindFace, Template: []float32{0.6, 0.8}, Model: "sha256:87aacdfe", Source: secretPicture}
	err := errors.Join(
		s.Enrol(store.Person{ID: secretPerson, Name: secretName}, []store.Reference{face}),
		New(s).Append(EntryEnrol, []byte(`{"person":"`+secretPerson+`","references":1}`)),
		s.Block(secretPerson, "office", "the card of "+secretNumber+" was lost"),
		New(s).Append("rumour", []byte(`{"person":"`+secretPerson+`"}`)),
	)
	if err != nil {
		t.Fatal(err)
	}
	check := func(want ...string) {
		t.Helper()
		entries, err := NewOutbox(s, pseudonymOf).Next(fleet.Position{}, 10)
		if err != nil || len(entries) != len(want) {
			t.Fatal(len(entries), err)
		}
		for i, e := range entries {
			if string(e.Payload) != want[i] {
				t.Errorf("%s: sent %s, want %s", e.Kind, e.Payload, want[i])
			}
			checkClean(t, e.Payload)
		}
	}
	check(`{"person":"p1","references":1}`, `{"person":"p1","change":"block","by":"office"}`, "")
	if _, err := s.Erase(secretPerson, "moved to "+secretNumber); err != nil {
		t.Fatal(err)
	}
	check(`{"person":"p-other","references":1}`, `{"person":"p-other","change":"block","by":"office"}`, "", `{"person":"p-other","references":1}`)
}

// TestAnOutageLastsUntilAnEntryIsWritten follows one by its own clock.
func TestAnOutageLastsUntilAnEntryIsWritten(t *testing.T) {
	s := opened(t)
	j := New(s)
	if err := j.Append(EntryStop, make([]byte, store.MaxPayload+1)); err == nil || j.Fault() == nil {
		t.Fatal("an entry that is too long is no fault")
	}
	j.EndOutage() // too early
	if j.Fault() == nil || s.Pending() != 0 {
		t.Error("the outage ends at once")
	}
	j.outage.since = j.outage.since.Add(-3 * time.Second)
	j.EndOutage()
	if err := j.Fault(); err != nil {
		t.Errorf("the outage does not end: %v", err)
	}
	j.EndOutage() // there is none any more
	entries, err := NewOutbox(s, pseudonymOf).Next(fleet.Position{}, 9)
	if err != nil || len(entries) != 1 || entries[0].Kind != EntryOutage {
		t.Fatal(entries, err)
	}
	if got := string(entries[0].Payload); !strings.Contains(got, `"refused":1`) || !strings.Contains(got, `"seconds":3`) {
		t.Errorf("sent %s", got)
	}
}

func TestTheEndOfAnOutageIsNotTriedTooOften(t *testing.T) {
	var o outage
	if _, due := o.due(); due {
		t.Error("an outage that never was is to be ended")
	}
	o.noted(errors.New("full"))
	o.noted(errors.New("fuller"))
	o.since = o.since.Add(-outageRetry)
	if _, due := o.due(); !due {
		t.Error("the end is not tried")
	}
	if _, due := o.due(); due {
		t.Error("and tried again at once")
	}
	if err := o.fault(); err == nil || err.Error() != "fuller" || o.refused != 2 {
		t.Errorf("fault %v, %d refused", err, o.refused)
	}
	o.noted(nil)
	if o.fault() != nil || o.refused != 0 {
		t.Error("an entry was written, and the outage goes on")
	}
}
