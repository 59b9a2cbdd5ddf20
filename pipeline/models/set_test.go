package models

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"umbral/config/paths"
	"umbral/config/paths/pathstest"
	"umbral/pipeline/nn"
	"umbral/pipeline/vision"
)

func sumOf(data string) string {
	sum := sha256.Sum256([]byte(data))
	return hex.EncodeToString(sum[:])
}

// twoFiles is a manifest of two files with the given contents, of which neither is a model.
func twoFiles(eye, keys string) Manifest {
	m := Default()
	m.Models = []Model{}
	for _, model := range Default().Models {
		switch model.Role {
		case Eye:
			model.SHA256 = sumOf(eye)
		case TextKeys:
			model.SHA256 = sumOf(keys)
		default:
			continue
		}
		m.Models = append(m.Models, model)
	}
	return m
}

func write(t *testing.T, dir, name, data string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLoadNamesFileHashesAndMistake(t *testing.T) {
	for name, c := range map[string]struct{ eye, hint string }{
		"other":       {"something else", "another version of the model"},
		"empty":       {"", "the file is empty"},
		"git lfs":     {"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"},
		"web page":    {"\n<!DOCTYPE html><html>", "web page"},
		"packed":      {"\x1f\x8b\x08abc", "unpack it first"},
		"other model": {"the keys", "ppocr_keys_v1.txt under another name"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "fr_eye.onnx", c.eye)
			write(t, dir, "ppocr_keys_v1.txt", "the keys")
			m := twoFiles("the eye model", "the keys")
			_, err := Load(dir, m)
			var wrong *FileError
			if !errors.As(err, &wrong) {
				t.Fatalf("error %v, wanted a FileError", err)
			}
			for _, part := range []string{filepath.Join(dir, "fr_eye.onnx"), sumOf("the eye model"), sumOf(c.eye), c.hint} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q lacks %q", err, part)
				}
			}
		})
	}
}

func TestLoadMissingFile(t *testing.T) {
	dir := t.TempDir()
	_, err := Load(dir, twoFiles("a", "b"))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "run make models") {
		t.Errorf("error %v, wanted one that says how to get the file", err)
	}
	for _, file := range []string{"fr_eye.onnx", "ppocr_keys_v1.txt"} {
		if !strings.Contains(err.Error(), file) {
			t.Errorf("error %q does not name %s: all missing files are to be named at once", err, file)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "fr_eye.onnx"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir, twoFiles("a", "b"), Eye); err == nil || !strings.Contains(err.Error(), "not a file") {
		t.Errorf("a folder in place of a file: %v", err)
	}
}

func TestLoadOfSomeRoles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "ppocr_keys_v1.txt", "the keys")
	m := twoFiles("absent", "the keys")
	set, err := Load(dir, m, TextKeys)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := set.Read(TextKeys); err != nil || string(data) != "the keys" {
		t.Errorf("read %q, %v", data, err)
	}
	if _, err := set.Read(Eye); err == nil {
		t.Error("a role that was not loaded can be read")
	}
	if _, err := Load(dir, m, Pose); err == nil || !strings.Contains(err.Error(), `no model for "pose"`) {
		t.Errorf("a role that the manifest lacks: %v", err)
	}
	if _, err := Load(dir, Manifest{}); err == nil {
		t.Error("an empty manifest was loaded")
	}
}

// What was checked is what runs: a file that changes after Load is noticed.
func TestChangeAfterLoadIsNoticed(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "fr_eye.onnx", "before")
	write(t, dir, "ppocr_keys_v1.txt", "before")
	set, err := Load(dir, twoFiles("before", "before "), Eye)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "fr_eye.onnx", "after")
	_, err = set.Open(Eye, nn.DefaultLimits())
	var wrong *FileError
	if !errors.As(err, &wrong) || wrong.Found != sumOf("after") {
		t.Errorf("error %v, wanted the new hash", err)
	}
}

func TestDefaultFilesAreTheRightOnes(t *testing.T) {
	for file := range Default().Files() {
		pathstest.Model(t, file)
	}
	set, err := Load(paths.Models(), Default())
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range FaceRoles() {
		stage, err := set.Compile(role, nn.DefaultLimits(), nil)
		if err != nil {
			t.Error(err)
			continue
		}
		if b := stage.Budget(); b.Arena <= 0 {
			t.Errorf("%s: budget %+v", role, b)
		}
		img := vision.NewImage(40, 30)
		if err := stage.Look(img, img.Bounds()); err != nil {
			t.Errorf("%s: %v", role, err)
		}
		for meaning := range stage.Outputs {
			if values, err := stage.Output(meaning); err != nil || len(values) == 0 {
				t.Errorf("%s: output %s: %d values, %v", role, meaning, len(values), err)
			}
		}
	}
}

func TestCompileComparesManifestAndModel(t *testing.T) {
	pathstest.Model(t, "fr_eye.onnx")
	for name, c := range map[string]struct {
		change func(*Model)
		want   string
	}{
		"size":   {func(m *Model) { m.Input.Width = 32 }, "the manifest wants [1 1 24 32]"},
		"planes": {func(m *Model) { m.Input.Order, m.Input.Mean, m.Input.Scale = "rgb", three(0), three(1) }, "the manifest wants [1 3 24 24]"},
		"input":  {func(m *Model) { m.Input.Name = "image" }, `input "image" is not among`},
		"output": {func(m *Model) { m.Outputs = map[string]string{"states": "nothing"} }, `output for "states"`},
	} {
		t.Run(name, func(t *testing.T) {
			m := Default()
			for i := range m.Models {
				if m.Models[i].Role == Eye {
					c.change(&m.Models[i])
				}
			}
			set, err := Load(paths.Models(), m, Eye)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := set.Compile(Eye, nn.DefaultLimits(), nil); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, wanted one with %q", err, c.want)
			}
		})
	}
}
