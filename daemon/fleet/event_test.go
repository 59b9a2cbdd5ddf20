package fleet_test

import (
	"strings"
	"testing"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
)

func TestEvents(t *testing.T) {
	entry := fleet.Entry{
		Position: fleet.Position{Boot: 7, Sequence: 42}, Wall: fleettest.Noon.Local(), Clock: "ntp", Kind: "passage",
		Payload: []byte(`{"a":"<&>"}`), Previous: [32]byte{0x11}, Hash: [32]byte{0x22},
	}
	const want = `{"schema":1,"terminal":"gate-1","boot":7,"sequence":42,"time":"2026-03-01T12:00:00Z","clock":"ntp","kind":"passage",` +
		`"previous":"1100000000000000000000000000000000000000000000000000000000000000",` +
		`"hash":"2200000000000000000000000000000000000000000000000000000000000000","data":{"a":"<&>"}}`
	e := fleet.NewEvent("gate-1", entry, len(entry.Payload))
	b, err := e.Encode()
	if err != nil || string(b) != want {
		t.Fatalf("%s, %v", b, err)
	}
	again, err := fleet.DecodeEvent(b)
	if err != nil || again.Position() != entry.Position || string(again.Data) != string(entry.Payload) || again.Kind != "passage" {
		t.Errorf("%+v, %v", again, err)
	}
	for name, c := range map[string]struct {
		payload string
		limit   int
		omitted string
	}{
		"nothing to say": {"", 10, ""}, "too long": {`{"a":1}`, 6, "7 bytes, limit 6"}, "no JSON": {`{"a"`, 10, "not JSON"},
	} {
		entry.Payload = []byte(c.payload)
		if e := fleet.NewEvent("gate-1", entry, c.limit); e.Omitted != c.omitted || e.Data != nil {
			t.Errorf("%s: %+v", name, e)
		}
	}
	entry.Kind = "a/b"
	if e := fleet.NewEvent("gate-1", entry, 10); e.Kind != "other" {
		t.Errorf("kind %q", e.Kind)
	}
	for _, text := range []string{`{}`, `{"schema":2}`, `[]`, ``, strings.Replace(want, `"schema":1`, `"schema":0`, 1)} {
		if e, err := fleet.DecodeEvent([]byte(text)); err == nil {
			t.Errorf("%s is read as %+v", text, e)
		}
	}
}

func TestPositions(t *testing.T) {
	ordered := []fleet.Position{{}, {Boot: 1, Sequence: 5}, {Boot: 1, Sequence: 6}, {Boot: 2, Sequence: 1}}
	for i, p := range ordered {
		for j, q := range ordered {
			if got := p.Compare(q); got > 0 != (i > j) || got < 0 != (i < j) {
				t.Errorf("%v and %v: %d", p, q, got)
			}
		}
	}
}
