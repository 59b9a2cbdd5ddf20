package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// clockStore is a store with a clock that a test moves, and the right time.
type clockStore struct {
	*Store
	t     *testing.T
	dir   string
	opts  Opts
	clock *testClock
	right time.Time
	used  int
}

func newClockStore(t *testing.T) *clockStore {
	c := newTestClock()
	o := testOpts()
	o.Clock = c.read
	s := &clockStore{t: t, dir: t.TempDir(), opts: o, clock: c, right: c.now}
	s.open()
	t.Cleanup(func() { closed(t, s.Store) })
	return s
}

func (s *clockStore) open() (rec Recovery) {
	s.t.Helper()
	var err error
	if s.Store, rec, err = Open(s.dir, s.opts); err != nil {
		s.t.Fatal(err)
	}
	return rec
}

// at sets the clock to the right time, off by ahead, with a trust.
func (s *clockStore) at(ahead time.Duration, trust string) { s.clock.set(s.right.Add(ahead), trust) }

// fresh uses a code and a command that expire half a minute from now, by the right time, and were never used before.
func (s *clockStore) fresh(what string, want error) {
	s.t.Helper()
	s.used++
	until := s.right.Add(30 * time.Second)
	if err := s.UseCode(code(s.used), until); !errors.Is(err, want) || want == nil && err != nil {
		s.t.Errorf("%s: code: %v, want %v", what, err, want)
	}
	if err := s.UseNonce(fmt.Append(nil, "nonce ", s.used), until); !errors.Is(err, want) || want == nil && err != nil {
		s.t.Errorf("%s: command: %v, want %v", what, err, want)
	}
}

const years = 365 * 24 * time.Hour

// TestAMarkIsLoweredByABetterClock leaves a mark ahead of the right time and then tells the right one: by a clock of
// more trust all goes on at once, by another the refusal names the clock.
func TestAMarkIsLoweredByABetterClock(t *testing.T) {
	for _, c := range []struct {
		ahead       time.Duration
		wrong, then string
		want        error
	}{
		{13 * years, TrustUnknown, TrustRTC, nil},
		{13 * years, TrustUnknown, TrustNTP, nil},
		{time.Hour, TrustUnknown, TrustBroker, nil},
		{time.Hour, TrustRTC, TrustNTP, nil},
		{time.Hour, TrustRTC, TrustBroker, nil},
		{time.Hour, TrustBroker, TrustNTP, nil},
		{time.Hour, "no such word", TrustRTC, nil},
		{13 * years, TrustRTC, TrustRTC, nil}, // implausibly far for a battery clock: counts as unknown
		{13 * years, TrustUnknown, TrustUnknown, ErrClock},
		{time.Hour, TrustRTC, TrustRTC, ErrClock},
		{time.Hour, TrustRTC, TrustUnknown, ErrClock},
		{time.Hour, TrustNTP, TrustNTP, ErrClock},
		{time.Hour, TrustNTP, TrustBroker, ErrClock},
		{13 * years, TrustNTP, TrustNTP, ErrClock},
	} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprint(c.ahead, c.wrong, " then ", c.then, " restarted ", restart), func(t *testing.T) {
				s := newClockStore(t)
				s.at(0, TrustRTC)
				appended(t, s.Store, "start", "1")
				s.at(c.ahead, c.wrong)
				appended(t, s.Store, "start", "2")
				if restart {
					killed(s.Store)
					s.open()
				}
				s.right = s.right.Add(time.Minute)
				s.at(0, c.then)
				s.fresh("afterwards", c.want)
				s.right = s.right.Add(48 * time.Hour)
				s.at(0, c.then)
				if c.ahead > 48*time.Hour {
					s.fresh("two days later", c.want)
				} else {
					s.fresh("when the time has come", nil)
				}
			})
		}
	}
}

// TestACorrectionIsJournalled looks for the entry that says which instant was withdrawn, and for right times after it.
func TestACorrectionIsJournalled(t *testing.T) {
	s := newClockStore(t)
	s.at(13*years, TrustUnknown)
	appended(t, s.Store, "start", "")
	wrong := s.clock.now
	s.at(0, TrustNTP)
	appended(t, s.Store, "e", "")
	s.at(500*time.Millisecond, TrustRTC)
	appended(t, s.Store, "e", "")
	s.at(0, TrustNTP) // half a second apart: clocks that agree
	appended(t, s.Store, "e", "")
	all := entries(t, s.Store)
	if len(all) != 5 || all[1].Kind != KindClock {
		t.Fatalf("%d entries, the second of kind %q; want start, clock, e, e, e", len(all), all[1].Kind)
	}
	var c Correction
	if err := json.Unmarshal(all[1].Payload, &c); err != nil {
		t.Fatal(err)
	}
	if want := (Correction{Was: wrong, WasTrust: TrustUnknown, Now: s.right, Trust: TrustNTP}); c != want {
		t.Errorf("correction %+v, want %+v", c, want)
	}
	for _, e := range all[1:] {
		if e.Wall.Sub(s.right).Abs() > time.Second {
			t.Errorf("entry %v is of %v", e.Position, e.Wall)
		}
	}
}

// TestWallNeverRunsBackByAWorseClock sets a clock of equal and of less trust back.
func TestWallNeverRunsBackByAWorseClock(t *testing.T) {
	for _, trust := range []string{TrustNTP, TrustRTC, TrustUnknown} {
		s := newClockStore(t)
		s.at(time.Hour, TrustNTP)
		appended(t, s.Store, "e", "")
		s.at(0, trust)
		appended(t, s.Store, "e", "")
		all := entries(t, s.Store)
		if last := all[len(all)-1]; !last.Wall.Equal(s.right.Add(time.Hour)) || !last.Told.Equal(s.right) || last.Clock != trust {
			t.Errorf("%s: wall %v, told %v by %s", trust, last.Wall, last.Told, last.Clock)
		}
	}
}

// TestABatteryClockFarAheadCountsAsUnknown looks at both sides of the limit.
func TestABatteryClockFarAheadCountsAsUnknown(t *testing.T) {
	for _, c := range []struct {
		ahead time.Duration
		trust string
		want  string
	}{
		{0, TrustRTC, TrustRTC},
		{testOpts().ClockAhead, TrustRTC, TrustRTC},
		{testOpts().ClockAhead + 1, TrustRTC, TrustUnknown},
		{13 * years, TrustNTP, TrustNTP},
		{13 * years, TrustBroker, TrustBroker},
	} {
		s := newClockStore(t)
		s.at(13*years, TrustRTC) // the first: nothing to compare it with
		s.at(0, TrustRTC)
		appended(t, s.Store, "e", "")
		s.at(c.ahead, c.trust)
		appended(t, s.Store, "e", "")
		if got := entries(t, s.Store)[1].Clock; got != c.want {
			t.Errorf("%v ahead, %s: counts as %s, want %s", c.ahead, c.trust, got, c.want)
		}
		want := s.right
		if c.want != TrustUnknown {
			want = want.Add(c.ahead)
		}
		if got := s.LastTrusted(); !got.Equal(want) {
			t.Errorf("%v ahead, %s: last trusted %v, want %v", c.ahead, c.trust, got, want)
		}
	}
}

func TestLastTrustedIsZeroBeforeTheFirst(t *testing.T) {
	s := newClockStore(t)
	s.at(0, TrustUnknown)
	appended(t, s.Store, "e", "")
	if got := s.LastTrusted(); !got.IsZero() {
		t.Errorf("last trusted %v although no clock was", got)
	}
}

// TestForgottenAheadIsNotFreshAgain forgets a code and a command by a clock that is ahead and then sets it right.
func TestForgottenAheadIsNotFreshAgain(t *testing.T) {
	for _, c := range []struct {
		wrong, then string
		want        error
	}{
		{TrustRTC, TrustRTC, ErrClock},
		{TrustRTC, TrustNTP, ErrReplayed}, // the better clock is believed, and what may have been forgotten is refused
		{TrustUnknown, TrustNTP, ErrReplayed},
		{TrustUnknown, TrustUnknown, ErrClock},
	} {
		for _, restart := range []bool{false, true} {
			s := newClockStore(t)
			s.at(0, c.then)
			victim, until := code(1000), s.right.Add(35*time.Second)
			use := func() (error, error) { return s.UseCode(victim, until), s.UseNonce([]byte("open"), until) }
			if a, b := use(); a != nil || b != nil {
				t.Fatal(a, b)
			}
			s.at(time.Hour, c.wrong)
			ahead := s.clock.now.Add(30 * time.Second)
			if a, b := s.UseCode(code(1001), ahead), s.UseNonce([]byte("other"), ahead); a != nil || b != nil {
				t.Fatal(a, b)
			}
			if restart {
				killed(s.Store)
				s.open()
			}
			s.right = s.right.Add(5 * time.Second)
			s.at(0, c.then)
			if a, b := use(); !errors.Is(a, c.want) || !errors.Is(b, c.want) {
				t.Errorf("ahead by %s, then %s, restarted %t: code %v, command %v, want %v",
					c.wrong, c.then, restart, a, b, c.want)
			}
			// After the longest life of what was forgotten, all is as before.
			s.right = s.right.Add(s.opts.NonceLife)
			s.at(0, c.then)
			if c.want == ErrReplayed {
				s.fresh("a life later", nil)
			}
		}
	}
}

// TestARefusedCodeDoesNotUndoTheCorrection refuses again and again, by nothing but codes: the floors must not move on.
func TestARefusedCodeDoesNotUndoTheCorrection(t *testing.T) {
	s := newClockStore(t)
	if err := s.UseCode(code(1), s.right.Add(30*time.Second)); err != nil {
		t.Fatal(err)
	}
	s.at(time.Hour, TrustRTC)
	if err := s.UseCode(code(2), s.right.Add(time.Hour+30*time.Second)); err != nil {
		t.Fatal(err)
	}
	s.at(0, TrustNTP)
	for range 5 {
		if err := s.UseCode(code(1), s.right.Add(30*time.Second)); !errors.Is(err, ErrReplayed) {
			t.Fatalf("a code that was forgotten: %v", err)
		}
		s.right = s.right.Add(s.opts.ReplayLife / 5)
		s.at(0, TrustNTP)
	}
	if err := s.UseCode(code(3), s.right.Add(30*time.Second)); err != nil {
		t.Errorf("a life later: %v", err)
	}
}

// TestFloorsOfARecoveryFollowABetterClock recovers under clocks that are ahead, behind and right.
func TestFloorsOfARecoveryFollowABetterClock(t *testing.T) {
	for _, c := range []struct {
		name      string
		ahead     time.Duration
		trust     string
		then      string
		atOnce    error // right after the recovery, by the right time
		lifeLater error // a life after that
	}{
		{"right", 0, TrustNTP, TrustNTP, ErrReplayed, nil},
		{"ahead, unknown, then ntp", 13 * years, TrustUnknown, TrustNTP, ErrReplayed, nil},
		{"ahead, unknown, then rtc", 13 * years, TrustUnknown, TrustRTC, ErrReplayed, nil},
		{"far ahead, rtc, then rtc", 13 * years, TrustRTC, TrustRTC, ErrReplayed, nil},
		{"ahead, rtc, then ntp", 24 * time.Hour, TrustRTC, TrustNTP, ErrReplayed, nil},
		{"ahead, rtc, then rtc", 24 * time.Hour, TrustRTC, TrustRTC, ErrClock, ErrClock},
		{"behind, rtc, then rtc", -26 * years, TrustRTC, TrustRTC, ErrReplayed, nil},
		{"behind, unknown, then ntp", -26 * years, TrustUnknown, TrustNTP, ErrReplayed, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newClockStore(t)
			s.at(0, TrustRTC)
			appended(t, s.Store, "e", "")
			killed(s.Store)
			if err := os.Truncate(s.path(liveName), 5000); err != nil {
				t.Fatal(err)
			}
			s.right = s.right.Add(10 * time.Second)
			s.at(c.ahead, c.trust)
			if rec := s.open(); !rec.Happened() {
				t.Fatal("no recovery")
			}
			s.at(0, c.then)
			s.fresh("at once", c.atOnce)
			s.right = s.right.Add(s.opts.NonceLife)
			s.at(0, c.then)
			s.fresh("a life later", c.lifeLater)
		})
	}
}

// TestFloorsThatARightClockPassedStay lets a battery clock set the floors and pass them before the first time server is
// heard: nothing is refused again.
func TestFloorsThatARightClockPassedStay(t *testing.T) {
	s := newClockStore(t)
	s.at(0, TrustRTC)
	appended(t, s.Store, "e", "")
	killed(s.Store)
	if err := os.Truncate(s.path(liveName), 5000); err != nil {
		t.Fatal(err)
	}
	s.open()
	s.right = s.right.Add(s.opts.NonceLife + time.Minute)
	s.at(0, TrustRTC)
	appended(t, s.Store, "e", "")
	s.at(0, TrustNTP)
	s.fresh("the first time server", nil)
}

// TestFloorsThatAnUnknownClockPassedAreSetAnew lets a clock that nothing vouches for set the floors and pass them. A jump
// may have passed them, so the first better clock begins anew.
func TestFloorsThatAnUnknownClockPassedAreSetAnew(t *testing.T) {
	s := newClockStore(t)
	s.at(0, TrustUnknown)
	appended(t, s.Store, "e", "")
	killed(s.Store)
	if err := os.Truncate(s.path(liveName), 5000); err != nil {
		t.Fatal(err)
	}
	s.open()
	s.right = s.right.Add(s.opts.NonceLife + time.Minute)
	s.at(0, TrustUnknown)
	appended(t, s.Store, "e", "")
	s.at(0, TrustRTC)
	s.fresh("the first battery clock", ErrReplayed)
	s.right = s.right.Add(s.opts.NonceLife)
	s.at(0, TrustRTC)
	s.fresh("a life later", nil)
}

// TestFloorsArePassedWhenTheirLastInstantIs looks at the instant of the floor itself, and just before it.
func TestFloorsArePassedWhenTheirLastInstantIs(t *testing.T) {
	for _, short := range []time.Duration{0, 1} {
		s := newClockStore(t)
		s.at(0, TrustRTC)
		floor := nanoseconds(s.right.Add(time.Minute))
		err := s.commit(func(c *change) error {
			c.next.ReplayFloor, c.next.NonceFloor, c.next.FloorTrust = floor, floor, trustRTC
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		s.right = s.right.Add(time.Minute - short)
		s.at(0, TrustRTC)
		appended(t, s.Store, "e", "")
		s.at(short, TrustNTP)
		want := error(nil)
		if short > 0 {
			want = ErrReplayed
		}
		s.fresh(fmt.Sprint(short, " before it"), want)
	}
}

func TestWordsOfTheClockHaveALimit(t *testing.T) {
	s := newClockStore(t)
	for n, want := range map[int]error{0: ErrInvalid, 1: nil, MaxClock: nil, MaxClock + 1: ErrInvalid} {
		s.at(0, strings.Repeat("x", n))
		if _, err := s.Append("e", nil); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("a word of %d bytes: %v", n, err)
		}
	}
	s.at(0, TrustNTP)
}

// TestClocksThatAgreeCorrectNothing puts a mark at the slack ahead of the better clock, and just beyond it.
func TestClocksThatAgreeCorrectNothing(t *testing.T) {
	for _, beyond := range []time.Duration{0, 1} {
		s := newClockStore(t)
		s.at(time.Duration(clockSlack)+beyond, TrustRTC)
		appended(t, s.Store, "e", "")
		s.at(0, TrustNTP)
		appended(t, s.Store, "e", "")
		all := entries(t, s.Store)
		if corrected := all[1].Kind == KindClock; corrected != (beyond > 0) {
			t.Errorf("%v beyond the slack: corrected %t", beyond, corrected)
		}
	}
}
