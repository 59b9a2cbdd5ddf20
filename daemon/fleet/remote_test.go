package fleet

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
)

// office is an authority in a test.
type office struct {
	opts AuthorityOpts
	mu   sync.Mutex
	seen []Asked
	find Finding
	err  error
	hold chan struct{} // when not nil, an answer waits for it or ctx
}

func readerPair(t testing.TB) (ReaderKey, Reader) {
	t.Helper()
	private, public, err := GenerateReaderKey()
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseReaderKey(private)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ParseReader(public)
	if err != nil {
		t.Fatal(err)
	}
	if r.String() != k.Reader().String() {
		t.Fatal("the halves do not belong together")
	}
	return k, r
}

// newOffice prepares an authority that answers the bench's terminal, and lets the bench ask it.
func newOffice(t *testing.T, address string, b *bench) *office {
	t.Helper()
	key, reader := readerPair(t)
	b.opts.Identity = seeded(7)
	b.opts.Remote = &RemoteOpts{
		Authorities: []Authorised{{Name: "registry", Public: seeded(8).Public().(ed25519.PublicKey)}},
		Reader:      reader, Pictures: true, Templates: true,
	}
	score := 0.75
	o := &office{find: Finding{Outcome: OutcomeAccepted, Score: &score, Detail: "face", Subject: "110101199003070011", Name: "Ana García"}}
	o.opts = AuthorityOpts{
		Broker: OperatorOpts{Broker: address, ConnectTimeout: 2 * time.Second, AckTimeout: 2 * time.Second},
		Signer: Signer{Name: "registry", Private: seeded(8)}, Key: key, Skew: time.Minute,
		Terminals: []Authorised{{Name: "gate-1", Public: seeded(7).Public().(ed25519.PublicKey)}},
		Answer: func(ctx context.Context, a Asked) (Finding, error) {
			o.mu.Lock()
			o.seen = append(o.seen, a)
			find, err, hold := o.find, o.err, o.hold
			o.mu.Unlock()
			if hold != nil {
				select {
				case <-hold:
				case <-ctx.Done():
					return Finding{}, ctx.Err()
				}
			}
			return find, err
		},
	}
	return o
}

func (o *office) start(t *testing.T) (a *Authority, stop func()) {
	t.Helper()
	a, err := NewAuthority(o.opts)
	if err != nil {
		t.Fatal(err)
	}
	return a, background(t, a.Run)
}

func (o *office) asked() []Asked {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.seen)
}

func testQuestion() Question {
	return Question{Passage: "7-12", Purpose: PurposeVerify, Claim: Claim{
		Subject: "110101199003070011", Issuer: "registry.example", Picture: []byte("\xff\xd8picture"), Template: []float32{0.5, -0.25}, Model: "model",
	}}
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestTheAuthorityAnswers(t *testing.T) {
	address := startBroker(t)
	b := newBench(t, address)
	o := newOffice(t, address, b)
	ear := listen(t, address, "ear", "te/device/+///remote/#")
	a, _ := o.start(t)
	b.start(t)
	f, err := b.link.Ask(within(t, patience), testQuestion())
	if err != nil || f.Outcome != OutcomeAccepted || *f.Score != 0.75 || f.Detail != "face" || f.Subject != "110101199003070011" || f.Name != "Ana García" {
		t.Fatalf("%+v, %v", f, err)
	}
	seen := o.asked()
	q := testQuestion()
	if len(seen) != 1 || seen[0].Terminal != "gate-1" || seen[0].Passage != q.Passage || seen[0].Purpose != q.Purpose ||
		seen[0].Claim.Subject != q.Claim.Subject || string(seen[0].Claim.Picture) != string(q.Claim.Picture) || !slices.Equal(seen[0].Claim.Template, q.Claim.Template) {
		t.Fatalf("the authority saw %+v", seen)
	}
	eventually(t, "both messages were heard", func() bool { return len(ear.messages()) >= 2 })
	for _, m := range ear.messages() {
		s, err := readSigned([]byte(m.payload))
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
	address := startBroker(t)
	b := newBench(t, address)
	newOffice(t, address, b)
	b.opts.Remote.Pictures, b.opts.Remote.Templates, b.opts.Remote.InFlight = false, false, 1
	b.start(t)
	ask := func(f func(*Question)) error {
		q := testQuestion()
		f(&q)
		_, err := b.link.Ask(within(t, 50*time.Millisecond), q)
		return err
	}
	bare := func(q *Question) { q.Claim.Picture, q.Claim.Template = nil, nil }
	if err := ask(func(q *Question) { q.Claim.Picture = nil }); !errors.Is(err, ErrNotAllowed) {
		t.Errorf("a template: %v", err)
	}
	if err := ask(func(q *Question) { q.Claim.Template = nil }); !errors.Is(err, ErrNotAllowed) {
		t.Errorf("a picture: %v", err)
	}
	if err := ask(bare); !errors.Is(err, ErrNoAnswer) {
		t.Errorf("nobody there: %v", err)
	}
	for name, f := range map[string]func(*Question){
		"passage": func(q *Question) { q.Passage = "a/b" },
		"purpose": func(q *Question) { q.Purpose = "guess" },
		"subject": func(q *Question) { q.Claim.Subject = "" },
		"long":    func(q *Question) { q.Claim.Subject = strings.Repeat("1", MaxSubject+1) },
		"picture": func(q *Question) { q.Claim.Picture = make([]byte, MaxClaimPicture+1) },
	} {
		if err := ask(f); err == nil || errors.Is(err, ErrNoAnswer) || errors.Is(err, ErrNotAllowed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var group sync.WaitGroup
	group.Go(func() {
		q := testQuestion()
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
	if _, err := c.link.Ask(t.Context(), testQuestion()); !errors.Is(err, ErrNoAuthority) {
		t.Errorf("without an authority: %v", err)
	}
}

// TestAQuestionOutlivesRestarts asks while nothing is there, and brings up first the authority, then the broker is killed
// under both, then the authority is started anew.
func TestAQuestionOutlivesRestarts(t *testing.T) {
	m := newMosquitto(t)
	b := newBench(t, m.address())
	o := newOffice(t, m.address(), b)
	b.start(t)
	eventually(t, "connected", func() bool { return b.link.Stats().Connected })
	answered := make(chan error, 1)
	ask := func() {
		ctx := within(t, 30*time.Second)
		go func() {
			f, err := b.link.Ask(ctx, testQuestion())
			if err == nil && f.Outcome != OutcomeAccepted {
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
	address := startBroker(t)
	b := newBench(t, address)
	o := newOffice(t, address, b)
	ear := listen(t, address, "ear", "te/device/+///remote/#")
	b.start(t)
	a, err := NewAuthority(o.opts) // does not run: the test carries the messages
	if err != nil {
		t.Fatal(err)
	}
	heard := 0
	next := func() (q inbound) {
		t.Helper()
		eventually(t, "a question", func() bool {
			for _, m := range ear.messages()[heard:] {
				heard++
				if strings.HasSuffix(m.topic, "/request") {
					q = inbound{topic: m.topic, payload: []byte(m.payload)}
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
			f, err := b.link.Ask(ctx, testQuestion())
			if err == nil && f.Outcome != OutcomeAccepted {
				err = fmt.Errorf("%+v", f)
			}
			done <- err
		}()
		return done
	}
	honest := func(m inbound) outbound {
		t.Helper()
		r, err := a.answer(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := ask()
	old := honest(next())
	ear.say(t, old.topic, false, old.payload)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	ear.say(t, old.topic, false, old.payload) // again
	eventually(t, "counted as late", func() bool { return b.link.Stats().Late == 1 })

	second := ask()
	q := next()
	good := honest(q)
	resign := func(domain string, key ed25519.PrivateKey, name string, change func(map[string]any)) []byte {
		t.Helper()
		s, err := readSigned(good.payload)
		if err != nil {
			t.Fatal(err)
		}
		var p map[string]any
		if err := json.Unmarshal(s.Payload, &p); err != nil {
			t.Fatal(err)
		}
		change(p)
		payload, err := encodeJSON(p)
		if err != nil {
			t.Fatal(err)
		}
		m, err := signPayload(domain, payload, Signer{Name: name, Private: key})
		if err != nil {
			t.Fatal(err)
		}
		out, err := encodeJSON(m)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	same := func(map[string]any) {}
	set := func(name string, v any) func(map[string]any) { return func(p map[string]any) { p[name] = v } }
	flipped := slices.Clone(good.payload)
	flipped[len(flipped)/2] ^= 1
	forgeries := map[string][]byte{
		"an old answer":               old.payload,
		"no JSON":                     []byte("accepted"),
		"nothing":                     nil,
		"too long":                    []byte(strings.Repeat(" ", maxReplyBytes+1)),
		"changed on the way":          flipped,
		"another key":                 resign(domainReply, seeded(9), "registry", same),
		"a name that is not known":    resign(domainReply, seeded(8), "somebody", same),
		"signed as something else":    resign(domainQuestion, seeded(8), "registry", same),
		"another terminal's":          resign(domainReply, seeded(8), "registry", set("terminal", "gate-2")),
		"another passage's":           resign(domainReply, seeded(8), "registry", set("passage", "7-13")),
		"another question's":          resign(domainReply, seeded(8), "registry", set("question", strings.Repeat("0", 64))),
		"another id's":                resign(domainReply, seeded(8), "registry", set("id", "other")),
		"no such outcome":             resign(domainReply, seeded(8), "registry", set("outcome", "granted")),
		"another schema":              resign(domainReply, seeded(8), "registry", set("schema", 2)),
		"a member more":               resign(domainReply, seeded(8), "registry", set("open", true)),
		"not for this question's key": resign(domainReply, seeded(8), "registry", set("data", []byte(strings.Repeat("x", 64)))),
	}
	forged := b.link.Stats().Forged
	for name, payload := range forgeries {
		ear.say(t, good.topic, false, payload)
		forged++
		eventually(t, name+" is counted", func() bool { return b.link.Stats().Forged == forged })
	}
	o.find.Subject = "somebody else"
	delete(a.known, a.order[len(a.order)-1])
	ear.say(t, good.topic, false, honest(q).payload)
	eventually(t, "somebody else is counted", func() bool { return b.link.Stats().Forged == forged+1 })
	select {
	case err := <-second:
		t.Fatalf("a forged answer ended the question: %v", err)
	default:
	}
	ear.say(t, good.topic, false, good.payload)
	if err := <-second; err != nil {
		t.Fatal(err)
	}
}

func TestTheAuthorityRefusesWhatNoTerminalAsked(t *testing.T) {
	address := startBroker(t)
	b := newBench(t, address)
	o := newOffice(t, address, b)
	b.start(t)
	a, err := NewAuthority(o.opts)
	if err != nil {
		t.Fatal(err)
	}
	q, err := b.link.compose(testQuestion(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	good, err := readSigned(q.message)
	if err != nil {
		t.Fatal(err)
	}
	resign := func(domain string, key ed25519.PrivateKey, change func(map[string]any)) []byte {
		t.Helper()
		var p map[string]any
		if err := json.Unmarshal(good.Payload, &p); err != nil {
			t.Fatal(err)
		}
		change(p)
		payload, _ := encodeJSON(p)
		m, err := signPayload(domain, payload, Signer{Name: "gate-1", Private: key})
		if err != nil {
			t.Fatal(err)
		}
		out, _ := encodeJSON(m)
		return out
	}
	set := func(name string, v any) func(map[string]any) { return func(p map[string]any) { p[name] = v } }
	for name, m := range map[string]inbound{
		"no topic":            {topic: "x", payload: q.message},
		"another terminal":    {topic: Topic("gate-2", ChannelRemote, q.id, "request"), payload: q.message},
		"another id":          {topic: Topic("gate-1", ChannelRemote, "x", "request"), payload: q.message},
		"no JSON":             {topic: q.topic, payload: []byte("{}")},
		"another key":         {topic: q.topic, payload: resign(domainQuestion, seeded(9), func(map[string]any) {})},
		"signed as a command": {topic: q.topic, payload: resign(signatureDomain, seeded(7), func(map[string]any) {})},
		"another passage":     {topic: q.topic, payload: resign(domainQuestion, seeded(7), set("passage", "7-13"))}, // the claim was encrypted for 7-12
		"another purpose":     {topic: q.topic, payload: resign(domainQuestion, seeded(7), set("purpose", "identify"))},
		"too long a life":     {topic: q.topic, payload: resign(domainQuestion, seeded(7), set("expires", time.Now().Add(time.Hour)))},
		"schema":              {topic: q.topic, payload: resign(domainQuestion, seeded(7), set("schema", 2))},
	} {
		if r, err := a.answer(t.Context(), m); err == nil {
			t.Errorf("%s: answered %s", name, r.payload)
		}
	}
	if n := len(o.asked()); n != 0 {
		t.Errorf("%d of them were looked into", n)
	}
	late := resign(domainQuestion, seeded(7), func(p map[string]any) {
		p["issued"], p["expires"] = time.Now().Add(-time.Hour), time.Now().Add(-59*time.Minute)
	})
	r, err := a.answer(t.Context(), inbound{topic: q.topic, payload: late})
	if err != nil {
		t.Fatal(err)
	}
	s, _ := readSigned(r.payload)
	if p, err := readReply(s.Payload); err != nil || p.Outcome != OutcomeDoubtful || p.Detail != DetailClock || len(o.asked()) != 0 {
		t.Errorf("an old question: %+v, %v", p, err)
	}
	o.err = errors.New("the gallery is closed, says Ana García")
	r, err = a.answer(t.Context(), inbound{topic: q.topic, payload: q.message})
	if err != nil {
		t.Fatal(err)
	}
	s, _ = readSigned(r.payload)
	if p, err := readReply(s.Payload); err != nil || p.Outcome != OutcomeDoubtful || p.Detail != DetailFailed {
		t.Errorf("a failure: %+v, %v", p, err)
	}
	if again, err := a.answer(t.Context(), inbound{topic: q.topic, payload: q.message}); err != nil || string(again.payload) != string(r.payload) || len(o.asked()) != 1 {
		t.Errorf("asked again: another answer, or looked into twice (%v)", err)
	}
}
