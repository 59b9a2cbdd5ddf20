package config

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"umbral/config/policy"
)

const replayPrefix = "replay:"

// checkTogether checks what tags cannot say.
func (c *Config) checkTogether(errs *Errors) {
	if c.Terminal.ID != "" && !isName(c.Terminal.ID) {
		errs.add("terminal.id", "found %s, allowed are A-Z a-z 0-9 . _ - and no dot at the beginning (it becomes a part of MQTT topics)", quote(c.Terminal.ID))
	}
	if s := c.Camera.Source; s != "" && !strings.HasPrefix(s, "v4l2:") && (!strings.HasPrefix(s, replayPrefix) || s == replayPrefix) {
		errs.add("camera.source", "found %s, allowed is \"v4l2:\" for the first camera, \"v4l2:/dev/video0\" for a certain one, or \"replay:FILE\"", quote(s))
	}
	for i, setting := range c.Camera.Controls {
		if name, value, ok := strings.Cut(setting, "="); !ok || name == "" || value == "" {
			errs.add(fmt.Sprintf("camera.controls[%d]", i), "found %s, allowed is NAME=VALUE, as umbral camera info lists them", quote(setting))
		}
	}
	c.checkFace(errs)
	c.checkPolicy(errs)
	c.checkIdentity(errs)
	c.checkDoor(errs)
	if least := 2*c.Store.JournalMiB + 4; c.Store.FileMiB < least {
		errs.add("store.file_mib", "found %d, allowed is at least %d: twice store.journal_mib and 4 more, because a change needs free pages beside the old ones", c.Store.FileMiB, least)
	}
	c.checkFleet(errs)
	if c.Local.HTTP != "" {
		checkLoopback(errs, "local.http", c.Local.HTTP, "the page shows the camera's picture, so it is for this machine; reach it from elsewhere through ssh -L")
	}
}

func (c *Config) checkFace(errs *Errors) {
	f, l := &c.Face, &c.Liveness
	if f.MinBrightness >= f.MaxBrightness {
		errs.add("face.min_brightness", "found %v, allowed is less than face.max_brightness, which is %v", f.MinBrightness, f.MaxBrightness)
	}
	if l.MinScore > l.Threshold {
		errs.add("liveness.min_score", "found %v, allowed is at most liveness.threshold, which is %v", l.MinScore, l.Threshold)
	}
	if l.NotLiveFrames < l.Frames {
		errs.add("liveness.not_live_frames", "found %d, allowed is at least liveness.frames, which is %d", l.NotLiveFrames, l.Frames)
	}
}

func (c *Config) checkPolicy(errs *Errors) {
	rule := c.Passage.Policy
	naming := policy.Set(0).With(policy.Face).With(policy.Credential).With(policy.Card).With(policy.Finger)
	for _, way := range rule.Alternatives() {
		if c.Eligibility.Enabled && way.Evidence&naming == 0 {
			errs.add("eligibility.enabled", "found true, but passage.policy %s lets people pass by %v alone, so that nobody knows who they are: allowed with %v in each of its ways", quote(rule.String()), way.Evidence, naming)
			break
		}
	}
	if missing := rule.Needs() &^ c.Available(); missing != 0 {
		errs.add("passage.policy", "found %s, but this terminal cannot produce %v; it can produce %v (finger needs finger.sensor, remote needs remote.authority)", quote(rule.String()), missing, c.Available())
	}
}

func (c *Config) checkDoor(errs *Errors) {
	d := &c.Door
	if d.Kind != "gpio" {
		return
	}
	if d.RelayLine < 0 {
		errs.add("door.relay_line", "found %d, but a door of the kind \"gpio\" needs a relay: allowed is 0 to 1023", d.RelayLine)
	}
	seen := map[int]string{}
	for _, l := range []struct {
		key  string
		line int
	}{{"door.relay_line", d.RelayLine}, {"door.contact_line", d.ContactLine}, {"door.exit_line", d.ExitLine}, {"door.tamper_line", d.TamperLine}, {"door.interlock_line", d.InterlockLine}, {"door.lamp_line", d.LampLine}, {"door.buzzer_line", d.BuzzerLine}} {
		if other := seen[l.line]; other != "" && l.line >= 0 {
			errs.add(l.key, "found %d, which is also %s: each needs a line of its own", l.line, other)
		}
		seen[l.line] = l.key
	}
}

func (c *Config) checkFleet(errs *Errors) {
	f := &c.Fleet
	secure, loopback := false, true
	switch {
	case f.Broker != "":
		u, err := url.Parse(f.Broker)
		if err != nil || u.Hostname() == "" || u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" ||
			u.Scheme != "tcp" && u.Scheme != "mqtt" && u.Scheme != "tls" && u.Scheme != "mqtts" {
			errs.add("fleet.broker", "found %s, allowed is \"tcp://host:1883\" or, encrypted, \"tls://host:8883\" (user and password have keys of their own)", quote(f.Broker))
			return
		}
		secure = u.Scheme == "tls" || u.Scheme == "mqtts"
		ip := net.ParseIP(u.Hostname())
		loopback = u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	case f.Enabled:
		errs.add("fleet.broker", "found nothing, but fleet.enabled is true: allowed is \"tcp://host:1883\" or \"tls://host:8883\"")
	}
	for _, t := range []struct{ key, file string }{{"fleet.ca", f.CA}, {"fleet.certificate", f.Certificate}, {"fleet.certificate_key", f.CertificateKey}, {"fleet.server_name", f.ServerName}} {
		if t.file != "" && !secure {
			errs.add(t.key, "found %s, but fleet.broker %s is not encrypted: allowed is nothing, or a broker of the form \"tls://host:8883\"", quote(t.file), quote(f.Broker))
		}
	}
	if (f.Certificate == "") != (f.CertificateKey == "") {
		errs.add("fleet.certificate", "found fleet.certificate %s and fleet.certificate_key %s: allowed are both or neither", quote(f.Certificate), quote(f.CertificateKey))
	}
	if f.PasswordFile != "" && f.Username == "" {
		errs.add("fleet.password_file", "found %s without fleet.username", quote(f.PasswordFile))
	}
	if f.Username != "" && !secure && !loopback {
		errs.add("fleet.username", "found %s, but fleet.broker %s would get name and password in clear: allowed with \"tls://host:8883\" only", quote(f.Username), quote(f.Broker))
	}
	f.checkKeys(errs)
}

func (f *Fleet) checkKeys(errs *Errors) {
	names, owners := map[string]bool{}, map[string]string{}
	for i, k := range f.Keys {
		key := fmt.Sprintf("fleet.keys[%d]", i)
		if k.Name != "" && !isName(k.Name) {
			errs.add(key+".name", "found %s, allowed are A-Z a-z 0-9 . _ - and no dot at the beginning", quote(k.Name))
		}
		if names[k.Name] {
			errs.add(key+".name", "found %s, which another key has already", quote(k.Name))
		}
		names[k.Name] = true
		if public, err := base64.StdEncoding.DecodeString(k.Public); len(k.Public) == 44 && (err != nil || len(public) != 32) {
			errs.add(key+".public", "found %s, allowed is an Ed25519 public key: 32 bytes in base64", quote(k.Public))
		}
		if owner, ok := owners[k.Public]; ok && k.Public != "" {
			errs.add(key+".public", "found the key of %s again: each person and program needs its own", quote(owner))
		}
		owners[k.Public] = k.Name
	}
}

// checkLoopback refuses addresses that other machines can reach.
func checkLoopback(errs *Errors, key, address, reason string) {
	host, port, err := net.SplitHostPort(address)
	n, portErr := strconv.Atoi(port)
	if err != nil || portErr != nil || n < 0 || n > 65535 {
		errs.add(key, "found %s, allowed is host:port, such as \"127.0.0.1:8600\"", quote(address))
		return
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		errs.add(key, "found the host %s, allowed are 127.0.0.1 and ::1 (%s)", quote(host), reason)
	}
}

func isName(s string) bool {
	for i := range len(s) {
		switch b := s[i]; {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '_', b == '-', b == '.' && i > 0:
		default:
			return false
		}
	}
	return s != ""
}
