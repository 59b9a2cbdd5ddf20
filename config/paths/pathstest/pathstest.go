// Package pathstest finds the files that tests need and that are not part of the source tree. A test that cannot find
// its file is skipped with the command that brings it.
package pathstest

import (
	"os"
	"path/filepath"
	"testing"

	"umbral/config/paths"
)

// Model returns the path of a model file, or skips the test.
func Model(t testing.TB, name string) string {
	t.Helper()
	return existing(t, filepath.Join(paths.Models(), name), "make models")
}

// Picture returns the path of one of the demo's photographs, or skips the test.
func Picture(t testing.TB, name string) string {
	t.Helper()
	return existing(t, filepath.Join(paths.Pictures(), name), "make models")
}

// Data returns the path of a file or folder of the labelled test data: below $UMBRAL_TESTDATA, else below shared/data
// beside the checkout. It skips the test where that data is absent.
func Data(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("UMBRAL_TESTDATA")
	if root == "" {
		root = filepath.Join(filepath.Dir(moduleRoot(t)), "shared", "data")
	}
	return existing(t, filepath.Join(root, name), "set UMBRAL_TESTDATA to the labelled test data")
}

func existing(t testing.TB, path, remedy string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%v (%s)", err, remedy)
	}
	return path
}

func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("pathstest: no go.mod above the test's folder")
		}
		dir = parent
	}
}
