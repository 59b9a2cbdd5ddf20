package models

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"umbral/pipeline/nn"
	"umbral/pipeline/pages"
)

// maxFile bounds a model's file; the largest of the default set has 11 MB.
const maxFile = 256 << 20

// Set is a manifest whose files were found and are the right ones.
type Set struct {
	Manifest
	// Tier names the kernels that stages are compiled for (see kernel.Choose); empty takes the processor's best.
	Tier string
	// Arena is shared by the stages that are compiled from now on, which then run in turns; nil gives each its own.
	Arena *nn.Arena
	dir   string
}

// FileError tells that a file of the set is missing or not the right one.
type FileError struct {
	File   string // path
	Wanted string // SHA-256, hexadecimal
	Found  string // SHA-256, or empty when nothing could be read
	Hint   string // the likely mistake
	Err    error  // why nothing could be read
}

func (e *FileError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("models: %v, wanted sha256 %s (%s)", e.Err, e.Wanted, e.Hint)
	}
	return fmt.Sprintf("models: %s: found sha256 %s, wanted %s (%s)", e.File, e.Found, e.Wanted, e.Hint)
}

// Unwrap gives the error of the file system, if there was one.
func (e *FileError) Unwrap() error { return e.Err }

// Load finds the files of the manifest in dir and compares each with its SHA-256. Named roles limit the set to the
// models that the caller is going to use; without any, all are needed. The error joins a *FileError for each file that
// is missing or wrong.
func Load(dir string, m Manifest, roles ...Role) (*Set, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	if len(roles) == 0 {
		roles = m.roles()
	}
	set := &Set{Manifest: m, dir: dir}
	set.Models = nil
	var all []error
	for _, role := range roles {
		model, err := m.Of(role)
		if err != nil {
			all = append(all, err)
			continue
		}
		if err := set.check(model, m); err != nil {
			all = append(all, err)
			continue
		}
		set.Models = append(set.Models, model)
	}
	if err := errors.Join(all...); err != nil {
		return nil, err
	}
	return set, nil
}

// Open reads and parses a model of the set. The file is compared with its SHA-256 once more: it may have changed.
func (s *Set) Open(role Role, l nn.Limits) (*nn.Model, error) {
	model, err := s.Of(role)
	if err != nil {
		return nil, err
	}
	data, release, err := s.read(model, s.Manifest)
	if err != nil {
		return nil, err
	}
	defer release()
	parsed, err := nn.Parse(data, l)
	if err != nil {
		return nil, fmt.Errorf("models: %s: %w", filepath.Join(s.dir, model.File), err)
	}
	return parsed, nil
}

// Read gives the content of a file of the set that is not a model (TextKeys), compared with its SHA-256.
func (s *Set) Read(role Role) ([]byte, error) {
	model, err := s.Of(role)
	if err != nil {
		return nil, err
	}
	data, release, err := s.read(model, s.Manifest)
	if err != nil {
		return nil, err
	}
	defer release()
	return bytes.Clone(data), nil
}

// check compares a model's file with its hash without holding it in memory.
func (s *Set) check(model Model, m Manifest) error {
	if f, err := os.Open(filepath.Join(s.dir, model.File)); err == nil {
		defer f.Close()
		sum := sha256.New()
		if n, err := io.Copy(sum, io.LimitReader(f, maxFile+1)); err == nil && n <= maxFile && strings.EqualFold(hex.EncodeToString(sum.Sum(nil)), model.SHA256) {
			return nil
		}
	}
	_, release, err := s.read(model, m) // which says what is wrong
	if err == nil {
		release() // somebody has just repaired the file
	}
	return err
}

// read gives the content of a model's file, until it is released, if it is the wanted one; m helps to tell what a wrong
// one is.
func (s *Set) read(model Model, m Manifest) (data []byte, release func(), err error) {
	path := filepath.Join(s.dir, model.File)
	data, release, err = readFile(path)
	if err != nil {
		hint := fmt.Sprintf("run make models, or bring it from %s and name its folder", model.Source)
		return nil, nil, &FileError{File: path, Wanted: model.SHA256, Hint: hint, Err: err}
	}
	found := sha256.Sum256(data)
	if sum := hex.EncodeToString(found[:]); !strings.EqualFold(sum, model.SHA256) {
		hint := mistake(data, sum, m)
		release()
		return nil, nil, &FileError{File: path, Wanted: model.SHA256, Found: sum, Hint: hint}
	}
	return data, release, nil
}

func readFile(path string) (data []byte, release func(), err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("open %s: not a file but %v", path, info.Mode().Type())
	}
	if info.Size() > maxFile {
		return nil, nil, fmt.Errorf("read %s: %d bytes, at most %d are read", path, info.Size(), int64(maxFile))
	}
	if data, release, err = pages.Read(f, int(info.Size())); err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", path, err)
	}
	return data, release, nil
}

// mistake guesses how a wrong file came about.
func mistake(data []byte, sum string, m Manifest) string {
	if i := slices.IndexFunc(m.Models, func(o Model) bool { return strings.EqualFold(o.SHA256, sum) }); i >= 0 {
		return fmt.Sprintf("it is %s under another name", m.Models[i].File)
	}
	start := bytes.TrimSpace(data[:min(len(data), 64)])
	switch {
	case len(data) == 0:
		return "the file is empty: a copy or download that broke off"
	case bytes.HasPrefix(start, []byte("version https://git-lfs")):
		return "it is a pointer of Git LFS: git lfs pull brings the file itself"
	case bytes.HasPrefix(start, []byte("<")):
		return "it is a web page, saved in place of the file"
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		return "it is packed: unpack it first"
	}
	return fmt.Sprintf("%d bytes: another version of the model, a damaged copy, or the manifest of another set", len(data))
}
