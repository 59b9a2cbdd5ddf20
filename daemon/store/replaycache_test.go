package store

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"testing"
	"time"
)

// code is the digest of the n-th code.
func code(n int) [32]byte { return sha256.Sum256(binary.BigEndian.AppendUint32(nil, uint32(n))) }

func TestACodeCountsOnce(t *testing.T) {
	dir, clock := t.TempDir(), newTestClock()
	o := testOpts()
	o.Clock, o.Replays, o.ReplayLife = clock.read, 3, 2*time.Minute
	s := opened(t, dir, o)
	soon := clock.now.Add(time.Minute)
	use := func(n int, until time.Time, want error) {
		t.Helper()
		if err := s.UseCode(code(n), until); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("code %d: %v, want %v", n, err, want)
		}
	}
	use(1, soon, nil)
	use(1, soon, ErrReplayed)
	use(1, soon.Add(time.Second), ErrReplayed)
	use(2, clock.now, ErrReplayed)
	use(2, clock.now.Add(o.ReplayLife+time.Second), ErrInvalid)
	if err := s.UseNonce([]byte("a command's"), soon); err != nil {
		t.Errorf("nonces and codes share a limit: %v", err)
	}
	killed(s) // what UseCode returned for is on the disk
	s = opened(t, dir, o)
	use(1, soon, ErrReplayed)
	use(2, soon, nil)
	use(3, soon.Add(time.Minute), nil)
	use(4, soon, ErrFull)
	if n := s.Status().Codes; n != 3 {
		t.Errorf("status says %d codes", n)
	}
	clock.add(time.Minute)
	use(4, soon.Add(time.Minute), nil)
	use(3, soon.Add(time.Minute), ErrReplayed)
	appended(t, s, "e", "")
	clock.add(-2 * time.Minute)
	use(1, soon, ErrClock) // the clock was set back; the journal remembers
}

// TestManyExpiredCodesDelayNobody lets more codes expire at once than one commit removes.
func TestManyExpiredCodesDelayNobody(t *testing.T) {
	dir, clock := t.TempDir(), newTestClock()
	o := testOpts()
	o.Clock, o.Replays = clock.read, 3*maxForget
	s := opened(t, dir, o)
	for n := range o.Replays {
		if err := s.UseCode(code(n), clock.now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.UseCode(code(-1), clock.now.Add(time.Minute)); !errors.Is(err, ErrFull) {
		t.Errorf("beyond the limit: %v", err)
	}
	clock.add(time.Minute)
	for n := range 3 {
		if err := s.UseCode(code(10_000+n), clock.now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if want := o.Replays - (n+1)*maxForget + n + 1; s.Status().Codes != want {
			t.Errorf("%d codes after %d, want %d", s.Status().Codes, n+1, want)
		}
	}
}

func TestCodesAfterARestore(t *testing.T) {
	dir, clock := t.TempDir(), newTestClock()
	o := testOpts()
	o.Clock, o.ReplayLife = clock.read, time.Minute
	s := opened(t, dir, o)
	if err := s.makeCopy(); err != nil {
		t.Fatal(err)
	}
	if err := s.UseCode(code(1), clock.now.Add(30*time.Second)); err != nil {
		t.Fatal(err)
	}
	killed(s)
	if err := os.Truncate(s.path(liveName), 5000); err != nil {
		t.Fatal(err)
	}
	s, rec, err := Open(dir, o)
	if err != nil || !rec.Happened() {
		t.Fatalf("%+v, %v", rec, err)
	}
	t.Cleanup(func() { closed(t, s) })
	if err := s.UseCode(code(1), clock.now.Add(30*time.Second)); !errors.Is(err, ErrReplayed) {
		t.Errorf("a code that was shown before the damage: %v", err)
	}
	clock.add(31 * time.Second)
	if err := s.UseCode(code(2), clock.now.Add(30*time.Second)); err != nil {
		t.Errorf("a code that could not have been shown before: %v", err)
	}
}

// TestPeopleLeaveRoomForCodes fills the file with people and then shows codes: whoever is enrolled must still pass.
func TestPeopleLeaveRoomForCodes(t *testing.T) {
	o := testOpts()
	o.FileBytes, o.Replays, o.Nonces = 6<<20, 2000, 200
	s := opened(t, t.TempDir(), o)
	var full error
	for i := 0; full == nil; i++ {
		full = s.Enrol(person(i), []Reference{reference(i, MaxTemplate), reference(i, MaxTemplate)})
	}
	if !errors.Is(full, ErrFull) {
		t.Fatal(full)
	}
	now, _ := o.Clock()
	for n := range o.Replays {
		if err := s.UseCode(code(n), now.Add(time.Duration(n%200+1)*time.Second)); err != nil {
			t.Fatalf("code %d: %v", n, err)
		}
		if n%20 == 0 {
			appended(t, s, "passage", string(make([]byte, 2000)))
		}
	}
}
