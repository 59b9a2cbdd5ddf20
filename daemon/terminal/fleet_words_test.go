package terminal

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"umbral/daemon/fleet"
	"umbral/daemon/passage"
)

const fleetWords = "../fleet/words.go"

// word is a word of the vocabulary with what it means.
type word struct{ text, meaning string }

// TestFleetWords compares the vocabulary that the documentation of daemon/fleet lists with what the program has.
func TestFleetWords(t *testing.T) {
	shown, err := os.ReadFile(fleetWords)
	if err != nil {
		t.Fatal(err)
	}
	kinds := constantsOf(t, regexp.MustCompile(`^(Entry|Kind)[A-Z]`), "../passage", "../store", "../journal")
	sections := []struct {
		title string
		words []word
	}{
		{"Entry kinds", explained(string(shown), kinds)},
		{"Conditions, which are alarms unless their severity is info", explained(string(shown), conditionWords())},
		{"Commands", constantsOf(t, regexp.MustCompile(`^Command[A-Z]`), "../fleet")},
		{"Reasons of refusals and failures", constantsOf(t, regexp.MustCompile(`^Reason[A-Z]`), "../fleet")},
		{"Reasons of passages and alerts", passageWords()},
	}
	var text strings.Builder
	text.WriteString("// # Vocabulary\n//\n// Codes never change their meaning.\n")
	for _, s := range sections {
		fmt.Fprintf(&text, "//\n// %s:\n//\n", s.title)
		slices.SortFunc(s.words, func(a, b word) int { return strings.Compare(a.text, b.text) })
		for _, w := range s.words {
			text.WriteString(strings.TrimRight(fmt.Sprintf("//\t%-27s %s", w.text, w.meaning), " ") + "\n")
		}
	}
	text.WriteString("package fleet\n")
	if *update {
		if err := os.WriteFile(fleetWords, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, want := strings.Split(string(shown), "\n"), strings.Split(text.String(), "\n")
	for _, l := range want {
		if !slices.Contains(have, l) {
			t.Errorf("not documented: %s", l)
		}
	}
	for _, l := range have {
		if !slices.Contains(want, l) {
			t.Errorf("documented, but the program has no such word: %s", l)
		}
	}
	if t.Failed() {
		t.Log("go test ./daemon/terminal -run TestFleetWords -update writes the list")
	}
}

// explained replaces the meanings of words by those that the documentation has: it says to operators what the comments in
// the source say to programmers.
func explained(shown string, words []word) []word {
	for i, w := range words {
		m := regexp.MustCompile(`(?m)^//\t` + regexp.QuoteMeta(w.text) + ` +(.*)$`).FindStringSubmatch(shown)
		if m != nil {
			words[i].meaning = m[1]
		}
	}
	return words
}

// TestFleetWordsAreSaid finds words that nothing says.
func TestFleetWordsAreSaid(t *testing.T) {
	names := map[string]int{}
	for _, dir := range []string{"../fleet", "../passage", "../store", "../journal", "."} {
		for _, f := range parsed(t, dir) {
			for _, d := range f.Decls {
				for _, s := range constantSpecs(d) {
					if regexp.MustCompile(`^(Entry|Kind|Command|Reason|condition)[A-Z]`).MatchString(s.Names[0].Name) {
						names[s.Names[0].Name] = 0
					}
				}
			}
		}
	}
	for _, dir := range []string{"../fleet", "../fleet/link", "../passage", "../store", "../evidence", "../journal",
		"../reviews", "../enrolment", "../desk", "../clock", "../rules", "."} {
		for _, f := range parsed(t, dir) {
			ast.Inspect(f, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					if _, ours := names[id.Name]; ours {
						names[id.Name]++
					}
				}
				return true
			})
		}
	}
	for name, n := range names {
		if n < 2 { // its declaration alone
			t.Errorf("nothing says %s", name)
		}
	}
}

// wordsSeen compares the names of measurements and of the twin with those that the documentation lists.
func wordsSeen(t *testing.T, r *recording) {
	t.Helper()
	text, err := os.ReadFile(fleetExamples)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^//\t((?:m|twin)/\S+) +(.*)$`).FindAllStringSubmatch(string(text), -1) {
		listed[m[1]] = m[2]
	}
	for topic, e := range r.take() {
		tail, ok := strings.CutPrefix(topic, "te/device/gate-1///")
		if !ok || !strings.HasPrefix(tail, "m/") && !strings.HasPrefix(tail, "twin/") {
			continue
		}
		text, ok := listed[tail]
		delete(listed, tail)
		var members bytesOrder
		if json.Unmarshal(e.payload, &members) != nil {
			members = nil // a twin can be any JSON
		}
		for _, m := range members {
			name := strings.Trim(m.name, `": `)
			if name != "time" && tail != "twin/models" && !slices.Contains(regexp.MustCompile(`\w+`).FindAllString(text, -1), name) {
				t.Errorf("%s: member %q is not documented", tail, name)
			}
		}
		if !ok {
			t.Errorf("%s is not documented", tail)
		}
	}
	for name := range listed {
		t.Errorf("%s is documented, but no terminal says it", name)
	}
}

func conditionWords() (words []word) {
	for _, c := range conditionOrder {
		words = append(words, word{c.code, string(c.severity)})
	}
	return words
}

func passageWords() (words []word) {
	for _, r := range passage.Reasons {
		words = append(words, word{string(r.Code), r.Text})
	}
	return words
}

// constantsOf returns the constants whose names match, with their comments.
func constantsOf(t *testing.T, name *regexp.Regexp, dirs ...string) (words []word) {
	t.Helper()
	for _, dir := range dirs {
		for _, f := range parsed(t, dir) {
			for _, d := range f.Decls {
				for _, s := range constantSpecs(d) {
					if !name.MatchString(s.Names[0].Name) || len(s.Values) != 1 || referenceKind(s.Type) {
						continue
					}
					lit, ok := s.Values[0].(*ast.BasicLit)
					if !ok || lit.Kind != token.STRING {
						continue
					}
					text, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					words = append(words, word{text, meaningOf(d, s)})
				}
			}
		}
	}
	return words
}

// referenceKind reports whether a constant is a kind of something else than an entry.
func referenceKind(t ast.Expr) bool {
	id, ok := t.(*ast.Ident)
	return ok && id.Name == "Kind"
}

// meaningOf returns the comment behind a constant or, if it stands alone, the first sentence of the one before it.
func meaningOf(d ast.Decl, s *ast.ValueSpec) string {
	if c := strings.TrimSpace(s.Comment.Text()); c != "" || len(d.(*ast.GenDecl).Specs) > 1 {
		return c
	}
	doc, _, _ := strings.Cut(strings.ReplaceAll(d.(*ast.GenDecl).Doc.Text(), "\n", " "), ". ")
	return strings.TrimSuffix(strings.TrimSpace(doc), ".")
}

func constantSpecs(d ast.Decl) (specs []*ast.ValueSpec) {
	g, ok := d.(*ast.GenDecl)
	if !ok || g.Tok != token.CONST && g.Tok != token.VAR {
		return nil
	}
	for _, s := range g.Specs {
		specs = append(specs, s.(*ast.ValueSpec))
	}
	return specs
}

// parsed returns the package's files without its tests; none where there is no such folder.
func parsed(t *testing.T, dir string) (files []*ast.File) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		if strings.HasSuffix(p, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// The constants of commands and the function that lists them are one.
func TestCommandsAreListed(t *testing.T) {
	var names []string
	for _, w := range constantsOf(t, regexp.MustCompile(`^Command[A-Z]`), "../fleet") {
		names = append(names, w.text)
	}
	slices.Sort(names)
	if listed := slices.Sorted(slices.Values(fleet.Commands())); !slices.Equal(names, listed) {
		t.Errorf("constants %v, listed %v", names, listed)
	}
}
