package terminal

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"umbral/daemon/evidence/finger"
)

// Every hint of a source has its words on the screen in every language, and the screen knows no other.
func TestHintsHaveWords(t *testing.T) {
	said := finger.Hints()
	for _, f := range hintFiles(t) {
		for _, m := range regexp.MustCompile(`Hint[A-Z]\w*\s*=\s*"([a-z-]+)"`).FindAllStringSubmatch(f, -1) {
			if !slices.Contains(said, m[1]) {
				said = append(said, m[1])
			}
		}
	}
	slices.Sort(said)
	page, err := os.ReadFile("../local/assets/screen-words.js")
	if err != nil {
		t.Fatal(err)
	}
	languages := regexp.MustCompile(`(?s)hints: \{(.*?)\n    \}`).FindAllStringSubmatch(string(page), -1)
	if len(said) < 10 || len(languages) < 3 {
		t.Fatalf("%d hints, %d languages found", len(said), len(languages))
	}
	for i, l := range languages {
		var shown []string
		for _, m := range regexp.MustCompile(`"([a-z-]+)": "`).FindAllStringSubmatch(l[1], -1) {
			shown = append(shown, m[1])
		}
		slices.Sort(shown)
		if !slices.Equal(shown, said) {
			t.Errorf("language %d of the screen has words for %q, sources say %q", i, shown, said)
		}
	}
}

// hintFiles returns the source of every source of evidence.
func hintFiles(t *testing.T) (texts []string) {
	t.Helper()
	paths, err := filepath.Glob("../evidence/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(b))
	}
	return texts
}
