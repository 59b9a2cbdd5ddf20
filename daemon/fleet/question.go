package fleet

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Question is what a terminal asks the authority about a passage.
type Question struct {
	Passage string  // id: 1 to 48 characters of A-Z a-z 0-9 . _ -
	Purpose Purpose // what is asked
	Claim   Claim   // encrypted to the authority
}

// Purpose is what a question asks.
type Purpose string

// The purposes.
const (
	PurposeVerify   Purpose = "verify"   // is this the person that the claim names?
	PurposeIdentify Purpose = "identify" // who is this?
)

// Claim is what the terminal knows of the person. It is never sent in clear; pictures and templates are sent only where the
// site allows it.
type Claim struct {
	Subject  string    `json:"subject,omitempty"`  // whom the person claims to be: a number as the authority knows it
	Issuer   string    `json:"issuer,omitempty"`   // of the credential that says so
	Picture  []byte    `json:"picture,omitempty"`  // JPEG of the face
	Template []float32 `json:"template,omitempty"` // of the face
	Model    string    `json:"model,omitempty"`    // hash of the model that made the template
}

// Limits of a question.
const (
	MaxSubject        = 128      // bytes, and of the issuer
	MaxClaimPicture   = 96 << 10 // bytes
	maxClaimTemplate  = 4096     // values
	maxClaimModel     = 64       // bytes
	MaxQuestionBytes  = 320 << 10
	MaxReplyBytes     = 8 << 10
	MaxQuestionLife   = 2 * time.Minute
	MaxQuestionsAsked = 16
)

// Check returns an error if q is outside of its limits.
func (q *Question) Check() error {
	c := &q.Claim
	switch {
	case !ValidLevel(q.Passage, MaxLevel):
		return fmt.Errorf("fleet: passage %q, allowed are 1 to %d of A-Z a-z 0-9 . _ -", Printable(q.Passage, 80), MaxLevel)
	case q.Purpose != PurposeVerify && q.Purpose != PurposeIdentify:
		return fmt.Errorf("fleet: purpose %q, allowed are %q and %q", Printable(string(q.Purpose), 40), PurposeVerify, PurposeIdentify)
	case q.Purpose == PurposeVerify && c.Subject == "":
		return errors.New("fleet: the authority is asked to verify somebody, but the claim names nobody")
	case len(c.Subject) > MaxSubject || len(c.Issuer) > MaxSubject || len(c.Model) > maxClaimModel:
		return fmt.Errorf("fleet: claim with a subject of %d bytes, an issuer of %d, limit %d, and a model of %d, limit %d", len(c.Subject), len(c.Issuer), MaxSubject, len(c.Model), maxClaimModel)
	case len(c.Picture) > MaxClaimPicture || len(c.Template) > maxClaimTemplate:
		return fmt.Errorf("fleet: claim with a picture of %d bytes, limit %d, and a template of %d values, limit %d", len(c.Picture), MaxClaimPicture, len(c.Template), maxClaimTemplate)
	}
	for i, v := range c.Template {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("fleet: claim's template value %d is %v", i, v)
		}
	}
	return nil
}

// Finding is the authority's answer.
type Finding struct {
	Outcome Outcome
	Score   *float64 // similarity, where faces were compared
	Detail  string   // code that says why: up to 48 characters of A-Z a-z 0-9 . _ -
	Subject string   // who it is, encrypted on the way; empty where the authority does not say
	Name    string   // of the person, likewise
}

// Outcome is what the authority found.
type Outcome string

// The outcomes.
const (
	OutcomeAccepted Outcome = "accepted"
	OutcomeRefused  Outcome = "refused"
	OutcomeDoubtful Outcome = "doubtful" // a human should look
)

// Check returns an error if f is outside of its limits.
func (f *Finding) Check() error {
	switch {
	case !slices.Contains([]Outcome{OutcomeAccepted, OutcomeRefused, OutcomeDoubtful}, f.Outcome):
		return fmt.Errorf("fleet: outcome %q, allowed are %q, %q and %q", Printable(string(f.Outcome), 40), OutcomeAccepted, OutcomeRefused, OutcomeDoubtful)
	case f.Detail != "" && !ValidLevel(f.Detail, MaxLevel):
		return fmt.Errorf("fleet: detail %q, allowed are 1 to %d of A-Z a-z 0-9 . _ -", Printable(f.Detail, 80), MaxLevel)
	case f.Score != nil && (math.IsNaN(*f.Score) || math.IsInf(*f.Score, 0)):
		return fmt.Errorf("fleet: score %v", *f.Score)
	case len(f.Subject) > MaxSubject || len(f.Name) > 2*MaxSubject:
		return fmt.Errorf("fleet: finding with a subject of %d bytes, limit %d, and a name of %d, limit %d", len(f.Subject), MaxSubject, len(f.Name), 2*MaxSubject)
	}
	return nil
}

// HexDigest returns the 64 hex digits of a SHA-256.
func HexDigest(sum [32]byte) string { return hex.EncodeToString(sum[:]) }
