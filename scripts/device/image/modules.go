package image

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// modules are a kernel's loadable modules by name, and which of them the kernel has built in.
type modules struct {
	files   map[string]string // name to path
	builtin map[string]bool
}

// moduleName is how the kernel calls the module in a file: without its endings, and with _ for -.
func moduleName(file string) string {
	name, _, _ := strings.Cut(filepath.Base(file), ".ko")
	return strings.ReplaceAll(name, "-", "_")
}

// readModules lists the modules below lib/modules/VERSION.
func readModules(dir string) (*modules, error) {
	m := &modules{files: map[string]string{}, builtin: map[string]bool{}}
	list, err := os.ReadFile(filepath.Join(dir, "modules.builtin"))
	if err != nil {
		return nil, fmt.Errorf("image: %w", err)
	}
	for line := range strings.Lines(string(list)) {
		m.builtin[moduleName(strings.TrimSpace(line))] = true
	}
	return m, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(d.Name(), ".ko") {
			m.files[moduleName(path)] = path
		}
		return err
	})
}

// load reads a module, unpacked.
func (m *modules) load(ctx context.Context, name string) ([]byte, error) {
	path, ok := m.files[name]
	if !ok {
		return nil, fmt.Errorf("image: the kernel has no module %s", name)
	}
	if filepath.Ext(path) != ".xz" {
		return os.ReadFile(path)
	}
	out, err := exec.CommandContext(ctx, "xz", "-dc", path).Output()
	if err != nil {
		return nil, fmt.Errorf("image: xz %s: %w (apt-get install xz-utils)", path, err)
	}
	return out, nil
}

// closure returns the wanted modules and all that they need, each behind those that it needs.
func (m *modules) closure(ctx context.Context, wanted []string) (order []string, data map[string][]byte, needs map[string][]string, err error) {
	data, needs = map[string][]byte{}, map[string][]string{}
	var visit func(name string) error
	visit = func(name string) error {
		name = moduleName(name)
		if m.builtin[name] || data[name] != nil {
			return nil
		}
		code, err := m.load(ctx, name)
		if err != nil {
			return err
		}
		data[name] = code
		info, err := moduleInfo(code)
		if err != nil {
			return fmt.Errorf("image: module %s: %w", name, err)
		}
		for _, other := range info {
			if err := visit(other); err != nil {
				return err
			}
			if !m.builtin[moduleName(other)] {
				needs[name] = append(needs[name], moduleName(other))
			}
		}
		order = append(order, name)
		return nil
	}
	for _, name := range wanted {
		if err := visit(name); err != nil {
			return nil, nil, nil, err
		}
	}
	return order, data, needs, nil
}

// moduleInfo returns the modules that a module names in its section .modinfo as those it depends on.
func moduleInfo(code []byte) ([]string, error) {
	f, err := elf.NewFile(bytes.NewReader(code))
	if err != nil {
		return nil, err
	}
	section := f.Section(".modinfo")
	if section == nil {
		return nil, errors.New("no section .modinfo")
	}
	text, err := section.Data()
	if err != nil {
		return nil, err
	}
	var out []string
	for entry := range bytes.SplitSeq(text, []byte{0}) {
		if list, ok := bytes.CutPrefix(entry, []byte("depends=")); ok {
			for name := range strings.SplitSeq(string(list), ",") {
				if name != "" {
					out = append(out, name)
				}
			}
		}
	}
	return out, nil
}
