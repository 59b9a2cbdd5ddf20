package terminal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"umbral/config"
	"umbral/config/policy"
	"umbral/daemon/passage"
	"umbral/daemon/store"
	"umbral/pipeline/credential"
	"umbral/pipeline/credential/symbol"
	"umbral/pipeline/document/idnumber"
	"umbral/pipeline/face"
	"umbral/pipeline/vision"
)

// codes read the electronic identities that people show, and tell the decision what came of them.
type codes struct {
	reader   *symbol.Reader
	luma     *vision.Grey
	verifier atomic.Pointer[credential.Verifier] // another one when the fleet trusts other issuers
	barCodes bool
	totp     *credential.TOTPGuard
	store    *store.Store
	people   *people
	claims   *claims
	lists    *lists
	face     func(*vision.Image) (face.Template, error) // of a portrait
	needFace bool
	reviewed bool // reviewers may see the portrait
	named    bool // a guardian who is named in the code and enrolled is enough
	now      func() time.Time
	observe  func(passage.Observation)

	settled passage.ID // a code was accepted or refused in this passage
}

// Hints for the screen.
const (
	hintNoIdentity = "no-identity-code"
	hintUnfresh    = "show-the-phones-code"
)

// verifierOpts reads what the configuration says of credentials, and the files that it names.
func verifierOpts(cfg *config.Config) (credential.VerifierOpts, error) {
	c := &cfg.Credential
	o := credential.DefaultVerifierOpts()
	o.MaxAge, o.Skew, o.RequireHolder = c.MaxAge, c.MaxSkew, c.HolderRequired
	o.Audience = []string{cfg.Terminal.ID}
	if cfg.Terminal.Site != "" && cfg.Terminal.Site != cfg.Terminal.ID {
		o.Audience = append(o.Audience, cfg.Terminal.Site)
	}
	o.SharedReplays = c.SiteAudience
	for i, n := range c.Issuers {
		data, err := os.ReadFile(n.Keys)
		if err != nil {
			return o, fmt.Errorf("terminal: credential.issuers[%d].keys: %w", i, err)
		}
		issuer, err := credential.ParseIssuer(data, n.ID, n.Name)
		if err != nil {
			return o, fmt.Errorf("terminal: credential.issuers[%d].keys: %s: %w", i, n.Keys, err)
		}
		o.Issuers = append(o.Issuers, issuer)
	}
	if c.HCERTTrust != "" {
		data, err := os.ReadFile(c.HCERTTrust)
		if err != nil {
			return o, fmt.Errorf("terminal: credential.hcert_trust: %w", err)
		}
		signers, err := credential.ParseHCERTTrust(data)
		if err != nil {
			return o, fmt.Errorf("terminal: credential.hcert_trust: %s: %w", c.HCERTTrust, err)
		}
		o.Issuers = append(o.Issuers, signers...)
	}
	if c.DecryptionKey != "" {
		data, err := os.ReadFile(c.DecryptionKey)
		if err != nil {
			return o, fmt.Errorf("terminal: credential.decryption_key: %w", err)
		}
		key, err := credential.ParseSymmetricKey(data)
		if err != nil {
			return o, fmt.Errorf("terminal: credential.decryption_key: %s: %w", c.DecryptionKey, err)
		}
		o.DecryptionKeys = []credential.SymmetricKey{key}
	}
	return o, nil
}

// trusting makes the verifier anew: with the configured issuers, and those of the fleet's list. Where both name one, the
// configuration counts.
func (c *codes) trusting(o credential.VerifierOpts, listed []credential.Issuer) error {
	configured := len(o.Issuers)
	o.Issuers = slices.Clone(o.Issuers)
	for _, n := range listed {
		if !slices.ContainsFunc(o.Issuers[:configured], func(own credential.Issuer) bool { return own.ID == n.ID }) {
			o.Issuers = append(o.Issuers, n)
		}
	}
	v, err := credential.NewVerifier(o)
	if err != nil {
		return err
	}
	c.verifier.Store(v)
	return nil
}

// read looks for codes in a frame of a passage. It returns a hint for the screen.
func (c *codes) read(id passage.ID, img *vision.Image) (hint string, err error) {
	if c.settled == id {
		return "", nil
	}
	vision.Luma(c.luma, img)
	found, err := c.reader.Read(c.luma.Pix, c.luma.Width, c.luma.Height, c.luma.Stride)
	if err != nil {
		return "", err
	}
	for i := range found {
		var e passage.Evidence
		if found[i].Format == symbol.Code128 {
			if !c.barCodes {
				continue
			}
			e = c.barCode(id, found[i].Text)
		} else {
			e, hint = c.credential(id, found[i].Text)
		}
		if e.Outcome == 0 {
			continue
		}
		e.Kind, e.Passage = policy.Credential, id
		c.settled = id
		c.observe(passage.Observation{Kind: passage.ObserveEvidence, Evidence: e})
		return "", nil
	}
	return hint, nil
}

// credential judges a QR code. What is no identity at all, such as an advertisement, is a hint and no evidence.
func (c *codes) credential(id passage.ID, text string) (e passage.Evidence, hint string) {
	cred, err := c.verifier.Load().Verify(text, c.now())
	var refusal *credential.Refusal
	if errors.As(err, &refusal) {
		switch {
		case refusal.Step <= credential.NotCOSE && !strings.HasPrefix(text, credential.PresentationPrefix):
			return e, hintNoIdentity
		case refusal.Step == credential.NoPresentation:
			return e, hintUnfresh
		}
		return refusedFor(stepReason(refusal.Step)), ""
	}
	if err != nil {
		return refusedFor(passage.ReasonCredentialInvalid), ""
	}
	if c.lists.revokedCredential(cred) {
		return refusedFor(passage.ReasonRevoked), ""
	}
	if cred.Replay.Key != [32]byte{} {
		if err := c.store.UseCode(cred.Replay.Key, cred.Replay.Until); err != nil {
			return refusedFor(replayReason(err)), ""
		}
	}
	return c.accept(id, cred), ""
}

// accept makes the claim of an accepted credential.
func (c *codes) accept(id passage.ID, cred *credential.Credential) passage.Evidence {
	d := claim{passage: id, subject: c.subjectOf(cred), number: cred.Person(), issuer: cred.Issuer, name: cred.Identity.FullName}
	d.standing = c.standing(cred, d.subject)
	e := passage.Evidence{Outcome: passage.Accepted, Score: passage.One, Subject: d.subject}
	portrait, err := cred.DecodePhoto()
	if err == nil {
		if d.references[0], err = c.face(portrait); err == nil {
			d.count, e.Reference = 1, true
		}
		if c.reviewed {
			d.portrait = jpegWithin(portrait, portrait.Bounds(), maxReference)
		}
	}
	if err != nil && c.needFace && !c.people.gallery.Has(d.subject) {
		return refusedFor(passage.ReasonCredentialNoPortrait)
	}
	c.claims.add(d)
	return e
}

// standing is what the credential says about who may pass.
func (c *codes) standing(cred *credential.Credential, subject string) passage.Standing {
	s := passage.Standing{Person: subject}
	setBorn(&s, cred.Identity.DateOfBirth)
	if !cred.Expires.IsZero() {
		s.Until = cred.Expires.UnixMilli()
	}
	if g := cred.Identity.Guardian; g != "" {
		if _, err := c.store.Person(g); err == nil && len(g) <= passage.MaxName {
			s.Guardians[0] = g
			if c.named {
				s.Marks = s.Marks.With(passage.GuardianNamed)
			}
		}
	}
	return s
}

// subjectOf names whom a credential belongs to: an enrolled person of that id, or a pseudonym that says nothing.
func (c *codes) subjectOf(cred *credential.Credential) string {
	person := cred.Person()
	if _, err := c.store.Person(person); err == nil {
		return person
	}
	return c.people.pseudonym(cred.Issuer, person)
}

// pseudonym stands for somebody who is not enrolled. A citizen number gives the same one whoever says it, so that a code
// and a card of one person agree.
func (p *people) pseudonym(issuer, number string) string {
	mac := hmac.New(sha256.New, p.alias)
	if idnumber.WellFormed(number) {
		issuer = ""
	}
	fmt.Fprintf(mac, "document %d %s%s", len(issuer), issuer, strings.ToUpper(number))
	return "doc-" + hex.EncodeToString(mac.Sum(nil)[:12])
}

// barCode judges a person's number with its one-time number.
func (c *codes) barCode(id passage.ID, text string) (e passage.Evidence) {
	code, err := credential.ParseBarcode(text)
	if err != nil {
		return e // some other bar code
	}
	f, err := c.store.File(code.Number)
	if err != nil || len(f.Secret) == 0 {
		return e // nobody's: a parcel's label has as many digits
	}
	passcode, err := c.totp.Check(code, f.Secret, c.now(), 0)
	if err != nil {
		return refusedFor(passage.ReasonOneTimeCode)
	}
	if err := c.store.UseCode(passcode.Replay.Key, passcode.Replay.Until); err != nil {
		return refusedFor(replayReason(err))
	}
	return passage.Evidence{Outcome: passage.Accepted, Score: passage.One, Subject: code.Number}
}

func refusedFor(r passage.Reason) passage.Evidence {
	return passage.Evidence{Outcome: passage.Refused, Detail: string(r)}
}

// replayReason says why a code does not count: it was shown before, the clock is wrong, or the use could not be recorded.
func replayReason(err error) passage.Reason {
	switch {
	case errors.Is(err, store.ErrReplayed):
		return passage.ReasonCredentialReplayed
	case errors.Is(err, store.ErrClock):
		return passage.ReasonClockUntrusted
	}
	return passage.ReasonJournal
}

// stepReason puts a refusal into the decision's words.
func stepReason(s credential.Step) passage.Reason {
	switch s {
	case credential.UnknownIssuer:
		return passage.ReasonCredentialUntrusted
	case credential.NotYetValid:
		return passage.ReasonCredentialEarly
	case credential.Expired:
		return passage.ReasonCredentialExpired
	case credential.NoPresentation:
		return passage.ReasonCredentialUnbound
	case credential.Stale:
		return passage.ReasonCredentialStale
	case credential.WrongAudience:
		return passage.ReasonCredentialElsewhere
	case credential.Replayed:
		return passage.ReasonCredentialReplayed
	}
	return passage.ReasonCredentialInvalid
}
