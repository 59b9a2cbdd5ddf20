package fleet

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// seeded gives the same key on every run.
func seeded(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func testVerifier() *verifier {
	public := seeded(1).Public().(ed25519.PublicKey)
	return &verifier{
		terminal: "gate-1", limit: 4096, age: 2 * time.Minute, skew: 30 * time.Second, trusted: []string{"ntp"},
		nonces: new(used),
		keys: []Key{
			{Name: "office", Public: public, Commands: []string{CommandStatus, CommandOpen}},
			{Name: "lobby", Public: public, Commands: []string{CommandStatus}},
		},
	}
}

func testCommand() Command {
	return Command{
		Terminal: "gate-1", Name: CommandOpen, ID: "o-1", Nonce: "0123456789abcdef",
		Issued: noon.Add(-time.Second), Expires: noon.Add(30 * time.Second), Args: json.RawMessage(`{"pulse":3}`),
	}
}

// wrap signs any payload at all, as an attacker with a key could.
func wrap(payload, key string) []byte {
	sig := ed25519.Sign(seeded(1), []byte(signatureDomain+payload))
	b, _ := encodeJSON(envelope{Status: StatusInit, Payload: []byte(payload), Key: key, Signature: sig})
	return b
}

func TestVerifyRefuses(t *testing.T) {
	office := Signer{Name: "office", Private: seeded(1)}
	sign := func(f func(*Command)) inbound {
		c := testCommand()
		f(&c)
		topic, b, err := Sign(c, office)
		if err != nil {
			t.Fatal(err)
		}
		return inbound{topic: topic, payload: b}
	}
	good := sign(func(*Command) {})
	topic := good.topic
	with := func(f func(map[string]any)) inbound {
		var m map[string]any
		if err := json.Unmarshal(good.payload, &m); err != nil {
			t.Fatal(err)
		}
		f(m)
		b, _ := encodeJSON(m)
		return inbound{topic: topic, payload: b}
	}
	payload := func(p string) inbound { return inbound{topic: topic, payload: wrap(p, "office")} }
	plain := `{"schema":1,"terminal":"gate-1","command":"door.open","id":"o-1","nonce":"0123456789abcdef","issued":"2026-03-01T12:00:00Z","expires":"2026-03-01T12:00:30Z"}`
	lobby := good
	lobby.payload = bytes.Replace(good.payload, []byte(`"office"`), []byte(`"lobby"`), 1)

	for _, c := range []struct {
		name string
		m    inbound
		want Reason
	}{
		{"good", good, ""},
		{"good without arguments", payload(plain), ""},
		{"retained", inbound{topic: topic, payload: good.payload, retained: true}, ReasonRetained},
		{"oversized", inbound{topic: topic, oversized: true}, ReasonOversized},
		{"longer than the limit", inbound{topic: topic, payload: bytes.Repeat([]byte(" "), 4097)}, ReasonOversized},
		{"no JSON", inbound{topic: topic, payload: []byte("open!")}, ReasonMalformed},
		{"JSON but no object", inbound{topic: topic, payload: []byte("[]")}, ReasonMalformed},
		{"thin-edge's bare request", inbound{topic: topic, payload: []byte(`{"status":"init"}`)}, ReasonUnsigned},
		{"no signature", with(func(m map[string]any) { delete(m, "sig") }), ReasonUnsigned},
		{"empty signature", with(func(m map[string]any) { m["sig"] = "" }), ReasonUnsigned},
		{"no key", with(func(m map[string]any) { delete(m, "key") }), ReasonUnsigned},
		{"null key", with(func(m map[string]any) { m["key"] = nil }), ReasonMalformed},
		{"no payload", with(func(m map[string]any) { delete(m, "payload") }), ReasonMalformed},
		{"more than an envelope", with(func(m map[string]any) { m["also"] = 1 }), ReasonMalformed},
		{"something behind", inbound{topic: topic, payload: append(bytes.Clone(good.payload), "{}"...)}, ReasonMalformed},
		{"base64 broken in lines", with(func(m map[string]any) { m["payload"] = m["payload"].(string)[:8] + "\n" + m["payload"].(string)[8:] }), ReasonMalformed},
		{"unknown key", with(func(m map[string]any) { m["key"] = "attic" }), ReasonUnknownKey},
		{"short signature", with(func(m map[string]any) { m["sig"] = "AAAA" }), ReasonBadSignature},
		{"other payload", with(func(m map[string]any) { m["payload"] = base64.StdEncoding.EncodeToString([]byte(plain)) }), ReasonBadSignature},
		{"signed without the domain", func() inbound {
			b, _ := encodeJSON(envelope{Payload: []byte(plain), Key: "office", Signature: ed25519.Sign(seeded(1), []byte(plain))})
			return inbound{topic: topic, payload: b}
		}(), ReasonBadSignature},
		{"signed by another", func() inbound {
			c, m, _ := Sign(testCommand(), Signer{Name: "office", Private: seeded(2)})
			return inbound{topic: c, payload: m}
		}(), ReasonBadSignature},
		{"signed nonsense", payload("hello"), ReasonMalformed},
		{"another schema", payload(strings.Replace(plain, `"schema":1`, `"schema":2`, 1)), ReasonMalformed},
		{"member twice", payload(strings.Replace(plain, `"id"`, `"command":"status","id"`, 1)), ReasonMalformed},
		{"member in capitals", payload(strings.Replace(plain, `"id"`, `"ID"`, 1)), ReasonMalformed},
		{"short nonce", payload(strings.Replace(plain, "0123456789abcdef", "0123", 1)), ReasonMalformed},
		{"arguments no object", payload(strings.Replace(plain, `"schema":1`, `"schema":1,"args":[]`, 1)), ReasonMalformed},
		{"arguments too long", payload(strings.Replace(plain, `"schema":1`, `"schema":1,"args":{"a":"`+strings.Repeat("x", maxArgs)+`"}`, 1)), ReasonMalformed},
		{"expires before issued", payload(strings.Replace(plain, "12:00:30", "11:00:30", 1)), ReasonMalformed},
		{"another terminal", sign(func(c *Command) { c.Terminal = "gate-2" }), ReasonWrongTarget},
		{"another terminal's, on this topic", inbound{topic: topic, payload: sign(func(c *Command) { c.Terminal = "gate-2" }).payload}, ReasonWrongTarget},
		{"another id", inbound{topic: topic, payload: sign(func(c *Command) { c.ID = "o-2" }).payload}, ReasonWrongTopic},
		{"another command", inbound{topic: topic, payload: sign(func(c *Command) { c.Name = CommandStatus }).payload}, ReasonWrongTopic},
		{"strange topic", inbound{topic: "te/device/gate-1///cmd/a b/c", payload: good.payload}, ReasonWrongTopic},
		{"unknown command", sign(func(c *Command) { c.Name = "erase" }), ReasonUnknown},
		{"not this key's", lobby, ReasonNotAllowed},
		{"from the future", sign(func(c *Command) { c.Issued = noon.Add(31 * time.Second); c.Expires = noon.Add(time.Minute) }), ReasonNotYetValid},
		{"from the near future", sign(func(c *Command) { c.Issued = noon.Add(29 * time.Second); c.Expires = noon.Add(time.Minute) }), ""},
		{"expired", sign(func(c *Command) { c.Expires = noon }), ReasonExpired},
		{"old but not expired", sign(func(c *Command) { c.Issued = noon.Add(-121 * time.Second); c.Expires = noon.Add(time.Second) }), ReasonTooOld},
		{"valid for too long", sign(func(c *Command) { c.Expires = noon.Add(time.Hour) }), ReasonTooOld},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, r := testVerifier().verify(c.m, noon, "ntp")
			switch {
			case r == nil && c.want != "":
				t.Errorf("accepted %+v, wanted %s", got, c.want)
			case r != nil && r.reason != c.want:
				t.Errorf("refused as %s (%s), wanted %q", r.reason, r.detail, c.want)
			case r == nil && (got.Key != "office" || got.Name != CommandOpen || got.Terminal != "gate-1"):
				t.Errorf("command %+v", got)
			}
		})
	}
}

func TestVerifyUsesANonceOnce(t *testing.T) {
	v := testVerifier()
	topic, b, err := Sign(testCommand(), Signer{Name: "office", Private: seeded(1)})
	if err != nil {
		t.Fatal(err)
	}
	m := inbound{topic: topic, payload: b}
	if _, r := v.verify(m, noon, "rtc"); r == nil || r.reason != ReasonUntrusted {
		t.Errorf("under an untrusted clock: %+v", r)
	}
	if c, r := v.verify(m, noon, "ntp"); r != nil || string(c.Args) != `{"pulse":3}` {
		t.Fatalf("first: %+v, refused %+v", c, r)
	}
	if _, r := v.verify(m, noon, "ntp"); r == nil || r.reason != ReasonReplayed {
		t.Errorf("again: %+v", r)
	}
	if until := v.nonces.(*used).seen["office/0123456789abcdef"]; !until.Equal(noon.Add(time.Minute)) {
		t.Errorf("nonce kept until %v, must outlive the command by the skew", until)
	}
	full := testVerifier()
	full.nonces = &used{limit: 1, seen: map[string]time.Time{"x": noon}}
	if _, r := full.verify(m, noon, "ntp"); r == nil || r.reason != ReasonNonces {
		t.Errorf("with a full nonce store: %+v", r)
	}
}

func TestReport(t *testing.T) {
	for text, want := range map[string]bool{
		"":                       true, // clears a retained message
		`{"status":"executing"}`: true,
		`{"status":"failed","reason":"expired","detail":"…"}`: true,
		`{"status":"init"}`:        false,
		`{"status":""}`:            false,
		`{"status":1}`:             false,
		`{}`:                       false,
		`failed`:                   false,
		`{"status":"failed"}extra`: false,
	} {
		if got := report(inbound{payload: []byte(text)}); got != want {
			t.Errorf("%s: %v, wanted %v", text, got, want)
		}
	}
	b, _ := encodeJSON(Answer{Schema: Schema, Status: StatusFailed, Reason: ReasonMalformed})
	if !report(inbound{payload: b}) {
		t.Error("an answer would be taken for a command")
	}
	if report(inbound{oversized: true}) {
		t.Error("an oversized message would go unnoticed")
	}
}

func TestSignRefusesWhatNoTerminalWouldTake(t *testing.T) {
	office := Signer{Name: "office", Private: seeded(1)}
	for name, f := range map[string]func(*Command, *Signer){
		"terminal":  func(c *Command, _ *Signer) { c.Terminal = "+" },
		"name":      func(c *Command, _ *Signer) { c.Name = "" },
		"id":        func(c *Command, _ *Signer) { c.ID = "a/b" },
		"nonce":     func(c *Command, _ *Signer) { c.Nonce = "short" },
		"times":     func(c *Command, _ *Signer) { c.Expires = c.Issued },
		"arguments": func(c *Command, _ *Signer) { c.Args = json.RawMessage(`[1]`) },
		"key":       func(_ *Command, s *Signer) { s.Private = nil },
	} {
		c, s := testCommand(), office
		f(&c, &s)
		if _, _, err := Sign(c, s); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}

func FuzzCommand(f *testing.F) {
	topic, b, err := Sign(testCommand(), Signer{Name: "office", Private: seeded(1)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(topic, b, false)
	f.Add(topic, wrap(`{"schema":1}`, "office"), true)
	f.Add(topic, []byte(`{"status":"init","payload":"e30=","key":"office","sig":"AA=="}`), false)
	f.Add("te/device/gate-1///cmd/status/1", []byte(`{"status":"executing"}`), false)
	f.Add("te///", []byte{0xff, 0xfe}, false)
	f.Fuzz(func(t *testing.T, topic string, payload []byte, sign bool) {
		v := testVerifier()
		if sign { // let the fuzzer reach what is behind the signature
			payload = wrap(string(payload), "office")
		}
		m := inbound{topic: topic, payload: payload}
		first, r := v.verify(m, noon, "ntp")
		if r == nil {
			if first.Terminal != "gate-1" || first.Key != "office" || len(first.Args) > maxArgs || !noon.Before(first.Expires) {
				t.Fatalf("accepted %+v", first)
			}
			if _, again := v.verify(m, noon, "ntp"); again == nil {
				t.Fatal("accepted twice")
			}
			if report(m) {
				t.Fatal("a command that is taken for an answer")
			}
			return
		}
		if len(r.reason) == 0 || strings.ContainsAny(string(r.reason), " \n") {
			t.Fatalf("refused without a reason: %+v", r)
		}
	})
}
