package store

import (
	"bytes"
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

// A person is enrolled, passes, and is erased. The journal never names them, and reads back while they are enrolled.
func Example() {
	dir, err := os.MkdirTemp("", "umbral")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	o := DefaultOpts()
	o.Key = Key{1} // LoadKey or CreateKey in earnest
	s, _, err := Open(dir, o)
	if err != nil {
		panic(err)
	}
	defer s.Close()
	face := Reference{Kind: KindFace, Template: []float32{0.6, 0.8}, Model: "sha256:87aacdfe", Source: "photo.jpg"}
	if err := s.Enrol(Person{ID: "4711", Name: "Ana"}, []Reference{face}); err != nil {
		panic(err)
	}
	if _, err := s.Append("passage", []byte(`{"person":"4711","verdict":"grant"}`)); err != nil {
		panic(err)
	}
	show := func() {
		entries, err := s.Next(Position{}, 1)
		if err != nil {
			panic(err)
		}
		e := entries[0]
		fmt.Println(bytes.Contains(e.Payload, []byte("4711")), bytes.Contains(s.Named(e).Payload, []byte("4711")))
	}
	show()
	r, err := s.Erase("4711", "moved away")
	fmt.Println(r.Person, r.References, r.Scrubbed, err)
	show()
	// Output:
	// false true
	// 4711 1 true <nil>
	// false false
}
