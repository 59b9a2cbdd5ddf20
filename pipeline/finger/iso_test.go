package finger

import (
	"errors"
	"os"
	"reflect"
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

func TestISOKeepsEverything(t *testing.T) {
	e := extractor(t)
	a := extract(t, e, drawn(300, scattered(1, 20), 0), 300)
	b := extract(t, e, drawn(300, scattered(1, 20), 0.3), 300)
	a.Position, b.Position = 2, 2
	record, err := EncodeISO(a, b)
	if err != nil {
		t.Fatal(err)
	}
	views, err := DecodeISO(record)
	if err != nil {
		t.Fatal(err)
	}
	if len(views) != 2 || !reflect.DeepEqual(views[0], a) || !reflect.DeepEqual(views[1], b) {
		t.Error("a template changed on its way through a record")
	}
	if _, err := EncodeISO(); err == nil {
		t.Error("a record without a view")
	}
	// A record without our field, as others write and read it, still compares.
	plain := *a
	plain.Field = Field{}
	record, err = EncodeISO(&plain)
	if err != nil {
		t.Fatal(err)
	}
	views, err = DecodeISO(append(record, make([]byte, 50)...))
	if err != nil {
		t.Fatal(err)
	}
	if s := NewMatcher().Compare(b, views[0]); s < 1 {
		t.Errorf("against minutiae alone: %v", s)
	}
}

func FuzzDecodeISO(f *testing.F) {
	e := extractor(f)
	a := extract(f, e, drawn(300, scattered(1, 20), 0), 300)
	record, err := EncodeISO(a, a)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(record)
	f.Add(record[:30])
	plain := *a
	plain.Field = Field{}
	if record, err = EncodeISO(&plain); err != nil {
		f.Fatal(err)
	}
	f.Add(record)
	m := NewMatcher()
	f.Fuzz(func(t *testing.T, b []byte) {
		views, err := DecodeISO(b)
		if err != nil {
			if !errors.Is(err, ErrISO) {
				t.Fatal(err)
			}
			return
		}
		m.Compare(views[0], a)
		m.Compare(a, views[0])
		again, err := EncodeISO(views...)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeISO(again)
		if err != nil || len(back) != len(views) {
			t.Fatalf("%d views became %d: %v", len(views), len(back), err)
		}
	})
}

func FuzzExtract(f *testing.F) {
	e := extractor(f)
	f.Add([]byte{1, 200, 3, 90}, uint8(9))
	f.Fuzz(func(t *testing.T, b []byte, stripe uint8) {
		if len(b) == 0 {
			return
		}
		const side = 128
		pix := make([]byte, side*side)
		for i := range pix {
			pix[i] = b[(i/side*int(stripe)+i%side)%len(b)]
		}
		if print, err := e.Extract(pix, side, side, 500); err == nil {
			if _, err := EncodeISO(print); err != nil {
				t.Fatal(err)
			}
		}
	})
}
