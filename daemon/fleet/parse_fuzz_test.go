package fleet_test

import (
	"crypto/sha256"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
)

// The parsers of what comes from outside: whatever the bytes, none panics, and what one accepts keeps the limits that the
// rest of the program relies on.

func FuzzSignedMessages(f *testing.F) {
	terminal := fleet.Signer{Name: "gate-1", Private: fleettest.Seeded(7)}
	review, err := fleet.Review{Statement: fleettest.Encoded(f, fleettest.Statement()), Answers: 1}.Publish(terminal)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("te/device/gate-1///review/7-12", review)
	f.Add("te/device/gate-1///review/7-12", []byte(`{"schema":1,"payload":"e30=","key":"gate-1","sig":"AA=="}`))
	f.Fuzz(func(t *testing.T, topic string, b []byte) {
		m, err := fleet.ReadSigned(b)
		if err == nil && (m.Schema != fleet.Schema || !fleet.ValidLevel(m.Key, fleet.MaxTerminal)) {
			t.Fatalf("%s is read as %+v", b, m)
		}
		r, err := fleet.ReadReview(topic, b, nil)
		if err != nil {
			return
		}
		if err := fleet.CheckStatement(&r.Statement); err != nil || r.Hash != fleet.StatementHash(m.Payload) || !strings.HasPrefix(topic, "te/device/"+r.Terminal+"///") {
			t.Fatalf("%s on %q is read as %+v (%v)", b, topic, r, err)
		}
	})
}

func FuzzStatement(f *testing.F) {
	f.Add(fleettest.Encoded(f, fleettest.Statement()))
	f.Add([]byte(`{"schema":1,"terminal":"g","passage":"p","opened":"2026-03-01T12:00:00Z","deadline":"2026-03-01T12:00:01Z","clock":"ntp","reasons":null,"needed":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := fleet.DecodeStatement(b)
		if err != nil {
			return
		}
		again, err := s.Encode()
		if err != nil {
			t.Fatalf("%s is read as %+v, which cannot be written: %v", b, s, err)
		}
		if twice, err := fleet.DecodeStatement(again); err != nil || fleet.StatementHash(fleettest.Encoded(t, twice)) != fleet.StatementHash(again) {
			t.Fatalf("%s is written as %s, which reads as %+v (%v)", b, again, twice, err)
		}
	})
}

func FuzzQuestion(f *testing.F) {
	key, recipient := fleettest.RecipientPair(f)
	terminal := fleet.Signer{Name: "gate-1", Private: fleettest.Seeded(7)}
	known := []fleet.NamedKey{{Name: "gate-1", Public: fleettest.Public(7)}}
	sent, err := fleet.SealQuestion(fleettest.Question(), recipient, terminal, fleettest.Noon, time.Second)
	if err != nil {
		f.Fatal(err)
	}
	signed, err := fleet.ReadSigned(sent.Message)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed.Payload)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := fleet.ReadQuestionPayload(b)
		if err != nil {
			return
		}
		if p.Expires.Sub(p.Issued) > fleet.MaxQuestionLife || !fleet.ValidLevel(p.ID, fleet.MaxLevel) {
			t.Fatalf("%s is read as %+v", b, p)
		}
		again, err := fleet.SignPayload(fleet.DomainQuestion, b, terminal)
		if err != nil {
			t.Fatal(err)
		}
		message, err := fleet.EncodeJSON(again)
		if err != nil {
			t.Fatal(err)
		}
		// A byte of the encrypted claim or of what it is bound to that has changed keeps it closed.
		q, err := fleet.ReadQuestion(fleet.Topic("gate-1", fleet.ChannelRemote, p.ID, "request"), message, known, key)
		if err == nil && !reflect.DeepEqual(q.Question, fleettest.Question()) {
			t.Fatalf("%s opens to %+v", b, q)
		}
	})
}

func FuzzClaim(f *testing.F) {
	b, err := fleet.EncodeJSON(fleettest.Question().Claim)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"template":[1e39]}`))
	f.Fuzz(func(_ *testing.T, b []byte) {
		c, err := fleet.ReadClaim(b)
		if err == nil {
			q := fleet.Question{Passage: "p", Purpose: fleet.PurposeIdentify, Claim: c}
			_ = q.Check()
		}
	})
}

func FuzzReply(f *testing.F) {
	b, err := fleet.EncodeJSON(fleet.ReplyPayload{
		Schema: fleet.Schema, Terminal: "gate-1", Passage: "7-12", ID: "id", Question: strings.Repeat("0", 64), Outcome: fleet.OutcomeAccepted, Data: []byte{1}, Time: fleettest.Noon,
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := fleet.ReadReplyPayload(b)
		if err == nil && (&fleet.Finding{Outcome: p.Outcome, Score: p.Score, Detail: p.Detail}).Check() != nil {
			t.Fatalf("%s is read as %+v", b, p)
		}
		_, _ = fleet.ReadSecret(b)
	})
}

func FuzzManifest(f *testing.F) {
	list := fleettest.List(1, 2*fleet.PartBytes+1)
	m, err := fleet.NewManifest("revocation", 1, list)
	if err != nil {
		f.Fatal(err)
	}
	b, err := fleet.EncodeJSON(m)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(m.Topic(), b)
	f.Add(m.Topic(), []byte(`{"schema":1,"data":"AA=="}`))
	f.Fuzz(func(t *testing.T, topic string, b []byte) {
		_, _ = m.ReadPart(2, b)
		got, err := fleet.ReadManifest(topic, b)
		if err != nil {
			return
		}
		if got.Bytes > fleet.MaxListBytes || got.Parts() < 1 || got.PartSize(got.Parts()-1) < 1 || got.PartSize(got.Parts()-1) > fleet.PartBytes || got.Topic() != topic {
			t.Fatalf("%s on %q is read as %+v", b, topic, got)
		}
	})
}

func FuzzSealed(f *testing.F) {
	key, reader := fleettest.RecipientPair(f)
	b, err := fleet.SealPictures([]fleet.Recipient{reader}, "gate-1", "7-12", fleettest.Pictures())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	sum := sha256.Sum256(b)
	f.Fuzz(func(t *testing.T, c []byte) {
		pictures, err := fleet.OpenPictures(key, "gate-1", "7-12", c)
		if err == nil && sha256.Sum256(c) != sum && (len(pictures) != 2 || string(pictures[0].JPEG) != "\xff\xd8live") {
			t.Fatalf("%s opens to %+v", c, pictures)
		}
		_, _ = fleet.ReadPictures(c)
	})
}

func FuzzArguments(f *testing.F) {
	f.Add([]byte(`{"passage":"7-12","review":"` + strings.Repeat("0", 64) + `","answer":"deny"}`))
	f.Add([]byte(`{"person":"0a","reason":"lost"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, name := range []string{fleet.CommandReview, fleet.CommandBlock, fleet.CommandUnblock} {
			c := fleet.Command{Name: name, Args: b}
			_, blockErr := c.BlockArgs()
			_, reviewErr := c.ReviewArgs()
			for _, err := range []error{blockErr, reviewErr} {
				var failure *fleet.Failure
				if err != nil && (!errors.As(err, &failure) || failure.Reason != fleet.ReasonArguments) {
					t.Fatalf("unnamed error: %v", err)
				}
			}
		}
	})
}
