package fleet_test

import (
	"encoding/json"
	"maps"
	"testing"

	"umbral/daemon/fleet"
)

// reading holds a parser of JSON objects against one good object: every change alone is refused or not.
type reading struct {
	good     map[string]any
	read     func([]byte) error
	optional []string // members that may be absent
}

// refuses fails for each change that is accepted. nil takes the member away.
func (r reading) refuses(t *testing.T, changes map[string]map[string]any) {
	t.Helper()
	b, err := fleet.EncodeJSON(r.good)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.read(b); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	for name := range r.good {
		r.absent(t, name)
	}
	all := map[string]map[string]any{"a member more": {"more": 1}, "a name in another case": {"Schema": 1}}
	maps.Copy(all, changes)
	for name, change := range all {
		if b := r.with(t, change); r.read(b) == nil {
			t.Errorf("%s: accepted %s", name, b)
		}
	}
	for _, text := range []string{"", "null", "[]", "{", "1", string(b) + "{}", string(b[:len(b)-1]) + `,"schema":1}`} {
		if r.read([]byte(text)) == nil {
			t.Errorf("accepted %s", text)
		}
	}
}

// absent takes a member away, and makes it null and of another type.
func (r reading) absent(t *testing.T, name string) {
	t.Helper()
	optional := false
	for _, o := range r.optional {
		optional = optional || o == name
	}
	if err := r.read(r.with(t, map[string]any{name: nil})); (err == nil) != optional {
		t.Errorf("without %s: error %v", name, err)
	}
	b := r.with(t, map[string]any{name: json.RawMessage(`{"of":"another type"}`)})
	if name != "args" && r.read(b) == nil {
		t.Errorf("accepted %s", b)
	}
}

func (r reading) with(t *testing.T, change map[string]any) []byte {
	t.Helper()
	m := maps.Clone(r.good)
	for name, v := range change {
		if m[name] = v; v == nil {
			delete(m, name)
		}
	}
	b, err := fleet.EncodeJSON(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// objectOf returns the members of an object, to be changed.
func objectOf(t *testing.T, b []byte) (m map[string]any) {
	t.Helper()
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// accepts fails for each change that is refused.
func (r reading) accepts(t *testing.T, changes map[string]map[string]any) {
	t.Helper()
	for name, change := range changes {
		b := r.with(t, change)
		if err := r.read(b); err != nil {
			t.Errorf("%s: %s: %v", name, b, err)
		}
	}
}
