// Command notices writes the licences of every module that a program links, as its distribution requires: it reads them
// from the module cache, so that they are those of the very versions that were built.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: notices PACKAGE...")
		os.Exit(2)
	}
	if err := write(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

// module is what go list says of one (go help list).
type module struct {
	Path, Version, Dir string
	Main               bool
	Replace            *module
}

func write(out io.Writer, packages []string) error {
	modules, err := linked(packages)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s link the Go standard library (BSD-3-Clause, https://go.dev/LICENSE) and these modules.\n", strings.Join(packages, " and "))
	for _, m := range modules {
		texts, err := licences(m.Dir)
		if err != nil {
			return fmt.Errorf("%s %s: %w", m.Path, m.Version, err)
		}
		fmt.Fprintf(out, "\n%s\n%s %s\n", strings.Repeat("=", 80), m.Path, m.Version)
		for _, t := range texts {
			fmt.Fprintf(out, "\n%s\n", bytes.TrimSpace(t))
		}
	}
	return nil
}

// linked returns the modules of which packages are linked, in the order of their paths.
func linked(packages []string) ([]module, error) {
	list := exec.Command("go", append([]string{"list", "-deps", "-json=Module"}, packages...)...)
	list.Stderr = os.Stderr
	text, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	found := map[string]module{}
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var p struct{ Module *module }
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if m := p.Module; m != nil && !m.Main {
			if m.Replace != nil {
				m.Dir = m.Replace.Dir
			}
			found[m.Path] = *m
		}
	}
	var modules []module
	for _, m := range found {
		modules = append(modules, m)
	}
	slices.SortFunc(modules, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return modules, nil
}

// names are how files with licences begin.
var names = []string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "EDL", "EPL"}

// licences returns the texts in a module's folder.
func licences(dir string) (texts [][]byte, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		upper := strings.ToUpper(e.Name())
		if e.IsDir() || !slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(upper, n) }) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("no licence in %s: it may not be distributed without one", dir)
	}
	return texts, nil
}
