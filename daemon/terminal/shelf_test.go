package terminal

import (
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"umbral/config"
	"umbral/config/policy"
	"umbral/daemon/enrolment"
	"umbral/daemon/fleet/link"
	"umbral/daemon/store"
)

// TestWhatTheClockRefusesNamesTheClock sets a clock back: commands and codes are refused for the clock, not as replayed.
func TestWhatTheClockRefusesNamesTheClock(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	o := store.DefaultOpts()
	o.Key = store.Key{1}
	o.Clock = func() (time.Time, string) { return now, policy.TrustRTC.String() }
	s, _, err := store.Open(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := enrolment.NewRegister(enrolment.RegisterOpts{Store: s, Eligibility: new(config.Eligibility), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	use := func(id string) (nonce, code string) {
		word := func(fresh bool, err, clock error) string {
			switch {
			case clock != nil && errors.Is(err, clock), clock == nil && err != nil && enrolment.Untimely(err):
				return "clock"
			case err != nil:
				return err.Error()
			case !fresh:
				return "replayed"
			}
			return "fresh"
		}
		fresh, err := nonces{s}.Use("office", id, now.Add(time.Minute))
		nonce = word(fresh, err, link.ErrClock)
		fresh, err = r.Use(sha256.Sum256([]byte(id)), now.Add(time.Minute))
		return nonce, word(fresh, err, nil)
	}
	for _, c := range []struct {
		id    string
		ahead time.Duration
		want  string
	}{
		{"first", 0, "fresh"},
		{"first", 0, "replayed"},
		{"ahead", time.Hour, "fresh"},
		{"back", -time.Hour, "clock"},
	} {
		now = now.Add(c.ahead)
		if nonce, code := use(c.id); nonce != c.want || code != c.want {
			t.Errorf("%s: nonce %s, code %s, want %s", c.id, nonce, code, c.want)
		}
	}
}

// TestTrustIsTheStores holds the words of the decision for trust in the clock against those that the store ranks.
func TestTrustIsTheStores(t *testing.T) {
	want := []string{store.TrustUnknown, store.TrustRTC, store.TrustBroker, store.TrustNTP}
	for i, trust := range []policy.Trust{policy.TrustUnknown, policy.TrustRTC, policy.TrustBroker, policy.TrustNTP} {
		if trust.String() != want[i] || i > 0 && trust <= policy.Trust(i-1) {
			t.Errorf("trust %d is %q, the store's word is %q", trust, trust, want[i])
		}
	}
}
