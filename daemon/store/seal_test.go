package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
)

func TestSealedValuesHoldToTheirPlace(t *testing.T) {
	k, err := deriveKeys(testKey)
	if err != nil {
		t.Fatal(err)
	}
	sealed := k.values.seal("settings", []byte("a"), []byte("value"))
	if plain, err := k.values.open("settings", []byte("a"), sealed); err != nil || string(plain) != "value" {
		t.Errorf("%q, %v", plain, err)
	}
	if again := k.values.seal("settings", []byte("a"), []byte("value")); bytes.Equal(sealed, again) {
		t.Error("the same value is sealed alike twice: the nonce is not random")
	}
	other, err := deriveKeys(Key{9})
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"other bucket":  func() ([]byte, error) { return k.values.open("people", []byte("a"), sealed) },
		"other key":     func() ([]byte, error) { return k.values.open("settings", []byte("b"), sealed) },
		"other purpose": func() ([]byte, error) { return k.journal.open("settings", []byte("a"), sealed) },
		"other store":   func() ([]byte, error) { return other.values.open("settings", []byte("a"), sealed) },
		"cut off":       func() ([]byte, error) { return k.values.open("settings", []byte("a"), sealed[:5]) },
		"nothing":       func() ([]byte, error) { return k.values.open("settings", []byte("a"), nil) },
	} {
		if _, err := open(); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 0x10
		if _, err := k.values.open("settings", []byte("a"), bad); err == nil {
			t.Errorf("a flipped bit in byte %d goes unnoticed", i)
		}
	}
}

// TestNothingPersonalLiesInClear looks for what was stored in the bytes of every file.
func TestNothingPersonalLiesInClear(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir, testOpts())
	p := Person{ID: "employee-4711", Name: "Grace Example", Fields: json.RawMessage(`{"note":"left-handed"}`)}
	r := reference(1, 64)
	r.Source = "photo-of-grace"
	if err := s.Enrol(p, []Reference{r}); err != nil {
		t.Fatal(err)
	}
	if err := s.SetSetting("broker.password", []byte("swordfish")); err != nil {
		t.Fatal(err)
	}
	appended(t, s, "passage", "payload-in-journal")
	closed(t, s)
	template := r.encode()
	for _, needle := range []string{p.ID, p.Name, "left-handed", r.Source, "swordfish", "payload-in-journal", string(template[len(template)-32:]), string(testKey[:])} {
		if got := filesWith(t, dir, []byte(needle)); len(got) != 0 {
			t.Errorf("%q lies in clear in %v", needle, got)
		}
	}
}
