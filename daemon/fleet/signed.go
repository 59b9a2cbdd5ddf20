package fleet

import (
	"crypto/ed25519"
	"errors"
	"fmt"
)

// signedMessage is anything signed but a command. Payload is the base64 of exactly the bytes that were signed, behind the
// words that say what kind of message it is.
type signedMessage struct {
	Schema    int    `json:"schema"`
	Payload   []byte `json:"payload"`
	Key       string `json:"key"`
	Signature []byte `json:"sig"`
	Answers   int    `json:"answers,omitempty"` // of a review: how many reviewers have answered; not signed
}

// The words before the payload when it is signed.
const (
	domainReview   = "umbral-review-v1\x00"
	domainQuestion = "umbral-remote-question-v1\x00"
	domainReply    = "umbral-remote-answer-v1\x00"
)

func signPayload(domain string, payload []byte, s Signer) (signedMessage, error) {
	if len(s.Private) != ed25519.PrivateKeySize {
		return signedMessage{}, fmt.Errorf("fleet: private key %q has %d bytes, Ed25519 private keys have %d", s.Name, len(s.Private), ed25519.PrivateKeySize)
	}
	sig := ed25519.Sign(s.Private, append([]byte(domain), payload...))
	return signedMessage{Schema: Schema, Payload: payload, Key: s.Name, Signature: sig}, nil
}

// readSigned reads a message without checking the signature.
func readSigned(b []byte) (m signedMessage, err error) {
	members, err := strictObject(b, "schema", "payload", "key", "sig", "answers")
	if err != nil {
		return m, err
	}
	err = errors.Join(
		member(members, "schema", &m.Schema), member(members, "key", &m.Key),
		base64Member(members, "payload", &m.Payload), base64Member(members, "sig", &m.Signature),
	)
	if err == nil && members["answers"] != nil {
		err = member(members, "answers", &m.Answers)
	}
	switch {
	case err != nil:
		return signedMessage{}, err
	case m.Schema != Schema:
		return signedMessage{}, fmt.Errorf("schema %d, this program reads %d", m.Schema, Schema)
	case !validLevel(m.Key, maxTerminal):
		return signedMessage{}, fmt.Errorf("key name %q", clip(m.Key, 80))
	}
	return m, nil
}

// by tells whether the payload was signed with that key.
func (m *signedMessage) by(domain string, public ed25519.PublicKey) bool {
	return len(public) == ed25519.PublicKeySize && len(m.Signature) == ed25519.SignatureSize &&
		ed25519.Verify(public, append([]byte(domain), m.Payload...), m.Signature)
}
