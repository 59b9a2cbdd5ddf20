package authority

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
	"umbral/daemon/fleet/mqtt"
)

var (
	gate     = fleet.Signer{Name: "gate-1", Private: fleettest.Seeded(7)}
	registry = []fleet.NamedKey{{Name: "registry", Public: fleettest.Public(8)}}
)

// good returns options that work, with an answer that accepts everybody.
func good(t *testing.T, broker string) (Opts, fleet.Recipient, *fleettest.Log) {
	t.Helper()
	key, recipient := fleettest.RecipientPair(t)
	log := new(fleettest.Log)
	return Opts{
		Broker: mqtt.Opts{Broker: broker}, Key: key, Skew: time.Minute, Log: log.Logger(),
		Signer:    fleet.Signer{Name: "registry", Private: fleettest.Seeded(8)},
		Terminals: []fleet.NamedKey{{Name: "gate-1", Public: fleettest.Public(7)}},
		Answer: func(context.Context, Asked) (fleet.Finding, error) {
			return fleet.Finding{Outcome: fleet.OutcomeAccepted}, nil
		},
	}, recipient, log
}

func ask(t *testing.T, to fleet.Recipient, issued time.Time) *fleet.SentQuestion {
	t.Helper()
	q, err := fleet.SealQuestion(fleettest.Question(), to, gate, issued, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestOptsAreChecked(t *testing.T) {
	for name, change := range map[string]func(*Opts){
		"answer":          func(o *Opts) { o.Answer = nil },
		"half a key":      func(o *Opts) { o.Signer.Private = o.Signer.Private[:32] },
		"no name":         func(o *Opts) { o.Signer.Name = "" },
		"key for reading": func(o *Opts) { o.Key = fleet.RecipientKey{} },
		"negative Skew":   func(o *Opts) { o.Skew = -1 },
		"Skew":            func(o *Opts) { o.Skew = time.Hour + 1 },
		"no terminals":    func(o *Opts) { o.Terminals = nil },
		"a terminal":      func(o *Opts) { o.Terminals = []fleet.NamedKey{{Name: "a/b", Public: fleettest.Public(7)}} },
		"broker":          func(o *Opts) { o.Broker.Broker = "http://x" },
	} {
		o, _, _ := good(t, "tcp://127.0.0.1:1")
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, skew := range []time.Duration{0, time.Hour} {
		o, _, _ := good(t, "tcp://127.0.0.1:1")
		o.Skew, o.Log = skew, nil
		if _, err := New(o); err != nil {
			t.Errorf("Skew %v: %v", skew, err)
		}
	}
}

// TestAnAuthorityAtABroker asks over a broker, twice the same, and sends what must be refused.
func TestAnAuthorityAtABroker(t *testing.T) {
	broker := fleettest.Broker(t)
	o, recipient, log := good(t, broker)
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	fleettest.Eventually(t, "connected", func() bool { return a.Stats().Connected && log.Has("authority is connected") })

	d, err := mqtt.New(mqtt.Opts{Broker: broker})
	if err != nil {
		t.Fatal(err)
	}
	answers := make(chan mqtt.Message, 8)
	s, err := d.Connect(t.Context(), "gate", nil, func(m mqtt.Message) { answers <- m })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(mqtt.Farewell)
	if err := s.Subscribe(t.Context(), fleet.Topic("gate-1", fleet.ChannelRemote, "+", "answer")); err != nil {
		t.Fatal(err)
	}
	say := func(topic string, retained bool, payload []byte) {
		t.Helper()
		if err := s.Publish(t.Context(), topic, 1, retained, payload); err != nil {
			t.Fatal(err)
		}
	}
	q := ask(t, recipient, time.Now())
	say(q.Topic, false, q.Message)
	first := <-answers
	if f, err := q.ReadReply(first.Payload, registry); err != nil || f.Outcome != fleet.OutcomeAccepted || first.Retained {
		t.Errorf("%+v, %v", f, err)
	}
	say(q.Topic, false, q.Message)
	if again := <-answers; string(again.Payload) != string(first.Payload) {
		t.Error("asked again, another answer")
	}
	refused := uint64(0)
	for name, m := range map[string]mqtt.Message{
		"kept by the broker": {Topic: q.Topic, Payload: q.Message, Retained: true},
		"too long":           {Topic: q.Topic, Payload: make([]byte, fleet.MaxQuestionBytes+1)},
		"no question":        {Topic: q.Topic, Payload: []byte("{}")},
	} {
		if name != "kept by the broker" {
			if len(m.Payload) > 250<<10 { // more than the broker of tests carries
				a.receive(m)
			} else {
				say(m.Topic, false, m.Payload)
			}
		} else {
			a.receive(m)
		}
		refused++
		fleettest.Eventually(t, name+" is counted", func() bool { return a.Stats().Refused == refused })
	}
	if !log.Has("a question does not count") {
		t.Error("it is not logged why a question does not count")
	}
	if st := a.Stats(); st.Answered != 1 || st.Repeated != 1 || st.Dropped != 0 {
		t.Errorf("%+v", st)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if a.Stats().Connected {
		t.Error("connected after its end")
	}
	if err := a.Run(t.Context()); err == nil {
		t.Error("Run twice was allowed")
	}
}

func TestABrokerThatIsAway(t *testing.T) {
	o, _, log := good(t, "tcp://127.0.0.1:1")
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	fleettest.Eventually(t, "it is logged", func() bool { return log.Has("authority is not connected") })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestQueuesAreBounded(t *testing.T) {
	o, recipient, _ := good(t, "tcp://127.0.0.1:1")
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for range authorityQueue + 2 {
		a.receive(mqtt.Message{Topic: "x", Payload: make([]byte, fleet.MaxQuestionBytes)})
	}
	if st := a.Stats(); st.Dropped != 2 || st.Refused != 0 {
		t.Errorf("%+v", st)
	}
	// Answers that nobody takes are dropped, and the questions come again.
	b, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { b.work(ctx) })
	q := ask(t, recipient, time.Now())
	for i := range authorityQueue + 3 {
		b.receive(mqtt.Message{Topic: q.Topic, Payload: q.Message})
		fleettest.Eventually(t, "taken", func() bool { st := b.Stats(); return st.Answered+st.Repeated == uint64(i+1) })
	}
	fleettest.Eventually(t, "dropped", func() bool { return b.Stats().Dropped == 3 })
	cancel()
	group.Wait()
}

func TestAnswersAreRememberedForAWhile(t *testing.T) {
	o, recipient, _ := good(t, "tcp://127.0.0.1:1")
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	var questions []mqtt.Message
	for range rememberedReply + 1 {
		q := ask(t, recipient, time.Now())
		questions = append(questions, mqtt.Message{Topic: q.Topic, Payload: q.Message})
		if _, err := a.answer(t.Context(), questions[len(questions)-1]); err != nil {
			t.Fatal(err)
		}
	}
	if len(a.known) != rememberedReply || len(a.order) != rememberedReply {
		t.Errorf("%d answers are known, %d in order", len(a.known), len(a.order))
	}
	before := a.Stats()
	for _, m := range []mqtt.Message{questions[1], questions[0]} {
		if _, err := a.answer(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if st := a.Stats(); st.Repeated != before.Repeated+1 || st.Answered != before.Answered+1 {
		t.Errorf("%+v, before %+v", st, before)
	}
}

// What cannot be looked into is doubtful, and says why without a word of the failure.
func TestDoubts(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		issued time.Time
		find   func(context.Context, Asked) (fleet.Finding, error)
		want   fleet.Finding
	}{
		"accepted":               {now, nil, fleet.Finding{Outcome: fleet.OutcomeAccepted}},
		"issued a while ahead":   {now.Add(50 * time.Second), nil, fleet.Finding{Outcome: fleet.OutcomeAccepted}},
		"issued far ahead":       {now.Add(2 * time.Minute), nil, fleet.Finding{Outcome: fleet.OutcomeDoubtful, Detail: DetailClock}},
		"expired a while ago":    {now.Add(-110 * time.Second), nil, fleet.Finding{Outcome: fleet.OutcomeAccepted}},
		"expired long ago":       {now.Add(-3 * time.Minute), nil, fleet.Finding{Outcome: fleet.OutcomeDoubtful, Detail: DetailClock}},
		"failed":                 {now, func(context.Context, Asked) (fleet.Finding, error) { return fleet.Finding{}, errors.New("secret") }, fleet.Finding{Outcome: fleet.OutcomeDoubtful, Detail: DetailFailed}},
		"a finding that is none": {now, func(context.Context, Asked) (fleet.Finding, error) { return fleet.Finding{Outcome: "granted"}, nil }, fleet.Finding{Outcome: fleet.OutcomeDoubtful, Detail: DetailFailed}},
		"what is asked is told":  {now, told, fleet.Finding{Outcome: fleet.OutcomeRefused, Detail: "all"}},
	} {
		o, recipient, log := good(t, "tcp://127.0.0.1:1")
		if c.find != nil {
			o.Answer = c.find
		}
		a, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		q := ask(t, recipient, c.issued)
		m, err := a.answer(t.Context(), mqtt.Message{Topic: q.Topic, Payload: q.Message})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if f, err := q.ReadReply(m.Payload, registry); err != nil || f != c.want {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
		if failed := c.want.Detail == DetailFailed; log.Has("could not look") != failed || strings.Contains(string(m.Payload), "secret") {
			t.Errorf("%s: logged %v", name, log.Has("could not look"))
		}
	}
}

// told reports whether everything that the authority has to know of a question is there.
func told(ctx context.Context, a Asked) (fleet.Finding, error) {
	until, ok := ctx.Deadline()
	life := time.Until(a.Expires)
	if !ok || !until.Equal(a.Expires) || life < 50*time.Second || life > time.Minute || a.Terminal != "gate-1" ||
		a.Passage != "7-12" || a.Purpose != fleet.PurposeVerify || a.Claim.Subject != fleettest.Question().Claim.Subject {
		return fleet.Finding{}, fmt.Errorf("asked %+v until %v", a, until)
	}
	return fleet.Finding{Outcome: fleet.OutcomeRefused, Detail: "all"}, nil
}
