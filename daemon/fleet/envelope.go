package fleet

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
)

// domainCommand precedes the payload when it is signed, so that a signature made for anything else under the same key is
// never one of a command.
const domainCommand = "umbral-command-v1\x00"

// CommandEnvelope is a command on the wire. Payload is the base64 of exactly the bytes that were signed, so
// that no two programs need to agree on how JSON is written.
type CommandEnvelope struct {
	Status    Status `json:"status"`
	Payload   []byte `json:"payload"`
	Key       string `json:"key"`
	Signature []byte `json:"sig"`
}

// ReadCommandEnvelope reads the message on a command's topic. It does not check the signature; see SignedBy.
func ReadCommandEnvelope(b []byte) (CommandEnvelope, *Failure) {
	members, err := strictObject(b, "status", "payload", "key", "sig")
	if err != nil {
		return CommandEnvelope{}, Refuse(ReasonMalformed, "%v", err)
	}
	if members["key"] == nil || members["sig"] == nil {
		return CommandEnvelope{}, Refuse(ReasonUnsigned, "the envelope has no key or no sig")
	}
	var e CommandEnvelope
	err = errors.Join(
		member(members, "key", &e.Key),
		base64Member(members, "payload", &e.Payload),
		base64Member(members, "sig", &e.Signature),
	)
	switch {
	case err != nil:
		return CommandEnvelope{}, Refuse(ReasonMalformed, "%v", err)
	case e.Key == "" || len(e.Signature) == 0:
		return CommandEnvelope{}, Refuse(ReasonUnsigned, "the envelope's key or sig is empty")
	}
	return e, nil
}

// SignedBy reports whether the payload was signed as a command with the private half of public.
func (e *CommandEnvelope) SignedBy(public ed25519.PublicKey) bool {
	return verify(domainCommand, e.Payload, public, e.Signature)
}

// IsAnswer reports whether a message on a command's topic is no command at all: the empty message that clears a retained
// one, or an answer. The broker delivers a terminal's own answers back to it; a terminal that took them for commands would
// answer itself for ever.
func IsAnswer(message []byte) bool {
	if len(message) == 0 {
		return true
	}
	members, err := strictObject(message)
	if err != nil {
		return false
	}
	var s Status
	return json.Unmarshal(members["status"], &s) == nil && s != "" && s != StatusInit
}

// Signed is a signed message of any kind but a command. Payload is the base64 of exactly the bytes that were signed, behind the
// words that say what kind of message it is.
type Signed struct {
	Schema    int    `json:"schema"`
	Payload   []byte `json:"payload"`
	Key       string `json:"key"`
	Signature []byte `json:"sig"`
	Answers   int    `json:"answers,omitempty"` // of a review: how many reviewers have answered; not signed
}

// The words that precede the payload when it is signed.
const (
	DomainReview   = "umbral-review-v1\x00"
	DomainQuestion = "umbral-remote-question-v1\x00"
	DomainReply    = "umbral-remote-answer-v1\x00"
)

// SignPayload signs a payload of the kind that domain names.
func SignPayload(domain string, payload []byte, s Signer) (Signed, error) {
	if len(s.Private) != ed25519.PrivateKeySize {
		return Signed{}, fmt.Errorf("fleet: private key %q has %d bytes, Ed25519 private keys have %d", s.Name, len(s.Private), ed25519.PrivateKeySize)
	}
	sig := ed25519.Sign(s.Private, append([]byte(domain), payload...))
	return Signed{Schema: Schema, Payload: payload, Key: s.Name, Signature: sig}, nil
}

func signedMessage(domain string, payload []byte, s Signer) ([]byte, error) {
	m, err := SignPayload(domain, payload, s)
	if err != nil {
		return nil, err
	}
	return EncodeJSON(m)
}

// ReadSigned reads a message. It does not check the signature; see SignedBy.
func ReadSigned(b []byte) (m Signed, err error) {
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
		return Signed{}, err
	case m.Schema != Schema:
		return Signed{}, fmt.Errorf("schema %d, this program reads %d", m.Schema, Schema)
	case !ValidLevel(m.Key, MaxTerminal):
		return Signed{}, fmt.Errorf("key name %q", Printable(m.Key, 80))
	}
	return m, nil
}

// SignedBy reports whether the payload was signed with the private half of public, as the kind that domain names.
func (m *Signed) SignedBy(domain string, public ed25519.PublicKey) bool {
	return verify(domain, m.Payload, public, m.Signature)
}

func verify(domain string, payload []byte, public ed25519.PublicKey, signature []byte) bool {
	return len(public) == ed25519.PublicKeySize && len(signature) == ed25519.SignatureSize &&
		ed25519.Verify(public, append([]byte(domain), payload...), signature)
}
