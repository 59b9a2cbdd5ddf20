package passage

import (
	"slices"
	"strings"
	"testing"
	"time"

	"umbral/config/policy"
)

// Which evidence from elsewhere counts, each cause alone.
func TestEvidence(t *testing.T) {
	ann := known(1, "ann")
	long := strings.Repeat("x", MaxName+1)
	card := func(change func(*Evidence)) Observation {
		e := Evidence{Kind: policy.Card, Outcome: Accepted, Subject: "ann", Passage: ID{7, 1}}
		change(&e)
		return Observation{Kind: ObserveEvidence, Evidence: e}
	}
	rules := all("face and card")
	doc := all("card and face")
	finger := withRules(func(r *Rules) { *r = all("face and finger"); r.FingerThreshold = 20 * One })
	code := withRules(func(r *Rules) { *r = all("face and credential"); r.CredentialTrust = policy.TrustRTC })
	speech := all("face and speech")
	of := func(k policy.Kind, score Score, subject string) Observation {
		return Observation{Kind: ObserveEvidence, Evidence: Evidence{Kind: k, Outcome: Accepted, Subject: subject, Score: score}}
	}
	clock := func(trust policy.Trust) Observation {
		return Observation{Kind: ObserveClock, Clock: Clock{Trust: trust, Wall: 1_770_000_000_000}}
	}
	second := during(1050 * time.Millisecond)
	const grant = "grant matched ann"
	playAll(t, []playCase{
		{"accepted", rules, func(g *gate) { g.frames(6, ann); g.see(card(func(*Evidence) {})); g.frames(1, ann) }, []string{grant}, 1},
		{"before the passage", rules, func(g *gate) { g.see(card(func(*Evidence) {})); g.frames(7, ann) }, []string{}, 0},
		{"of the passage after", rules, func(g *gate) {
			g.frames(6, ann)
			g.see(card(func(e *Evidence) { e.Passage.Number++ }))
			g.frames(1, ann)
		}, []string{}, 0},
		{"of whichever passage there is", rules, func(g *gate) {
			g.frames(6, ann)
			g.see(card(func(e *Evidence) { e.Passage = ID{} }))
			g.frames(1, ann)
		}, []string{grant}, 1},
		{"of a kind that doesn't exist", rules, func(g *gate) {
			g.frames(6, ann)
			g.see(card(func(e *Evidence) { e.Kind = policy.Kinds }))
			g.frames(1, ann)
		}, []string{}, 0},
		{"a face from elsewhere", rules, func(g *gate) {
			g.see(card(func(*Evidence) {}))
			g.frames(3, stranger(1))
			g.see(card(func(e *Evidence) { e.Kind = policy.Face }))
			g.see(card(func(*Evidence) {}))
			g.frames(3, stranger(1))
		}, []string{}, 0},
		{"no outcome", rules, func(g *gate) { g.frames(6, ann); g.see(card(func(e *Evidence) { e.Outcome = 0 })); g.frames(1, ann) }, []string{}, 0},
		{"an outcome that doesn't exist", rules, func(g *gate) {
			g.frames(6, ann)
			g.see(card(func(e *Evidence) { e.Outcome = Doubtful + 1 }))
			g.frames(1, ann)
		}, []string{}, 0},
		{"the last outcome", rules, func(g *gate) {
			g.frames(6, ann)
			g.see(card(func(e *Evidence) { e.Outcome, e.Detail = Doubtful, "card-unreadable" }))
		}, []string{"refer needs-review card-unreadable ann"}, 0},
		{"a subject with too long a name", rules, func(g *gate) {
			g.frames(6, ann)
			g.see(card(func(e *Evidence) { e.Subject = long }))
			g.frames(1, ann)
		}, []string{}, 0},
		{"a detail that is too long", rules, func(g *gate) {
			g.frames(6, ann)
			g.see(card(func(e *Evidence) { e.Detail = long }))
			g.frames(1, ann)
		}, []string{}, 0},

		{"a refused document brings no reference", doc, func(g *gate) {
			g.frames(4, ann)
			g.see(card(func(e *Evidence) { e.Outcome, e.Reference = Doubtful, true }))
		}, []string{"refer needs-review ann"}, 0},
		{"a document of nobody brings no reference", doc, func(g *gate) {
			g.frames(5, ann)
			g.see(card(func(e *Evidence) { e.Subject, e.Reference = "", true }))
			g.frames(1, ann)
		}, []string{grant}, 1},
		{"a document without a reference", doc, func(g *gate) { g.frames(5, ann); g.see(card(func(*Evidence) {})); g.frames(1, ann) }, []string{grant}, 1},
		{"another's claim", doc, func(g *gate) {
			g.frames(3, ann)
			g.see(card(func(e *Evidence) { e.Reference = true }))
			g.frames(10, claimed(1, "bob", 0.7))
		}, []string{}, 0},
		{"the claim", doc, func(g *gate) {
			g.frames(3, ann)
			g.see(card(func(e *Evidence) { e.Reference = true }))
			g.frames(3, claimed(1, "ann", 0.5))
		}, []string{grant}, 1},
		{"just not the claim", doc, func(g *gate) {
			g.frames(3, ann)
			g.see(card(func(e *Evidence) { e.Reference = true }))
			g.frames(5, with(claimed(1, "ann", 0.5), func(f *Face) { f.Match.Score-- }))
		}, []string{}, 0},
		{"a claim that nobody made", doc, func(g *gate) {
			g.frames(5, claimed(1, "ann", 0.7))
			g.see(card(func(*Evidence) {}))
			g.frames(5, claimed(1, "ann", 0.7))
		}, []string{}, 0},

		{"a finger at the threshold", finger, func(g *gate) { g.frames(5, ann); g.see(of(policy.Finger, 20*One, "ann")); g.frames(1, ann) }, []string{grant}, 1},
		{"a finger below", finger, func(g *gate) { g.frames(5, ann); g.see(of(policy.Finger, 20*One-1, "ann")) },
			[]string{"deny evidence-refused finger-no-match ann"}, 0},
		{"a finger that was refused for something else", finger, func(g *gate) { g.frames(5, ann); g.see(refusedFor(policy.Finger, ReasonFingerUnreadable)) },
			[]string{"deny evidence-refused finger-unreadable ann"}, 0},
		{"a card's score means nothing", rules, func(g *gate) { g.frames(5, ann); g.see(of(policy.Card, 0, "ann")); g.frames(1, ann) }, []string{grant}, 1},
		{"a code by a clock just trusted enough", code, func(g *gate) {
			g.see(clock(policy.TrustRTC))
			g.frames(5, ann)
			g.see(of(policy.Credential, 0, "ann"))
			g.frames(1, ann)
		}, []string{grant}, 1},
		{"a code by a clock that isn't", code, func(g *gate) { g.see(clock(0)); g.frames(5, ann); g.see(of(policy.Credential, 0, "ann")) },
			[]string{"deny evidence-refused clock-untrusted ann"}, 0},
		{"a card needs no clock", withRules(func(r *Rules) { *r = rules; r.CredentialTrust = policy.TrustRTC }), func(g *gate) {
			g.see(clock(0))
			g.frames(5, ann)
			g.see(of(policy.Card, 0, "ann"))
			g.frames(1, ann)
		}, []string{grant}, 1},

		{"one look while she speaks", speech, func(g *gate) {
			g.frames(4, ann)
			g.frames(second, ann)
			g.see(accepted(policy.Speech, ""))
			g.frames(1, ann)
		}, []string{grant}, 1},
		{"no look while she speaks", speech, func(g *gate) { g.frames(4, ann); g.see(accepted(policy.Speech, "")) },
			[]string{"deny evidence-refused identity-changed ann"}, 0},
		{"one look of three misses", speech, func(g *gate) {
			g.frames(4, ann)
			g.frames(2*second, ann)
			g.frames(second, stranger(1))
			g.see(accepted(policy.Speech, ""))
		}, []string{"deny evidence-refused identity-changed ann"}, 0},
		{"the looks of somebody before count for nobody else", speech, func(g *gate) {
			g.frames(4, ann)
			g.frames(3*second, ann)
			g.frames(4*second, known(1, "bob"))
			g.see(accepted(policy.Speech, ""))
			g.frames(1, known(1, "bob"))
		}, []string{"grant matched bob"}, 1},
		{"the looks of somebody before do not outweigh a stranger's", withRules(func(r *Rules) { *r = speech; r.DecideTimeout = time.Minute }), func(g *gate) {
			g.frames(4, ann)
			g.frames(9*second, ann)
			g.frames(4, known(1, "bob"))
			g.frames(second, known(1, "bob"))
			g.frames(2*second, stranger(1))
			g.see(accepted(policy.Speech, ""))
		}, []string{"deny evidence-refused identity-changed bob"}, 0},
		{"somebody else who is not looked at again", speech, func(g *gate) {
			g.frames(4, ann)
			g.frames(second, ann)
			g.frames(second, known(1, "bob"))
			g.frames(1, known(1, "bob"))
			g.see(accepted(policy.Speech, ""))
		}, []string{}, 0},
	})
}

// A reference that comes after a challenge makes what was seen meanwhile somebody else's.
func TestReferenceBeginsAgain(t *testing.T) {
	r := all("credential and face and live and speech")
	r.DecideTimeout = time.Minute
	g := newGate(t, r)
	first, other := claimed(1, "did:1", 0.7), claimed(1, "did:2", 0.7)
	g.frames(2, first)
	g.see(brings(policy.Credential, "did:1"))
	g.frames(6, first)
	g.frames(during(3*time.Second), first)
	g.see(brings(policy.Credential, "did:2"))
	a := &g.m.now
	if a.matched != 0 || a.unmatched != 0 || a.ambiguous != 0 || a.best != 0 || a.sum != 0 || a.live.frames != 0 || a.stayed != 0 || a.swapped != 0 {
		t.Errorf("after another reference there is still %+v", a)
	}
	g.frames(6, other)
	g.see(accepted(policy.Speech, ""))
	if v := g.verdicts(); !slices.Equal(v, []string{"deny evidence-refused identity-changed did:2"}) {
		t.Errorf("somebody who was not looked at while speaking: %v", v)
	}
}

// Another person on the same track begins again; only frames that spoke against a match stay.
func TestAnotherPersonBeginsAgain(t *testing.T) {
	r := all("face and live and finger and card")
	r.DecideTimeout = time.Minute
	g := newGate(t, r)
	g.frames(6, known(1, "ann"))
	g.see(accepted(policy.Finger, "ann"))
	g.frames(during(1100*time.Millisecond), known(1, "bob"))
	a := &g.m.now
	if a.person != "bob" || a.matched == 0 || a.others[policy.Finger].outcome != 0 || !a.switched || a.stayed != 0 {
		t.Errorf("%+v", a)
	}
	if a.live.frames > a.matched {
		t.Errorf("%d signs of life for %d matches", a.live.frames, a.matched)
	}
}
