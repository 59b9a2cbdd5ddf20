package credential

import (
	"errors"
	"fmt"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// HCERTPrefix is the context that begins the text of an HCERT ("Electronic Health Certificate Specification" 1.0.5,
// section 4.1; version 1).
const HCERTPrefix = "HC1:"

// claimHealth holds the EU's certificate as its member 1.
const claimHealth = -260

// maxCertificateID is longer than any UVCI; trust lists revoke subjects of that length at most.
const maxCertificateID = 255

// healthCertificate has the members of "EU Digital COVID Certificate JSON Schema" 1.3 that say who it is about. What it
// says of a person's health is not read.
type healthCertificate struct {
	Version string `cbor:"ver"`
	Name    *struct {
		Surname              string `cbor:"fn"`
		StandardisedSurname  string `cbor:"fnt"`
		Forename             string `cbor:"gn"`
		StandardisedForename string `cbor:"gnt"`
	} `cbor:"nam"`
	BirthDate *string       `cbor:"dob"`
	Tests     []healthEntry `cbor:"t"`
	Vaccines  []healthEntry `cbor:"v"`
	Recovery  []healthEntry `cbor:"r"`
}

// healthEntry is a test, a vaccination or a recovery.
type healthEntry struct {
	Country string `cbor:"co"` // ISO 3166-1 alpha-2
	ID      string `cbor:"ci"` // UVCI
}

// health is the content of an HCERT, as far as it is read.
type health struct {
	identity Identity
	use      HCERTUse // what kind of certificate it is
	entry    healthEntry
}

// parseHealth reads the claim -260. A certificate that is about nobody, or of no or several kinds, is malformed.
func parseHealth(dec cbor.DecMode, data []byte) (*health, error) {
	var claim struct {
		Certificate cbor.RawMessage `cbor:"1,keyasint"`
	}
	if err := dec.Unmarshal(data, &claim); err != nil {
		return nil, fmt.Errorf("hcert: %w", err)
	}
	if len(claim.Certificate) == 0 {
		return nil, errors.New("hcert: no certificate of the EU in it")
	}
	var c healthCertificate
	if err := dec.Unmarshal(claim.Certificate, &c); err != nil {
		return nil, fmt.Errorf("hcert: %w", err)
	}
	h := &health{}
	if err := h.name(&c); err != nil {
		return nil, err
	}
	return h, h.about(&c)
}

// name copies the name and the date of birth. The schema requires both; the date may be empty or partial.
func (h *health) name(c *healthCertificate) error {
	if c.Name == nil {
		return errors.New("hcert: no name")
	}
	id := &h.identity
	id.LastName, id.FirstName = c.Name.Surname, c.Name.Forename
	if id.LastName == "" {
		id.LastName = spaced(c.Name.StandardisedSurname)
	}
	if id.FirstName == "" {
		id.FirstName = spaced(c.Name.StandardisedForename)
	}
	id.FullName = strings.TrimSpace(id.FirstName + " " + id.LastName)
	switch {
	case id.FullName == "":
		return errors.New("hcert: an empty name")
	case len(id.FullName) > maxClaimText:
		return fmt.Errorf("hcert: name of %d bytes, limit %d", len(id.FullName), maxClaimText)
	case c.Version == "":
		return errors.New("hcert: no version of the schema")
	case c.BirthDate == nil:
		return errors.New("hcert: no date of birth")
	}
	id.Version, id.DateOfBirth = c.Version, *c.BirthDate
	return nil
}

// spaced turns a name of a machine readable zone (ICAO 9303) into one for people.
func spaced(name string) string { return strings.TrimSpace(strings.ReplaceAll(name, "<", " ")) }

// about copies the only entry.
func (h *health) about(c *healthCertificate) error {
	entries := 0
	for use, group := range map[HCERTUse][]healthEntry{HCERTTest: c.Tests, HCERTVaccination: c.Vaccines,
		HCERTRecovery: c.Recovery} {
		if entries += len(group); len(group) > 0 {
			h.use, h.entry = use, group[0]
		}
	}
	switch n := len(h.entry.ID); {
	case entries != 1:
		return fmt.Errorf("hcert: %d tests, vaccinations and recoveries, wanted one", entries)
	case n == 0 || n > maxCertificateID:
		return fmt.Errorf("hcert: certificate id of %d bytes, wanted 1 to %d", n, maxCertificateID)
	}
	h.identity.CountryOfIssuance = h.entry.Country
	return nil
}
