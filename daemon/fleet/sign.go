package fleet

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"time"
)

// signatureDomain goes before the payload when it is signed, so that a signature made for anything
// else under the same key is never one of a command.
const signatureDomain = "umbral-command-v1\x00"

// envelope is a command on the wire. Payload is the base64 of exactly the bytes that were signed, so
// that no two programs need to agree on how JSON is written.
type envelope struct {
	Status    Status `json:"status"`
	Payload   []byte `json:"payload"`
	Key       string `json:"key"`
	Signature []byte `json:"sig"`
}

// order is the signed payload.
type order struct {
	Schema   int             `json:"schema"`
	Terminal string          `json:"terminal"`
	Command  string          `json:"command"`
	ID       string          `json:"id"`
	Nonce    string          `json:"nonce"`
	Issued   time.Time       `json:"issued"`
	Expires  time.Time       `json:"expires"`
	Args     json.RawMessage `json:"args,omitempty"`
}

// Sign gives the topic and the message of a command. The signature is Ed25519 (RFC 8032) over
// "umbral-command-v1", a zero byte, and the payload.
func Sign(c Command, s Signer) (topic string, message []byte, err error) {
	if len(s.Private) != ed25519.PrivateKeySize {
		return "", nil, fmt.Errorf("fleet: private key %q has %d bytes, Ed25519 private keys have %d", s.Name, len(s.Private), ed25519.PrivateKeySize)
	}
	if err := c.check(); err != nil {
		return "", nil, err
	}
	payload, err := encodeJSON(order{
		Schema: Schema, Terminal: c.Terminal, Command: c.Name, ID: c.ID, Nonce: c.Nonce,
		Issued: c.Issued.UTC(), Expires: c.Expires.UTC(), Args: c.Args,
	})
	if err != nil {
		return "", nil, err
	}
	signature := ed25519.Sign(s.Private, append([]byte(signatureDomain), payload...))
	message, err = encodeJSON(envelope{Status: StatusInit, Payload: payload, Key: s.Name, Signature: signature})
	return Topic(c.Terminal, ChannelCommand, c.Name, c.ID), message, err
}

// Limits of a command's parts.
const (
	minNonce = 16
	maxNonce = 64
	maxArgs  = 1 << 10 // bytes
)

// check tells whether a command is well formed, without looking at any clock.
func (c Command) check() error {
	switch {
	case CheckTerminal(c.Terminal) != nil:
		return CheckTerminal(c.Terminal)
	case !validLevel(c.Name, maxLevel):
		return fmt.Errorf("fleet: command name %q, allowed are 1 to %d of A-Z a-z 0-9 . _ -", clip(c.Name, 80), maxLevel)
	case !validLevel(c.ID, maxLevel):
		return fmt.Errorf("fleet: command id %q, allowed are 1 to %d of A-Z a-z 0-9 . _ -", clip(c.ID, 80), maxLevel)
	case len(c.Nonce) < minNonce || !validLevel(c.Nonce, maxNonce):
		return fmt.Errorf("fleet: command nonce of %d bytes, allowed are %d to %d of A-Z a-z 0-9 . _ -", len(c.Nonce), minNonce, maxNonce)
	case !c.Issued.Before(c.Expires):
		return fmt.Errorf("fleet: command issued %v expires %v, before it can be obeyed", c.Issued, c.Expires)
	case len(c.Args) > maxArgs:
		return fmt.Errorf("fleet: command arguments of %d bytes, limit %d", len(c.Args), maxArgs)
	}
	if len(c.Args) > 0 {
		if _, err := strictObject(c.Args); err != nil {
			return fmt.Errorf("fleet: command arguments: %w", err)
		}
	}
	return nil
}
