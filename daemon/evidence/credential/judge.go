package credential

import (
	"errors"
	"strings"

	"umbral/daemon/evidence"
	"umbral/daemon/passage"
	"umbral/pipeline/credential"
	"umbral/pipeline/document/idnumber"
	"umbral/pipeline/face"
)

// code judges a QR code. What is no identity at all, such as an advertisement, is a hint and no evidence.
func (s *Source) code(id passage.ID, text string) passage.Evidence {
	cred, err := s.o.Issuers.verifier.Load().Verify(text, s.o.Now())
	var refusal *credential.Refusal
	if errors.As(err, &refusal) {
		switch {
		case refusal.Step <= credential.NotCOSE && !strings.HasPrefix(text, credential.PresentationPrefix):
			s.Say(HintNoIdentity)
			return passage.Evidence{}
		case refusal.Step == credential.NoPresentation:
			s.Say(HintUnfresh)
			return passage.Evidence{}
		}
		return evidence.Refused(stepReason(refusal.Step))
	}
	if err != nil {
		return evidence.Refused(passage.ReasonCredentialInvalid)
	}
	if s.o.Revoked(cred) {
		return evidence.Refused(passage.ReasonRevoked)
	}
	if cred.Replay.Key != [32]byte{} {
		if e, first := s.once(cred.Replay); !first {
			return e
		}
	}
	return s.accept(id, cred)
}

// once makes a code count once, and returns why it does not count now.
func (s *Source) once(r credential.Replay) (e passage.Evidence, first bool) {
	fresh, err := s.o.Use(r.Key, r.Until)
	switch {
	case err != nil && s.o.Untimely(err):
		return evidence.Refused(passage.ReasonClockUntrusted), false
	case err != nil: // nobody could remember that it was shown now
		return evidence.Refused(passage.ReasonJournal), false
	case !fresh:
		return evidence.Refused(passage.ReasonCredentialReplayed), false
	}
	return e, true
}

// accept makes the claim of an accepted credential.
func (s *Source) accept(id passage.ID, cred *credential.Credential) passage.Evidence {
	c := evidence.Claim{
		Passage: id, Subject: s.subject(cred), Number: idnumber.Canonical(cred.Person()), Issuer: cred.Issuer, Name: cred.Identity.FullName,
	}
	c.Standing = s.standing(cred, c.Subject)
	e := passage.Evidence{Outcome: passage.Accepted, Score: passage.One, Subject: c.Subject}
	portrait, err := cred.DecodePhoto()
	if err == nil {
		var t face.Template
		if t, err = s.o.Portrait(portrait); err == nil {
			c.References, e.Reference = []face.Template{t}, true
		}
		if s.o.Picture != nil {
			c.Portrait = s.o.Picture(portrait)
		}
	}
	if err != nil && s.o.NeedFace && !s.o.People.HasFace(c.Subject) {
		return evidence.Refused(passage.ReasonCredentialNoPortrait)
	}
	s.o.Claims.Add(c)
	return e
}

// standing returns what the credential says about who may pass.
func (s *Source) standing(cred *credential.Credential, subject string) passage.Standing {
	st := passage.Standing{Person: subject}
	evidence.SetBorn(&st, cred.Identity.DateOfBirth)
	if !cred.Expires.IsZero() {
		st.Until = cred.Expires.UnixMilli()
	}
	if g := cred.Identity.Guardian; g != "" && len(g) <= passage.MaxName && s.o.People.Enrolled(g) {
		st.Guardians[0] = g
		if s.o.NamedGuardian {
			st.Marks = st.Marks.With(passage.GuardianNamed)
		}
	}
	return st
}

// subject returns whom a credential belongs to: somebody enrolled, where the issuer's subjects are this terminal's people
// or the subject is a citizen number, which means the same whoever says it; else a pseudonym that says nothing.
func (s *Source) subject(cred *credential.Credential) string {
	person := idnumber.Canonical(cred.Person())
	if (idnumber.WellFormed(person) || s.o.Bound(cred.Issuer)) && s.o.People.Enrolled(person) {
		return person
	}
	return s.o.People.Pseudonym(cred.Issuer, person)
}

// barCode judges a person's number with its one-time number. Any other bar code is no evidence: a parcel's label has as
// many digits.
func (s *Source) barCode(text string) passage.Evidence {
	code, err := credential.ParseBarcode(text)
	if err != nil {
		return passage.Evidence{}
	}
	secret := s.o.Secret(code.Number)
	if len(secret) == 0 {
		return passage.Evidence{}
	}
	used, err := s.totp.Check(code, secret, s.o.Now(), 0)
	if err != nil {
		return evidence.Refused(passage.ReasonOneTimeCode)
	}
	if e, first := s.once(used.Replay); !first {
		return e
	}
	return passage.Evidence{Outcome: passage.Accepted, Score: passage.One, Subject: code.Number}
}

// stepReason returns the decision's reason for a refusal.
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
