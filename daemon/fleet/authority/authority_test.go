package authority

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
	"umbral/daemon/fleet/mqtt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reply reads what an authority has signed, without its encrypted part.
func reply(t *testing.T, m mqtt.Message) (f fleet.Finding) {
	t.Helper()
	s, err := fleet.ReadSigned(m.Payload)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(s.Payload, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTheAuthorityRefusesWhatNoTerminalAsked(t *testing.T) {
	key, recipient := fleettest.RecipientPair(t)
	var looked int
	found, failed := fleet.Finding{Outcome: fleet.OutcomeAccepted}, error(nil)
	a, err := New(Opts{
		Broker: mqtt.Opts{Broker: "tcp://127.0.0.1:1"}, Key: key, Skew: time.Minute,
		Signer:    fleet.Signer{Name: "registry", Private: fleettest.Seeded(8)},
		Terminals: []fleet.NamedKey{{Name: "gate-1", Public: fleettest.Public(7)}},
		Answer: func(context.Context, Asked) (fleet.Finding, error) {
			looked++
			return found, failed
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	terminal := fleet.Signer{Name: "gate-1", Private: fleettest.Seeded(7)}
	q, err := fleet.SealQuestion(fleettest.Question(), recipient, terminal, time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	good, err := fleet.ReadSigned(q.Message)
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
		payload, _ := fleet.EncodeJSON(p)
		m, err := fleet.SignPayload(domain, payload, fleet.Signer{Name: "gate-1", Private: key})
		if err != nil {
			t.Fatal(err)
		}
		out, _ := fleet.EncodeJSON(m)
		return out
	}
	set := func(name string, v any) func(map[string]any) { return func(p map[string]any) { p[name] = v } }
	for name, m := range map[string]mqtt.Message{
		"no topic":            {Topic: "x", Payload: q.Message},
		"another terminal":    {Topic: fleet.Topic("gate-2", fleet.ChannelRemote, q.ID, "request"), Payload: q.Message},
		"another id":          {Topic: fleet.Topic("gate-1", fleet.ChannelRemote, "x", "request"), Payload: q.Message},
		"no JSON":             {Topic: q.Topic, Payload: []byte("{}")},
		"another key":         {Topic: q.Topic, Payload: resign(fleet.DomainQuestion, fleettest.Seeded(9), func(map[string]any) {})},
		"signed as a command": {Topic: q.Topic, Payload: resign("umbral-command-v1\x00", fleettest.Seeded(7), func(map[string]any) {})},
		"another passage":     {Topic: q.Topic, Payload: resign(fleet.DomainQuestion, fleettest.Seeded(7), set("passage", "7-13"))}, // the claim was encrypted for 7-12
		"another purpose":     {Topic: q.Topic, Payload: resign(fleet.DomainQuestion, fleettest.Seeded(7), set("purpose", "identify"))},
		"too long a life":     {Topic: q.Topic, Payload: resign(fleet.DomainQuestion, fleettest.Seeded(7), set("expires", time.Now().Add(time.Hour)))},
		"schema":              {Topic: q.Topic, Payload: resign(fleet.DomainQuestion, fleettest.Seeded(7), set("schema", 2))},
	} {
		if r, err := a.answer(t.Context(), m); err == nil {
			t.Errorf("%s: answered %s", name, r.Payload)
		}
	}
	if looked != 0 {
		t.Errorf("%d of them were looked into", looked)
	}
	late := resign(fleet.DomainQuestion, fleettest.Seeded(7), func(p map[string]any) {
		p["issued"], p["expires"] = time.Now().Add(-time.Hour), time.Now().Add(-59*time.Minute)
	})
	r, err := a.answer(t.Context(), mqtt.Message{Topic: q.Topic, Payload: late})
	if err != nil {
		t.Fatal(err)
	}
	if p := reply(t, r); p.Outcome != fleet.OutcomeDoubtful || p.Detail != DetailClock || looked != 0 {
		t.Errorf("an old question: %+v", p)
	}
	failed = errors.New("the gallery is closed, says Ana García")
	r, err = a.answer(t.Context(), mqtt.Message{Topic: q.Topic, Payload: q.Message})
	if err != nil {
		t.Fatal(err)
	}
	if p := reply(t, r); p.Outcome != fleet.OutcomeDoubtful || p.Detail != DetailFailed {
		t.Errorf("a failure: %+v", p)
	}
	if again, err := a.answer(t.Context(), mqtt.Message{Topic: q.Topic, Payload: q.Message}); err != nil || string(again.Payload) != string(r.Payload) || looked != 1 {
		t.Errorf("asked again: another answer, or looked into twice (%v)", err)
	}
}
