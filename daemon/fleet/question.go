package fleet

import (
	"encoding/hex"
	"encoding/json"
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
	maxQuestionBytes  = 320 << 10
	maxReplyBytes     = 8 << 10
	MaxQuestionLife   = 2 * time.Minute
	maxQuestionsAsked = 16
)

func (q *Question) check() error {
	c := &q.Claim
	switch {
	case !validLevel(q.Passage, maxLevel):
		return fmt.Errorf("fleet: passage %q, allowed are 1 to %d of A-Z a-z 0-9 . _ -", clip(q.Passage, 80), maxLevel)
	case q.Purpose != PurposeVerify && q.Purpose != PurposeIdentify:
		return fmt.Errorf("fleet: purpose %q, allowed are %q and %q", clip(string(q.Purpose), 40), PurposeVerify, PurposeIdentify)
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

// questionPayload is what the terminal signs.
type questionPayload struct {
	Schema   int       `json:"schema"`
	Terminal string    `json:"terminal"`
	Passage  string    `json:"passage"`
	ID       string    `json:"id"` // correlates the answer; last but one level of the topics
	Nonce    string    `json:"nonce"`
	Issued   time.Time `json:"issued"`
	Expires  time.Time `json:"expires"`
	Purpose  Purpose   `json:"purpose"`
	Enc      []byte    `json:"enc"`  // HPKE encapsulated key
	Data     []byte    `json:"data"` // the claim as JSON, encrypted
}

// context binds the encrypted claim to everything that is signed in clear.
func (p *questionPayload) context() string {
	return p.Terminal + "\x00" + p.Passage + "\x00" + p.ID + "\x00" + p.Nonce + "\x00" + string(p.Purpose)
}

// readQuestion reads the signed payload of a question.
func readQuestion(b []byte) (p questionPayload, err error) {
	members, err := strictObject(b, "schema", "terminal", "passage", "id", "nonce", "issued", "expires", "purpose", "enc", "data")
	if err != nil {
		return p, err
	}
	err = errors.Join(
		member(members, "schema", &p.Schema), member(members, "terminal", &p.Terminal), member(members, "passage", &p.Passage),
		member(members, "id", &p.ID), member(members, "nonce", &p.Nonce), member(members, "issued", &p.Issued),
		member(members, "expires", &p.Expires), member(members, "purpose", &p.Purpose),
		base64Member(members, "enc", &p.Enc), base64Member(members, "data", &p.Data),
	)
	switch {
	case err != nil:
		return questionPayload{}, err
	case p.Schema != Schema:
		return questionPayload{}, fmt.Errorf("schema %d, this program reads %d", p.Schema, Schema)
	case CheckTerminal(p.Terminal) != nil || !validLevel(p.Passage, maxLevel) || !validLevel(p.ID, maxLevel) || !validLevel(p.Nonce, maxNonce):
		return questionPayload{}, errors.New("terminal, passage, id or nonce of strange characters or length")
	case !p.Issued.Before(p.Expires) || p.Expires.Sub(p.Issued) > MaxQuestionLife:
		return questionPayload{}, fmt.Errorf("valid for %v, limit %v", p.Expires.Sub(p.Issued), MaxQuestionLife)
	}
	return p, nil
}

// readClaim reads the decrypted claim.
func readClaim(b []byte) (c Claim, err error) {
	members, err := strictObject(b, "subject", "issuer", "picture", "template", "model")
	if err != nil {
		return c, err
	}
	for name, to := range map[string]any{"subject": &c.Subject, "issuer": &c.Issuer, "template": &c.Template, "model": &c.Model} {
		if members[name] != nil {
			err = errors.Join(err, member(members, name, to))
		}
	}
	if members["picture"] != nil {
		err = errors.Join(err, base64Member(members, "picture", &c.Picture))
	}
	return c, err
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

func (f *Finding) check() error {
	switch {
	case !slices.Contains([]Outcome{OutcomeAccepted, OutcomeRefused, OutcomeDoubtful}, f.Outcome):
		return fmt.Errorf("fleet: outcome %q, allowed are %q, %q and %q", clip(string(f.Outcome), 40), OutcomeAccepted, OutcomeRefused, OutcomeDoubtful)
	case f.Detail != "" && !validLevel(f.Detail, maxLevel):
		return fmt.Errorf("fleet: detail %q, allowed are 1 to %d of A-Z a-z 0-9 . _ -", clip(f.Detail, 80), maxLevel)
	case f.Score != nil && (math.IsNaN(*f.Score) || math.IsInf(*f.Score, 0)):
		return fmt.Errorf("fleet: score %v", *f.Score)
	case len(f.Subject) > MaxSubject || len(f.Name) > 2*MaxSubject:
		return fmt.Errorf("fleet: finding with a subject of %d bytes, limit %d, and a name of %d, limit %d", len(f.Subject), MaxSubject, len(f.Name), 2*MaxSubject)
	}
	return nil
}

// replyPayload is what the authority signs.
type replyPayload struct {
	Schema   int       `json:"schema"`
	Terminal string    `json:"terminal"`
	Passage  string    `json:"passage"`
	ID       string    `json:"id"`
	Question string    `json:"question"` // SHA-256 of the question's payload, 64 hex digits
	Outcome  Outcome   `json:"outcome"`
	Score    *float64  `json:"score,omitempty"`
	Detail   string    `json:"detail,omitempty"`
	Data     []byte    `json:"data"` // replySecret as JSON, encrypted under the question's key
	Time     time.Time `json:"time"`
}

// replySecret is who it is.
type replySecret struct {
	Subject string `json:"subject,omitempty"`
	Name    string `json:"name,omitempty"`
}

func readReply(b []byte) (p replyPayload, err error) {
	members, err := strictObject(b, "schema", "terminal", "passage", "id", "question", "outcome", "score", "detail", "data", "time")
	if err != nil {
		return p, err
	}
	err = errors.Join(
		member(members, "schema", &p.Schema), member(members, "terminal", &p.Terminal), member(members, "passage", &p.Passage),
		member(members, "id", &p.ID), member(members, "question", &p.Question), member(members, "outcome", &p.Outcome),
		member(members, "time", &p.Time), base64Member(members, "data", &p.Data),
	)
	if members["score"] != nil {
		err = errors.Join(err, member(members, "score", &p.Score))
	}
	if members["detail"] != nil {
		err = errors.Join(err, member(members, "detail", &p.Detail))
	}
	if err != nil {
		return replyPayload{}, err
	}
	if p.Schema != Schema {
		return replyPayload{}, fmt.Errorf("schema %d, this program reads %d", p.Schema, Schema)
	}
	f := Finding{Outcome: p.Outcome, Score: p.Score, Detail: p.Detail}
	return p, f.check()
}

func readSecret(b []byte) (s replySecret, err error) {
	if err := json.Unmarshal(b, &s); err != nil {
		return replySecret{}, errors.New("encrypted part is not JSON")
	}
	return s, (&Finding{Outcome: OutcomeAccepted, Subject: s.Subject, Name: s.Name}).check()
}

func hexDigest(sum [32]byte) string { return hex.EncodeToString(sum[:]) }
