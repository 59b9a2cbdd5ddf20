package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeyFiles(t *testing.T) {
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	dir := t.TempDir()
	path := filepath.Join(dir, "umbral.key")
	if _, err := LoadKey(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no key file: %v", err)
	}
	k, err := LoadOrCreateKey(path, dir)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || info.Size() != KeySize {
		t.Errorf("key file: %v, %v", info, err)
	}
	if _, err := CreateKey(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a key was replaced: %v", err)
	}
	for range 2 {
		if got, err := LoadOrCreateKey(path, dir); err != nil || got != k {
			t.Errorf("loaded another key: %v", err)
		}
	}
	for _, name := range append([]string{liveName}, copyNames...) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "umbral.key")
		if _, err := LoadOrCreateKey(path, dir); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), "bring the key back") {
			t.Errorf("no key beside %s: %v", name, err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("beside %s a key was made that cannot open it: %v", name, err)
		}
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(path); !errors.Is(err, ErrKey) {
		t.Errorf("a key that others can read: %v", err)
	}
	for name, content := range map[string]string{"short": "abc", "long": strings.Repeat("k", 33), "zero": strings.Repeat("\x00", 32)} {
		path := filepath.Join(t.TempDir(), "k")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadKey(path); !errors.Is(err, ErrKey) {
			t.Errorf("%s key: %v", name, err)
		}
	}
}

func TestCredentialComesFirst(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	path := filepath.Join(t.TempDir(), "umbral.key")
	own, err := CreateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := LoadKey(path); err != nil || got != own {
		t.Errorf("without a credential of that name: %v", err)
	}
	want := Key{7}
	if err := os.WriteFile(filepath.Join(dir, credentialName), want[:], 0o444); err != nil {
		t.Fatal(err)
	}
	if got, err := LoadKey(path); err != nil || got != want {
		t.Errorf("with a credential: %v", err)
	}
}

func TestKeyDoesNotPrint(t *testing.T) {
	k := Key{'s', 'e', 'c', 'r', 'e', 't'}
	if b, err := json.Marshal(struct{ K Key }{k}); err != nil || string(b) != `{"K":"store.Key"}` {
		t.Errorf("JSON gives %s, %v", b, err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		if got := fmt.Sprintf(format, struct{ K Key }{k}); strings.Contains(got, "73") || strings.Contains(got, "115") || strings.Contains(got, "secret") {
			t.Errorf("%s prints %s", format, got)
		}
	}
}

func TestWrongKeyTouchesNothing(t *testing.T) {
	dir, o := t.TempDir(), testOpts()
	s := opened(t, dir, o)
	appended(t, s, "e", "x")
	closed(t, s)
	wrong := o
	wrong.Key = Key{9}
	if _, _, err := Open(dir, wrong); !errors.Is(err, ErrKey) {
		t.Fatalf("wrong key: %v", err)
	}
	// Not even when the live file is damaged: the copies say whose they are.
	live, err := os.ReadFile(s.path(liveName))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path(liveName), live[:9000], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(dir, wrong); !errors.Is(err, ErrKey) {
		t.Fatalf("wrong key on a damaged store: %v", err)
	}
	if err := os.WriteFile(s.path(liveName), live, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := Check(dir, wrong.Key); err != nil || r.OK() {
		t.Errorf("check with the wrong key: %+v, %v", r, err)
	}
	if got := entries(t, opened(t, dir, o)); len(got) != 1 {
		t.Errorf("%d entries, want 1", len(got))
	}
}

func TestOptsAreValidated(t *testing.T) {
	for name, change := range map[string]func(*Opts){
		"no key":         func(o *Opts) { o.Key = Key{} },
		"small journal":  func(o *Opts) { o.JournalBytes = 1 },
		"small file":     func(o *Opts) { o.FileBytes = o.JournalBytes },
		"huge file":      func(o *Opts) { o.FileBytes = 2 << 30 },
		"no people":      func(o *Opts) { o.People = 0 },
		"no references":  func(o *Opts) { o.ReferencesPerPerson = 0 },
		"no nonces":      func(o *Opts) { o.Nonces = 0 },
		"no nonce life":  func(o *Opts) { o.NonceLife = 0 },
		"negative wait":  func(o *Opts) { o.LockWait = -1 },
		"copies all day": func(o *Opts) { o.CopyEvery = 0 },
		"no check":       func(o *Opts) { o.CheckBytes = 0 },
	} {
		o := testOpts()
		change(&o)
		if _, _, err := Open(t.TempDir(), o); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	o := DefaultOpts()
	o.Key = testKey
	if err := o.validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}
