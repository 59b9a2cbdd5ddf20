package finger

import (
	"os"
	"testing"

	"umbral/config/paths/pathstest"
)

// SourceAFIS's own test templates were written by another program.
func TestSourceAFISTemplates(t *testing.T) {
	read := func(name string) *Template {
		b, err := os.ReadFile(pathstest.Data(t, "fingerprints/sourceafis_testdata/iso-"+name+".dat"))
		if err != nil {
			t.Fatal(err)
		}
		views, err := DecodeISO(b)
		if err != nil {
			t.Fatal(err)
		}
		if len(views) != 1 || len(views[0].Minutiae) < 10 {
			t.Fatalf("%s: %d views", name, len(views))
		}
		return views[0]
	}
	probe, same, other := read("probe"), read("matching"), read("nonmatching")
	m := NewMatcher()
	good, bad := m.Compare(probe, same), m.Compare(probe, other)
	t.Log("one finger", good, "two fingers", bad)
	if good < 0 || bad > 0 {
		t.Errorf("score %v for one finger, %v for two", good, bad)
	}
}

// The three grey pictures are without a header; their sizes stand in SourceAFIS's tests.
func TestSourceAFISPictures(t *testing.T) {
	e, err := New(DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string, width, height int) *Template {
		b, err := os.ReadFile(pathstest.Data(t, "fingerprints/sourceafis_testdata/gray-"+name+".dat"))
		if err != nil {
			t.Fatal(err)
		}
		print, err := e.Extract(b, width, height, 500)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(name, len(print.Minutiae), "minutiae, quality", print.Quality)
		return print
	}
	probe, same, other := read("probe", 332, 533), read("matching", 320, 407), read("nonmatching", 333, 435)
	m := NewMatcher()
	good, bad := m.Compare(probe, same), m.Compare(probe, other)
	t.Log("one finger", good, "two fingers", bad)
	if good < 0 || bad > 0 {
		t.Errorf("score %v for one finger, %v for two", good, bad)
	}
}
