package fleet_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
)

// exchange is a question and its answer, with both parties' keys.
type exchange struct {
	key         fleet.RecipientKey
	gate        fleet.Signer
	registry    fleet.Signer
	terminals   []fleet.NamedKey
	authorities []fleet.NamedKey
	sent        *fleet.SentQuestion
}

func newExchange(t *testing.T, q fleet.Question) *exchange {
	t.Helper()
	key, recipient := fleettest.RecipientPair(t)
	x := &exchange{
		key: key, gate: fleet.Signer{Name: "gate-1", Private: fleettest.Seeded(7)}, registry: fleet.Signer{Name: "registry", Private: fleettest.Seeded(8)},
		terminals:   []fleet.NamedKey{{Name: "gate-0", Public: fleettest.Public(6)}, {Name: "gate-1", Public: fleettest.Public(7)}},
		authorities: []fleet.NamedKey{{Name: "other", Public: fleettest.Public(9)}, {Name: "registry", Public: fleettest.Public(8)}},
	}
	var err error
	if x.sent, err = fleet.SealQuestion(q, recipient, x.gate, fleettest.Noon, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	return x
}

func (x *exchange) read(topic string, message []byte) (*fleet.ReceivedQuestion, error) {
	return fleet.ReadQuestion(topic, message, x.terminals, x.key)
}

func (x *exchange) answer(t *testing.T, f fleet.Finding) (topic string, message []byte) {
	t.Helper()
	q, err := x.read(x.sent.Topic, x.sent.Message)
	if err != nil {
		t.Fatal(err)
	}
	topic, message, err = q.Reply(f, fleettest.Noon, x.registry)
	if err != nil {
		t.Fatal(err)
	}
	return topic, message
}

// signedAgain changes the signed payload of a message and signs it as somebody.
func signedAgain(t *testing.T, message []byte, domain string, s fleet.Signer, change map[string]any) []byte {
	t.Helper()
	m, err := fleet.ReadSigned(message)
	if err != nil {
		t.Fatal(err)
	}
	payload := reading{good: objectOf(t, m.Payload)}.with(t, change)
	again, err := fleet.SignPayload(domain, payload, s)
	if err != nil {
		t.Fatal(err)
	}
	b, err := fleet.EncodeJSON(again)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAQuestionAndItsAnswer(t *testing.T) {
	x := newExchange(t, fleettest.Question())
	if want := fleet.Topic("gate-1", fleet.ChannelRemote, x.sent.ID, "request"); x.sent.Topic != want {
		t.Errorf("topic %s", x.sent.Topic)
	}
	q, err := x.read(x.sent.Topic, x.sent.Message)
	if err != nil || !reflect.DeepEqual(q.Question, fleettest.Question()) || q.Terminal != "gate-1" || !q.Issued.Equal(fleettest.Noon) || q.Expires.Sub(q.Issued) != 5*time.Second {
		t.Fatalf("%+v, %v", q, err)
	}
	if strings.Contains(string(x.sent.Message), "110101199003070011") {
		t.Error("the claim is sent in clear")
	}
	if again, err := x.read(x.sent.Topic, x.sent.Message); err != nil || again.Digest != q.Digest {
		t.Errorf("the same question has another digest, or %v", err)
	}
	score := 0.75
	want := fleet.Finding{Outcome: fleet.OutcomeAccepted, Score: &score, Detail: "face", Subject: "110101199003070011", Name: "Ana García"}
	topic, message := x.answer(t, want)
	if topic != fleet.Topic("gate-1", fleet.ChannelRemote, x.sent.ID, "answer") || strings.Contains(string(message), "García") {
		t.Errorf("%s on %s", message, topic)
	}
	if got, err := x.sent.ReadReply(message, x.authorities); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	// Nobody is named, and nothing more is said.
	_, message = x.answer(t, fleet.Finding{Outcome: fleet.OutcomeRefused})
	if got, err := x.sent.ReadReply(message, x.authorities); err != nil || got != (fleet.Finding{Outcome: fleet.OutcomeRefused}) {
		t.Errorf("%+v, %v", got, err)
	}
	long := newExchange(t, fleettest.Question())
	if q, err := fleet.SealQuestion(fleettest.Question(), long.key.Recipient(), long.gate, fleettest.Noon, time.Hour); err != nil {
		t.Error(err)
	} else if r, err := long.read(q.Topic, q.Message); err != nil || r.Expires.Sub(r.Issued) != fleet.MaxQuestionLife {
		t.Errorf("%+v, %v", r, err)
	}
	large := fleettest.Question()
	large.Claim.Picture, large.Claim.Template = make([]byte, fleet.MaxClaimPicture), slices.Repeat([]float32{-1.1754944e-38}, 4096)
	if _, err := fleet.SealQuestion(large, x.key.Recipient(), x.gate, fleettest.Noon, time.Second); err == nil || !strings.Contains(err.Error(), "limit") {
		t.Errorf("picture and template together: error %v", err)
	}
	large.Claim.Template = nil
	if q, err := fleet.SealQuestion(large, x.key.Recipient(), x.gate, fleettest.Noon, time.Second); err != nil || len(q.Message) > fleet.MaxQuestionBytes {
		t.Errorf("the largest picture: %v", err)
	}
	if _, err := fleet.SealQuestion(fleet.Question{}, x.key.Recipient(), x.gate, fleettest.Noon, time.Second); err == nil {
		t.Error("a malformed question was sealed")
	}
	if _, err := fleet.SealQuestion(fleettest.Question(), x.key.Recipient(), fleet.Signer{Name: "gate-1"}, fleettest.Noon, time.Second); err == nil {
		t.Error("sealed without a key")
	}
}

// An authority looks into what the terminal of the topic has signed for that topic and encrypted to it.
func TestReadQuestionRefuses(t *testing.T) {
	x := newExchange(t, fleettest.Question())
	good := x.sent.Message
	signed := func(change map[string]any) []byte { return signedAgain(t, good, fleet.DomainQuestion, x.gate, change) }
	topic := x.sent.Topic
	other := fleet.Signer{Name: "gate-1", Private: fleettest.Seeded(9)}
	asOther := fleet.Signer{Name: "gate-0", Private: fleettest.Seeded(7)}
	for name, c := range map[string]struct {
		topic   string
		message []byte
	}{
		"no topic":             {"x", good},
		"another channel":      {fleet.Topic("gate-1", fleet.ChannelReview, x.sent.ID, "request"), good},
		"a topic of one level": {fleet.Topic("gate-1", fleet.ChannelRemote, x.sent.ID), good},
		"a topic of three":     {fleet.Topic("gate-1", fleet.ChannelRemote, x.sent.ID, "request", "x"), good},
		"another terminal's":   {fleet.Topic("gate-0", fleet.ChannelRemote, x.sent.ID, "request"), good},
		"an unknown terminal":  {fleet.Topic("gate-9", fleet.ChannelRemote, x.sent.ID, "request"), good},
		"another id":           {fleet.Topic("gate-1", fleet.ChannelRemote, "x", "request"), good},
		"no JSON":              {topic, []byte("{}")},
		"too long":             {topic, append(good, []byte(strings.Repeat(" ", fleet.MaxQuestionBytes))...)},
		"an unknown terminal's own": {fleet.Topic("gate-9", fleet.ChannelRemote, x.sent.ID, "request"),
			signedAgain(t, good, fleet.DomainQuestion, fleet.Signer{Name: "gate-9", Private: fleettest.Seeded(7)}, map[string]any{"terminal": "gate-9"})},
		"another key":          {topic, signedAgain(t, good, fleet.DomainQuestion, other, nil)},
		"another name":         {topic, signedAgain(t, good, fleet.DomainQuestion, asOther, nil)},
		"signed as an answer":  {topic, signedAgain(t, good, fleet.DomainReply, x.gate, nil)},
		"for another terminal": {topic, signed(map[string]any{"terminal": "gate-0"})},
		"for another id":       {topic, signed(map[string]any{"id": "x"})},
		"another passage":      {topic, signed(map[string]any{"passage": "7-13"})},
		"another purpose":      {topic, signed(map[string]any{"purpose": "identify"})},
		"another nonce":        {topic, signed(map[string]any{"nonce": "nonce"})},
		"another data":         {topic, signed(map[string]any{"data": []byte("data")})},
		"another enc":          {topic, signed(map[string]any{"enc": []byte("enc")})},
		"no life":              {topic, signed(map[string]any{"expires": fleettest.Noon})},
		"too long a life":      {topic, signed(map[string]any{"expires": fleettest.Noon.Add(fleet.MaxQuestionLife + 1)})},
	} {
		if q, err := x.read(c.topic, c.message); err == nil {
			t.Errorf("%s: read as %+v", name, q)
		}
	}
	if _, err := x.read(topic, signed(map[string]any{"expires": fleettest.Noon.Add(fleet.MaxQuestionLife)})); err != nil {
		t.Errorf("the longest life: %v", err)
	}
	slices.Reverse(x.terminals)
	slices.Reverse(x.authorities)
	padded := append(bytes.Clone(good), bytes.Repeat([]byte(" "), fleet.MaxQuestionBytes-len(good))...)
	if _, err := x.read(topic, padded); err != nil {
		t.Errorf("the longest, of the first terminal: %v", err)
	}
	_, reply := x.answer(t, fleet.Finding{Outcome: fleet.OutcomeAccepted})
	if _, err := x.sent.ReadReply(reply, x.authorities); err != nil {
		t.Errorf("the first authority's: %v", err)
	}
	another, _ := fleettest.RecipientPair(t)
	if q, err := fleet.ReadQuestion(topic, good, x.terminals, another); err == nil {
		t.Errorf("opened with another key: %+v", q)
	}
	m, err := fleet.ReadSigned(good)
	if err != nil {
		t.Fatal(err)
	}
	reading{
		good: objectOf(t, m.Payload), read: func(b []byte) error { _, err := fleet.ReadQuestionPayload(b); return err },
	}.refuses(t, map[string]map[string]any{
		"schema": {"schema": 2}, "terminal": {"terminal": "a/b"}, "passage": {"passage": ""}, "id": {"id": "+"}, "nonce": {"nonce": strings.Repeat("n", 65)},
	})
}

// A terminal believes what an authority has signed for this very question.
func TestReadReplyRefuses(t *testing.T) {
	x := newExchange(t, fleettest.Question())
	_, good := x.answer(t, fleet.Finding{Outcome: fleet.OutcomeAccepted, Subject: "110101199003070011"})
	if _, err := x.sent.ReadReply(good, x.authorities); err != nil {
		t.Fatal(err)
	}
	signed := func(change map[string]any) []byte { return signedAgain(t, good, fleet.DomainReply, x.registry, change) }
	_, other := newExchange(t, fleettest.Question()).answer(t, fleet.Finding{Outcome: fleet.OutcomeAccepted})
	_, somebody := x.answer(t, fleet.Finding{Outcome: fleet.OutcomeAccepted, Subject: "somebody else"})
	for name, message := range map[string][]byte{
		"no JSON":                     []byte("accepted"),
		"of another question":         other,
		"of somebody else":            somebody,
		"another key":                 signedAgain(t, good, fleet.DomainReply, fleet.Signer{Name: "registry", Private: fleettest.Seeded(9)}, nil),
		"a name that is not known":    signedAgain(t, good, fleet.DomainReply, fleet.Signer{Name: "somebody", Private: fleettest.Seeded(8)}, nil),
		"signed as a question":        signedAgain(t, good, fleet.DomainQuestion, x.registry, nil),
		"another terminal's":          signed(map[string]any{"terminal": "gate-2"}),
		"another passage's":           signed(map[string]any{"passage": "7-13"}),
		"another id's":                signed(map[string]any{"id": "other"}),
		"another question's":          signed(map[string]any{"question": strings.Repeat("0", 64)}),
		"no such outcome":             signed(map[string]any{"outcome": "granted"}),
		"not for this question's key": signed(map[string]any{"data": []byte(strings.Repeat("x", 64))}),
	} {
		if f, err := x.sent.ReadReply(message, x.authorities); err == nil {
			t.Errorf("%s: read as %+v", name, f)
		}
	}
	who := fleettest.Question()
	who.Purpose = fleet.PurposeIdentify
	y := newExchange(t, who)
	_, found := y.answer(t, fleet.Finding{Outcome: fleet.OutcomeAccepted, Subject: "somebody else"})
	if f, err := y.sent.ReadReply(found, y.authorities); err != nil || f.Subject != "somebody else" {
		t.Errorf("identified: %+v, %v", f, err)
	}
	m, err := fleet.ReadSigned(good)
	if err != nil {
		t.Fatal(err)
	}
	payload := objectOf(t, m.Payload)
	payload["score"], payload["detail"] = 0.5, "face"
	reading{
		good: payload, optional: []string{"score", "detail"},
		read: func(b []byte) error { _, err := fleet.ReadReplyPayload(b); return err },
	}.refuses(t, map[string]map[string]any{"schema": {"schema": 2}, "detail": {"detail": "a b"}, "null score": {"score": json.RawMessage("null")}})
}

func TestSecrets(t *testing.T) {
	for text, want := range map[string]bool{
		`{}`: true, `{"subject":"1","name":"Ana"}`: true, `[]`: false, ``: false,
		`{"subject":"` + strings.Repeat("x", fleet.MaxSubject+1) + `"}`: false, `{"name":"` + strings.Repeat("x", 2*fleet.MaxSubject+1) + `"}`: false,
	} {
		if s, err := fleet.ReadSecret([]byte(text)); (err == nil) != want {
			t.Errorf("%.40s: %+v, %v", text, s, err)
		}
	}
}

func TestClaims(t *testing.T) {
	claim, err := fleet.EncodeJSON(fleettest.Question().Claim)
	if err != nil {
		t.Fatal(err)
	}
	reading{
		good: objectOf(t, claim), optional: []string{"subject", "issuer", "picture", "template", "model"},
		read: func(b []byte) error { _, err := fleet.ReadClaim(b); return err },
	}.refuses(t, map[string]map[string]any{"picture": {"picture": "!"}, "template": {"template": []string{"x"}}})
	if c, err := fleet.ReadClaim(claim); err != nil || !reflect.DeepEqual(c, fleettest.Question().Claim) {
		t.Errorf("%+v, %v", c, err)
	}
}
