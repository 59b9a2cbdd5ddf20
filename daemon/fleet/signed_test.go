package fleet_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
)

func TestCommandsAreSignedAndRead(t *testing.T) {
	office := fleet.Signer{Name: "office", Private: fleettest.Seeded(1)}
	topic, message, err := fleet.Sign(fleettest.Command(), office)
	if err != nil || topic != "te/device/gate-1///cmd/door.open/o-1" {
		t.Fatal(topic, err)
	}
	e, failure := fleet.ReadCommandEnvelope(message)
	if failure != nil || e.Key != "office" || !e.SignedBy(fleettest.Public(1)) {
		t.Fatalf("%+v, %v", e, failure)
	}
	c, err := fleet.ReadCommand(e.Payload)
	want := fleettest.Command()
	if err != nil || c.Terminal != want.Terminal || c.Name != want.Name || c.ID != want.ID || c.Nonce != want.Nonce ||
		!c.Issued.Equal(want.Issued) || !c.Expires.Equal(want.Expires) || string(c.Args) != string(want.Args) {
		t.Fatalf("%+v, %v", c, err)
	}
	for name, key := range map[string]ed25519.PublicKey{"another key": fleettest.Public(2), "no key": nil, "half a key": fleettest.Public(1)[:16]} {
		if e.SignedBy(key) {
			t.Errorf("%s verifies", name)
		}
	}
	for name, change := range map[string]func(*fleet.CommandEnvelope){
		"half a signature": func(e *fleet.CommandEnvelope) { e.Signature = e.Signature[:32] },
		"no signature":     func(e *fleet.CommandEnvelope) { e.Signature = nil },
		"another payload":  func(e *fleet.CommandEnvelope) { e.Payload = append(e.Payload, ' ') },
	} {
		f := e
		f.Signature, f.Payload = bytes.Clone(e.Signature), bytes.Clone(e.Payload)
		change(&f)
		if f.SignedBy(fleettest.Public(1)) {
			t.Errorf("%s verifies", name)
		}
	}
	reading{
		good: objectOf(t, e.Payload), optional: []string{"args"},
		read: func(b []byte) error { _, err := fleet.ReadCommand(b); return err },
	}.refuses(t, map[string]map[string]any{
		"schema": {"schema": 2}, "terminal": {"terminal": "+"}, "nonce": {"nonce": "short"}, "args": {"args": []int{1}},
	})
	lacking := objectOf(t, e.Payload)
	delete(lacking, "id")
	if b, err := fleet.EncodeJSON(lacking); err != nil {
		t.Fatal(err)
	} else if _, err := fleet.ReadCommand(b); err == nil || !strings.Contains(err.Error(), `member "id" is missing`) {
		t.Errorf("error %v", err)
	}
	bare := objectOf(t, e.Payload)
	bare["args"] = nil
	b, err := fleet.EncodeJSON(bare)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := fleet.ReadCommand(b); err != nil || c.Args != nil {
		t.Errorf("null arguments: %q, %v", c.Args, err)
	}
}

func TestEnvelopesOfCommands(t *testing.T) {
	for text, want := range map[string]fleet.Reason{
		`{"status":"init","payload":"e30=","key":"k","sig":"AA=="}`: "",
		`{"payload":"e30=","key":"k","sig":"AA=="}`:                 "",
		`[]`: fleet.ReasonMalformed,
		`{"payload":"e30=","key":"k","sig":"AA==","x":1}`: fleet.ReasonMalformed,
		`{"payload":"e30=","sig":"AA=="}`:                 fleet.ReasonUnsigned,
		`{"payload":"e30=","key":"k"}`:                    fleet.ReasonUnsigned,
		`{"payload":"e30=","key":"","sig":"AA=="}`:        fleet.ReasonUnsigned,
		`{"payload":"e30=","key":"k","sig":""}`:           fleet.ReasonUnsigned,
		`{"key":"k","sig":"AA=="}`:                        fleet.ReasonMalformed,
		`{"payload":"e30","key":"k","sig":"AA=="}`:        fleet.ReasonMalformed,
		`{"payload":"e30=","key":"k","sig":"AB=="}`:       fleet.ReasonMalformed,
		`{"payload":"e30=","key":1,"sig":"AA=="}`:         fleet.ReasonMalformed,
	} {
		e, f := fleet.ReadCommandEnvelope([]byte(text))
		switch {
		case want == "" && (f != nil || e.Key != "k" || string(e.Payload) != "{}" || len(e.Signature) != 1):
			t.Errorf("%s: %+v, %v", text, e, f)
		case want != "" && (f == nil || f.Reason != want || f.Detail == ""):
			t.Errorf("%s: %+v, %v", text, e, f)
		}
	}
}

func TestWhichCommandsAdmit(t *testing.T) {
	admitting := map[string]bool{fleet.CommandOpen: true, fleet.CommandReview: true, fleet.CommandUnblock: true}
	if len(fleet.Commands()) != 5 {
		t.Errorf("commands %v: does a new one let somebody in?", fleet.Commands())
	}
	for _, name := range append(fleet.Commands(), "another") {
		if fleet.Admits(name) != admitting[name] {
			t.Errorf("%s: %v", name, fleet.Admits(name))
		}
	}
}

func TestSignedMessages(t *testing.T) {
	gate := fleet.Signer{Name: "gate-1", Private: fleettest.Seeded(7)}
	m, err := fleet.SignPayload(fleet.DomainReview, []byte("{}"), gate)
	if err != nil {
		t.Fatal(err)
	}
	if !m.SignedBy(fleet.DomainReview, fleettest.Public(7)) || m.SignedBy(fleet.DomainReply, fleettest.Public(7)) || m.SignedBy(fleet.DomainReview, fleettest.Public(8)) {
		t.Error("a signature counts for another kind or key, or not for its own")
	}
	if _, err := fleet.SignPayload(fleet.DomainReview, nil, fleet.Signer{Name: "gate-1"}); err == nil {
		t.Error("signed without a key")
	}
	m.Answers = 2
	b, err := fleet.EncodeJSON(m)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := fleet.ReadSigned(b); err != nil || got.Answers != 2 || got.Key != "gate-1" || string(got.Payload) != "{}" || !bytes.Equal(got.Signature, m.Signature) {
		t.Errorf("%+v, %v", got, err)
	}
	reading{
		good: objectOf(t, b), optional: []string{"answers"},
		read: func(b []byte) error { _, err := fleet.ReadSigned(b); return err },
	}.refuses(t, map[string]map[string]any{
		"schema": {"schema": 2}, "key": {"key": "a b"}, "payload": {"payload": "e30"}, "signature": {"sig": "!"}, "answers": {"answers": "2"},
	})
}

func TestArguments(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	asFailure := func(err error) error {
		var f *fleet.Failure
		if err != nil && (!errors.As(err, &f) || f.Reason != fleet.ReasonArguments || f.Detail == "") {
			t.Errorf("error %v", err)
		}
		return err
	}
	review := reading{
		good: map[string]any{"passage": "7-12", "review": hash, "answer": fleet.Deny},
		read: func(b []byte) error {
			a, err := fleet.Command{Name: fleet.CommandReview, Args: b}.ReviewArgs()
			if err == nil && (a.Passage != "7-12" || a.Review != hash) {
				t.Errorf("%+v", a)
			}
			return asFailure(err)
		},
	}
	review.refuses(t, map[string]map[string]any{
		"passage": {"passage": "a/b"}, "review": {"review": hash[2:]}, "answer": {"answer": "perhaps"}, "no answer": {"answer": ""},
	})
	review.accepts(t, map[string]map[string]any{"approve": {"answer": fleet.Approve}})
	for name, optional := range map[string][]string{fleet.CommandBlock: nil, fleet.CommandUnblock: {"reason"}} {
		block := reading{
			good: map[string]any{"person": "0a", "reason": "lost"}, optional: optional,
			read: func(b []byte) error {
				a, err := fleet.Command{Name: name, Args: b}.BlockArgs()
				if err == nil && (a.Person != "0a" || a.Reason != "lost" && optional == nil) {
					t.Errorf("%+v", a)
				}
				return asFailure(err)
			},
		}
		block.refuses(t, map[string]map[string]any{"person": {"person": "Ana García"}, "reason": {"reason": "she lost it"}})
	}
}

func TestStrictBase64(t *testing.T) {
	for text, want := range map[string]bool{
		"AAA=": true, "AA==": true, "": true, "AAA": false, "AAB=": false, "A A=": false, "AA=\n=": false, "AA==\n": false, "-_8=": false,
	} {
		b, err := fleet.EncodeJSON(map[string]any{"schema": 1, "payload": text, "key": "k", "sig": ""})
		if err != nil {
			t.Fatal(err)
		}
		m, err := fleet.ReadSigned(b)
		if (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
		if err == nil && base64.StdEncoding.EncodeToString(m.Payload) != text {
			t.Errorf("%q is read as %v", text, m.Payload)
		}
	}
}
