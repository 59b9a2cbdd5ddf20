package link

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/authority"
	"umbral/daemon/fleet/fleettest"
	"umbral/daemon/fleet/mqtt"
)

// office is an authority in a test.
type office struct {
	opts authority.Opts
	mu   sync.Mutex
	seen []authority.Asked
	find fleet.Finding
	err  error
	hold chan struct{} // when not nil, an answer waits for it or ctx
}

// newOffice prepares an authority that answers the bench's terminal, and lets the bench ask it.
func newOffice(t *testing.T, address string, b *bench) *office {
	t.Helper()
	key, reader := fleettest.RecipientPair(t)
	b.opts.Identity = fleettest.Seeded(7)
	b.opts.Questions = newQuestions(QuestionOpts{
		Signer: fleet.Signer{Name: b.opts.Terminal, Private: b.opts.Identity}, Now: func() time.Time { now, _ := b.opts.Clock(); return now },
		Authorities: []fleet.NamedKey{{Name: "registry", Public: fleettest.Public(8)}},
		Recipient:   reader, Pictures: true, Templates: true, InFlight: 4,
	})
	score := 0.75
	o := &office{find: fleet.Finding{Outcome: fleet.OutcomeAccepted, Score: &score, Detail: "face", Subject: "110101199003070011", Name: "Ana García"}}
	o.opts = authority.Opts{
		Broker: mqtt.Opts{Broker: address, ConnectTimeout: 2 * time.Second, AckTimeout: 2 * time.Second},
		Signer: fleet.Signer{Name: "registry", Private: fleettest.Seeded(8)}, Key: key, Skew: time.Minute,
		Terminals: []fleet.NamedKey{{Name: "gate-1", Public: fleettest.Public(7)}},
		Answer: func(ctx context.Context, a authority.Asked) (fleet.Finding, error) {
			o.mu.Lock()
			o.seen = append(o.seen, a)
			find, err, hold := o.find, o.err, o.hold
			o.mu.Unlock()
			if hold != nil {
				select {
				case <-hold:
				case <-ctx.Done():
					return fleet.Finding{}, ctx.Err()
				}
			}
			return find, err
		},
	}
	return o
}

func (o *office) start(t *testing.T) (a *authority.Authority, stop func()) {
	t.Helper()
	a, err := authority.New(o.opts)
	if err != nil {
		t.Fatal(err)
	}
	return a, background(t, a.Run)
}

func (o *office) asked() []authority.Asked {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.seen)
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestTheAuthorityAnswers(t *testing.T) {
	t.Parallel()
	address := fleettest.Broker(t)
	b := newBench(t, address)
	o := newOffice(t, address, b)
	ear := listen(t, address, "ear", "te/device/+///remote/#")
	a, _ := o.start(t)
	b.start(t)
	f, err := b.link.Ask(within(t, patience), fleettest.Question())
	if err != nil || f.Outcome != fleet.OutcomeAccepted || *f.Score != 0.75 || f.Detail != "face" || f.Subject != "110101199003070011" || f.Name != "Ana García" {
		t.Fatalf("%+v, %v", f, err)
	}
	seen := o.asked()
	q := fleettest.Question()
	if len(seen) != 1 || seen[0].Terminal != "gate-1" || seen[0].Passage != q.Passage || seen[0].Purpose != q.Purpose ||
		seen[0].Claim.Subject != q.Claim.Subject || string(seen[0].Claim.Picture) != string(q.Claim.Picture) || !slices.Equal(seen[0].Claim.Template, q.Claim.Template) {
		t.Fatalf("the authority saw %+v", seen)
	}
	eventually(t, "both messages were heard", func() bool { return len(ear.messages()) >= 2 })
	for _, m := range ear.messages() {
		s, err := fleet.ReadSigned([]byte(m.payload))
		if err != nil {
			t.Fatal(err)
		}
		for _, private := range []string{"110101199003070011", "Ana", "García", "picture", "registry.example"} {
			if strings.Contains(string(s.Payload), private) && private != "registry.example" || strings.Contains(m.payload, private) {
				t.Errorf("%q goes over the broker in clear: %s", private, s.Payload)
			}
		}
		if m.retained {
			t.Errorf("%s is retained", m.topic)
		}
	}
	if s := b.link.Stats(); s.Asked != 1 || s.Answered != 1 || s.Late != 0 || s.Forged != 0 {
		t.Errorf("%+v", s)
	}
	if s := a.Stats(); s.Answered != 1 || s.Refused != 0 {
		t.Errorf("%+v", s)
	}
}

func TestAskRefusesWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	address := fleettest.Broker(t)
	b := newBench(t, address)
	newOffice(t, address, b)
	q := b.opts.Questions
	q.o.Pictures, q.o.Templates, q.o.InFlight = false, false, 1
	b.start(t)
	ask := func(f func(*fleet.Question)) error {
		q := fleettest.Question()
		f(&q)
		_, err := b.link.Ask(within(t, 50*time.Millisecond), q)
		return err
	}
	bare := func(q *fleet.Question) { q.Claim.Picture, q.Claim.Template = nil, nil }
	if err := ask(func(q *fleet.Question) { q.Claim.Picture = nil }); !errors.Is(err, ErrNotAllowed) {
		t.Errorf("a template: %v", err)
	}
	if err := ask(func(q *fleet.Question) { q.Claim.Template = nil }); !errors.Is(err, ErrNotAllowed) {
		t.Errorf("a picture: %v", err)
	}
	if err := ask(bare); !errors.Is(err, ErrNoAnswer) {
		t.Errorf("nobody there: %v", err)
	}
	for name, f := range map[string]func(*fleet.Question){
		"passage": func(q *fleet.Question) { q.Passage = "a/b" },
		"purpose": func(q *fleet.Question) { q.Purpose = "guess" },
		"subject": func(q *fleet.Question) { q.Claim.Subject = "" },
		"long":    func(q *fleet.Question) { q.Claim.Subject = strings.Repeat("1", fleet.MaxSubject+1) },
		"picture": func(q *fleet.Question) { q.Claim.Picture = make([]byte, fleet.MaxClaimPicture+1) },
	} {
		if err := ask(f); err == nil || errors.Is(err, ErrNoAnswer) || errors.Is(err, ErrNotAllowed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var group sync.WaitGroup
	group.Go(func() {
		q := fleettest.Question()
		bare(&q)
		_, _ = b.link.Ask(within(t, 300*time.Millisecond), q)
	})
	eventually(t, "one waits", func() bool { return b.link.Stats().Asked == 2 })
	if err := ask(bare); !errors.Is(err, ErrTooMany) {
		t.Errorf("a second one: %v", err)
	}
	group.Wait()
	c := newBench(t, address)
	c.opts.Terminal = "gate-2"
	c.start(t)
	if _, err := c.link.Ask(t.Context(), fleettest.Question()); !errors.Is(err, ErrNoAuthority) {
		t.Errorf("without an authority: %v", err)
	}
}

// TestAQuestionOutlivesRestarts asks while nothing is there, and brings up first the authority, then the broker is killed
// under both, then the authority is started anew.
func TestAQuestionOutlivesRestarts(t *testing.T) {
	t.Parallel()
	long(t)
	m := newMosquitto(t)
	b := newBench(t, m.address())
	o := newOffice(t, m.address(), b)
	b.start(t)
	eventually(t, "connected", func() bool { return b.link.Stats().Connected })
	answered := make(chan error, 1)
	ask := func() {
		ctx := within(t, 30*time.Second)
		go func() {
			f, err := b.link.Ask(ctx, fleettest.Question())
			if err == nil && f.Outcome != fleet.OutcomeAccepted {
				err = fmt.Errorf("%+v", f)
			}
			answered <- err
		}()
	}
	wait := func(what string) {
		t.Helper()
		select {
		case err := <-answered:
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		case <-time.After(25 * time.Second):
			t.Fatalf("%s: no answer", what)
		}
	}
	ask() // before there is an authority
	eventually(t, "asked", func() bool { return b.link.Stats().Asked == 1 })
	_, stop := o.start(t)
	wait("the authority comes later")

	o.mu.Lock()
	o.hold = make(chan struct{})
	o.mu.Unlock()
	ask()
	eventually(t, "the authority looks", func() bool { return len(o.asked()) == 2 })
	m.kill()
	eventually(t, "the loss is noticed", func() bool { return !b.link.Stats().Connected })
	close(o.hold) // the answer has no connection to go out on, and is sent again when it is asked for again
	m.start(t)
	wait("the broker is killed while the authority looks")

	o.mu.Lock()
	o.hold = make(chan struct{})
	o.mu.Unlock()
	ask()
	eventually(t, "the authority looks", func() bool { return len(o.asked()) == 3 })
	stop()
	o.mu.Lock()
	o.hold = nil
	o.mu.Unlock()
	o.start(t)
	wait("the authority is started anew")
}

func TestOnlyTheAuthoritysAnswerToThisQuestionCounts(t *testing.T) {
	t.Parallel()
	address := fleettest.Broker(t)
	b := newBench(t, address)
	o := newOffice(t, address, b)
	ear := listen(t, address, "ear", "te/device/+///remote/#")
	b.start(t)
	heard := 0
	next := func() (q mqtt.Message) {
		t.Helper()
		eventually(t, "a question", func() bool {
			for _, m := range ear.messages()[heard:] {
				heard++
				if strings.HasSuffix(m.topic, "/request") {
					q = mqtt.Message{Topic: m.topic, Payload: []byte(m.payload)}
					return true
				}
			}
			return false
		})
		return q
	}
	ask := func() chan error {
		done := make(chan error, 1)
		ctx := within(t, patience)
		go func() {
			f, err := b.link.Ask(ctx, fleettest.Question())
			if err == nil && f.Outcome != fleet.OutcomeAccepted {
				err = fmt.Errorf("%+v", f)
			}
			done <- err
		}()
		return done
	}
	honest := func(m mqtt.Message) mqtt.Message {
		t.Helper()
		q, err := fleet.ReadQuestion(m.Topic, m.Payload, o.opts.Terminals, o.opts.Key)
		if err != nil {
			t.Fatal(err)
		}
		topic, message, err := q.Reply(o.find, time.Now(), o.opts.Signer)
		if err != nil {
			t.Fatal(err)
		}
		return mqtt.Message{Topic: topic, Payload: message}
	}
	first := ask()
	old := honest(next())
	ear.say(t, old.Topic, false, old.Payload)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	ear.say(t, old.Topic, false, old.Payload) // again
	eventually(t, "counted as late", func() bool { return b.link.Stats().Late == 1 })

	second := ask()
	q := next()
	good := honest(q)
	resign := func(domain string, key ed25519.PrivateKey, name string, change func(map[string]any)) []byte {
		t.Helper()
		s, err := fleet.ReadSigned(good.Payload)
		if err != nil {
			t.Fatal(err)
		}
		var p map[string]any
		if err := json.Unmarshal(s.Payload, &p); err != nil {
			t.Fatal(err)
		}
		change(p)
		payload, err := fleet.EncodeJSON(p)
		if err != nil {
			t.Fatal(err)
		}
		m, err := fleet.SignPayload(domain, payload, fleet.Signer{Name: name, Private: key})
		if err != nil {
			t.Fatal(err)
		}
		out, err := fleet.EncodeJSON(m)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	same := func(map[string]any) {}
	set := func(name string, v any) func(map[string]any) { return func(p map[string]any) { p[name] = v } }
	flipped := slices.Clone(good.Payload)
	flipped[len(flipped)/2] ^= 1
	forgeries := map[string][]byte{
		"an old answer":               old.Payload,
		"no JSON":                     []byte("accepted"),
		"nothing":                     nil,
		"too long":                    []byte(strings.Repeat(" ", fleet.MaxReplyBytes+1)),
		"changed on the way":          flipped,
		"another key":                 resign(fleet.DomainReply, fleettest.Seeded(9), "registry", same),
		"a name that is not known":    resign(fleet.DomainReply, fleettest.Seeded(8), "somebody", same),
		"signed as something else":    resign(fleet.DomainQuestion, fleettest.Seeded(8), "registry", same),
		"another terminal's":          resign(fleet.DomainReply, fleettest.Seeded(8), "registry", set("terminal", "gate-2")),
		"another passage's":           resign(fleet.DomainReply, fleettest.Seeded(8), "registry", set("passage", "7-13")),
		"another question's":          resign(fleet.DomainReply, fleettest.Seeded(8), "registry", set("question", strings.Repeat("0", 64))),
		"another id's":                resign(fleet.DomainReply, fleettest.Seeded(8), "registry", set("id", "other")),
		"no such outcome":             resign(fleet.DomainReply, fleettest.Seeded(8), "registry", set("outcome", "granted")),
		"another schema":              resign(fleet.DomainReply, fleettest.Seeded(8), "registry", set("schema", 2)),
		"a member more":               resign(fleet.DomainReply, fleettest.Seeded(8), "registry", set("open", true)),
		"not for this question's key": resign(fleet.DomainReply, fleettest.Seeded(8), "registry", set("data", []byte(strings.Repeat("x", 64)))),
	}
	forged := b.link.Stats().Forged
	for name, payload := range forgeries {
		ear.say(t, good.Topic, false, payload)
		forged++
		eventually(t, name+" is counted", func() bool { return b.link.Stats().Forged == forged })
	}
	o.find.Subject = "somebody else"
	ear.say(t, good.Topic, false, honest(q).Payload)
	eventually(t, "somebody else is counted", func() bool { return b.link.Stats().Forged == forged+1 })
	select {
	case err := <-second:
		t.Fatalf("a forged answer ended the question: %v", err)
	default:
	}
	ear.say(t, good.Topic, false, good.Payload)
	if err := <-second; err != nil {
		t.Fatal(err)
	}
}
