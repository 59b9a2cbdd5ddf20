package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"umbral/config/paths"
	"umbral/config/paths/pathstest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"umbral": main})
}

// What needs no models: the scripts are what a technician types at a terminal that does not run.
func TestPlain(t *testing.T) { runScripts(t, "testdata/plain") }

// What looks at faces.
func TestModels(t *testing.T) {
	needModels(t)
	runScripts(t, "testdata/models")
}

// What asks a terminal that runs.
func TestGate(t *testing.T) {
	needModels(t)
	runScripts(t, "testdata/gate")
}

func needModels(t *testing.T) {
	t.Helper()
	pathstest.Model(t, "fr_detect.onnx")
	pathstest.Picture(t, "sample3.jpg")
}

func runScripts(t *testing.T, dir string) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"refuses": refuses, "exits": exits, "until": until, "trust": trust,
			"journal": journal, "person": person, "damage": damage, "picture": picture, "broker": startBroker, "publish": publish, "forge": forge, "gate": startGate,
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("REPO", repository)
			env.Setenv("UMBRAL_MODELS", paths.Models())
			env.Setenv("PICTURES", paths.Pictures())
			env.Setenv("TABBED", "Bob\tSmith")
			env.Values[gateKey{}] = new(func())
			return nil
		},
	})
}

// exits runs a program that has to end with this code.
//
//	exits CODE PROGRAM [ARGUMENT...]
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGUMENT...]")
	}
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%s: %v", args[1], err)
		}
		code = exit.ExitCode()
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// refuses runs umbral, which has to end with code 1, say nothing on standard output, and say on standard error what is
// wrong, in words that match every pattern before the first --.
//
//	refuses PATTERN... -- [ARGUMENT...]
func refuses(ts *testscript.TestScript, neg bool, args []string) {
	end := -1
	for i, a := range args {
		if a == "--" {
			end = i
			break
		}
	}
	if neg || end < 1 {
		ts.Fatalf("usage: refuses PATTERN... -- [ARGUMENT...]")
	}
	exits(ts, false, append([]string{"1", "umbral"}, args[end+1:]...))
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("a command that failed says on standard output: %s", out)
	}
	said := ts.ReadFile("stderr")
	_, text, found := strings.Cut("\n"+said, "\numbral: ")
	switch {
	case !found:
		ts.Fatalf("no error after \"umbral: \"")
	case strings.Contains(text, "%!") || !strings.HasSuffix(text, "\n"):
		ts.Fatalf("an ill-formed error: %q", text)
	}
	for _, pattern := range args[:end] {
		if !regexp.MustCompile("(?m)" + pattern).MatchString(text) {
			ts.Fatalf("%q is not in the error %q", pattern, text)
		}
	}
}

// until runs a program again and again until its output matches.
//
//	until PATTERN PROGRAM [ARGUMENT...]
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until PATTERN PROGRAM [ARGUMENT...]")
	}
	const limit = 20 * time.Second
	pattern := regexp.MustCompile(args[0])
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err := ts.Exec(args[1], args[2:]...); err == nil && pattern.MatchString(ts.ReadFile("stdout")) {
			return
		}
	}
	ts.Fatalf("%s does not print %q within %v", args[1], args[0], limit)
}

// trust adds the public key that the last command has printed to a configuration.
//
//	trust CONFIGURATION
func trust(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: trust CONFIGURATION")
	}
	key := strings.TrimSpace(ts.ReadFile("stdout"))
	table := fmt.Sprintf("\n[[fleet.keys]]\nname = \"operator\"\npublic = %q\ncommands = [\"status\", \"door.open\"]\n", key)
	path := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(path, []byte(ts.ReadFile(args[0])+table), 0o600))
}
