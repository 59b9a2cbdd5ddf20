package state

import (
	"testing"
	"time"

	"umbral/config"
	"umbral/daemon/store"
)

// TestNoncesLiveAsLongAsAnyCommand configures the longest times: no command that the link accepts is refused by the store.
func TestNoncesLiveAsLongAsAnyCommand(t *testing.T) {
	cfg := config.Default()
	for _, skew := range []time.Duration{0, 30 * time.Second, time.Hour} {
		cfg.Fleet.CommandMaxSkew, cfg.Fleet.CommandMaxAge = skew, 15*time.Minute
		// Issued a skew ahead, valid for its age and a skew, accepted for another skew.
		latest := skew + (cfg.Fleet.CommandMaxAge + skew) + skew
		if o := StoreOpts(&cfg, store.Key{1}); o.NonceLife < latest {
			t.Errorf("skew %v: nonces live %v, commands %v", skew, o.NonceLife, latest)
		}
	}
}
