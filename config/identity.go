package config

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"umbral/config/policy"
)

// Credential is the electronic identity: codes that a person shows.
type Credential struct {
	MaxAge         time.Duration `toml:"max_age" range:"1s..10m"`
	MaxSkew        time.Duration `toml:"max_skew" range:"0s..5m"`
	Trust          policy.Trust  `toml:"trust" oneof:"unknown|rtc|broker|ntp"`
	HolderRequired bool          `toml:"holder_required"`
	SiteAudience   bool          `toml:"site_audience"`
	BarCodes       bool          `toml:"bar_codes"`
	ListKey        string        `toml:"list_key" length:"0..44"`
	DecryptionKey  string        `toml:"decryption_key" length:"0..4096" path:"file"`
	HCERTTrust     string        `toml:"hcert_trust" length:"0..4096" path:"file"`
	Issuers        []Issuer      `toml:"issuers" length:"0..64"`
}

// Issuer is somebody whose signature makes a credential trusted.
type Issuer struct {
	ID   string `toml:"id" length:"1..256"`
	Name string `toml:"name" length:"0..64"`
	Keys string `toml:"keys" length:"1..4096" path:"file"`
	// Enrolled says that the issuer's subjects are the ids under which people are enrolled here.
	Enrolled bool `toml:"enrolled"`
}

// Card is the printed identity card.
type Card struct {
	Sides         string        `toml:"sides" oneof:"front|both"`
	MinConfidence float64       `toml:"min_confidence" range:"0.5..0.999"`
	Readings      int           `toml:"readings" unit:"readings" range:"1..10"`
	Timeout       time.Duration `toml:"timeout" range:"2s..2m"`
	Regions       string        `toml:"regions" length:"0..4096" path:"file"`
	RareFont      string        `toml:"rare_font" length:"0..4096" path:"file"`
}

// Speech is the challenge to read digits aloud, or to move as prompted.
type Speech struct {
	Kind     string `toml:"kind" oneof:"digits|movements"`
	Prompts  int    `toml:"prompts" range:"3..12"`
	Attempts int    `toml:"attempts" range:"1..5"`
}

// Finger is the fingerprint sensor.
type Finger struct {
	Sensor       string  `toml:"sensor" oneof:"none|r503|fpc1011"`
	Device       string  `toml:"device" length:"0..256"`
	Baud         int     `toml:"baud" unit:"baud" range:"9600..115200"`
	Password     string  `toml:"password" length:"0..8"`
	Address      string  `toml:"address" length:"0..8"`
	Width        int     `toml:"width" unit:"pixels" range:"0..512"`
	Height       int     `toml:"height" unit:"pixels" range:"0..512"`
	Inverted     bool    `toml:"inverted"`
	FMR          float64 `toml:"fmr" range:"1e-4..1e-2"`
	Presses      int     `toml:"presses" range:"1..5"`
	LeastQuality int     `toml:"least_quality" range:"0..100"`
	Gallery      int     `toml:"gallery" unit:"views" range:"16..2000"`
}

// Eligibility says who of those who are recognised may pass.
type Eligibility struct {
	Enabled         bool          `toml:"enabled"`
	MinAge          int           `toml:"min_age" unit:"years" range:"0..120"`
	AgeRequired     bool          `toml:"age_required"`
	Guardian        string        `toml:"guardian" oneof:"present|named"`
	GuardianTimeout time.Duration `toml:"guardian_timeout" range:"1s..1m"`
	Trust           policy.Trust  `toml:"trust" oneof:"unknown|rtc|broker|ntp"`
	Checklist       []string      `toml:"checklist" length:"0..32"`
	RevocationMax   time.Duration `toml:"revocation_max_age" range:"0s..8760h"`
	Schedules       []Schedule    `toml:"schedules" length:"0..32"`
}

// Schedule is a named part of the week.
type Schedule struct {
	Name  string   `toml:"name" length:"1..48"`
	Days  []string `toml:"days" oneof:"sun|mon|tue|wed|thu|fri|sat" length:"1..7"`
	From  string   `toml:"from" length:"5..5"`
	Until string   `toml:"until" length:"5..5"`
}

// Issue is the issuing of credentials to people who have passed with their card.
type Issue struct {
	Key    string        `toml:"key" length:"0..4096" path:"file"`
	Valid  time.Duration `toml:"valid" range:"1m..87600h"`
	Wallet string        `toml:"wallet" length:"0..256"`
}

// Remote is the comparison with the authority's pictures.
type Remote struct {
	Authority string        `toml:"authority" length:"0..64"`
	Public    string        `toml:"public" length:"0..44"`
	Timeout   time.Duration `toml:"timeout" range:"1s..1m"`
	Send      string        `toml:"send" oneof:"nothing|template|picture"`
	SealTo    string        `toml:"seal_to" length:"0..44"`
}

// Review is the judgement of people on what the machine is unsure of.
type Review struct {
	Timeout   time.Duration `toml:"timeout" range:"0s..5m"`
	Leave     time.Duration `toml:"leave" range:"1s..1m"`
	Approvals int           `toml:"approvals" range:"1..2"`
	Failures  []string      `toml:"failures" oneof:"credential|card|speech|finger|remote" length:"0..5"`
	Pictures  bool          `toml:"pictures"`
	Readers   []string      `toml:"readers" length:"0..8"`
}

// Available is the evidence that the terminal can produce.
func (c *Config) Available() policy.Set {
	set := policy.Camera.With(policy.Credential).With(policy.Card).With(policy.Speech)
	if c.Finger.Sensor != "none" {
		set = set.With(policy.Finger)
	}
	if c.Remote.Authority != "" {
		set = set.With(policy.Remote)
	}
	return set
}

func (c *Config) checkIdentity(errs *Errors) {
	for i, n := range c.Credential.Issuers {
		for _, other := range c.Credential.Issuers[:i] {
			if n.ID == other.ID && n.ID != "" {
				errs.add(fmt.Sprintf("credential.issuers[%d].id", i), "found %s, which another issuer has already: put all its keys into one file", quote(n.ID))
			}
		}
	}
	c.checkFinger(errs)
	c.checkEligibility(errs)
	c.checkAuthorities(errs)
}

func (c *Config) checkFinger(errs *Errors) {
	f := &c.Finger
	switch spi := strings.HasPrefix(f.Device, "/dev/spidev"); {
	case f.Sensor == "fpc1011" && !spi:
		errs.add("finger.device", "found %s, but finger.sensor is \"fpc1011\": allowed is its SPI device, such as \"/dev/spidev0.0\"", quote(f.Device))
	case f.Sensor == "r503" && (f.Device == "" || spi):
		errs.add("finger.device", "found %s, but finger.sensor is \"r503\": allowed is its serial port, such as \"/dev/ttyS0\"", quote(f.Device))
	}
	if bauds := []int{9600, 19_200, 38_400, 57_600, 115_200}; !slices.Contains(bauds, f.Baud) {
		errs.add("finger.baud", "found %d, allowed is one of %s", f.Baud, strings.Trim(fmt.Sprint(bauds), "[]"))
	}
	if _, err := f.PasswordValue(); err != nil {
		errs.add("finger.password", "%v", err)
	}
	if _, err := f.AddressValue(); err != nil {
		errs.add("finger.address", "%v", err)
	}
	const least = 64 // pixels; less shows no finger
	if (f.Width != 0 || f.Height != 0) && (f.Width < least || f.Height < least || f.Width%2 == 1) {
		errs.add("finger.width", "found %d with finger.height = %d, allowed are an even width and a height from %d, such as 256 and 288, or 0 and 0 to ask the sensor",
			f.Width, f.Height, least)
	}
}

// PasswordValue returns the sensor's password as a number; 0, the factory's, where none is set.
func (f *Finger) PasswordValue() (uint32, error) { return hexadecimal(f.Password, 0) }

// AddressValue returns the sensor's address as a number; FFFFFFFF, the factory's, where none is set.
func (f *Finger) AddressValue() (uint32, error) { return hexadecimal(f.Address, 0xFFFFFFFF) }

// hexadecimal reads 8 digits; factory stands for an empty text.
func hexadecimal(text string, factory uint32) (uint32, error) {
	if text == "" {
		return factory, nil
	}
	n, err := strconv.ParseUint(text, 16, 32)
	if err != nil || len(text) != 8 {
		return 0, fmt.Errorf("found %s, allowed are 8 hexadecimal digits, such as \"%08X\"", quote(text), factory)
	}
	return uint32(n), nil
}

func (c *Config) checkEligibility(errs *Errors) {
	e := &c.Eligibility
	names := map[string]bool{}
	for i, s := range e.Schedules {
		key := fmt.Sprintf("eligibility.schedules[%d]", i)
		if names[s.Name] {
			errs.add(key+".name", "found %s, which another schedule has already: a schedule is one window of the same hours", quote(s.Name))
		}
		names[s.Name] = true
		if _, err := s.Window(); err != nil {
			errs.add(key+".from", "%v", err)
		}
	}
	if c.Credential.ListKey != "" {
		checkPublic(errs, "credential.list_key", c.Credential.ListKey)
	} else if e.RevocationMax > 0 {
		errs.add("eligibility.revocation_max_age", "found %v, but there is no credential.list_key: nothing could be trusted to be a list", e.RevocationMax)
	}
}

// Window is the schedule as the decision knows it.
func (s *Schedule) Window() (w policy.Window, err error) {
	days := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	for _, day := range s.Days {
		if i := indexOf(days, day); i >= 0 {
			w.Days |= 1 << i
		}
	}
	for _, t := range []struct {
		text string
		at   *uint16
	}{{s.From, &w.From}, {s.Until, &w.Until}} {
		var h, m uint16
		if n, err := fmt.Sscanf(t.text, "%02d:%02d", &h, &m); n != 2 || err != nil || len(t.text) != 5 || h > 24 || m > 59 || h == 24 && m > 0 {
			return w, fmt.Errorf("found %s, allowed is a time of day from 00:00 to 24:00", quote(t.text))
		}
		*t.at = h*60 + m
	}
	if !w.Check() {
		return w, fmt.Errorf("found from %s until %s on %d days: no time lies within", quote(s.From), quote(s.Until), len(s.Days))
	}
	return w, nil
}

func (c *Config) checkAuthorities(errs *Errors) {
	r, v := &c.Remote, &c.Review
	if r.Authority != "" {
		if !isName(r.Authority) {
			errs.add("remote.authority", "found %s, allowed are A-Z a-z 0-9 . _ - and no dot at the beginning (it becomes a part of MQTT topics)", quote(r.Authority))
		}
		if !c.Fleet.Enabled {
			errs.add("remote.authority", "found %s, but fleet.enabled is false: the authority is asked over MQTT", quote(r.Authority))
		}
		checkPublic(errs, "remote.public", r.Public)
	}
	if v.Timeout > 0 && !c.Fleet.Enabled {
		errs.add("review.timeout", "found %v, but fleet.enabled is false: reviewers are asked over MQTT", v.Timeout)
	}
	reviewers := 0
	for _, k := range c.Fleet.Keys {
		if slices.Contains(k.Commands, "review.answer") {
			reviewers++
		}
	}
	if v.Timeout > 0 && reviewers < v.Approvals {
		errs.add("review.approvals", "found %d, but %d fleet.keys may give the command \"review.answer\"", v.Approvals, reviewers)
	}
	if v.Pictures && len(v.Readers) == 0 {
		errs.add("review.readers", "found nothing, but review.pictures is true: pictures are sent encrypted only")
	}
	for i, key := range v.Readers {
		if public, err := base64.StdEncoding.DecodeString(key); err != nil || len(public) != 32 {
			errs.add(fmt.Sprintf("review.readers[%d]", i), "found %s, allowed is an X25519 public key: 32 bytes in base64", quote(key))
		}
	}
}

// checkPublic refuses what is no Ed25519 public key.
func checkPublic(errs *Errors, key, text string) {
	if public, err := base64.StdEncoding.DecodeString(text); err != nil || len(public) != 32 {
		errs.add(key, "found %s, allowed is an Ed25519 public key: 32 bytes in base64", quote(text))
	}
}
