package models

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxManifest bounds a manifest's file; the default set takes 5 KB.
const maxManifest = 1 << 20

// LoadManifest reads a manifest from a TOML or, if its name ends in .json, a JSON file and validates it. A key that is
// not known is an error, and the error says where it stands.
func LoadManifest(path string) (Manifest, error) {
	f, err := os.Open(path)
	if err != nil {
		return Manifest{}, fmt.Errorf("models: manifest: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err != nil {
		return Manifest{}, fmt.Errorf("models: manifest: %w", err)
	}
	parse := ParseManifest
	if strings.EqualFold(filepath.Ext(path), ".json") {
		parse = ParseManifestJSON
	}
	m, err := parse(data)
	if err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// ParseManifest reads and validates a manifest in TOML.
func ParseManifest(data []byte) (Manifest, error) {
	if err := checkSize(data); err != nil {
		return Manifest{}, err
	}
	var m Manifest
	err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&m)
	var unknown *toml.StrictMissingError
	var wrong *toml.DecodeError
	switch {
	case errors.As(err, &unknown) && len(unknown.Errors) > 0:
		first := unknown.Errors[0]
		line, column := first.Position()
		return Manifest{}, fmt.Errorf("models: manifest: line %d, column %d: unknown key %q", line, column, strings.Join(first.Key(), "."))
	case errors.As(err, &wrong):
		line, column := wrong.Position()
		return Manifest{}, fmt.Errorf("models: manifest: line %d, column %d: %w", line, column, err)
	case err != nil:
		return Manifest{}, fmt.Errorf("models: manifest: %w", err)
	}
	return m, m.Validate()
}

// ParseManifestJSON reads and validates a manifest in JSON.
func ParseManifestJSON(data []byte) (Manifest, error) {
	if err := checkSize(data); err != nil {
		return Manifest{}, err
	}
	var m Manifest
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return Manifest{}, fmt.Errorf("models: manifest: at byte %d: %w", d.InputOffset(), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Manifest{}, fmt.Errorf("models: manifest: at byte %d: more follows after the manifest", d.InputOffset())
	}
	return m, m.Validate()
}

func checkSize(data []byte) error {
	if len(data) > maxManifest {
		return fmt.Errorf("models: manifest: more than %d bytes (is it a model?)", maxManifest)
	}
	return nil
}
