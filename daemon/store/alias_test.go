package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestRenameMembers(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"person":"p-001"}`, `{"person":"<p-001>"}`},
		{`{"a":1, "person" : "p-001" ,"guardian":"g","b":[true]}`, `{"a":1, "person" : "<p-001>" ,"guardian":"<g>","b":[true]}`},
		{`{"person":["p-001","p-002"]}`, `{"person":["<p-001>","<p-002>"]}`},
		{`[{"x":{"person":"p-001"},"y":"p-001"}]`, `[{"x":{"person":"<p-001>"},"y":"p-001"}]`},
		{`{"verdict":"person","person":"deny"}`, `{"verdict":"person","person":"<deny>"}`},
		{`{"text":"the \"person\": p-001"}`, `{"text":"the \"person\": p-001"}`},
		{`{"person":null,"guardian":7}`, `{"person":null,"guardian":7}`},
		{`{"person":"p\u002d001"}`, `{"person":"<p-001>"}`},
		{`{"person":{"name":"x"},"guardian":""}`, `{"person":{"name":"x"},"guardian":"<>"}`},
		{`"person" no JSON`, `"person" no JSON`},
		{`{"person":"p-001"`, `{"person":"p-001"`},
		{`{"nobody":"p-001"}`, `{"nobody":"p-001"}`},
		{``, ``},
	} {
		got, err := RenameMembers("e", []byte(c.in), func(id string) string { return "<" + id + ">" })
		want := strings.NewReplacer("<", `\u003c`, ">", `\u003e`).Replace(c.want)
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v; want %s", c.in, got, err, want)
		}
	}
}

func FuzzRenameMembers(f *testing.F) {
	f.Add([]byte(`{"person":"a","x":[{"guardian":"b"}]}`))
	f.Add([]byte(`{"person":["a",{"person":"b"}],"guardian":"\ud800"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		same, err := RenameMembers("e", b, func(id string) string { return id })
		if err != nil || !bytes.Equal(same, b) {
			t.Errorf("%q became %q, %v", b, same, err)
		}
		out, err := RenameMembers("e", b, func(string) string { return "x" })
		if err != nil || json.Valid(b) != json.Valid(out) {
			t.Errorf("%q became %q, %v", b, out, err)
		}
	})
}

// TestEntriesCallPeopleByTheirAlias journals people who are enrolled and one who is not, and reads their ids back.
func TestEntriesCallPeopleByTheirAlias(t *testing.T) {
	dir, o := t.TempDir(), testOpts()
	s := opened(t, dir, o)
	for i := range 2 {
		if err := s.Enrol(person(i), nil); err != nil {
			t.Fatal(err)
		}
	}
	appended(t, s, "passage", `{"person":"p-000","guardian":"p-001"}`)
	appended(t, s, "passage", `{"person":"visitor"}`)
	check := func(s *Store) {
		t.Helper()
		all := entries(t, s)
		a, aErr := s.Alias("p-000")
		b, bErr := s.Alias("p-001")
		if aErr != nil || bErr != nil || a == b || len(a) != 14 || a[0] != '~' || checkID(a) == nil {
			t.Fatalf("aliases %q, %q, %v, %v", a, b, aErr, bErr)
		}
		if want := fmt.Sprintf(`{"person":%q,"guardian":%q}`, a, b); string(all[0].Payload) != want || all[0].Sum() != all[0].Hash {
			t.Errorf("stored as %s, want %s with its hash", all[0].Payload, want)
		}
		if got := s.Named(all[0]); string(got.Payload) != `{"person":"p-000","guardian":"p-001"}` || got.Hash != all[0].Hash {
			t.Errorf("read as %s", got.Payload)
		}
		if got := s.Named(all[1]); string(got.Payload) != `{"person":"visitor"}` {
			t.Errorf("read as %s", got.Payload)
		}
	}
	check(s)
	killed(s)
	s = opened(t, dir, o)
	check(s)
	if err := s.Enrol(person(2), nil); err != nil { // after the aliases were read
		t.Fatal(err)
	}
	p := appended(t, s, "passage", `{"person":"p-002"}`)
	if all := entries(t, s); string(s.Named(all[len(all)-1]).Payload) != `{"person":"p-002"}` || all[len(all)-1].Position != p {
		t.Errorf("somebody new is read as %s", s.Named(all[len(all)-1]).Payload)
	}
	before, err := s.Alias("p-001")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Erase("p-001", ""); err != nil {
		t.Fatal(err)
	}
	if got := s.Named(entries(t, s)[0]); string(got.Payload) != fmt.Sprintf(`{"person":"p-000","guardian":%q}`, before) {
		t.Errorf("after the erasure read as %s", got.Payload)
	}
	if err := s.Enrol(person(1), nil); err != nil {
		t.Fatal(err)
	}
	if again, err := s.Alias("p-001"); err != nil || again == before {
		t.Errorf("enrolled again, the alias is %q as before, %v", again, err)
	}
	if _, err := s.Alias("nobody"); !errors.Is(err, ErrNotFound) {
		t.Errorf("alias of nobody: %v", err)
	}
	if got := s.Named(Entry{Kind: "e", Payload: []byte(`{"person":"~nobody"}`)}); string(got.Payload) != `{"person":"~nobody"}` {
		t.Errorf("an unknown alias is read as %s", got.Payload)
	}
}

// TestAPayloadThatCannotBeRenamedIsJournalledAsItIs lets the renamer fail, and make payloads too long.
func TestAPayloadThatCannotBeRenamedIsJournalledAsItIs(t *testing.T) {
	o := testOpts()
	var result []byte
	var failure error
	o.Rename = func(_ string, payload []byte, name func(string) string) ([]byte, error) {
		name("p-000")
		return result, failure
	}
	s := opened(t, t.TempDir(), o)
	if err := s.Enrol(person(0), nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		result  []byte
		failure error
		want    string
	}{
		{[]byte("renamed"), nil, "renamed"},
		{nil, errors.New("no"), "payload"},
		{make([]byte, MaxPayload), nil, string(make([]byte, MaxPayload))},
		{make([]byte, MaxPayload+1), nil, "payload"},
	} {
		result, failure = c.result, c.failure
		appended(t, s, "e", "payload")
		all := entries(t, s)
		if got := all[len(all)-1].Payload; string(got) != c.want {
			t.Errorf("%d bytes, %v: journalled %.20q", len(c.result), c.failure, got)
		}
	}
}
