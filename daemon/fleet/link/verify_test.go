package link

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
	"umbral/daemon/fleet/mqtt"
)

// domainCommand precedes a command when it is signed.
const domainCommand = "umbral-command-v1\x00"

func testVerifier() *verifier {
	public := fleettest.Public(1)
	return &verifier{
		terminal: "gate-1", limit: 4096, age: 2 * time.Minute, skew: 30 * time.Second, trusted: []string{"ntp"},
		nonces: new(used),
		keys: []Key{
			{Name: "office", Public: public, Commands: []string{fleet.CommandStatus, fleet.CommandOpen}},
			{Name: "lobby", Public: fleettest.Public(3), Commands: []string{fleet.CommandStatus}},
		},
	}
}

// wrap signs any payload at all, as an attacker with a key could.
func wrap(payload, key string) []byte {
	sig := ed25519.Sign(fleettest.Seeded(1), []byte(domainCommand+payload))
	b, _ := fleet.EncodeJSON(fleet.CommandEnvelope{Status: fleet.StatusInit, Payload: []byte(payload), Key: key, Signature: sig})
	return b
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	office := fleet.Signer{Name: "office", Private: fleettest.Seeded(1)}
	sign := func(f func(*fleet.Command)) mqtt.Message {
		c := fleettest.Command()
		f(&c)
		topic, b, err := fleet.Sign(c, office)
		if err != nil {
			t.Fatal(err)
		}
		return mqtt.Message{Topic: topic, Payload: b}
	}
	good := sign(func(*fleet.Command) {})
	topic := good.Topic
	with := func(f func(map[string]any)) mqtt.Message {
		var m map[string]any
		if err := json.Unmarshal(good.Payload, &m); err != nil {
			t.Fatal(err)
		}
		f(m)
		b, _ := fleet.EncodeJSON(m)
		return mqtt.Message{Topic: topic, Payload: b}
	}
	payload := func(p string) mqtt.Message { return mqtt.Message{Topic: topic, Payload: wrap(p, "office")} }
	plain := `{"schema":1,"terminal":"gate-1","command":"door.open","id":"o-1","nonce":"0123456789abcdef","issued":"2026-03-01T12:00:00Z","expires":"2026-03-01T12:00:30Z"}`
	_, byLobby, err := fleet.Sign(fleettest.Command(), fleet.Signer{Name: "lobby", Private: fleettest.Seeded(3)})
	if err != nil {
		t.Fatal(err)
	}
	lobby := mqtt.Message{Topic: topic, Payload: byLobby}

	for _, c := range []struct {
		name string
		m    mqtt.Message
		want fleet.Reason
	}{
		{"good", good, ""},
		{"good without arguments", payload(plain), ""},
		{"retained", mqtt.Message{Topic: topic, Payload: good.Payload, Retained: true}, fleet.ReasonRetained},
		{"oversized", mqtt.Message{Topic: topic, Oversized: true}, fleet.ReasonOversized},
		{"longer than the limit", mqtt.Message{Topic: topic, Payload: bytes.Repeat([]byte(" "), 4097)}, fleet.ReasonOversized},
		{"no JSON", mqtt.Message{Topic: topic, Payload: []byte("open!")}, fleet.ReasonMalformed},
		{"JSON but no object", mqtt.Message{Topic: topic, Payload: []byte("[]")}, fleet.ReasonMalformed},
		{"thin-edge's bare request", mqtt.Message{Topic: topic, Payload: []byte(`{"status":"init"}`)}, fleet.ReasonUnsigned},
		{"no signature", with(func(m map[string]any) { delete(m, "sig") }), fleet.ReasonUnsigned},
		{"empty signature", with(func(m map[string]any) { m["sig"] = "" }), fleet.ReasonUnsigned},
		{"no key", with(func(m map[string]any) { delete(m, "key") }), fleet.ReasonUnsigned},
		{"null key", with(func(m map[string]any) { m["key"] = nil }), fleet.ReasonMalformed},
		{"no payload", with(func(m map[string]any) { delete(m, "payload") }), fleet.ReasonMalformed},
		{"more than an envelope", with(func(m map[string]any) { m["also"] = 1 }), fleet.ReasonMalformed},
		{"something behind", mqtt.Message{Topic: topic, Payload: append(bytes.Clone(good.Payload), "{}"...)}, fleet.ReasonMalformed},
		{"base64 broken in lines", with(func(m map[string]any) { m["payload"] = m["payload"].(string)[:8] + "\n" + m["payload"].(string)[8:] }), fleet.ReasonMalformed},
		{"unknown key", with(func(m map[string]any) { m["key"] = "attic" }), fleet.ReasonUnknownKey},
		{"short signature", with(func(m map[string]any) { m["sig"] = "AAAA" }), fleet.ReasonBadSignature},
		{"other payload", with(func(m map[string]any) { m["payload"] = base64.StdEncoding.EncodeToString([]byte(plain)) }), fleet.ReasonBadSignature},
		{"signed without the domain", func() mqtt.Message {
			b, _ := fleet.EncodeJSON(fleet.CommandEnvelope{Payload: []byte(plain), Key: "office", Signature: ed25519.Sign(fleettest.Seeded(1), []byte(plain))})
			return mqtt.Message{Topic: topic, Payload: b}
		}(), fleet.ReasonBadSignature},
		{"signed by another", func() mqtt.Message {
			c, m, _ := fleet.Sign(fleettest.Command(), fleet.Signer{Name: "office", Private: fleettest.Seeded(2)})
			return mqtt.Message{Topic: c, Payload: m}
		}(), fleet.ReasonBadSignature},
		{"signed nonsense", payload("hello"), fleet.ReasonMalformed},
		{"another schema", payload(strings.Replace(plain, `"schema":1`, `"schema":2`, 1)), fleet.ReasonMalformed},
		{"member twice", payload(strings.Replace(plain, `"id"`, `"command":"status","id"`, 1)), fleet.ReasonMalformed},
		{"member in capitals", payload(strings.Replace(plain, `"id"`, `"ID"`, 1)), fleet.ReasonMalformed},
		{"short nonce", payload(strings.Replace(plain, "0123456789abcdef", "0123", 1)), fleet.ReasonMalformed},
		{"arguments no object", payload(strings.Replace(plain, `"schema":1`, `"schema":1,"args":[]`, 1)), fleet.ReasonMalformed},
		{"arguments too long", payload(strings.Replace(plain, `"schema":1`, `"schema":1,"args":{"a":"`+strings.Repeat("x", fleet.MaxArgs)+`"}`, 1)), fleet.ReasonMalformed},
		{"expires before issued", payload(strings.Replace(plain, "12:00:30", "11:00:30", 1)), fleet.ReasonMalformed},
		{"another terminal", sign(func(c *fleet.Command) { c.Terminal = "gate-2" }), fleet.ReasonWrongTarget},
		{"another terminal's, on this topic", mqtt.Message{Topic: topic, Payload: sign(func(c *fleet.Command) { c.Terminal = "gate-2" }).Payload}, fleet.ReasonWrongTarget},
		{"another id", mqtt.Message{Topic: topic, Payload: sign(func(c *fleet.Command) { c.ID = "o-2" }).Payload}, fleet.ReasonWrongTopic},
		{"another command", mqtt.Message{Topic: topic, Payload: sign(func(c *fleet.Command) { c.Name = fleet.CommandStatus }).Payload}, fleet.ReasonWrongTopic},
		{"strange topic", mqtt.Message{Topic: "te/device/gate-1///cmd/a b/c", Payload: good.Payload}, fleet.ReasonWrongTopic},
		{"another channel", mqtt.Message{Topic: fleet.Topic("gate-1", fleet.ChannelReview, fleet.CommandOpen, "o-1"), Payload: good.Payload}, fleet.ReasonWrongTopic},
		{"a topic of one level", mqtt.Message{Topic: fleet.Topic("gate-1", fleet.ChannelCommand, fleet.CommandOpen), Payload: good.Payload}, fleet.ReasonWrongTopic},
		{"a topic of three", mqtt.Message{Topic: topic + "/x", Payload: good.Payload}, fleet.ReasonWrongTopic},
		{"on another terminal's topic", mqtt.Message{Topic: fleet.Topic("gate-2", fleet.ChannelCommand, fleet.CommandOpen, "o-1"), Payload: good.Payload}, fleet.ReasonWrongTopic},
		{"at the limit", mqtt.Message{Topic: topic, Payload: append(bytes.Clone(good.Payload), bytes.Repeat([]byte(" "), 4096-len(good.Payload))...)}, ""},
		{"as old as may be", sign(func(c *fleet.Command) {
			c.Issued = fleettest.Noon.Add(-2 * time.Minute)
			c.Expires = fleettest.Noon.Add(time.Second)
		}), ""},
		{"unknown command", sign(func(c *fleet.Command) { c.Name = "erase" }), fleet.ReasonUnknown},
		{"not this key's", lobby, fleet.ReasonNotAllowed},
		{"from the future", sign(func(c *fleet.Command) {
			c.Issued = fleettest.Noon.Add(31 * time.Second)
			c.Expires = fleettest.Noon.Add(time.Minute)
		}), fleet.ReasonNotYetValid},
		{"from the near future", sign(func(c *fleet.Command) {
			c.Issued = fleettest.Noon.Add(29 * time.Second)
			c.Expires = fleettest.Noon.Add(time.Minute)
		}), ""},
		{"expired", sign(func(c *fleet.Command) { c.Expires = fleettest.Noon }), fleet.ReasonExpired},
		{"old but not expired", sign(func(c *fleet.Command) {
			c.Issued = fleettest.Noon.Add(-121 * time.Second)
			c.Expires = fleettest.Noon.Add(time.Second)
		}), fleet.ReasonTooOld},
		{"valid for too long", sign(func(c *fleet.Command) { c.Expires = fleettest.Noon.Add(time.Hour) }), fleet.ReasonTooOld},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, r := testVerifier().verify(c.m, fleettest.Noon, "ntp")
			switch {
			case r == nil && c.want != "":
				t.Errorf("accepted %+v, wanted %s", got, c.want)
			case r != nil && r.Reason != c.want:
				t.Errorf("refused as %s (%s), wanted %q", r.Reason, r.Detail, c.want)
			case r == nil && (got.Key != "office" || got.Name != fleet.CommandOpen || got.Terminal != "gate-1"):
				t.Errorf("command %+v", got)
			}
		})
	}
}

// A refusal names the key that was claimed, and without a list of trusts any clock will do.
func TestWhatVerifyTells(t *testing.T) {
	t.Parallel()
	topic, b, err := fleet.Sign(fleettest.Command(), fleet.Signer{Name: "office", Private: fleettest.Seeded(2)})
	if err != nil {
		t.Fatal(err)
	}
	c, r := testVerifier().verify(mqtt.Message{Topic: topic, Payload: b}, fleettest.Noon, "ntp")
	if r == nil || c.Key != "office" || c.ID != "o-1" || c.Name != fleet.CommandOpen || c.Terminal != "gate-1" {
		t.Errorf("%+v, %v", c, r)
	}
	topic, b, err = fleet.Sign(fleettest.Command(), fleet.Signer{Name: "office", Private: fleettest.Seeded(1)})
	if err != nil {
		t.Fatal(err)
	}
	v := testVerifier()
	v.trusted = nil
	c, r = v.verify(mqtt.Message{Topic: topic, Payload: b}, fleettest.Noon, "unknown")
	if r != nil || c.Key != "office" || c.Fingerprint != fleet.Fingerprint(fleettest.Public(1)) {
		t.Errorf("%+v, %v", c, r)
	}
	late := fleettest.Noon.Add(time.Hour).In(time.FixedZone("", 3600))
	if _, r = testVerifier().verify(mqtt.Message{Topic: topic, Payload: b}, late, "ntp"); r == nil || !strings.Contains(r.Detail, "says 2026-03-01T13:00:00Z (ntp)") {
		t.Errorf("%v", r)
	}
}

func TestVerifyUsesANonceOnce(t *testing.T) {
	t.Parallel()
	v := testVerifier()
	topic, b, err := fleet.Sign(fleettest.Command(), fleet.Signer{Name: "office", Private: fleettest.Seeded(1)})
	if err != nil {
		t.Fatal(err)
	}
	m := mqtt.Message{Topic: topic, Payload: b}
	if _, r := v.verify(m, fleettest.Noon, "rtc"); r == nil || r.Reason != fleet.ReasonUntrusted {
		t.Errorf("under an untrusted clock: %+v", r)
	}
	if c, r := v.verify(m, fleettest.Noon, "ntp"); r != nil || string(c.Args) != `{"pulse":3}` {
		t.Fatalf("first: %+v, refused %+v", c, r)
	}
	if _, r := v.verify(m, fleettest.Noon, "ntp"); r == nil || r.Reason != fleet.ReasonReplayed {
		t.Errorf("again: %+v", r)
	}
	if until := v.nonces.(*used).seen[fleet.Fingerprint(fleettest.Public(1))+"/0123456789abcdef"]; !until.Equal(fleettest.Noon.Add(time.Minute)) {
		t.Errorf("nonce kept until %v, must outlive the command by the skew", until)
	}
	full := testVerifier()
	full.nonces = &used{limit: 1, seen: map[string]time.Time{"x": fleettest.Noon}}
	if _, r := full.verify(m, fleettest.Noon, "ntp"); r == nil || r.Reason != fleet.ReasonNonces {
		t.Errorf("with a full nonce store: %+v", r)
	}
	wrong := testVerifier()
	wrong.nonces = clockless{}
	if _, r := wrong.verify(m, fleettest.Noon, "ntp"); r == nil || r.Reason != fleet.ReasonUntrusted {
		t.Errorf("with a store that blames the clock: %+v", r)
	}
}

// clockless is a NonceStore that can't judge by its clock.
type clockless struct{}

func (clockless) Use(string, string, time.Time) (bool, error) {
	return false, fmt.Errorf("store: %w", ErrClock)
}

// A key has one name, and a nonce counts once a key, whatever name the envelope, which is not signed, gives it.
func TestAKeyUnderTwoNames(t *testing.T) {
	t.Parallel()
	v := testVerifier()
	v.keys = []Key{
		{Name: "office", Public: fleettest.Public(1), Commands: []string{fleet.CommandOpen}},
		{Name: "office2", Public: fleettest.Public(1), Commands: []string{fleet.CommandOpen}},
	}
	if err := checkKeys(v.keys); err == nil || !strings.Contains(err.Error(), `"office" and "office2" are the same key`) {
		t.Errorf("error %v", err)
	}
	topic, b, err := fleet.Sign(fleettest.Command(), fleet.Signer{Name: "office", Private: fleettest.Seeded(1)})
	if err != nil {
		t.Fatal(err)
	}
	if _, r := v.verify(mqtt.Message{Topic: topic, Payload: b}, fleettest.Noon, "ntp"); r != nil {
		t.Fatal(r)
	}
	b = bytes.Replace(b, []byte(`"office"`), []byte(`"office2"`), 1)
	if _, r := v.verify(mqtt.Message{Topic: topic, Payload: b}, fleettest.Noon, "ntp"); r == nil || r.Reason != fleet.ReasonReplayed {
		t.Errorf("under the other name: %v", r)
	}
}

// TestNonceLifeIsEnough holds every command that can be accepted against a store that remembers nonces for NonceLife.
func TestNonceLifeIsEnough(t *testing.T) {
	t.Parallel()
	for _, age := range []time.Duration{time.Second, 2 * time.Minute, 15 * time.Minute} {
		for _, skew := range []time.Duration{0, 30 * time.Second, time.Hour} {
			v := testVerifier()
			v.age, v.skew = age, skew
			c := fleettest.Command()
			c.Issued = fleettest.Noon.Add(skew)
			c.Expires = c.Issued.Add(age + skew)
			topic, b, err := fleet.Sign(c, fleet.Signer{Name: "office", Private: fleettest.Seeded(1)})
			if err != nil {
				t.Fatal(err)
			}
			if _, r := v.verify(mqtt.Message{Topic: topic, Payload: b}, fleettest.Noon, "ntp"); r != nil {
				t.Fatalf("age %v, skew %v: %v", age, skew, r)
			}
			for _, until := range v.nonces.(*used).seen {
				if life := until.Sub(fleettest.Noon); life != NonceLife(age, skew) {
					t.Errorf("age %v, skew %v: kept for %v, NonceLife is %v", age, skew, life, NonceLife(age, skew))
				}
			}
		}
	}
}

func FuzzCommand(f *testing.F) {
	topic, b, err := fleet.Sign(fleettest.Command(), fleet.Signer{Name: "office", Private: fleettest.Seeded(1)})
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
		m := mqtt.Message{Topic: topic, Payload: payload}
		first, r := v.verify(m, fleettest.Noon, "ntp")
		if r == nil {
			if first.Terminal != "gate-1" || first.Key != "office" || len(first.Args) > fleet.MaxArgs || !fleettest.Noon.Before(first.Expires) {
				t.Fatalf("accepted %+v", first)
			}
			if _, again := v.verify(m, fleettest.Noon, "ntp"); again == nil {
				t.Fatal("accepted twice")
			}
			if answer(m) {
				t.Fatal("a command that is taken for an answer")
			}
			return
		}
		if len(r.Reason) == 0 || strings.ContainsAny(string(r.Reason), " \n") {
			t.Fatalf("refused without a reason: %+v", r)
		}
	})
}
