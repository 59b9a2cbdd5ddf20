package terminal

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"umbral/daemon/local"
	"umbral/daemon/store"
)

// TestAWithdrawnConsentTakesTheFaceOutOfUse withdraws a consent, gives it again, and withdraws it behind the back of the
// running terminal.
func TestAWithdrawnConsentTakesTheFaceOutOfUse(t *testing.T) {
	cfg := gateConfig(t, gateScene)
	desk, err := OpenDesk(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer desk.Close()
	told := 0
	p, err := newPeople(peopleOpts{
		register: desk.people.register, models: &faceModels{feature: "model"}, changed: func() { told++ }, forget: func(string) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	template := make([]float32, 512)
	template[0] = 1
	ref := store.Reference{Template: template, Model: "model", Source: "test", Created: time.Now()}
	if err := p.store.Enrol(store.Person{ID: "ana", Created: time.Now()}, []store.Reference{ref}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.load(); err != nil {
		t.Fatal(err)
	}
	edit := func(change string) {
		t.Helper()
		told = 0
		if err := p.editFile("ana", local.FileEdit{Change: change, By: "clerk", Item: "consent.face"}); err != nil {
			t.Fatal(err)
		}
		if told == 0 {
			t.Errorf("nobody was told of the %s", change)
		}
	}
	for _, step := range []struct {
		change string
		used   bool
	}{{"tick", true}, {"untick", false}, {"tick", true}, {"tick", true}, {"untick", false}} {
		edit(step.change)
		if got := p.gallery.Has("ana"); got != step.used {
			t.Errorf("after the %s the face is searched: %t", step.change, got)
		}
	}
	if _, err := p.load(); err != nil || p.gallery.Has("ana") {
		t.Errorf("after a start the face is searched: %v", err)
	}
	edit("tick")
	if err := p.store.Untick("ana", "consent.face", "clerk"); err != nil {
		t.Fatal(err)
	}
	told = 0
	if _, err := p.endConsents(); err != nil || p.gallery.Has("ana") || told == 0 {
		t.Errorf("the face is still searched: %t, told %d times, %v", p.gallery.Has("ana"), told, err)
	}
	if c := p.census.Load(); c == nil || c.People != 1 || c.ConsentsEnded > 1 {
		t.Errorf("census %+v", c)
	}
}

// TestCensusIsInTheMetrics looks for each count under its name.
func TestCensusIsInTheMetrics(t *testing.T) {
	var out bytes.Buffer
	if writeCensus(&out, nil); out.Len() != 0 {
		t.Errorf("before the first count: %s", &out)
	}
	writeCensus(&out, &store.Census{
		References: 1, Faces: 2, Fingers: 3, Minors: 4, Oldest: time.Unix(5, 0), ConsentsEnding: 6, ConsentsEnded: 7, Unproven: 8,
	})
	want := `umbral_references 1
umbral_people_with_face 2
umbral_people_with_finger 3
umbral_minors 4
umbral_oldest_reference_timestamp_seconds 5
umbral_consents_ending 6
umbral_consents_ended 7
umbral_erasures_unproven 8
`
	var got strings.Builder
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "#") {
			got.WriteString(line)
		}
	}
	if got.String() != want {
		t.Errorf("metrics:\n%s", got.String())
	}
}

// TestReceiptIsSigned verifies what the terminal signs with the key that it tells.
func TestReceiptIsSigned(t *testing.T) {
	cfg := gateConfig(t, gateScene)
	desk, err := OpenDesk(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer desk.Close()
	if err := desk.store.Enrol(store.Person{ID: "ana", Created: time.Now()}, nil); err != nil {
		t.Fatal(err)
	}
	e, err := desk.Erase("ana", "")
	if err != nil {
		t.Fatal(err)
	}
	public, err := Identity(cfg)
	if err != nil || e.Public != public || !e.Scrubbed {
		t.Errorf("%+v, %v; the terminal's key is %s", e, err, public)
	}
	if r, err := store.ParseReceipt([]byte(e.Statement)); err != nil || r.Person != "ana" || r.Position.String() != e.Position {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := desk.Erase("ana", ""); err == nil {
		t.Error("erased twice")
	}
	if _, err := desk.Export("ana"); err == nil {
		t.Error("exported after the erasure")
	}
}
