package terminal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// ban forbids imports to a part of the house. A trailing slash means everything below.
type ban struct {
	part, imports, reason string
	inTests               bool // test files are held to it as well
}

var bans = []ban{
	{"pipeline/", "umbral/daemon/", "pipeline computes: it must be usable without the daemon", true},
	{"pipeline/", "umbral/drivers/", "pipeline computes: frames come to it as values", true},
	{"pipeline/", "umbral/config", "pipeline is configured by its Opts, so that an integrator can use it alone", false},
	{"pipeline/", "net", "pipeline opens no socket", false},
	{"pipeline/", "net/", "pipeline opens no socket", false},
	{"pipeline/", "os/exec", "pipeline starts no process", false},
	{"drivers/", "umbral/daemon/", "drivers speak to hardware and know no one above them", true},
	{"drivers/", "umbral/pipeline/", "drivers deliver bytes; what they mean is not theirs", true},
	{"drivers/", "umbral/config", "drivers are configured by their Opts", false},
	{"daemon/store/", "umbral/daemon/", "only daemon/terminal knows everything", true},
	{"daemon/fleet/", "umbral/daemon/store", "only daemon/terminal knows everything", true},
	{"daemon/fleet/", "umbral/daemon/local", "only daemon/terminal knows everything", true},
	{"daemon/fleet/", "umbral/daemon/terminal", "only daemon/terminal knows everything", true},
	{"daemon/local/", "umbral/daemon/store", "only daemon/terminal knows everything", true},
	{"daemon/local/", "umbral/daemon/fleet", "only daemon/terminal knows everything", true},
	{"daemon/local/", "umbral/daemon/terminal", "only daemon/terminal knows everything", true},
	{"daemon/evidence/", "umbral/daemon/store", "a source of evidence names what it needs of the store as an interface", true},
	{"daemon/evidence/", "umbral/daemon/fleet", "a source of evidence names what it needs of the fleet as an interface", true},
	{"daemon/evidence/", "umbral/daemon/local", "the pages show evidence; evidence knows no page", true},
	{"daemon/evidence/", "umbral/daemon/terminal", "only daemon/terminal knows everything", true},
	{"daemon/store/", "umbral/daemon/evidence", "only daemon/terminal knows everything", true},
	{"daemon/passage/", "umbral/", "the decision imports only value types", false},
	{"daemon/passage/", "os", "the decision does no I/O", false},
	{"daemon/passage/", "io", "the decision does no I/O", false},
	{"daemon/passage/", "net/", "the decision does no I/O", false},
	{"daemon/passage/", "context", "the decision waits for nothing", false},
	{"daemon/passage/", "sync", "the decision has no goroutine", false},
	{"daemon/passage/", "math/rand", "the decision must replay bit for bit", false},
	{"daemon/passage/", "math/rand/v2", "the decision must replay bit for bit", false},
	{"daemon/clock/", "umbral/daemon/terminal", "only daemon/terminal knows everything", true},
	{"daemon/rules/", "umbral/daemon/terminal", "only daemon/terminal knows everything", true},
	{"daemon/frames/", "umbral/daemon/terminal", "only daemon/terminal knows everything", true},
	{"daemon/enrolment/", "umbral/daemon/terminal", "only daemon/terminal knows everything", true},
	{"daemon/journal/", "umbral/daemon/terminal", "only daemon/terminal knows everything", true},
	{"daemon/state/", "umbral/daemon/terminal", "only daemon/terminal knows everything", true},
	{"daemon/reviews/", "umbral/daemon/terminal", "only daemon/terminal knows everything", true},
	{"daemon/issuance/", "umbral/daemon/terminal", "only daemon/terminal knows everything", true},
	{"daemon/desk/", "umbral/daemon/terminal", "only daemon/terminal knows everything", true},
	{"daemon/frames/", "umbral/daemon/local", "pages look at frames; frames knows no page", true},
	{"daemon/frames/", "umbral/daemon/fleet", "what the fleet does with frames is wired by daemon/terminal", true},
	{"daemon/enrolment/", "umbral/daemon/local", "pages look at enrolment; enrolment knows no page", true},
	{"daemon/enrolment/", "umbral/daemon/fleet", "what the fleet does with enrolment is wired by daemon/terminal", true},
	{"daemon/rules/", "umbral/daemon/local", "pages look at rules; rules knows no page", true},
	{"daemon/rules/", "umbral/daemon/fleet", "what the fleet does with rules is wired by daemon/terminal", true},
	{"daemon/clock/", "umbral/daemon/local", "pages look at clock; clock knows no page", true},
	{"daemon/clock/", "umbral/daemon/fleet", "what the fleet does with clock is wired by daemon/terminal", true},
	{"daemon/frames/", "umbral/daemon/store", "frames holds nothing on disk", true},
	{"daemon/rules/", "umbral/daemon/store", "rules holds nothing on disk", true},
	{"daemon/clock/", "umbral/daemon/store", "clock holds nothing on disk", true},
	{"daemon/journal/", "umbral/daemon/local", "pages look at journal; journal knows no page", true},
	{"daemon/state/", "umbral/daemon/local", "pages look at state; state knows no page", true},
	{"daemon/reviews/", "umbral/daemon/local", "pages look at reviews; reviews knows no page", true},
	{"daemon/issuance/", "umbral/daemon/local", "pages look at issuance; issuance knows no page", true},
	{"daemon/store/", "umbral/daemon/enrolment", "arrows never climb", true},
	{"daemon/store/", "umbral/daemon/desk", "arrows never climb: a desk stands on store or beside it", true},
	{"daemon/fleet/", "umbral/daemon/enrolment", "arrows never climb", true},
	{"daemon/fleet/", "umbral/daemon/desk", "arrows never climb: a desk stands on fleet or beside it", true},
	{"daemon/local/", "umbral/daemon/enrolment", "arrows never climb", true},
	{"daemon/local/", "umbral/daemon/desk", "arrows never climb: a desk stands on local or beside it", true},
	{"daemon/evidence/", "umbral/daemon/frames", "arrows never climb: frames know evidence, not the other way round", true},
	{"daemon/evidence/", "umbral/daemon/enrolment", "arrows never climb", true},
	{"daemon/evidence/", "umbral/daemon/desk", "arrows never climb: a desk stands on evidence or beside it", true},
	{"daemon/passage/", "umbral/daemon/frames", "arrows never climb: frames know passage, not the other way round", true},
	{"daemon/passage/", "umbral/daemon/enrolment", "arrows never climb", true},
	{"daemon/passage/", "umbral/daemon/desk", "arrows never climb: a desk stands on passage or beside it", true},
	{"config/", "umbral/daemon/", "arrows never climb: the daemon knows its configuration, not the other way round", true},
	{"config/", "umbral/pipeline/", "config is values; what they name is built by daemon/terminal", false},
	{"config/", "umbral/drivers/", "config is values; what they name is built by daemon/terminal", false},
}

// own is allowed although a ban covers it: a package's parts may use one another.
var own = map[string][]string{
	"daemon/store/":   {"umbral/daemon/store"},
	"daemon/passage/": {"umbral/daemon/passage", "umbral/config/policy"},
}

// testFinder is what tests in any part use to find files outside the source tree.
const testFinder = "umbral/config/paths/pathstest"

var root = filepath.Join("..", "..")

type source struct {
	path string // from the root, with slashes
	file *ast.File
	fset *token.FileSet
}

// isTest says that a file is a test or belongs to a conformance suite.
func (s source) isTest() bool {
	return strings.HasSuffix(s.path, "_test.go") || strings.HasSuffix(filepath.ToSlash(filepath.Dir(s.path)), "test")
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "build") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		all = append(all, source{filepath.ToSlash(rel), file, fset})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d Go files found below %s", len(all), root)
	}
	return all
}

func TestImports(t *testing.T) {
	for _, s := range sources(t) {
		for _, spec := range s.file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range bans {
				if s.isTest() && !b.inTests {
					continue
				}
				if path != testFinder && strings.HasPrefix(s.path, b.part) && covers(b.imports, path) && !ownPart(b.part, path) {
					t.Errorf("%s imports %s: %s", s.path, path, b.reason)
				}
			}
		}
	}
}

func covers(banned, path string) bool {
	if strings.HasSuffix(banned, "/") {
		return strings.HasPrefix(path, banned)
	}
	return path == banned || strings.HasPrefix(banned, "umbral/") && strings.HasPrefix(path, banned+"/")
}

func ownPart(part, path string) bool {
	return slices.ContainsFunc(own[part], func(allowed string) bool { return covers(allowed, path) })
}

// A ban that can't trigger would keep nothing.
func TestBansHaveTeeth(t *testing.T) {
	if !covers("umbral/daemon/", "umbral/daemon/store") || !covers("umbral/daemon/store", "umbral/daemon/store/x") ||
		covers("net", "net/netip") || covers("os", "os/exec") || !covers("net/", "net/http") {
		t.Error("the matching of banned imports is wrong")
	}
	for _, b := range bans {
		if _, err := os.Stat(filepath.Join(root, b.part)); err != nil {
			t.Errorf("the ban on %s in %s speaks of no folder: %v", b.imports, b.part, err)
		}
	}
}

// Goroutines are started by daemon/terminal and the programs, or in the Run method of the type that owns them. The
// others are listed with who ends them.
var goroutineOwners = map[string]string{
	"pipeline/nn/pool.go":              "Pool.Close ends the workers and waits for them",
	"pipeline/document/workers.go":     "Reader.Read waits for them before it returns",
	"daemon/evidence/remote/source.go": "Source.ask, which Run calls, ends the question and waits for it",
}

func TestGoroutinesHaveOwners(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() || strings.HasPrefix(s.path, "daemon/terminal/") || strings.HasPrefix(s.path, "scripts/") || strings.HasPrefix(s.path, "daemon/umbral") {
			continue
		}
		if _, listed := goroutineOwners[s.path]; listed {
			continue
		}
		for _, decl := range s.file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Body == nil || fn.Name.Name == "Run" && fn.Recv != nil {
				continue
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				if g, ok := n.(*ast.GoStmt); ok {
					t.Errorf("%s: %s starts a goroutine outside a Run method (say who ends it in goroutineOwners)", s.fset.Position(g.Pos()), fn.Name.Name)
				}
				return true
			})
		}
	}
}

// The decision must not read a clock.
func TestPassageHasNoClock(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() || !strings.HasPrefix(s.path, "daemon/passage/") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "Tick", "NewTimer", "NewTicker", "AfterFunc", "Sleep"}, sel.Sel.Name) {
					t.Errorf("%s: time.%s in the decision: instants come with the observation", s.fset.Position(sel.Pos()), sel.Sel.Name)
				}
			}
			return true
		})
	}
}

func TestTopLevel(t *testing.T) {
	allowed := []string{"daemon", "drivers", "pipeline", "config", "systemd", "scripts", ".ci", ".git", "build"}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !slices.Contains(allowed, e.Name()) {
			t.Errorf("folder %s at the top level: the house has six, and .ci", e.Name())
		}
	}
}

func TestNamesAndLengths(t *testing.T) {
	const most = 450
	for _, s := range sources(t) {
		if name := s.file.Name.Name; slices.Contains([]string{"util", "utils", "common", "helpers", "misc"}, name) {
			t.Errorf("%s: package %s says nothing of what it holds", s.path, name)
		}
		if lines := s.fset.Position(s.file.FileEnd).Line; lines > most && !s.isTest() {
			t.Errorf("%s has %d lines, more than %d: more than one idea?", s.path, lines, most)
		}
	}
}
