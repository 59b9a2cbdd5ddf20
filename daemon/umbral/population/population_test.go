package population

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"umbral/config/paths"
	"umbral/config/paths/pathstest"
	"umbral/daemon/fleet"
	"umbral/daemon/fleet/authority"
	"umbral/pipeline/face"
)

func TestFind(t *testing.T) {
	pathstest.Model(t, "fr_detect.onnx")
	// Two demo pictures of one person each; see the demo's enrolment.
	first, second := pathstest.Picture(t, "sample3.jpg"), pathstest.Picture(t, "sample1.jpg")
	read := func(path string) []byte {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"110101199003070011.jpg": read(first), "220101199003070022/one.jpg": read(second), "none.jpg": []byte("no picture"),
		"names.csv": []byte("110101199003070011,Ana García\nnobody,Nobody\n"), "readme.txt": []byte("not a picture"),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := DefaultOpts()
	o.Models = paths.Models()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	var missed []string
	if err := p.Read(dir, func(path string, _ error) { missed = append(missed, filepath.Base(path)) }); err != nil {
		t.Fatal(err)
	}
	if p.Len() != 2 || strings.Join(missed, " ") != "none.jpg" {
		t.Fatalf("%d subjects, missed %q", p.Len(), missed)
	}
	template := func(s string) []float32 { return p.subjects[s].templates[0][:] }
	const ana, ben = "110101199003070011", "220101199003070022"
	twice := make([]float32, len(face.Template{}))
	for i, v := range template(ana) {
		twice[i] = 2 * v
	}
	for name, c := range map[string]struct {
		purpose fleet.Purpose
		claim   fleet.Claim
		outcome fleet.Outcome
		detail  string
		subject string
	}{
		"own picture":       {fleet.PurposeVerify, fleet.Claim{Subject: ana, Picture: read(first)}, fleet.OutcomeAccepted, DetailMatch, ana},
		"own template":      {fleet.PurposeVerify, fleet.Claim{Subject: ben, Template: template(ben), Model: p.Model()}, fleet.OutcomeAccepted, DetailMatch, ben},
		"longer template":   {fleet.PurposeVerify, fleet.Claim{Subject: ana, Template: twice, Model: p.Model()}, fleet.OutcomeAccepted, DetailMatch, ana},
		"another's picture": {fleet.PurposeVerify, fleet.Claim{Subject: ana, Picture: read(second)}, fleet.OutcomeRefused, DetailNoMatch, ""},
		"unknown subject":   {fleet.PurposeVerify, fleet.Claim{Subject: "x", Picture: read(first)}, fleet.OutcomeRefused, DetailUnknown, ""},
		"no face":           {fleet.PurposeVerify, fleet.Claim{Subject: ana, Picture: []byte("\xff\xd8")}, fleet.OutcomeDoubtful, DetailNoFace, ""},
		"nothing":           {fleet.PurposeVerify, fleet.Claim{Subject: ana}, fleet.OutcomeDoubtful, DetailNothing, ""},
		"another model":     {fleet.PurposeVerify, fleet.Claim{Subject: ana, Template: template(ana), Model: "other"}, fleet.OutcomeDoubtful, DetailModel, ""},
		"empty template":    {fleet.PurposeVerify, fleet.Claim{Subject: ana, Template: make([]float32, 512), Model: p.Model()}, fleet.OutcomeDoubtful, DetailNoFace, ""},
		"identify":          {fleet.PurposeIdentify, fleet.Claim{Picture: read(first)}, fleet.OutcomeAccepted, DetailMatch, ana},
		"identify nobody":   {fleet.PurposeIdentify, fleet.Claim{Picture: nil}, fleet.OutcomeDoubtful, DetailNothing, ""},
	} {
		f, err := p.Find(t.Context(), authority.Asked{Purpose: c.purpose, Claim: c.claim})
		if err != nil || f.Outcome != c.outcome || f.Detail != c.detail || f.Subject != c.subject {
			t.Errorf("%s: %+v, %v, want %s %s %s", name, f, err, c.outcome, c.detail, c.subject)
		}
		if f.Subject == ana && f.Name != "Ana García" {
			t.Errorf("%s: name %q", name, f.Name)
		}
	}
	p.o.Known = true
	if f, err := p.Find(t.Context(), authority.Asked{Purpose: fleet.PurposeVerify, Claim: fleet.Claim{Subject: ana}}); err != nil || f.Outcome != fleet.OutcomeAccepted || f.Detail != DetailKnown {
		t.Errorf("known is enough: %+v, %v", f, err)
	}
	twin := face.Template(template(ana))
	if err := p.Add("twin", "", &twin); err != nil {
		t.Fatal(err)
	}
	if f, err := p.Find(t.Context(), authority.Asked{Purpose: fleet.PurposeIdentify, Claim: fleet.Claim{Picture: read(first)}}); err != nil || f.Outcome != fleet.OutcomeDoubtful || f.Detail != DetailAmbiguous || f.Subject != "" {
		t.Errorf("twins: %+v, %v", f, err)
	}
	if err := p.Add(strings.Repeat("x", fleet.MaxSubject+1), "", &twin); err == nil {
		t.Error("a long subject")
	}
}
