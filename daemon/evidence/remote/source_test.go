package remote

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"umbral/config/policy"
	"umbral/daemon/evidence"
	"umbral/daemon/evidence/evidencetest"
	"umbral/daemon/passage"
)

// TestConformance asks an authority that takes a second to answer.
func TestConformance(t *testing.T) {
	evidencetest.Run(t, func(*testing.T) evidencetest.Rig {
		s := New(Opts{
			Ask: func(ctx context.Context, q Question) (passage.Evidence, error) {
				select {
				case <-ctx.Done():
					return passage.Evidence{}, ctx.Err()
				case <-time.After(time.Second):
					return passage.Evidence{Outcome: passage.Accepted, Subject: q.About}, nil
				}
			},
			Timeout: 10 * time.Second, Claims: new(evidence.Claims), Log: slog.New(slog.DiscardHandler),
		})
		return evidencetest.Rig{
			Source: s, Kind: policy.Remote, Subject: "ana", Present: func(ctx context.Context) { <-ctx.Done() }, Takes: 3 * time.Second,
			Weightless: true,
		}
	})
}
