package journal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"umbral/config/policy"
	"umbral/daemon/passage"
	"umbral/daemon/store"
)

// What is personal in these tests. None of it may leave the machine.
const (
	secretPerson   = "person-4711"
	secretGuardian = "guardian-0815"
	secretReviewed = "reviewed-2342"
	secretOther    = "passer-by-99"
	secretName     = "Ana Personal"
	secretNumber   = "ID-12345678A"
	secretPicture  = "/9j/4AAQSkZJRgABAQ"
	secretTemplate = "AAAAPwAAgD8template"
	secretCard     = "MRZ<<PERSONAL<<ANA"
	secretBorn     = "1999-12-31"
)

var personal = []string{
	secretPerson, secretGuardian, secretReviewed, secretOther, secretName, secretNumber, secretPicture, secretTemplate, secretCard, secretBorn,
}

// extra are members that no payload of a decision, an erasure, an enrolment or a file should ever have.
var extra = map[string]any{
	"name": secretName, "number": secretNumber, "picture": secretPicture, "template": []string{secretTemplate},
	"card": map[string]string{"mrz": secretCard, "born": secretBorn}, "guardian": secretGuardian,
}

// pseudonymOf stands for the register: it tells people apart and hides who they are.
func pseudonymOf(person string) string {
	switch person {
	case "":
		return ""
	case secretPerson:
		return "p1"
	}
	return "p-other"
}

func encoded(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// with returns the JSON of v with members added.
func with(t testing.TB, v any, members map[string]any) []byte {
	t.Helper()
	m := map[string]any{}
	if err := json.Unmarshal(encoded(t, v), &m); err != nil {
		t.Fatal(err)
	}
	for k, v := range members {
		if _, has := m[k]; !has {
			m[k] = v
		}
	}
	return encoded(t, m)
}

// recorded returns a record of the passage package's own, without people, sums and clock.
func recorded(t testing.TB, name string) *passage.Record {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "passage", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	r, err := passage.DecodeRecord(bytes.TrimSpace(data))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func bare(t testing.TB) *passage.Record {
	r := recorded(t, "grant-1.json")
	r.Person, r.Guardian, r.Command, r.LLR, r.TotalFMR, r.Face, r.Live = "", "", "", 0, 0, nil, nil
	r.Verdict, r.Reasons, r.Duration = passage.Deny, nil, 1500*time.Millisecond
	return r
}

// checkClean reports what is personal in something that leaves.
func checkClean(t testing.TB, sent []byte, more ...string) {
	t.Helper()
	for _, s := range append(more, personal...) {
		quoted := strings.Trim(string(encoded(t, s)), `"`)
		coded := base64.StdEncoding.EncodeToString([]byte(s))
		if bytes.Contains(sent, []byte(s)) || bytes.Contains(sent, []byte(quoted)) || bytes.Contains(sent, []byte(coded)) {
			t.Errorf("%q leaves the machine in %s", s, sent)
		}
	}
}

// TestEachFieldOfARecordAlone sets one field after the other of a record that has none.
func TestEachFieldOfARecordAlone(t *testing.T) {
	const (
		head = `{"passage":"b7-000001","verdict":"deny","reasons":`
		tail = `"duration_ms":1500,"policy":"face and live"`
		none = head + `null,"text":"",` + tail + `}`
	)
	for name, c := range map[string]struct {
		set  func(r *passage.Record)
		want string
	}{
		"nothing":     {func(*passage.Record) {}, none},
		"person":      {func(r *passage.Record) { r.Person = secretPerson }, head + `null,"text":"","person":"p1",` + tail + `}`},
		"guardian":    {func(r *passage.Record) { r.Guardian = secretGuardian }, none},
		"reviewed":    {func(r *passage.Record) { r.Start.Person, r.Start.Claimed = secretReviewed, true }, none},
		"regrant":     {func(r *passage.Record) { r.Start.Regrant = 99 }, none},
		"track":       {func(r *passage.Record) { r.Start.Track = 4711 }, none},
		"fused score": {func(r *passage.Record) { r.LLR, r.TotalFMR = 4711, 1e-9 }, none},
		"command":     {func(r *passage.Record) { r.Command = "c-1" }, head + `null,"text":"","command":"c-1",` + tail + `}`},
		"wall clock":  {func(r *passage.Record) { r.Clock.Wall, r.Clock.Offset = 4711, 60 }, none},
		"face":        {func(r *passage.Record) { r.Face = &passage.RecordFace{Matched: 5, Unmatched: 77, Best: 740001} }, head + `null,"text":"",` + tail + `,"frames_matched":5}`},
		"live": {func(r *passage.Record) {
			r.Live = &passage.RecordLive{Frames: 6, Mean: 970001, Min: 970002, Spread: 970003}
		}, head + `null,"text":"",` + tail + `,"frames_live":6}`},
		"rules": {func(r *passage.Record) {
			r.Rules.Population, r.Rules.Software, r.Rules.Models = secretName, secretNumber, []string{secretCard}
		}, none},
		"reasons": {func(r *passage.Record) {
			r.Reasons = []passage.Reason{passage.ReasonTimeOut, passage.ReasonSeveralPeople}
		},
			head + `["` + string(passage.ReasonTimeOut) + `","` + string(passage.ReasonSeveralPeople) + `"],"text":` + strconv.Quote(passage.ReasonTimeOut.Text()) + `,` + tail + `}`},
		"verdict":  {func(r *passage.Record) { r.Verdict = passage.Grant }, strings.Replace(none, "deny", "grant", 1)},
		"duration": {func(r *passage.Record) { r.Duration = time.Second - 1 }, strings.Replace(none, "1500", "999", 1)},
		"policy":   {func(r *passage.Record) { r.Rules.Policy = policy.MustParse("face") }, strings.Replace(none, "face and live", "face", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			r := bare(t)
			c.set(r)
			for _, kind := range []string{passage.EntryPassage, passage.EntryCommand, passage.EntryExit, passage.EntryReview} {
				got := public(store.Entry{Kind: kind, Payload: encoded(t, r)}, pseudonymOf)
				if string(got) != c.want {
					t.Errorf("%s: sent\n%s, want\n%s", kind, got, c.want)
				}
				checkClean(t, got)
			}
		})
	}
}

// TestNobodyInARecordedPassageIsNamed sends every record of the passage package's, with everybody in it renamed: those of
// the log too, which is base64.
func TestNobodyInARecordedPassageIsNamed(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "passage", "testdata", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no records", err)
	}
	named := 0
	for _, file := range files {
		var names []string
		data, err := passage.Rename(encoded(t, recorded(t, filepath.Base(file))), func(person string) string {
			names = append(names, "citizen."+person)
			return "citizen." + person
		})
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		r, err := passage.DecodeRecord(data)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		got := public(store.Entry{Kind: r.Start.Cause, Payload: data}, pseudonymOf)
		if got == nil {
			t.Errorf("%s: nothing is sent of a %q", file, r.Start.Cause)
		}
		checkClean(t, got, append(names, "citizen", base64.StdEncoding.EncodeToString(r.Log))...)
		named += len(names)
	}
	if named == 0 {
		t.Error("the records name nobody: the test tests nothing")
	}
}

// kindCases has, for each kind of entry, payloads as full of personal fields as they come, and what is sent of them.
func kindCases(t testing.TB) map[string][]kindCase {
	full := bare(t)
	full.Person, full.Guardian, full.Start.Person = secretPerson, secretGuardian, secretReviewed
	full.Rules.Population, full.Rules.Models = secretName, []string{secretNumber}
	const decision = `{"passage":"b7-000001","verdict":"deny","reasons":null,"text":"","person":"p1","duration_ms":1500,"policy":"face and live"}`
	record := []kindCase{{encoded(t, full), decision}, {with(t, full, extra), ""}, {[]byte(secretName), ""}, {nil, ""}}

	receipt := store.Receipt{Person: secretPerson, Alias: secretOther, References: 3, Faces: 2, File: true, Reason: secretName}
	file := func(f store.FileEntry, want string) kindCase {
		f.Person = secretPerson
		return kindCase{with(t, f, extra), want}
	}
	at, day := store.Position{Boot: 1, Sequence: 2}, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	// The rest leaves as it is: its types have no place for a person.
	asIs := func(v any) []kindCase {
		b := encoded(t, v)
		return []kindCase{{b, string(b)}}
	}
	return map[string][]kindCase{
		passage.EntryPassage: record,
		passage.EntryCommand: record,
		passage.EntryExit:    record,
		passage.EntryReview:  record,
		passage.EntryAlert:   asIs(passage.Alert{Schema: passage.RecordSchema, Reason: passage.ReasonTimeOut, Count: 3}),
		store.KindErase: {
			{with(t, receipt, extra), `{"person":"p1","references":3}`},
			{encoded(t, map[string]any{"person": []string{secretPerson}}), ""},
			{[]byte(secretPerson), ""},
			{nil, ""},
		},
		EntryEnrol: {
			{with(t, map[string]any{"person": secretPerson, "references": 2}, extra), `{"person":"p1","references":2}`},
			{encoded(t, map[string]any{"person": map[string]string{"id": secretPerson}}), ""},
			{[]byte(secretPerson), ""},
		},
		store.KindFile: {
			file(store.FileEntry{Change: "block", By: "office", Reason: secretName + " " + secretNumber}, `{"person":"p1","change":"block","by":"office"}`),
			file(store.FileEntry{Change: "tick", By: "office", Item: "consent-face", Until: "2030-01-01T00:00:00Z"},
				`{"person":"p1","change":"tick","by":"office","item":"consent-face","until":"2030-01-01T00:00:00Z"}`),
			file(store.FileEntry{Change: "occasion", By: "office", Occasion: store.Renewal}, `{"person":"p1","change":"occasion","by":"office","occasion":"renewal"}`),
			{[]byte(`{"person":["` + secretPerson + `"]}`), ""},
			{[]byte(secretPerson), ""},
		},
		store.KindReview: asIs(store.ReviewEntry{Passage: "b7-000001", Step: "answered", Reasons: []string{"no-match"}, Needed: 2, Key: "office", Answer: "deny"}),
		store.KindList:   asIs(store.ListEntry{}),
		store.KindGap:    asIs(store.Gap{First: at, Last: at, Count: 1}),
		store.KindDoubt:  asIs(store.Doubt{After: at, Head: at}),
		store.KindRecovery: asIs(store.Recovery{
			Reason: "the live file is missing", Damaged: "damaged", RestoredFrom: "copy", LostAfter: at, Copied: day, Lost: 1,
		}),
		store.KindClock:     asIs(store.Correction{Was: day, WasTrust: "rtc", Now: day, Trust: "ntp"}),
		EntryStart:          asIs(map[string]any{"version": "1", "config": "sha256:00", "recovered": false}),
		EntryStop:           asIs(map[string]any{"version": "1"}),
		EntryCommandRefused: asIs(map[string]any{"reason": "expired", "detail": "too old", "command": "open", "id": "c-1", "key": "office", "count": 1}),
		EntryCommandStatus:  asIs(map[string]string{"id": "c-1", "key": "office"}),
		EntryOutage:         asIs(map[string]any{"refused": 3, "seconds": 9, "error": "store: full"}),
	}
}

type kindCase struct {
	payload []byte
	want    string // empty where nothing is sent
}

func TestWhatLeavesTheMachineKindByKind(t *testing.T) {
	for kind, cases := range kindCases(t) {
		for i, c := range cases {
			got := public(store.Entry{Kind: kind, Payload: c.payload}, pseudonymOf)
			if string(got) != c.want || (got == nil) != (c.want == "") {
				t.Errorf("%s %d: sent\n%s, want\n%s", kind, i, got, c.want)
			}
			checkClean(t, got)
		}
	}
}

func TestNothingIsSentOfAnUnknownKind(t *testing.T) {
	for _, kind := range []string{"", "rumour", "Passage", "passage ", "enrol.photo"} {
		if got := public(store.Entry{Kind: kind, Payload: encoded(t, extra)}, pseudonymOf); got != nil {
			t.Errorf("%q: sent %s", kind, got)
		}
	}
}

// TestEveryKindOfEntryIsTested finds the kinds in the source: whoever adds one has to say above what of it may leave.
func TestEveryKindOfEntryIsTested(t *testing.T) {
	found := kindsInSource(t, "..")
	cases := kindCases(t)
	for kind, where := range found {
		if len(cases[kind]) == 0 {
			t.Errorf("kind %q (%s) has no case", kind, where)
		}
	}
	for kind := range cases {
		if found[kind] == "" {
			t.Errorf("kind %q is in no source", kind)
		}
	}
}

// kindsInSource returns the untyped string constants whose names begin as those of kinds do, with their names.
func kindsInSource(t *testing.T, dir string) map[string]string {
	name := regexp.MustCompile(`^(Entry|Kind)[A-Z]`)
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || spec.Type != nil {
				return true
			}
			for i, v := range spec.Values {
				lit, ok := v.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING || !name.MatchString(spec.Names[i].Name) {
					continue
				}
				kind, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Error(err)
				}
				found[kind] = path + ": " + spec.Names[i].Name
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
