package fleet_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
)

func TestSealedMessages(t *testing.T) {
	var keys []fleet.RecipientKey
	var recipients []fleet.Recipient
	for range fleet.MaxRecipients + 1 {
		k, r := fleettest.RecipientPair(t)
		keys, recipients = append(keys, k), append(recipients, r)
	}
	plain := []byte("plain")
	b, err := fleet.Seal(recipients[:fleet.MaxRecipients], "context", plain)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range keys[:fleet.MaxRecipients] {
		if got, err := fleet.Unseal(k, "context", b); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("recipient %d: %q, %v", i, got, err)
		}
	}
	if _, err := fleet.Unseal(keys[fleet.MaxRecipients], "context", b); !errors.Is(err, fleet.ErrNotRecipient) {
		t.Errorf("another key: %v", err)
	}
	if _, err := fleet.Unseal(keys[0], "another", b); err == nil {
		t.Error("opened as something else")
	}
	for name, r := range map[string][]fleet.Recipient{"nobody": nil, "too many": recipients} {
		if _, err := fleet.Seal(r, "context", plain); err == nil {
			t.Errorf("%s: sealed", name)
		}
	}
	many := objectOf(t, b)
	readers := many["readers"].([]any)
	one := reading{
		good: objectOf(t, b),
		read: func(b []byte) error { _, err := fleet.Unseal(keys[0], "context", b); return err },
	}
	one.refuses(t, map[string]map[string]any{
		"schema": {"schema": 2}, "nobody": {"readers": []any{}}, "too many": {"readers": append(readers, readers[0])},
		"another's key": {"readers": []any{map[string]any{"reader": readers[0].(map[string]any)["reader"], "key": readers[1].(map[string]any)["key"]}}},
		"a short key":   {"readers": []any{map[string]any{"reader": readers[0].(map[string]any)["reader"], "key": "AA=="}}},
		"changed data":  {"data": []byte(strings.Repeat("x", 40))}, "short data": {"data": []byte("x")},
	})
	if strings.Contains(string(b), "plain") {
		t.Error("sent in clear")
	}
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Data []byte `json:"data"`
	}
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	if _, err := aead.Open(nil, nil, m.Data, []byte("umbral-sealed-v1\x00context")); err == nil {
		t.Error("the message's key is no secret")
	}
}

func TestRecipientKeys(t *testing.T) {
	k, r := fleettest.RecipientPair(t)
	if k.IsZero() || r.IsZero() || !(fleet.RecipientKey{}).IsZero() || !(fleet.Recipient{}).IsZero() {
		t.Error("IsZero is wrong")
	}
	again, err := fleet.ParseRecipient(" " + r.String() + "\n")
	if err != nil || again.String() != r.String() {
		t.Errorf("%v, %v", again, err)
	}
	ed, _, err := fleet.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "AAAA", "not base64!", strings.Repeat("A", 43) + "=" /* a point of small order */} {
		if _, err := fleet.ParseRecipient(text); err == nil || !strings.Contains(err.Error(), "recipient's key") {
			t.Errorf("%q: error %v", text, err)
		}
	}
	for _, text := range []string{"", "AAAA", string(ed), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		if k, err := fleet.ParseRecipientKey([]byte(text)); err == nil || !k.IsZero() {
			t.Errorf("%.40q: error %v", text, err)
		}
	}
}

func TestPictures(t *testing.T) {
	key, recipient := fleettest.RecipientPair(t)
	to := []fleet.Recipient{recipient}
	jpeg := func(n int) []byte { return append([]byte{0xff, 0xd8}, make([]byte, n-2)...) }
	four := []fleet.Picture{{Name: "a", JPEG: jpeg(2)}, {Name: "b", JPEG: jpeg(2)}, {Name: "c", JPEG: jpeg(2)}, {Name: "d", JPEG: jpeg(2)}}
	for name, c := range map[string]struct {
		pictures []fleet.Picture
		refused  bool
	}{
		"good": {fleettest.Pictures(), false}, "most": {four, false}, "more": {append(four, fleet.Picture{Name: "e", JPEG: jpeg(2)}), true}, "none": {nil, true},
		"the largest": {[]fleet.Picture{{Name: "a", JPEG: jpeg(fleet.MaxPictures / 2)}, {Name: "b", JPEG: jpeg(fleet.MaxPictures / 2)}}, false},
		"larger":      {[]fleet.Picture{{Name: "a", JPEG: jpeg(fleet.MaxPictures / 2)}, {Name: "b", JPEG: jpeg(fleet.MaxPictures/2 + 1)}}, true},
		"a text":      {[]fleet.Picture{{Name: "a", JPEG: jpeg(2), Text: strings.Repeat("a", 512)}}, false},
		"a long text": {[]fleet.Picture{{Name: "a", JPEG: jpeg(2), Text: strings.Repeat("a", 513)}}, true},
		"a name":      {[]fleet.Picture{{Name: "a b", JPEG: jpeg(2)}}, true},
	} {
		b, err := fleet.SealPictures(to, "gate-1", "7-12", c.pictures)
		wants(t, name, err, c.refused)
		if err != nil {
			continue
		}
		got, err := fleet.OpenPictures(key, "gate-1", "7-12", b)
		if err != nil || len(got) != len(c.pictures) || got[0].Name != c.pictures[0].Name || got[0].Text != c.pictures[0].Text || !bytes.Equal(got[len(got)-1].JPEG, c.pictures[len(got)-1].JPEG) {
			t.Errorf("%s: %d pictures, %v", name, len(got), err)
		}
		for place, at := range map[string][2]string{"another terminal": {"gate-2", "7-12"}, "another passage": {"gate-1", "7-13"}} {
			if _, err := fleet.OpenPictures(key, at[0], at[1], b); err == nil {
				t.Errorf("%s: opened as %s's", name, place)
			}
		}
	}
	var all []fleet.Recipient
	for range fleet.MaxRecipients {
		all = append(all, recipient)
	}
	if b, err := fleet.SealPictures(all, "gate-1", "7-12", []fleet.Picture{{Name: "a", JPEG: jpeg(fleet.MaxPictures)}}); err != nil || len(b) > fleet.MaxSealedPictures {
		t.Errorf("the largest to all: %d bytes, %v", len(b), err)
	}
	if _, err := fleet.SealPictures(nil, "gate-1", "7-12", four); err == nil {
		t.Error("sealed to nobody")
	}
	// What a terminal would not send.
	for name, plain := range map[string]string{
		"no list": `{}`, "no JPEG": `[{"name":"a","jpeg":"AAAA"}]`, "a strange name": `[{"name":"a/b","jpeg":"/9g="}]`,
		"one name twice": `[{"name":"a","jpeg":"/9g="},{"name":"a","jpeg":"/9g="}]`,
		"too many":       `[{"name":"a","jpeg":"/9g="},{"name":"b","jpeg":"/9g="},{"name":"c","jpeg":"/9g="},{"name":"d","jpeg":"/9g="},{"name":"e","jpeg":"/9g="}]`,
	} {
		if got, err := fleet.ReadPictures([]byte(plain)); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
		b, err := fleet.Seal(to, "review\x00gate-1\x007-12", []byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := fleet.OpenPictures(key, "gate-1", "7-12", b); err == nil {
			t.Errorf("%s: opened as %+v", name, got)
		}
	}
	if got, err := fleet.ReadPictures([]byte(`[{"name":"a","jpeg":"/9g="},{"name":"b","jpeg":"/9g="},{"name":"c","jpeg":"/9g="},{"name":"d","jpeg":"/9g="}]`)); err != nil || len(got) != 4 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPublishedReviews(t *testing.T) {
	gate := fleet.Signer{Name: "gate-1", Private: fleettest.Seeded(7)}
	statement := fleettest.Encoded(t, fleettest.Statement())
	b, err := fleet.Review{Passage: "7-12", Statement: statement, Answers: 1}.Publish(gate)
	if err != nil {
		t.Fatal(err)
	}
	topic := fleet.Topic("gate-1", fleet.ChannelReview, "7-12")
	for name, key := range map[string][]byte{"no key": nil, "its key": fleettest.Public(7)} {
		r, err := fleet.ReadReview(topic, b, key)
		if err != nil || r.Answers != 1 || r.Hash != fleet.StatementHash(statement) || r.Verified != (key != nil) || r.Passage != "7-12" || r.Needed != 2 || len(r.Hash) != 64 {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	asOther, err := fleet.Review{Statement: statement}.Publish(fleet.Signer{Name: "gate-2", Private: fleettest.Seeded(7)})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		topic   string
		message []byte
		key     []byte
	}{
		"signed by the topic's": {fleet.Topic("gate-2", fleet.ChannelReview, "7-12"), asOther, nil}, "no topic": {"x", b, nil}, "another channel": {fleet.Topic("gate-1", fleet.ChannelAlarm, "7-12"), b, nil}, "its pictures": {topic + "/pictures", b, nil},
		"another passage": {fleet.Topic("gate-1", fleet.ChannelReview, "7-13"), b, nil}, "another terminal": {fleet.Topic("gate-2", fleet.ChannelReview, "7-12"), b, nil},
		"signed by another": {topic, asOther, nil}, "another key": {topic, b, fleettest.Public(8)}, "no JSON": {topic, []byte("{}"), nil},
		"too long":     {topic, append(bytes.Clone(b), bytes.Repeat([]byte(" "), fleet.MaxReviewMessage-len(b)+1)...), nil},
		"no statement": {topic, signedAgain(t, b, fleet.DomainReview, gate, map[string]any{"needed": 3}), nil},
	} {
		if r, err := fleet.ReadReview(c.topic, c.message, c.key); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if _, err := fleet.ReadReview(topic, append(bytes.Clone(b), bytes.Repeat([]byte(" "), fleet.MaxReviewMessage-len(b))...), nil); err != nil {
		t.Errorf("the longest: %v", err)
	}
	if _, err := (fleet.Review{Statement: statement}).Publish(fleet.Signer{Name: "gate-1"}); err == nil {
		t.Error("published without a key")
	}
}

func TestStatementsAreReadStrictly(t *testing.T) {
	s := fleettest.Statement()
	s.Pictures = strings.Repeat("0a", 32)
	r := reading{
		good: objectOf(t, fleettest.Encoded(t, s)), optional: []string{"reasons", "person", "evidence", "pictures"},
		read: func(b []byte) error { _, err := fleet.DecodeStatement(b); return err },
	}
	r.refuses(t, map[string]map[string]any{
		"schema": {"schema": 2}, "needed": {"needed": 0}, "a long one": {"clock": strings.Repeat("x", fleet.MaxStatement)},
	})
	b := fleettest.Encoded(t, s)
	pad := func(n int) []byte { return append(bytes.Clone(b), bytes.Repeat([]byte(" "), n-len(b))...) }
	if _, err := fleet.DecodeStatement(pad(fleet.MaxStatement)); err != nil {
		t.Errorf("the longest: %v", err)
	}
	if _, err := fleet.DecodeStatement(pad(fleet.MaxStatement + 1)); err == nil {
		t.Error("a longer one was read")
	}
	for _, text := range []string{`,"reasons":null`, `,"person":null`} {
		name := strings.Split(text, `"`)[1]
		m := objectOf(t, b)
		m[name] = nil
		null, err := fleet.EncodeJSON(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fleet.DecodeStatement(null); err != nil {
			t.Errorf("%s: %v", null, err)
		}
	}
}
