package fleet

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
)

// TestDocumentationShowsWhatIsSent makes each example of doc.go with the code and compares.
func TestDocumentationShowsWhatIsSent(t *testing.T) {
	topic, envelope, err := Sign(testCommand(), Signer{Name: "office", Private: seeded(1)})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := readEnvelope(envelope)
	if err != nil {
		t.Fatal(err)
	}
	late, r := testVerifier().verify(inbound{topic: topic, payload: envelope}, noon.Add(time.Minute), "ntp")
	if r == nil {
		t.Fatalf("accepted %+v", late)
	}
	encode := func(v any) []byte {
		b, err := encodeJSON(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	entry := Entry{
		Position: Position{7, 42}, Wall: noon, Clock: "ntp", Kind: "passage",
		Payload: []byte(`{"passage":"7-12","verdict":"grant"}`), Previous: [32]byte{0x11}, Hash: [32]byte{0x22},
	}
	link := Link{o: Opts{Terminal: "gate-1", Identity: seeded(7)}}
	review, err := link.publishedReview(Review{Statement: encoded(t, testStatement()), Answers: 1})
	if err != nil {
		t.Fatal(err)
	}
	reviewTopic := Topic("gate-1", ChannelReview, "7-12")
	question := questionPayload{
		Schema: Schema, Terminal: "gate-1", Passage: "7-12", ID: "8a8f5d3c2b1e0f47", Nonce: "0123456789abcdef0123456789abcdef",
		Issued: noon, Expires: noon.Add(5 * time.Second), Purpose: PurposeVerify, Enc: []byte("encapsulated key"), Data: []byte("encrypted claim"),
	}
	score := 0.41
	list, err := newManifest("revocation", 9, []byte("list"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{
		Topic("gate-1", ChannelEvent, "passage"): encode(NewEvent("gate-1", entry, 1024)),
		Topic("gate-1", ChannelStatus, "health"): encode(healthReport{
			Schema: Schema, Status: "up", PID: 1234, Time: noon, Clock: "ntp", Terminal: "gate-1", Boot: 7,
			Software: "1.2.3", Detail: map[string]any{"door": "closed"},
		}),
		Topic("gate-1", ChannelAlarm, "camera"):         encode(alarmReport{Schema: Schema, Severity: Major, Text: "no frames for 5 s", Time: noon}),
		Topic("gate-1", ChannelMeasurement, "pipeline"): encode(measurement(map[string]float64{"fps": 14.5, "detect_p95_ms": 31}, noon)),
		topic:                    envelope,
		topic + " payload":       signed.Payload,
		topic + " answer":        encode(Answer{Schema: Schema, Status: StatusSuccessful, Result: json.RawMessage(`{"door":"open"}`), Time: noon, Clock: "ntp"}),
		reviewTopic:              review,
		reviewTopic + " payload": encoded(t, testStatement()),
		Topic("gate-1", ChannelCommand, CommandReview, "r-1") + " payload": encode(order{
			Schema: Schema, Terminal: "gate-1", Command: CommandReview, ID: "r-1", Nonce: "fedcba9876543210", Issued: noon, Expires: noon.Add(30 * time.Second),
			Args: encode(ReviewArgs{Passage: "7-12", Review: StatementHash(encoded(t, testStatement())), Answer: Approve}),
		}),
		Topic("gate-1", ChannelRemote, "8a8f5d3c2b1e0f47", "request") + " payload": encode(question),
		Topic("gate-1", ChannelRemote, "8a8f5d3c2b1e0f47", "answer") + " payload": encode(replyPayload{
			Schema: Schema, Terminal: "gate-1", Passage: "7-12", ID: "8a8f5d3c2b1e0f47", Question: hexDigest(sha256.Sum256(encode(question))),
			Outcome: OutcomeDoubtful, Score: &score, Detail: "below-threshold", Data: []byte("nonce, encrypted"), Time: noon.Add(time.Second),
		}),
		"te/fleet/all///list/revocation": encode(list),
		topic + " refusal":               encode(Answer{Schema: Schema, Status: StatusFailed, Reason: r.reason, Detail: r.detail, Time: noon.Add(time.Minute), Clock: "ntp"}),
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
		if list, _ := isListTopic(topic); list {
			continue
		}
		if _, _, _, err := ParseTopic(topic); err != nil {
			t.Error(err)
		}
	}
}

// readEnvelope is how any receiver would read it.
func readEnvelope(b []byte) (envelope, error) {
	var e envelope
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
	if !ed25519.Verify(seeded(1).Public().(ed25519.PublicKey), message, e.Signature) {
		t.Error("the example's signature does not verify as documented")
	}
}
