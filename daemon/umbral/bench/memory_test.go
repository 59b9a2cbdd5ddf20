package bench

import (
	"path/filepath"
	"strings"
	"testing"

	"umbral/config/paths/pathstest"
	"umbral/pipeline/models"
)

func TestKibibytes(t *testing.T) {
	for line, want := range map[string]int64{
		"VmHWM:\t    2048 kB": 2 << 20, "VmHWM: 1": 0, "VmHWM: -5 kB": 0, "VmHWM: 99999999999999999 kB": 0, "VmHWMX: 5 kB": 0,
	} {
		if got := kibibytes(strings.NewReader("Name: x\n"+line+"\nThreads: 1\n"), "VmHWM"); got != want {
			t.Errorf("%q: %d bytes, want %d", line, got, want)
		}
	}
	if _, err := peakMemory(-1); err == nil {
		t.Error("a process that can't be has a size")
	}
}

func TestFootprintOfAChild(t *testing.T) {
	t.Setenv(childVariable, "weighs")
	want := Footprint{Set: faceModels, PeakBytes: 2 << 20, BudgetBytes: 1 << 20, StartUp: 12.5}
	if f, err := childFootprint(t.Context(), []string{faceModels}); err != nil || *f != want {
		t.Errorf("footprint %+v, %v", f, err)
	}
	for behaviour, want := range map[string]string{"weighs nothing": "wanted a footprint", "can't weigh": "Error: no such file"} {
		t.Setenv(childVariable, behaviour)
		if _, err := childFootprint(t.Context(), []string{faceModels}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", behaviour, err, want)
		}
	}
}

func TestLoad(t *testing.T) {
	all, err := Subjects(models.Default(), filepath.Dir(pathstest.Model(t, "fr_eye.onnx")))
	if err != nil {
		t.Fatal(err)
	}
	f, err := Load(all, faceModels, "")
	if err != nil {
		t.Fatal(err)
	}
	if f.Set != faceModels || f.StartUp <= 0 || f.BudgetBytes < 10<<20 || f.PeakBytes < f.BudgetBytes {
		t.Errorf("footprint %+v", f)
	}
	if _, err := Load(all, "some", ""); err == nil || !strings.Contains(err.Error(), `"some"`) {
		t.Errorf("an unknown set: %v", err)
	}
	if _, err := Load(all, faceModels, "mmx"); err == nil || !strings.Contains(err.Error(), `"mmx"`) {
		t.Errorf("an unknown tier: %v", err)
	}
}
