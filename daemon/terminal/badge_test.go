package terminal

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"umbral/config/policy"
	"umbral/daemon/clock"
	"umbral/daemon/evidence"
	"umbral/daemon/passage"
	"umbral/daemon/reviews"
)

// badges is a kind of evidence that nothing else here knows: a reader that answers a demand with whose badge it reads.
type badges struct {
	*evidence.Demands
	holder string
}

func (badges) Kinds() policy.Set { return policy.Set(0).With(policy.Credential) }
func (badges) Hint() string      { return "" }
func (badges) Bytes() int64      { return 0 }

func (b badges) Run(ctx context.Context, observe func(passage.Evidence)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-b.Changed():
			if d := b.Now(); d.Ask.Has(policy.Credential) {
				observe(passage.Evidence{
					Kind: policy.Credential, Passage: d.Passage, Outcome: passage.Accepted, Score: passage.One, Subject: b.holder,
				})
			}
		}
	}
}

// A source of evidence needs its registration and its word in the policy to reach a verdict, and nothing else.
func TestNewKindOfEvidence(t *testing.T) {
	for holder, want := range map[string]passage.Verdict{"ana": passage.Grant, "bo": passage.Deny} {
		t.Run(holder, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { badgeGate(t, badges{evidence.NewDemands(), holder}, want) })
		})
	}
}

// badgeGate lets ana walk up to a gate whose policy wants a badge beside the face.
func badgeGate(t *testing.T, source evidence.Source, want passage.Verdict) {
	rules := passage.DefaultRules()
	rules.FMR, rules.Population, rules.Software = "1e-6", "test", "test"
	rules.Policy = policy.MustParse("credential and face and live")
	rules.Available = rules.Policy.Needs()
	machine, err := passage.New(rules, passage.ID{Boot: 1, Number: 1})
	if err != nil {
		t.Fatal(err)
	}
	var verdicts []passage.Verdict
	var log []string
	d := newDecider(deciderOpts{
		machine: machine, clock: clock.New(false, time.Second), door: &recordingDoor{log: &log}, log: slog.New(slog.DiscardHandler),
		append:  func(string, []byte) error { return nil },
		decided: func(e passage.Effect) { verdicts = append(verdicts, e.Verdict) },
		changed: func(passage.Screen) {}, alarmed: func(passage.Alarms) {}, review: func(reviews.Step) {}, opened: func(passage.ID) {},
		standing: func(_ passage.ID, person string) passage.Standing { return passage.Standing{Person: person} },
		want:     source.Want,
	})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go source.Run(ctx, d.establish)
	d.observe(passage.Observation{Kind: passage.ObserveClock, Clock: passage.Clock{Trust: policy.TrustNTP, Wall: time.Now().UnixMilli()}})
	d.observe(passage.Observation{Kind: passage.ObserveCamera, Up: true})
	b := &bench{decider: d}
	for range 40 {
		b.frame("ana")
		time.Sleep(50 * time.Millisecond)
		synctest.Wait()
		if len(verdicts) > 0 {
			break
		}
	}
	if len(verdicts) == 0 || verdicts[0] != want {
		t.Errorf("verdicts %v, want %v", verdicts, want)
	}
}
