package credential

import (
	"errors"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Credential is the content of a code. It is proven only if Verify returned no error.
type Credential struct {
	Profile    Profile
	Issuer     string // claim iss
	IssuerName string // as configured; empty for an unknown issuer
	Key        *Key   // the issuer's key that signed; nil until the signature was checked
	Subject    string // claim sub, may be empty; the certificate's id (UVCI) for HCERT
	TokenID    []byte // claim cti, may be nil; the certificate's id for HCERT

	NotBefore, Expires, IssuedAt time.Time // zero where the issuer says nothing

	Identity Identity

	// Trusted reports whether a configured issuer signed the credential, whatever else is wrong with it.
	Trusted bool
	// Encrypted reports whether it was encrypted to this site.
	Encrypted bool
	// Holder is the key that the credential is bound to; nil for one that anybody may carry, such as on paper.
	Holder *Key
	// Presented is the holder's fresh signature; nil without one.
	Presented *Presented
	// Replay is what the caller remembers so that the same presentation is not taken twice; its Key is all zero where
	// there is nothing to remember.
	Replay Replay

	limits Limits
}

// fill copies the claims into c.
func (c *Credential) fill(dec cbor.DecMode, claims *claims) (err error) {
	c.Issuer, c.Subject, c.TokenID = claims.issuer, claims.subject, claims.tokenID
	c.NotBefore, c.Expires, c.IssuedAt = claims.notBefore, claims.expires, claims.issuedAt
	if c.Profile == HCERT {
		err = c.fillHealth(dec, claims)
	} else {
		err = c.fillIdentity(dec, claims)
	}
	if err == nil && len(claims.holder) > 0 {
		c.Holder, err = holderKey(dec, claims.holder)
	}
	return err
}

func (c *Credential) fillIdentity(dec cbor.DecMode, claims *claims) error {
	if len(claims.identity) == 0 {
		return errors.New("cwt: claim 169 is missing (a token for something else?)")
	}
	id, err := parseIdentity(dec, claims.identity)
	if err != nil {
		return err
	}
	c.Identity = *id
	return nil
}

// fillHealth copies an HCERT into c. Its holder has no number of their own: the certificate's id stands for them, so
// that nobody is taken for somebody else of that name and birthday.
func (c *Credential) fillHealth(dec cbor.DecMode, claims *claims) error {
	if len(claims.health) == 0 {
		return errors.New("cwt: claim -260 is missing (a token for something else?)")
	}
	h, err := parseHealth(dec, claims.health)
	if err != nil {
		return err
	}
	c.Identity, c.Subject, c.TokenID, claims.use = h.identity, h.entry.ID, []byte(h.entry.ID), h.use
	if c.Issuer == "" { // it is optional; the entry has the country too
		c.Issuer = h.entry.Country
	}
	return nil
}

// KeyID returns the id of the key that signed, as key files of the profile write it.
func (c *Credential) KeyID() string { return c.Profile.keyIDText(c.Key.ID) }

// Identifier names the holder of a credential. Issuers may give one subject to different people, so that neither part
// names anybody alone.
type Identifier struct{ Issuer, Subject string }

// Identifier returns the holder's name: the issuer, and what Person returns.
func (c *Credential) Identifier() Identifier { return Identifier{c.Issuer, c.Person()} }

// Person returns the issuer's name for the holder: the subject, else the identity's id. It names a person only together
// with the issuer; see Identifier.
func (c *Credential) Person() string {
	if c.Subject != "" {
		return c.Subject
	}
	return c.Identity.ID
}
