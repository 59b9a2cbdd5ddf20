package store

import (
	"fmt"
	"os"
	"path/filepath"
)

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "umbral")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	o := DefaultOpts()
	if o.Key, err = LoadOrCreateKey(filepath.Join(dir, "umbral.key"), filepath.Join(dir, "store")); err != nil {
		panic(err)
	}
	s, rec, err := Open(filepath.Join(dir, "store"), o)
	if err != nil {
		panic(err)
	}
	defer s.Close()
	p, err := s.Append("passage", []byte(`{"verdict":"grant"}`))
	fmt.Println(rec.Happened(), p, err, s.Pending())
	// Output: false 1.1 <nil> 1
}
