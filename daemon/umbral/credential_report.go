package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"umbral/pipeline/credential"
)

// credentialReport is what show and verify print as JSON.
type credentialReport struct {
	Step      string               `json:"step"`
	Meaning   string               `json:"meaning"`
	Why       string               `json:"why,omitempty"`
	Profile   string               `json:"profile,omitempty"`
	Trusted   bool                 `json:"trusted"`
	Issuer    string               `json:"issuer,omitempty"`
	Subject   string               `json:"subject,omitempty"`
	Algorithm string               `json:"algorithm,omitempty"`
	Encrypted bool                 `json:"encrypted"`
	NotBefore *time.Time           `json:"notBefore,omitempty"`
	Expires   *time.Time           `json:"expires,omitempty"`
	IssuedAt  *time.Time           `json:"issuedAt,omitempty"`
	Bound     bool                 `json:"bound"`
	Audience  string               `json:"audience,omitempty"`
	Presented *time.Time           `json:"presented,omitempty"`
	ReplayKey string               `json:"replayKey,omitempty"`
	Identity  *credential.Identity `json:"identity,omitempty"`
}

func newCredentialReport(c *credential.Credential, step credential.Step, why string) credentialReport {
	r := credentialReport{Step: step.String(), Meaning: step.Words(), Why: why}
	if c == nil {
		return r
	}
	instant := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	r.Profile = c.Profile.String()
	r.Trusted, r.Issuer, r.Subject, r.Encrypted, r.Bound = c.Trusted, c.Issuer, c.Subject, c.Encrypted, c.Holder != nil
	r.NotBefore, r.Expires, r.IssuedAt, r.Identity = instant(c.NotBefore), instant(c.Expires), instant(c.IssuedAt), &c.Identity
	if c.Key != nil {
		r.Algorithm = c.Key.Algorithm()
	}
	if c.Presented != nil {
		r.Audience, r.Presented, r.ReplayKey = c.Presented.Audience, instant(c.Presented.At), hex.EncodeToString(c.Replay.Key[:])
	}
	return r
}

func printCredential(w io.Writer, c *credential.Credential, step credential.Step, why string) {
	if c != nil {
		printFields(w, c)
		fmt.Fprintln(w)
	}
	for _, s := range credential.Steps()[1:] {
		switch {
		case step == credential.Passed && s == credential.Replayed, step != credential.Passed && s > step:
			fmt.Fprintf(w, "  ·  %s\n", s.Checks()) // not checked; only a terminal knows what it saw before
		case s == step:
			fmt.Fprintf(w, "  ✗  %s: %s\n", s.Checks(), printable(why))
		case skipped(c, s):
			fmt.Fprintf(w, "  –  %s: does not apply\n", s.Checks())
		default:
			fmt.Fprintf(w, "  ✓  %s\n", s.Checks())
		}
	}
	if step == credential.Passed {
		fmt.Fprintln(w, "Everything that can be checked without a terminal's memory is in order.")
	} else {
		fmt.Fprintf(w, "Refused as %s: %s.\n", step, step.Words())
	}
}

// skipped says whether the step has nothing to check in such a credential.
func skipped(c *credential.Credential, s credential.Step) bool {
	switch s {
	case credential.WrongContext, credential.WrongKeyUsage:
		return c != nil && c.Profile != credential.HCERT
	case credential.NotDecrypted:
		return c != nil && !c.Encrypted
	case credential.NoPresentation, credential.BadHolderSignature, credential.WrongAudience, credential.Stale:
		return c != nil && c.Holder == nil
	}
	return false
}

func printFields(w io.Writer, c *credential.Credential) {
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%-18s %s\n", name, printable(strings.ReplaceAll(value, "\n", ", ")))
		}
	}
	instant := func(name string, t time.Time) {
		if !t.IsZero() {
			field(name, t.Local().Format(time.DateTime))
		}
	}
	trust := "  (not proven)"
	if c.Trusted {
		trust = "  (trusted)"
	}
	field("profile", c.Profile.String())
	field("issuer", c.Issuer+trust)
	field("", c.IssuerName)
	if c.Key != nil {
		field("signed with", c.Key.Algorithm()+", key "+c.KeyID())
	}
	if c.Encrypted {
		field("encrypted", "yes")
	}
	field("subject", c.Subject)
	instant("issued", c.IssuedAt)
	instant("valid from", c.NotBefore)
	instant("valid until", c.Expires)
	if c.Holder != nil {
		field("holder's key", fmt.Sprintf("%s, thumbprint %x…", c.Holder.Algorithm(), c.Holder.Thumbprint()[:8]))
	}
	if c.Presented != nil {
		instant("presented", c.Presented.At)
		field("presented to", c.Presented.Audience)
		field("replay key", fmt.Sprintf("%x, to remember until %s", c.Replay.Key[:8], c.Replay.Until.Local().Format(time.TimeOnly)))
	}
	id := &c.Identity
	for _, f := range []struct{ name, value string }{
		{"id", id.ID}, {"version", id.Version}, {"language", id.Language}, {"full name", id.FullName}, {"first name", id.FirstName},
		{"middle name", id.MiddleName}, {"last name", id.LastName}, {"date of birth", id.DateOfBirth}, {"gender", id.Gender.String()},
		{"address", id.Address}, {"email", id.Email}, {"phone", id.Phone}, {"nationality", id.Nationality}, {"marital status", maritalStatus(id.MaritalStatus)},
		{"guardian", id.Guardian}, {"second full name", id.SecondaryFullName}, {"second language", id.SecondaryLanguage},
		{"location", id.LocationCode}, {"legal status", id.LegalStatus}, {"issued in", id.CountryOfIssuance},
	} {
		field(f.name, f.value)
	}
	if len(id.BestQualityFingers) > 0 {
		field("best fingers", strings.Trim(fmt.Sprint(id.BestQualityFingers), "[]"))
	}
	if format, data := id.Photo(); data != nil {
		text := fmt.Sprintf("%s, %d bytes", format, len(data))
		if img, err := c.DecodePhoto(); err != nil {
			text += fmt.Sprintf("; %v", err)
		} else {
			text += fmt.Sprintf(", %d×%d pixels", img.Width, img.Height)
		}
		field("photograph", text)
	}
	var parts []credential.Part
	for p := range id.Biometrics {
		parts = append(parts, p)
	}
	slices.Sort(parts)
	for _, p := range parts {
		for _, b := range id.Biometrics[p] {
			text := fmt.Sprintf("%v, %d bytes", b, len(b.Data))
			if b.Issuer != "" {
				text += " by " + b.Issuer
			}
			field(p.String(), text)
		}
	}
	if len(id.Unknown) > 0 {
		field("unknown fields", strings.Trim(fmt.Sprint(id.Unknown), "[]"))
	}
}

func maritalStatus(n int) string {
	return map[int]string{1: "unmarried", 2: "married", 3: "divorced"}[n]
}
