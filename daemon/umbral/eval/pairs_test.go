package eval

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadPairs(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "pairs.csv", "fold,file_a,file_b,same\n4,a.jpg,b.jpg,1\n5,a.jpg,sub/c.jpg,0\n")
	got, err := ReadPairs(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []Pair{
		{filepath.Join(dir, "a.jpg"), filepath.Join(dir, "b.jpg"), true, 4},
		{filepath.Join(dir, "a.jpg"), filepath.Join(dir, "sub/c.jpg"), false, 5},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBadSetsAreNamed(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ text, wants string }{
		"column": {"file_a,file_b\n", `no column "same"`},
		"same":   {"file_a,file_b,same\na,b,yes\n", `:2: same is "yes"`},
		"fold":   {"fold,file_a,file_b,same\nx,a,b,1\n", `:2: fold is "x"`},
		"fields": {"file_a,file_b,same\na,b\n", "wrong number of fields"},
		"empty":  {"", "header"},
	} {
		if _, err := ReadPairs(write(t, dir, name+".csv", c.text)); err == nil || !strings.Contains(err.Error(), c.wants) {
			t.Errorf("%s: error %v, want %q in it", name, err, c.wants)
		}
	}
	labels := write(t, dir, "labels.csv", "file,label,split\na,live,tune\nb,spoof-print,test\n")
	if rows, err := ReadLabels(labels, "tune"); err != nil || len(rows) != 1 || rows[0].Label != "live" {
		t.Errorf("split tune: %v, %v", rows, err)
	}
	if _, err := ReadLabels(labels, "other"); err == nil {
		t.Error("a split that the file does not have is accepted")
	}
	if _, err := ReadLabels(write(t, dir, "l2.csv", "file,label\na,fake\n"), ""); err == nil || !strings.Contains(err.Error(), "fake") {
		t.Errorf("label fake: %v", err)
	}
}

func TestAllPairs(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"p1/a.jpg", "p1/b.JPG", "p2/a.pgm", "p2/notes.txt"} {
		write(t, dir, name, "")
	}
	pairs, err := AllPairs(dir)
	if err != nil {
		t.Fatal(err)
	}
	mated := 0
	for _, p := range pairs {
		if p.Mated {
			mated++
		}
	}
	if len(pairs) != 3 || mated != 1 {
		t.Errorf("%d pairs, %d mated; want 3 and 1", len(pairs), mated)
	}
	if _, err := AllPairs(filepath.Join(dir, "p1")); err == nil {
		t.Error("a folder without people is accepted")
	}
}
