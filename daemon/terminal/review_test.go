package terminal

import (
	"context"
	"crypto/ed25519"
	"slices"
	"sync"
	"testing"
	"time"

	"umbral/config"
	"umbral/config/policy"
	"umbral/daemon/fleet"
	ministry "umbral/daemon/fleet/authority"
	"umbral/daemon/fleet/mqtt"
	"umbral/daemon/fleet/operator"
	"umbral/daemon/fleet/reviewer"
	"umbral/daemon/passage"
	"umbral/daemon/store"
	"umbral/drivers/door"
)

// standingScene: Ana stands before the gate for half a minute.
const standingScene = `
fps = 15
loop = false
units = "pixels"
noise = 1.0

[[step]]
label = "nobody"
seconds = 1.0

[[step]]
label = "ana waits"
picture = "sample3.jpg"
seconds = 1.0
hold = 30.0
from = { x = 1170, y = 430, width = 1500 }
to = { x = 1170, y = 400, width = 1340 }
crop = [800, 0, 1490, 1350]

[[step]]
label = "nobody"
seconds = 60
`

// signer is a key with its name, and its public half as configurations have it.
func signer(t *testing.T, name string) (fleet.Signer, string) {
	t.Helper()
	pem, public, err := fleet.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	private, err := fleet.ParsePrivateKey(pem)
	if err != nil {
		t.Fatal(err)
	}
	return fleet.Signer{Name: name, Private: private}, public
}

// authorityFor lets an authority be part of a configuration; serve starts it once the terminal runs.
func authorityFor(t *testing.T, cfg *config.Config, answer func(ministry.Asked) fleet.Finding) (serve func(*Terminal)) {
	t.Helper()
	key, public := signer(t, "registry")
	readPEM, readPublic, err := fleet.GenerateRecipientKey()
	if err != nil {
		t.Fatal(err)
	}
	reader, err := fleet.ParseRecipientKey(readPEM)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Remote = config.Remote{Authority: "registry", Public: public, SealTo: readPublic, Timeout: 5 * time.Second, Send: "template"}
	return func(term *Terminal) {
		a, err := ministry.New(ministry.Opts{
			Broker: mqtt.Opts{Broker: cfg.Fleet.Broker}, Signer: key, Key: reader, Skew: time.Minute,
			Terminals: []fleet.NamedKey{{Name: cfg.Terminal.ID, Public: term.identity.Public().(ed25519.PublicKey)}},
			Answer:    func(_ context.Context, q ministry.Asked) (fleet.Finding, error) { return answer(q), nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); a.Run(ctx) }()
		t.Cleanup(func() { cancel(); <-done })
	}
}

// The authority says yes: it was asked about the person, with the template that the site sends, and the door opens.
func TestAuthorityConfirms(t *testing.T) {
	cfg := gateConfig(t, standingScene)
	cfg.Passage.Policy, cfg.Passage.DecideTimeout = policy.MustParse("face and live and remote"), 15*time.Second
	var mu sync.Mutex
	var asked []ministry.Asked
	score := 0.81
	serve := authorityFor(t, &cfg, func(q ministry.Asked) fleet.Finding {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, q)
		return fleet.Finding{Outcome: fleet.OutcomeAccepted, Score: &score, Subject: q.Claim.Subject}
	})
	enrolAna(t, cfg)
	term, _ := started(t, cfg)
	serve(term)
	v := verdictOf(t, term, 1)
	if v.verdict != passage.Grant || v.person != "ana-4711" {
		t.Fatalf("%v %v %q", v.verdict, v.summary.Reasons, v.person)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(asked) != 1 || asked[0].Claim.Subject != "ana-4711" || len(asked[0].Claim.Template) != 512 || asked[0].Claim.Model != term.models.Feature || asked[0].Passage != v.passage.String() {
		t.Errorf("asked %d times, %+v", len(asked), asked)
	}
}

// No authority answers: denied, and the screen can say why.
func TestAuthorityIsSilent(t *testing.T) {
	cfg := gateConfig(t, standingScene)
	cfg.Passage.Policy, cfg.Passage.DecideTimeout = policy.MustParse("face and live and remote"), 15*time.Second
	authorityFor(t, &cfg, nil)
	cfg.Remote.Timeout = time.Second
	enrolAna(t, cfg)
	term, _ := started(t, cfg)
	v := verdictOf(t, term, 1)
	if v.verdict != passage.Deny || len(v.summary.Reasons) < 2 || v.summary.Reasons[1] != passage.ReasonRemoteNoAnswer {
		t.Errorf("%v %v", v.verdict, v.summary.Reasons)
	}
}

// The authority says no, two reviewers say yes: the review is asked for without a name, one reviewer twice is one, and
// everything is in the journal.
func TestReviewersDecide(t *testing.T) {
	cfg := gateConfig(t, standingScene)
	cfg.Passage.Policy, cfg.Passage.DecideTimeout = policy.MustParse("face and live and remote"), 15*time.Second
	cfg.Clock.CommandTrust = policy.TrustUnknown
	serve := authorityFor(t, &cfg, func(ministry.Asked) fleet.Finding { return fleet.Finding{Outcome: fleet.OutcomeRefused} })
	rita, ritas := signer(t, "rita")
	rosa, rosas := signer(t, "rosa")
	readPEM, readPublic, err := fleet.GenerateRecipientKey()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Fleet.Keys = []config.CommandKey{
		{Name: "rita", Public: ritas, Commands: []string{fleet.CommandReview}}, {Name: "rosa", Public: rosas, Commands: []string{fleet.CommandReview}},
	}
	cfg.Review = config.Review{Timeout: 25 * time.Second, Leave: 5 * time.Second, Approvals: 2, Failures: []string{"remote"}, Pictures: true, Readers: []string{readPublic}}
	enrolAna(t, cfg)
	term, _ := started(t, cfg)
	serve(term)
	v := verdictOf(t, term, 1)
	if v.verdict != passage.Refer {
		t.Fatalf("%v %v", v.verdict, v.summary.Reasons)
	}
	desk, err := reviewer.New(mqtt.Opts{Broker: cfg.Fleet.Broker})
	if err != nil {
		t.Fatal(err)
	}
	office, err := operator.New(mqtt.Opts{Broker: cfg.Fleet.Broker})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	id := v.passage.String()
	var review fleet.PublishedReview
	until(t, "the review at the broker", 10*time.Second, func() bool {
		review, err = desk.Review(ctx, "test-1", id, term.identity.Public().(ed25519.PublicKey))
		return err == nil
	})
	if !review.Verified || review.Person == "" || review.Person == "ana-4711" || review.Needed != 2 {
		t.Errorf("review %+v", review)
	}
	clues := []fleet.ReviewClue{{Kind: "face", Outcome: "accepted"}, {Kind: "live", Outcome: "accepted"}, {Kind: "remote", Outcome: "refused", Detail: "remote-no-match"}}
	if !slices.Equal(review.Evidence, clues) {
		t.Errorf("evidence %+v, want %+v", review.Evidence, clues)
	}
	sealed, err := desk.Pictures(ctx, "test-1", id)
	if err != nil {
		t.Fatal(err)
	}
	key, err := fleet.ParseRecipientKey(readPEM)
	if err != nil {
		t.Fatal(err)
	}
	pictures, err := fleet.OpenPictures(key, "test-1", id, sealed)
	if err != nil || len(pictures) != 1 || len(pictures[0].JPEG) < 2000 {
		t.Errorf("%d pictures, %v", len(pictures), err)
	}
	say := func(s fleet.Signer) (fleet.Answer, error) {
		args := fleet.ReviewArgs{Passage: id, Review: review.Hash, Answer: fleet.Approve}
		return office.Send(ctx, operator.Order{Terminal: "test-1", Command: fleet.CommandReview, Args: args}, s, nil)
	}
	if a, err := say(rita); err != nil || a.Status != fleet.StatusSuccessful {
		t.Fatalf("rita: %+v, %v", a, err)
	}
	if a, err := say(rita); err == nil && a.Status != fleet.StatusFailed || a.Reason != fleet.ReasonTwice {
		t.Errorf("rita again: %+v, %v", a, err)
	}
	if s := term.view.recent()[0]; s.verdict != passage.Refer {
		t.Errorf("one reviewer of two decided: %v", s.verdict)
	}
	if a, err := say(rosa); err != nil || a.Status != fleet.StatusSuccessful {
		t.Fatalf("rosa: %+v, %v", a, err)
	}
	end := verdictOf(t, term, 2)
	if end.verdict != passage.Grant || end.reason != passage.ReasonReviewApproved || end.passage != v.passage {
		t.Errorf("%v %v of %v", end.verdict, end.reason, end.passage)
	}
	until(t, "the door's opening", 2*time.Second, func() bool { return term.door.State().Relay || term.door.State().Contact == door.Opened })
	held, err := term.store.Review(id)
	if err != nil || held.Outcome != store.Approved || len(held.Answers) != 2 {
		t.Errorf("the store's review: %+v, %v", held, err)
	}
	until(t, "the review's end at the broker", 5*time.Second, func() bool { return len(term.reviews.Pending()) == 0 })
}
