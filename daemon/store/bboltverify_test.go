package store

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func FuzzVerifyPages(f *testing.F) {
	dir, _, _ := filled(f, testOpts())
	whole, err := os.ReadFile(filepath.Join(dir, copyNames[0]))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, []byte{1})
	f.Add(4096+8, []byte{0x10})
	f.Add(3*4096, bytes.Repeat([]byte{0xff}, 16))
	f.Fuzz(func(t *testing.T, at int, patch []byte) {
		b := bytes.Clone(whole)
		if at < 0 || at >= len(b) {
			b = b[:len(b)/2]
		} else {
			copy(b[at:], patch)
		}
		if pages, err := verifyPages(bytes.NewReader(b), int64(len(b))); err != nil || pages.metas < 2 {
			return
		}
		// What the verifier accepts, bbolt must be able to read to the end.
		path := filepath.Join(t.TempDir(), "x.db")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		boltSound(t, path)
	})
}
