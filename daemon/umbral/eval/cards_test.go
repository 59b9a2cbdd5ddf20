package eval

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"umbral/config/paths"
	"umbral/config/paths/pathstest"
	"umbral/pipeline/document"
	"umbral/pipeline/models"
)

func TestEdits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "张三", 2}, {"张三", "张三", 0}, {"张三", "李三", 1}, {"张三丰", "张丰", 1}, {"kitten", "sitting", 3}} {
		if got := edits([]rune(c.a), []rune(c.b)); got != c.want {
			t.Errorf("%q and %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestReadCardLabels(t *testing.T) {
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "labels.csv")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	labels, err := ReadCardLabels(write("file,side,name,birth_year,birth_month,birth_day,id_number,validity\na.jpg,front,张三,1990,3,7,123,2015.01.01-长期\nb.jpg,scene(front+back),,1991,12,31,,2015.01.01-长期\n"))
	if err != nil || len(labels) != 2 {
		t.Fatal(labels, err)
	}
	if a := labels[0]; !a.Front || a.Back || len(a.Fields) != 3 || a.Fields["birth"] != "1990年3月7日" || a.Fields["number"] != "123" {
		t.Errorf("%+v", a)
	}
	if b := labels[1]; !b.Front || !b.Back || len(b.Fields) != 2 || b.Fields["validity"] != "2015.01.01-长期" {
		t.Errorf("%+v", b)
	}
	for text, why := range map[string]string{
		"file,side,name\n":                    "no line",
		"file,name\na.jpg,张三\n":               `no column "side"`,
		"file,side,name\na.jpg,middle,张三\n":   "side is",
		"file,side,name\n,front,张三\n":         "file is empty",
		"file,side,name\na.jpg,front,\n":      "no field",
		"file,side,name\na.jpg,back,张三\n":     "no field",
		"file,side,birth_year\na.jpg,front,9": "birth is",
	} {
		if _, err := ReadCardLabels(write(text)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q", text, err, why)
		}
	}
}

func TestEvaluateCards(t *testing.T) {
	field := func(text, label string, confidence float32, stamped bool) map[string]ReadCardField {
		return map[string]ReadCardField{"name": {Text: text, Label: label, Exact: text == label, Confidence: confidence, Stamped: stamped, Found: true}}
	}
	r := EvaluateCards([]CardResult{
		{Decision: "accepted", Fields: field("张三", "张三", 0.9, false), Millis: 5},
		{Decision: "refer", Fields: field("张三", "张三丰", 0.9, true), Millis: 7},
		{Decision: "refused", Fields: field("", "李四", 0, false)},
	}, 0.8)
	all, clean, stamped := r.Fields["name"], r.Clean["name"], r.Stamped["name"]
	if all.N != 3 || all.Correct != 1 || math.Abs(all.CER-3./7) > 1e-9 || all.Sure != 2 || all.SureWrong != 1 {
		t.Errorf("all: %+v", all)
	}
	if clean.N != 2 || clean.Exact != 0.5 || stamped.N != 1 || stamped.Exact != 0 {
		t.Errorf("clean %+v, stamped %+v", clean, stamped)
	}
	// 1 of 3 by Clopper and Pearson.
	if math.Abs(all.Low-0.0084) > 1e-4 || math.Abs(all.High-0.9057) > 1e-4 {
		t.Errorf("bounds %v to %v", all.Low, all.High)
	}
	if r.Accepted != 1 || r.Refused != 1 || r.Referred != 1 || r.MedianMS != 7 {
		t.Errorf("%+v", r)
	}
}

// The labelled cards, where nothing lies over a field by the reader's own detector. One label of the set is another
// card's than the picture shows: every field of it differs, and it is left out by the rule that a card whose name, number
// and birth are all read with certainty and all differ from the label is not the labelled one.
func TestLabelledCards(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	path := pathstest.Data(t, "idcard/bdci/labels.csv")
	for _, role := range document.Roles() {
		m, err := models.Default().Of(role)
		if err != nil {
			t.Fatal(err)
		}
		pathstest.Model(t, m.File)
	}
	labels, err := ReadCardLabels(path)
	if err != nil {
		t.Fatal(err)
	}
	o := CardOpts{Opts: Opts{Models: paths.Models(), Manifest: models.Default()}, Rules: document.Rules{Sure: document.DefaultSure}}
	results, err := Cards(t.Context(), labels, o)
	if err != nil {
		t.Fatal(err)
	}
	var kept []CardResult
	for _, c := range results {
		other := len(c.Fields) > 2
		for _, name := range []string{"name", "number", "birth"} {
			f := c.Fields[name]
			other = other && f.Confidence >= document.DefaultSure && edits([]rune(f.Text), []rune(f.Label)) > 2
		}
		if other {
			t.Logf("%s shows another card than its label says: %q", c.File, c.Fields["number"].Text)
			continue
		}
		kept = append(kept, c)
	}
	if len(kept) < len(results)-1 {
		t.Fatalf("%d of %d pictures show other cards than their labels", len(results)-len(kept), len(results))
	}
	r := EvaluateCards(kept, document.DefaultSure)
	for name, least := range map[string]float64{"number": 0.95, "sex": 0.95, "ethnicity": 0.95, "birth": 0.95, "name": 0.85} {
		s := r.Clean[name]
		if s == nil || s.N < 5 || s.Exact < least {
			t.Errorf("%s: %+v, wanted at least %v exact", name, s, least)
			continue
		}
		t.Logf("%s: %d of %d exact (%.1f to %.1f %%), CER %.2f %%", name, s.Correct, s.N, 100*s.Low, 100*s.High, 100*s.CER)
	}
	if s := r.Clean["address"]; s == nil || s.CER > 0.05 {
		t.Errorf("address: %+v, wanted a CER of at most 5 %%", s)
	}
	for name, s := range r.Stamped {
		t.Logf("%s, stamped: %d of %d exact, CER %.2f %%, %d sure and wrong", name, s.Correct, s.N, 100*s.CER, s.SureWrong)
	}
}
