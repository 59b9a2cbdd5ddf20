package credential

import (
	"crypto"
	"errors"
	"fmt"
	"strings"
	"time"
)

// EnrolmentPrefix begins the text with which a wallet hands its public key to an issuer.
const EnrolmentPrefix = "UMBRALKEY1:"

// enrolmentContext is signed along, as that of presentations.
const enrolmentContext = "umbral enrolment 1"

// Enrolment is a wallet's request to be issued a credential: proof that it has the private key now.
type Enrolment struct {
	Key *Key
	At  time.Time
	// Claim is a word that the issuer gave to the person, such as a one-time code; may be empty.
	Claim string
}

// ParseEnrolment reads the text of a wallet's enrolment code and checks the signature, which is by the key in it. That
// the key is the right person's is for the issuer to know: from Claim, or because the phone is on the desk.
//
// The text is EnrolmentPrefix and base45 of a COSE_Sign1, with the external data "umbral enrolment 1", of the claims
// {6: seconds since 1970, 8: {1: COSE_Key}} and, with a claim, {2: text}.
func ParseEnrolment(text string) (Enrolment, error) {
	var e Enrolment
	limits := DefaultLimits()
	body, is := strings.CutPrefix(strings.TrimSpace(text), EnrolmentPrefix)
	switch {
	case len(text) > limits.MaxText:
		return e, fmt.Errorf("credential: enrolment of %d bytes, limit %d", len(text), limits.MaxText)
	case !is:
		return e, fmt.Errorf("credential: enrolment begins with %.20q, wanted %s (another code of the wallet?)", text,
			EnrolmentPrefix)
	}
	dec, err := limits.decoder()
	if err != nil {
		return e, fmt.Errorf("credential: %w", err)
	}
	payload, err := limits.payloadDecoder()
	if err != nil {
		return e, fmt.Errorf("credential: %w", err)
	}
	data, err := decodeBase45(body)
	if err != nil {
		return e, fmt.Errorf("credential: enrolment: %w", err)
	}
	m, err := parseMessage(dec, data)
	if err != nil {
		return e, fmt.Errorf("credential: enrolment: %w", err)
	}
	c, err := parseClaims(payload, m.content)
	if err != nil {
		return e, fmt.Errorf("credential: enrolment: %w", err)
	}
	if c.issuedAt.IsZero() || len(c.holder) == 0 {
		return e, errors.New("credential: enrolment without a time stamp or a key")
	}
	e.At, e.Claim = c.issuedAt, c.subject
	if e.Key, err = holderKey(payload, c.holder); err != nil {
		return e, fmt.Errorf("credential: enrolment: %w", err)
	}
	if err := m.verify(e.Key, []byte(enrolmentContext)); err != nil {
		return e, fmt.Errorf("credential: enrolment: the signature is not by the key in it: %w", err)
	}
	return e, nil
}

// NewEnrolment returns the text of an enrolment, as a wallet shows it.
func NewEnrolment(holder crypto.Signer, at time.Time, claim string) (string, error) {
	key, err := NewKey(holder.Public(), nil)
	if err != nil {
		return "", err
	}
	c := map[int]any{claimIssuedAt: at.Unix(), claimHolder: confirmation(key)}
	if claim != "" {
		c[claimSubject] = claim
	}
	data, err := sign(encode(c), holder, nil, []byte(enrolmentContext))
	if err != nil {
		return "", err
	}
	return EnrolmentPrefix + encodeBase45(data), nil
}
