package fleet_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
)

// TestDocumentationShowsWhatIsSent makes each example of doc.go with the code and compares.
func TestDocumentationShowsWhatIsSent(t *testing.T) {
	topic, envelope, err := fleet.Sign(fleettest.Command(), fleet.Signer{Name: "office", Private: fleettest.Seeded(1)})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := readEnvelope(envelope)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(v any) []byte {
		b, err := fleet.EncodeJSON(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	entry := fleet.Entry{
		Position: fleet.Position{7, 42}, Wall: fleettest.Noon, Clock: "ntp", Kind: "passage",
		Payload: []byte(`{"passage":"7-12","verdict":"grant"}`), Previous: [32]byte{0x11}, Hash: [32]byte{0x22},
	}
	review, err := fleet.Review{Statement: fleettest.Encoded(t, fleettest.Statement()), Answers: 1}.Publish(fleet.Signer{Name: "gate-1", Private: fleettest.Seeded(7)})
	if err != nil {
		t.Fatal(err)
	}
	reviewTopic := fleet.Topic("gate-1", fleet.ChannelReview, "7-12")
	question := fleet.QuestionPayload{
		Schema: fleet.Schema, Terminal: "gate-1", Passage: "7-12", ID: "8a8f5d3c2b1e0f47", Nonce: "0123456789abcdef0123456789abcdef",
		Issued: fleettest.Noon, Expires: fleettest.Noon.Add(5 * time.Second), Purpose: fleet.PurposeVerify, Enc: []byte("encapsulated key"), Data: []byte("encrypted claim"),
	}
	score := 0.41
	list, err := fleet.NewManifest("revocation", 9, []byte("list"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{
		fleet.Topic("gate-1", fleet.ChannelEvent, "passage"): encode(fleet.NewEvent("gate-1", entry, 1024)),
		fleet.Topic("gate-1", fleet.ChannelStatus, "health"): encode(fleet.HealthReport{
			Schema: fleet.Schema, Status: "up", PID: 1234, Time: fleettest.Noon, Clock: "ntp", Terminal: "gate-1", Boot: 7,
			Software: "1.2.3", Detail: map[string]any{"door": "closed"},
		}),
		fleet.Topic("gate-1", fleet.ChannelAlarm, "camera"):         encode(fleet.AlarmReport{Schema: fleet.Schema, Severity: fleet.Major, Text: "no frames for 5 s", Time: fleettest.Noon}),
		fleet.Topic("gate-1", fleet.ChannelMeasurement, "pipeline"): encode(fleet.Measurement(map[string]float64{"fps": 14.5, "detect_p95_ms": 31}, fleettest.Noon)),
		topic:                    envelope,
		topic + " payload":       signed.Payload,
		topic + " answer":        encode(fleet.Answer{Schema: fleet.Schema, Status: fleet.StatusSuccessful, Result: json.RawMessage(`{"door":"open"}`), Time: fleettest.Noon, Clock: "ntp"}),
		reviewTopic:              review,
		reviewTopic + " payload": fleettest.Encoded(t, fleettest.Statement()),
		fleet.Topic("gate-1", fleet.ChannelCommand, fleet.CommandReview, "r-1") + " payload": encode(fleet.OrderPayload{
			Schema: fleet.Schema, Terminal: "gate-1", Command: fleet.CommandReview, ID: "r-1", Nonce: "fedcba9876543210", Issued: fleettest.Noon, Expires: fleettest.Noon.Add(30 * time.Second),
			Args: encode(fleet.ReviewArgs{Passage: "7-12", Review: fleet.StatementHash(fleettest.Encoded(t, fleettest.Statement())), Answer: fleet.Approve}),
		}),
		fleet.Topic("gate-1", fleet.ChannelRemote, "8a8f5d3c2b1e0f47", "request") + " payload": encode(question),
		fleet.Topic("gate-1", fleet.ChannelRemote, "8a8f5d3c2b1e0f47", "answer") + " payload": encode(fleet.ReplyPayload{
			Schema: fleet.Schema, Terminal: "gate-1", Passage: "7-12", ID: "8a8f5d3c2b1e0f47", Question: fleet.HexDigest(sha256.Sum256(encode(question))),
			Outcome: fleet.OutcomeDoubtful, Score: &score, Detail: "below-threshold", Data: []byte("nonce, encrypted"), Time: fleettest.Noon.Add(time.Second),
		}),
		"te/fleet/all///list/revocation": encode(list),
		topic + " refusal":               encode(fleet.Answer{Schema: fleet.Schema, Status: fleet.StatusFailed, Reason: fleet.ReasonExpired, Detail: "expired 2026-03-01T12:00:30Z, this terminal's clock says 2026-03-01T12:01:00Z (ntp)", Time: fleettest.Noon.Add(time.Minute), Clock: "ntp"}),
	}
	shown := examples(t)
	for name, b := range want {
		if !bytes.Equal(sorted(t, shown[name]), sorted(t, b)) {
			t.Errorf("doc.go shows for %s\n%s\nbut what is sent is\n%s", name, shown[name], b)
		}
	}
	if len(shown) != len(want) {
		t.Errorf("doc.go has %d examples, %d are checked", len(shown), len(want))
	}
	for name := range shown {
		topic := strings.Fields(name)[0]
		if list, _ := fleet.IsListTopic(topic); list {
			continue
		}
		if _, _, _, err := fleet.ParseTopic(topic); err != nil {
			t.Error(err)
		}
	}
}

// readEnvelope is how any receiver would read it.
func readEnvelope(b []byte) (fleet.CommandEnvelope, error) {
	var e fleet.CommandEnvelope
	err := json.Unmarshal(b, &e)
	return e, err
}

// sorted gives JSON in one form, whatever its spaces and the order of its members.
func sorted(t *testing.T, b []byte) []byte {
	t.Helper()
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Errorf("%v in %q", err, b)
		return nil
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// examples reads the indented blocks of the package's documentation that are a topic and JSON below it.
func examples(t *testing.T) map[string][]byte {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]byte{}
	block := regexp.MustCompile(`(?m)^\t(te/(?:device/gate-1|fleet/all)\S+(?: \w+)?)\n((?:\t.*\n)+)`)
	for _, m := range block.FindAllStringSubmatch(f.Doc.Text(), -1) {
		found[m[1]] = []byte(m[2])
	}
	return found
}

// TestAnyoneCanVerify checks the documented signature with nothing of this package but its text.
func TestAnyoneCanVerify(t *testing.T) {
	e, err := readEnvelope(examples(t)["te/device/gate-1///cmd/door.open/o-1"])
	if err != nil {
		t.Fatal(err)
	}
	message := append([]byte("umbral-command-v1\x00"), e.Payload...)
	if !ed25519.Verify(fleettest.Seeded(1).Public().(ed25519.PublicKey), message, e.Signature) {
		t.Error("the example's signature does not verify as documented")
	}
}
