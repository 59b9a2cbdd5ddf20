package models

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
)

func TestDefaultIsValid(t *testing.T) {
	m := Default()
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
	for role := range outputs {
		if _, err := m.Of(role); err != nil {
			t.Error(err)
		}
	}
	if files := m.Files(); len(files) != 10 || !strings.HasPrefix(files["fr_detect.onnx"], "6c0256cc") {
		t.Errorf("files: %v", files)
	}
}

func TestDefaultsDoNotShareMemory(t *testing.T) {
	a, b := Default(), Default()
	a.Models[0].Input.Mean[0] = 99
	a.Calibrations[0].Points[0].Threshold = 0.99
	if diff := cmp.Diff(Default(), b); diff != "" {
		t.Errorf("changing one manifest changed another: %s", diff)
	}
}

func TestManifestSurvivesItsFile(t *testing.T) {
	for name, write := range map[string]func(any) ([]byte, error){"set.toml": toml.Marshal, "set.json": json.Marshal} {
		t.Run(name, func(t *testing.T) {
			want := Default()
			data, err := write(want)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := LoadManifest(path)
			if err != nil {
				t.Fatal(err)
			}
			// The empty input of the list of characters has no numbers in either form.
			for i := range got.Models {
				if len(got.Models[i].Input.Mean) == 0 {
					got.Models[i].Input.Mean, got.Models[i].Input.Scale = nil, nil
				}
				if len(got.Models[i].Outputs) == 0 {
					got.Models[i].Outputs = nil
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("written and read again (-want +got):\n%s", diff)
			}
		})
	}
}

const smallManifest = `name = "small"

[[model]]
role = "feature"
file = "f.onnx"
sha256 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
source = "a test"
input = { name = "input", width = 112, height = 112, order = "bgr", mean = [127.5, 127.5, 127.5], scale = [0.01, 0.01, 0.01] }
outputs = { template = "output" }

[[calibration]]
population = "site"
source = "a test"
points = [{ fmr = 1e-2, threshold = 0.3 }, { fmr = 1e-4, threshold = 0.5 }]
`

func TestParseManifest(t *testing.T) {
	m, err := ParseManifest([]byte(smallManifest))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := m.Calibrations.Threshold("site", 1e-3); err != nil || got < 0.3999 || got > 0.4001 {
		t.Errorf("threshold at 1e-3: %v, %v; wanted 0.4", got, err)
	}
}

func TestManifestErrorsNameTheMistake(t *testing.T) {
	replaced := func(old, new string) string {
		if !strings.Contains(smallManifest, old) {
			t.Fatalf("%q is not in the manifest", old)
		}
		return strings.Replace(smallManifest, old, new, 1)
	}
	for name, c := range map[string]struct {
		text, want string
	}{
		"unknown key":       {replaced("source = \"a test\"\ninput", "sauce = \"a test\"\ninput"), `line 7, column 1: unknown key "model.sauce"`},
		"syntax":            {replaced(`name = "small"`, `name = small`), "line 1, column"},
		"wrong type":        {replaced("width = 112", `width = "wide"`), "line 8"},
		"no name":           {replaced(`"small"`, `""`), "name is empty"},
		"unknown role":      {replaced(`"feature"`, `"nose"`), `unknown role, wanted one of [detect`},
		"path":              {replaced(`"f.onnx"`, `"../f.onnx"`), "wanted a name without a path"},
		"windows path":      {replaced(`"f.onnx"`, `'a\f.onnx'`), "wanted a name without a path"},
		"short hash":        {replaced("00112233445566778899", "00"), "wanted 64 hexadecimal digits"},
		"no output":         {replaced(`template = "output"`, ""), `no tensor named for "template"`},
		"too many outputs":  {replaced(`template = "output"`, `template = "output", other = "x"`), "2 named"},
		"huge":              {replaced("width = 112", "width = 100000"), "wanted 1 to 4096"},
		"order":             {replaced(`"bgr"`, `"gbr"`), `order "gbr"`},
		"too few means":     {replaced("mean = [127.5, 127.5, 127.5]", "mean = [127.5]"), "1 values of mean and 3 of scale"},
		"scale 0":           {replaced("scale = [0.01, 0.01, 0.01]", "scale = [0.01, 0.0, 0.01]"), "scale 0, wanted"},
		"mean not a number": {replaced("mean = [127.5, 127.5, 127.5]", "mean = [nan, 127.5, 127.5]"), "mean NaN"},
		"context":           {replaced("width = 112", "context = 17.0, width = 112"), "context 17"},
		"no source":         {replaced("source = \"a test\"\npoints", "source = \"\"\npoints"), "source is empty"},
		"unsorted":          {replaced("fmr = 1e-4", "fmr = 1e-1"), "sort the points by FMR"},
		"falling":           {replaced("threshold = 0.5", "threshold = 0.2"), "the threshold must not"},
		"FMR of 1":          {replaced("fmr = 1e-2", "fmr = 1.0"), "FMR 1 and threshold"},
		"role twice":        {smallManifest + smallManifest[strings.Index(smallManifest, "[[model]]"):strings.Index(smallManifest, "[[calib")], "has a model already"},
		"empty":             {"", "no models"},
		"too long":          {strings.Repeat("#", maxManifest+1), "is it a model?"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseManifest([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, wanted one with %q", err, c.want)
			}
		})
	}
}

func TestManifestJSONErrors(t *testing.T) {
	data, err := json.Marshal(Default())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"unknown key": {`{"name":"x","nose":1}`, `unknown field "nose"`},
		"more":        {string(data) + "{}", "more follows"},
		"broken":      {string(data[:100]), "at byte"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseManifestJSON([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, wanted one with %q", err, c.want)
			}
		})
	}
}

func TestLoadManifestNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "set.toml")
	if _, err := LoadManifest(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, wanted one with the path", err)
	}
	if err := os.WriteFile(path, []byte("x = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadManifest(path); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("error %v, wanted one with path and line", err)
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(smallManifest))
	if data, err := toml.Marshal(Default()); err == nil {
		f.Add(data)
	}
	if data, err := json.Marshal(Default()); err == nil {
		f.Add(data)
	}
	f.Add([]byte("[[model]]\ninput = { mean = [1e999] }"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, parse := range []func([]byte) (Manifest, error){ParseManifest, ParseManifestJSON} {
			m, err := parse(data)
			if err != nil {
				continue
			}
			for _, model := range m.Models {
				if strings.ContainsAny(model.File, `/\`) {
					t.Errorf("accepted a file with a path: %q", model.File)
				}
			}
			for _, c := range m.Calibrations {
				if _, err := m.Calibrations.Threshold(c.Population, c.Points[0].FMR); err != nil {
					t.Errorf("accepted a table that cannot be read: %v", err)
				}
			}
		}
	})
}
