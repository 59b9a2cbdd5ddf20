package terminal

import (
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"umbral/config/policy"
	"umbral/daemon/fleet/link"
	"umbral/daemon/passage"
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
	use := func(id string) (replayed, clock bool, reason passage.Reason) {
		fresh, err := nonces{s}.Use("office", id, now.Add(time.Minute))
		codeErr := s.UseCode(sha256.Sum256([]byte(id)), now.Add(time.Minute))
		if codeErr != nil {
			reason = replayReason(codeErr)
		}
		return !fresh && err == nil, errors.Is(err, link.ErrClock), reason
	}
	for _, c := range []struct {
		id       string
		ahead    time.Duration
		replayed bool
		clock    bool
		reason   passage.Reason
	}{
		{"first", 0, false, false, ""},
		{"first", 0, true, false, passage.ReasonCredentialReplayed},
		{"ahead", time.Hour, false, false, ""},
		{"back", -time.Hour, false, true, passage.ReasonClockUntrusted},
	} {
		now = now.Add(c.ahead)
		if replayed, clock, reason := use(c.id); replayed != c.replayed || clock != c.clock || reason != c.reason {
			t.Errorf("%s: replayed %t, clock %t, %q; want %t, %t, %q", c.id, replayed, clock, reason, c.replayed, c.clock, c.reason)
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

// TestNoncesLiveAsLongAsAnyCommand configures the longest times: no command that the link accepts is refused by the store.
func TestNoncesLiveAsLongAsAnyCommand(t *testing.T) {
	cfg := gateConfig(t, gateScene)
	for _, skew := range []time.Duration{0, 30 * time.Second, time.Hour} {
		cfg.Fleet.CommandMaxSkew, cfg.Fleet.CommandMaxAge = skew, 15*time.Minute
		// Issued a skew ahead, valid for its age and a skew, accepted for another skew.
		latest := skew + (cfg.Fleet.CommandMaxAge + skew) + skew
		if o := storeOpts(&cfg, store.Key{1}); o.NonceLife < latest {
			t.Errorf("skew %v: nonces live %v, commands %v", skew, o.NonceLife, latest)
		}
	}
}
