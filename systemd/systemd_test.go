// Package systemd_test checks the files of this folder with systemd's own tools.
package systemd_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const unit = "umbrald.service"

// units are the services, and the most that systemd-analyze security may find of each, in tenths.
var units = map[string]string{unit: "15", "umbral-clock.service": "8"}

func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%v (apt-get install systemd)", err)
	}
	return path
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// settings returns the values of a key in the unit, in order.
func settings(unit, key string) (values []string) {
	for line := range strings.Lines(unit) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), key+"="); ok {
			values = append(values, value)
		}
	}
	return values
}

// TestUnitsAreVerified lets systemd read the units. It looks for the programs too, so they are given one that exists.
func TestUnitsAreVerified(t *testing.T) {
	analyze := tool(t, "systemd-analyze")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program := regexp.MustCompile(`(?m)^ExecStart=\S+`)
	for name := range units {
		text := program.ReplaceAllString(read(t, name), "ExecStart="+self)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name := range units {
		// Other units of this machine are read as well; only what is said of ours counts.
		out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", filepath.Join(dir, name)).CombinedOutput()
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, name) {
				t.Error(line)
			}
		}
		if err != nil {
			t.Errorf("systemd-analyze verify %s: %v\n%s", name, err, out)
		}
	}
}

func TestUnitsAreHardened(t *testing.T) {
	analyze := tool(t, "systemd-analyze")
	for name, limit := range units {
		out, err := exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--no-pager", "--threshold="+limit, name).CombinedOutput()
		if err != nil {
			t.Errorf("systemd-analyze security %s: %v\n%s", name, err, out)
		}
		found := regexp.MustCompile(`Overall exposure level for ` + name + `: (\S+)`).FindSubmatch(out)
		if found == nil {
			t.Fatalf("no exposure level in\n%s", out)
		}
		t.Logf("%s: exposure %s, limit %s tenths", name, found[1], limit)
	}
}

// TestGroupsAgree holds unit, udev rules and sysusers together: a group that does not exist keeps the unit from starting.
func TestGroupsAgree(t *testing.T) {
	sysusers := read(t, "umbral.sysusers")
	text := read(t, unit)
	groups := strings.Fields(strings.Join(settings(text, "SupplementaryGroups"), " "))
	for _, m := range regexp.MustCompile(`GROUP="([^"]*)"`).FindAllStringSubmatch(read(t, "60-umbral.rules"), -1) {
		if !slices.Contains(groups, m[1]) {
			t.Errorf("the udev rules give devices to group %q, the unit has %q", m[1], groups)
		}
	}
	for _, g := range groups {
		if !regexp.MustCompile(`(?m)^g ` + g + `\s`).MatchString(sysusers) {
			t.Errorf("sysusers does not make group %q", g)
		}
	}
	if user := settings(text, "User"); len(user) != 1 || !regexp.MustCompile(`(?m)^u `+user[0]+`\s`).MatchString(sysusers) {
		t.Errorf("sysusers does not make user %q", user)
	}
}

// TestRulesAreWellFormed checks the shape of the rules; the tool that could verify them (udevadm verify) came with
// systemd 254.
func TestRulesAreWellFormed(t *testing.T) {
	token := `[A-Z]+(\{[A-Za-z_]+\})?(==|!=|\+=|:=|=)"[^"]*"`
	rule := regexp.MustCompile(`^` + token + `(, ` + token + `)*$`)
	n := 0
	for line := range strings.Lines(read(t, "60-umbral.rules")) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if n++; !rule.MatchString(line) {
			t.Errorf("not a rule: %s", line)
		}
	}
	if n == 0 {
		t.Error("no rules")
	}
}

// TestUsersAndDirectoriesAreMade runs sysusers and tmpfiles on an empty root.
func TestUsersAndDirectoriesAreMade(t *testing.T) {
	sysusers, tmpfiles := tool(t, "systemd-sysusers"), tool(t, "systemd-tmpfiles")
	if os.Geteuid() != 0 {
		t.Skip("files can be given to another user by root only")
	}
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][]string{
		{sysusers, "--root=" + root, "--replace=/usr/lib/sysusers.d/umbral.conf", "-"},
		{tmpfiles, "--root=" + root, "--create", "--replace=/usr/lib/tmpfiles.d/umbral.conf", "-"},
	} {
		file := filepath.Join(here, "umbral."+strings.TrimPrefix(filepath.Base(c[0]), "systemd-"))
		cmd := exec.CommandContext(t.Context(), c[0], c[1:]...)
		cmd.Stdin = bytes.NewReader([]byte(read(t, file)))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", c[0], err, out)
		}
	}
	if passwd := read(t, filepath.Join(root, "etc/passwd")); !strings.Contains(passwd, "umbral:") {
		t.Errorf("passwd: %s", passwd)
	}
	for dir, mode := range map[string]os.FileMode{"etc/umbral": 0o750, "var/cache/umbral/models": 0o755} {
		info, err := os.Stat(filepath.Join(root, dir))
		if err != nil || !info.IsDir() || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", dir, info, err)
		}
	}
}
