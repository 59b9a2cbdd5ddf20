package systemd_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"umbral/config"
)

// sandbox is what both units take away. Each directive is here with its value and why, so that none goes unnoticed.
var sandbox = map[string][]string{
	"NoNewPrivileges":         {"yes"},       // no setuid program gives any back
	"CapabilityBoundingSet":   {""},          // none, not even as root
	"AmbientCapabilities":     {""},          //
	"ProtectSystem":           {"strict"},    // writes go to its own directories only
	"ProtectHome":             {"yes"},       //
	"PrivateMounts":           {"yes"},       //
	"PrivateTmp":              {"yes"},       //
	"PrivateIPC":              {"yes"},       //
	"ProtectControlGroups":    {"yes"},       //
	"ProtectHostname":         {"yes"},       //
	"ProtectKernelLogs":       {"yes"},       //
	"ProtectKernelModules":    {"yes"},       //
	"ProtectKernelTunables":   {"yes"},       //
	"ProtectProc":             {"invisible"}, // other users' processes
	"ProcSubset":              {"pid"},       //
	"RemoveIPC":               {"yes"},       //
	"KeyringMode":             {"private"},   //
	"LockPersonality":         {"yes"},       //
	"MemoryDenyWriteExecute":  {"yes"},       // no code but the program's
	"RestrictNamespaces":      {"yes"},       //
	"RestrictRealtime":        {"yes"},       //
	"RestrictSUIDSGID":        {"yes"},       //
	"SystemCallArchitectures": {"native"},    //
	"SystemCallErrorNumber":   {"EPERM"},     // an error, not the end
	"LimitCORE":               {"0"},         // keys in cores
	"MemorySwapMax":           {"0"},         // keys on a swap device
}

// own is what each unit has beside the sandbox.
var own = map[string]map[string][]string{
	"umbrald.service": {
		"Description":            {"Umbral identity gate"},
		"After":                  {"network.target time-set.target local-fs.target umbral-clock.service"},
		"Wants":                  {"umbral-clock.service"},
		"StartLimitIntervalSec":  {"0"}, // nobody starts it again by hand
		"Type":                   {"notify"},
		"NotifyAccess":           {"main"},
		"ExecStart":              {"/usr/bin/umbrald --config /etc/umbral/umbral.toml"},
		"WatchdogSec":            {"20"}, // a daemon that hangs is replaced
		"TimeoutStartSec":        {"90"},
		"TimeoutStopSec":         {"5"},
		"Restart":                {"always"},
		"RestartSec":             {"500ms"}, // a relay that was energised is brought to rest by the next start
		"User":                   {"umbral"},
		"Group":                  {"umbral"},
		"SupplementaryGroups":    {"video gpio dialout spi"},
		"UMask":                  {"0027"}, // nothing for others
		"LoadCredential":         {"umbral.key"},
		"ConfigurationDirectory": {"umbral"}, "ConfigurationDirectoryMode": {"0750"},
		"StateDirectory": {"umbral"}, "StateDirectoryMode": {"0700"},
		"RuntimeDirectory": {"umbral"}, "RuntimeDirectoryMode": {"0750"},
		"CacheDirectory": {"umbral"}, "CacheDirectoryMode": {"0755"},
		"Environment":             {"UMBRAL_MODELS=/var/cache/umbral/models", "GODEBUG=disablethp=1"},
		"DevicePolicy":            {"closed"},
		"DeviceAllow":             {"char-81 rw", "char-gpiochip rw", "char-4 rw", "char-204 rw", "char-166 rw", "char-188 rw", "char-153 rw"},
		"ProtectClock":            {"yes"},
		"RestrictAddressFamilies": {"AF_UNIX AF_INET AF_INET6"},
		"SystemCallFilter":        {"@system-service", "~@privileged @resources"},
		"TasksMax":                {"128"},
		"MemoryMax":               {"384M"},
		"WantedBy":                {"multi-user.target"},
	},
	"umbral-clock.service": {
		"Description":             {"State of the clock for the Umbral identity gate"},
		"StartLimitIntervalSec":   {"0"},
		"Type":                    {"exec"},
		"ExecStart":               {"/usr/bin/umbral-clock"},
		"Restart":                 {"always"},
		"RestartSec":              {"5"},
		"DynamicUser":             {"yes"},
		"UMask":                   {"0022"}, // umbrald reads what it writes
		"RuntimeDirectory":        {"umbral-clock"},
		"RuntimeDirectoryMode":    {"0755"},
		"PrivateDevices":          {"yes"},
		"PrivateNetwork":          {"yes"},
		"PrivateUsers":            {"yes"},
		"RestrictAddressFamilies": {"none"},
		"SystemCallFilter":        {"@system-service", "~@privileged @resources", "adjtimex"},
		"TasksMax":                {"32"},
		"MemoryMax":               {"32M"},
		"WantedBy":                {"multi-user.target"},
	},
}

// directives returns all keys and values of a unit.
func directives(text string) map[string][]string {
	all := map[string][]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if key, value, found := strings.Cut(line, "="); found && !strings.HasPrefix(line, "#") {
			all[key] = append(all[key], value)
		}
	}
	return all
}

// TestEveryDirective holds each directive of each unit against its required value: one that is missing, changed or added
// fails alone.
func TestEveryDirective(t *testing.T) {
	for name, want := range own {
		got := directives(read(t, name))
		for key, value := range sandbox {
			if _, twice := want[key]; twice {
				t.Fatalf("%s stands in both tables", key)
			}
			want[key] = value
		}
		for key, values := range want {
			if !slices.Equal(got[key], values) {
				t.Errorf("%s: %s is %q, wanted %q", name, key, got[key], values)
			}
		}
		for key, values := range got {
			if _, known := want[key]; !known {
				t.Errorf("%s: %s is %q, and the test does not know it", name, key, values)
			}
		}
	}
}

// TestMemoryAgreesWithTheBudget leaves the daemon what its own budget allows, and half of it for the store's pages.
func TestMemoryAgreesWithTheBudget(t *testing.T) {
	limit := own["umbrald.service"]["MemoryMax"][0]
	cfg := config.Default()
	if want := cfg.Terminal.MemoryMiB * 3 / 2; limit != fmt.Sprintf("%dM", want) {
		t.Errorf("MemoryMax is %s, terminal.memory_mib %d: wanted %dM", limit, cfg.Terminal.MemoryMiB, want)
	}
}
