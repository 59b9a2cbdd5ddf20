package fleet_test

import (
	"bytes"
	"strings"
	"testing"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
)

func TestManifests(t *testing.T) {
	list := fleettest.List(9, 2*fleet.PartBytes+5)
	m, err := fleet.NewManifest("revocation", 9, list)
	if err != nil || m.Parts() != 3 || m.PartSize(0) != fleet.PartBytes || m.PartSize(2) != 5 || m.Topic() != "te/fleet/all///list/revocation" {
		t.Fatalf("%+v, %v", m, err)
	}
	if want := "te/fleet/all///list/revocation/" + m.SHA256[:32] + "/2"; m.PartTopic(2) != want {
		t.Error(m.PartTopic(2))
	}
	whole, err := fleet.NewManifest("revocation", 9, list[:2*fleet.PartBytes])
	if err != nil || whole.Parts() != 2 || whole.PartSize(1) != fleet.PartBytes {
		t.Errorf("%+v, %v", whole, err)
	}
	for name, c := range map[string]struct {
		kind     string
		sequence uint64
		bytes    int
		refused  bool
	}{
		"the largest": {"revocation", 1, fleet.MaxListBytes, false}, "larger": {"revocation", 1, fleet.MaxListBytes + 1, true}, "one byte": {"revocation", 1, 1, false},
		"empty": {"revocation", 1, 0, true}, "no number": {"revocation", 0, 1, true}, "no kind": {"a/b", 1, 1, true},
	} {
		_, err := fleet.NewManifest(c.kind, c.sequence, make([]byte, c.bytes))
		wants(t, name, err, c.refused)
	}
	b, err := fleet.EncodeJSON(m)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := fleet.ReadManifest(m.Topic(), b); err != nil || got != m {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := fleet.ReadManifest(fleet.ListRoot+"issuers", b); err == nil {
		t.Error("read on another list's topic")
	}
	r := reading{good: objectOf(t, b), read: func(b []byte) error { _, err := fleet.ReadManifest(m.Topic(), b); return err }}
	r.refuses(t, map[string]map[string]any{
		"schema": {"schema": 2}, "kind": {"kind": "issuers"}, "number": {"sequence": 0}, "hash": {"sha256": m.SHA256[2:]}, "a hash in capitals": {"sha256": strings.ToUpper(m.SHA256)},
		"no bytes": {"bytes": 0}, "negative": {"bytes": -1}, "too many bytes": {"bytes": fleet.MaxListBytes + 1},
	})
	part := func(schema int, data []byte) []byte {
		t.Helper()
		b, err := fleet.EncodeJSON(fleet.Part{Schema: schema, Data: data})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if got, err := m.ReadPart(2, part(1, list[2*fleet.PartBytes:])); err != nil || !bytes.Equal(got, list[2*fleet.PartBytes:]) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	for name, b := range map[string][]byte{
		"another schema": part(2, list[2*fleet.PartBytes:]), "too long": part(1, list[2*fleet.PartBytes-1:]), "too short": part(1, list[2*fleet.PartBytes+1:]), "no JSON": []byte("x"),
		"no data": []byte(`{"schema":1}`), "no schema": []byte(`{"data":"AAAAAAA="}`),
	} {
		if got, err := m.ReadPart(2, b); err == nil {
			t.Errorf("%s: %d bytes", name, len(got))
		}
	}
	for topic, want := range map[string][2]bool{
		m.Topic(): {true, false}, m.PartTopic(0): {true, true}, fleet.Topic("g", fleet.ChannelEvent, "list"): {}, "te/fleet/all///lists/x": {},
	} {
		list, isPart := fleet.IsListTopic(topic)
		if list != want[0] || list && isPart != want[1] {
			t.Errorf("%s: list %v, part %v", topic, list, isPart)
		}
	}
}
