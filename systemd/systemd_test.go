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

const (
	unit = "umbrald.service"
	// exposure is the most that systemd-analyze security may find, in tenths.
	exposure = "30"
	command  = "/usr/bin/umbrald --config /etc/umbral/umbral.toml"
)

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

// TestUnitIsVerified lets systemd read the unit. It looks for the program too, so the unit is given one that exists.
func TestUnitIsVerified(t *testing.T) {
	analyze := tool(t, "systemd-analyze")
	text := read(t, unit)
	if got := settings(text, "ExecStart"); !slices.Equal(got, []string{command}) {
		t.Fatalf("ExecStart is %q, wanted %q", got, command)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), unit)
	if err := os.WriteFile(path, []byte(strings.Replace(text, "/usr/bin/umbrald", self, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	// Other units of this machine are read as well; only what is said of ours counts.
	out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", path).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, unit) {
			t.Error(line)
		}
	}
	if err != nil {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

func TestUnitIsHardened(t *testing.T) {
	analyze := tool(t, "systemd-analyze")
	out, err := exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--no-pager", "--threshold="+exposure, unit).CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
	found := regexp.MustCompile(`Overall exposure level for umbrald.service: (\S+)`).FindSubmatch(out)
	if found == nil {
		t.Fatalf("no exposure level in\n%s", out)
	}
	t.Logf("exposure %s, limit %s tenths", found[1], exposure)
}

// TestUnitLetsTheDaemonWork names what hardening must not take away.
func TestUnitLetsTheDaemonWork(t *testing.T) {
	text := read(t, unit)
	for key, want := range map[string][]string{
		"Type":                    {"notify"},
		"Restart":                 {"always"},
		"StartLimitIntervalSec":   {"0"},
		"LoadCredential":          {"umbral.key"},
		"StateDirectory":          {"umbral"},
		"RuntimeDirectory":        {"umbral"},
		"CacheDirectory":          {"umbral"},
		"DevicePolicy":            {"closed"},
		"DeviceAllow":             {"char-81 rw", "char-gpiochip rw", "char-4 rw", "char-204 rw", "char-166 rw", "char-188 rw"},
		"RestrictAddressFamilies": {"AF_UNIX AF_INET AF_INET6"},
		"PrivateDevices":          nil,
		"PrivateNetwork":          nil,
	} {
		if got := settings(text, key); !slices.Equal(got, want) {
			t.Errorf("%s is %q, wanted %q", key, got, want)
		}
	}
	if got := settings(text, "WatchdogSec"); len(got) != 1 || got[0] == "0" {
		t.Errorf("WatchdogSec is %q", got)
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
