package store

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func TestSettings(t *testing.T) {
	dir, o := t.TempDir(), testOpts()
	s := opened(t, dir, o)
	if err := s.SetSetting("a", []byte("1")); err != nil {
		t.Fatal(err)
	}
	if err := s.SetSetting("a", []byte("2")); err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	s = opened(t, dir, o)
	if v, err := s.Setting("a"); err != nil || string(v) != "2" {
		t.Errorf("%q, %v", v, err)
	}
	if err := s.SetSetting("a", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Setting("a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("removed setting: %v", err)
	}
	for _, c := range []struct {
		name string
		size int
	}{{"", 1}, {strings.Repeat("n", MaxSettingName+1), 1}, {"n", MaxSetting + 1}} {
		if err := s.SetSetting(c.name, make([]byte, c.size)); !errors.Is(err, ErrInvalid) {
			t.Errorf("setting %.10q of %d bytes: %v", c.name, c.size, err)
		}
	}
	for i := range MaxSettings {
		if err := s.SetSetting(fmt.Sprint(i), []byte{1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SetSetting("one more", []byte{1}); !errors.Is(err, ErrFull) {
		t.Errorf("one setting too many: %v", err)
	}
}

func TestNonces(t *testing.T) {
	dir, clock := t.TempDir(), newTestClock()
	o := testOpts()
	o.Clock, o.Nonces = clock.read, 3
	s := opened(t, dir, o)
	soon := clock.now.Add(time.Minute)
	use := func(nonce string, expires time.Time, want error) {
		t.Helper()
		if err := s.UseNonce([]byte(nonce), expires); !errors.Is(err, want) {
			t.Errorf("nonce %q: %v, want %v", nonce, err, want)
		}
	}
	use("a", soon, nil)
	use("a", soon, ErrReplayed)
	use("a", soon.Add(time.Second), ErrReplayed)
	use("b", clock.now, ErrReplayed)
	use("b", clock.now.Add(o.NonceLife+time.Second), ErrInvalid)
	use("", soon, ErrInvalid)
	use(strings.Repeat("n", MaxNonce+1), soon, ErrInvalid)
	closed(t, s)
	s = opened(t, dir, o)
	use("a", soon, ErrReplayed)
	use("b", soon, nil)
	use("c", soon.Add(time.Minute), nil)
	use("d", soon, ErrFull)
	clock.add(time.Minute)
	use("a", soon, ErrReplayed)
	use("d", soon.Add(time.Minute), nil)
	if n := len(s.state.nonces); n != 2 {
		t.Errorf("%d nonces remembered, want c and d", n)
	}
	appended(t, s, "e", "")
	clock.add(-2 * time.Minute)
	use("a", soon, ErrClock) // the clock was set back, the journal remembers
}

func TestNoncesAfterARestore(t *testing.T) {
	dir, clock := t.TempDir(), newTestClock()
	o := testOpts()
	o.Clock = clock.read
	s := opened(t, dir, o)
	if err := s.makeCopy(); err != nil {
		t.Fatal(err)
	}
	expires := clock.now.Add(time.Minute)
	if err := s.UseNonce([]byte("obeyed, then lost"), expires); err != nil {
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
	if err := s.UseNonce([]byte("obeyed, then lost"), expires); !errors.Is(err, ErrReplayed) {
		t.Errorf("a command that was obeyed before the damage: %v", err)
	}
	clock.add(o.NonceLife)
	if err := s.UseNonce([]byte("new"), clock.now.Add(time.Minute)); err != nil {
		t.Errorf("a new command later: %v", err)
	}
}
