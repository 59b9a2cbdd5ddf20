package fleet

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// inbound is a message on a command topic, as taken from the connection.
type inbound struct {
	topic     string
	payload   []byte // nil when oversized
	retained  bool
	oversized bool
}

// refusal is a reason with its explanation.
type refusal struct {
	reason Reason
	detail string
}

func refuse(r Reason, format string, args ...any) *refusal {
	return &refusal{reason: r, detail: fmt.Sprintf(format, args...)}
}

// report tells whether a message on a command topic is no command at all: the empty message that
// clears a retained one, or an answer. The broker hands the terminal its own answers back, and taking
// them for commands would make it answer itself for ever.
func report(m inbound) bool {
	if m.oversized {
		return false
	}
	if len(m.payload) == 0 {
		return true
	}
	members, err := strictObject(m.payload)
	if err != nil {
		return false
	}
	var s Status
	return json.Unmarshal(members["status"], &s) == nil && s != "" && s != StatusInit
}

// verifier decides which messages are commands to obey.
type verifier struct {
	terminal string
	keys     []Key
	limit    int
	age      time.Duration
	skew     time.Duration
	trusted  []string
	nonces   Nonces
}

// verify makes every check there is, the cheap ones first and the nonce last, since recording it
// writes to disk. The command is filled as far as it was read, also when it is refused; before the
// signature was checked that is only what the topic says.
func (v *verifier) verify(m inbound, now time.Time, trust string) (Command, *refusal) {
	var c Command
	if terminal, channel, rest, err := ParseTopic(m.topic); err == nil && channel == ChannelCommand && len(rest) == 2 {
		c = Command{Terminal: terminal, Name: rest[0], ID: rest[1]}
	} else {
		return c, refuse(ReasonWrongTopic, "commands come on cmd/<name>/<id>")
	}
	switch {
	case m.retained:
		return c, refuse(ReasonRetained, "a command acts now or never: publish it without the retain flag")
	case m.oversized || len(m.payload) > v.limit:
		return c, refuse(ReasonOversized, "limit %d bytes", v.limit)
	}
	e, r := v.open(m.payload)
	if r != nil {
		return c, r
	}
	c.Key = e.Key
	key, r := v.authenticate(e)
	if r != nil {
		return c, r
	}
	signed, err := readOrder(e.Payload)
	if err != nil {
		return c, refuse(ReasonMalformed, "signed payload: %v", err)
	}
	signed.Key, signed.Fingerprint = e.Key, fingerprint(key.Public)
	if r := v.authorise(signed, c, key); r != nil {
		return signed, r
	}
	if r := v.timely(signed, now, trust); r != nil {
		return signed, r
	}
	// Beyond its expiry plus the skew a nonce can be forgotten: the command is refused without it.
	fresh, err := v.nonces.Use(signed.Key, signed.Nonce, signed.Expires.Add(v.skew))
	switch {
	case err != nil:
		return signed, refuse(ReasonNonces, "%v", err)
	case !fresh:
		return signed, refuse(ReasonReplayed, "nonce %s was used before", signed.Nonce)
	}
	return signed, nil
}

func (v *verifier) open(b []byte) (envelope, *refusal) {
	var e envelope
	members, err := strictObject(b, "status", "payload", "key", "sig")
	if err != nil {
		return e, refuse(ReasonMalformed, "%v", err)
	}
	if members["key"] == nil || members["sig"] == nil {
		return e, refuse(ReasonUnsigned, "the envelope has no key or no sig")
	}
	err = errors.Join(
		member(members, "key", &e.Key),
		base64Member(members, "payload", &e.Payload),
		base64Member(members, "sig", &e.Signature),
	)
	switch {
	case err != nil:
		return envelope{}, refuse(ReasonMalformed, "%v", err)
	case e.Key == "" || len(e.Signature) == 0:
		return e, refuse(ReasonUnsigned, "the envelope's key or sig is empty")
	}
	return e, nil
}

func (v *verifier) authenticate(e envelope) (Key, *refusal) {
	i := slices.IndexFunc(v.keys, func(k Key) bool { return k.Name == e.Key })
	if i < 0 {
		return Key{}, refuse(ReasonUnknownKey, "key %q", e.Key)
	}
	signed := make([]byte, 0, len(signatureDomain)+len(e.Payload))
	signed = append(append(signed, signatureDomain...), e.Payload...)
	if len(e.Signature) != ed25519.SignatureSize || !ed25519.Verify(v.keys[i].Public, signed, e.Signature) {
		return Key{}, refuse(ReasonBadSignature, "under key %q", e.Key)
	}
	return v.keys[i], nil
}

// authorise checks what the signer said against this terminal, the topic and the key's rights.
func (v *verifier) authorise(signed, topic Command, key Key) *refusal {
	switch {
	case signed.Terminal != v.terminal:
		return refuse(ReasonWrongTarget, "made for %s, this is %s", signed.Terminal, v.terminal)
	case signed.Name != topic.Name || signed.ID != topic.ID || signed.Terminal != topic.Terminal:
		return refuse(ReasonWrongTopic, "signed as %s/%s", signed.Name, signed.ID)
	case !slices.Contains(Commands(), signed.Name):
		return refuse(ReasonUnknown, "commands are %s", strings.Join(Commands(), ", "))
	case !slices.Contains(key.Commands, signed.Name):
		return refuse(ReasonNotAllowed, "key %q may not give %s", key.Name, signed.Name)
	}
	return nil
}

func (v *verifier) timely(c Command, now time.Time, trust string) *refusal {
	now = now.UTC().Round(0)
	clock := now.Format(time.RFC3339)
	switch {
	case c.Issued.After(now.Add(v.skew)):
		return refuse(ReasonNotYetValid, "issued %s, this terminal's clock says %s (%s)", c.Issued.Format(time.RFC3339), clock, trust)
	case !now.Before(c.Expires):
		return refuse(ReasonExpired, "expired %s, this terminal's clock says %s (%s)", c.Expires.Format(time.RFC3339), clock, trust)
	case now.Sub(c.Issued) > v.age:
		return refuse(ReasonTooOld, "issued %s, this terminal's clock says %s (%s), limit %v", c.Issued.Format(time.RFC3339), clock, trust, v.age)
	case c.Expires.Sub(c.Issued) > v.age+v.skew:
		return refuse(ReasonTooOld, "valid for %v, limit %v", c.Expires.Sub(c.Issued), v.age+v.skew)
	case admits(c.Name) && len(v.trusted) > 0 && !slices.Contains(v.trusted, trust):
		return refuse(ReasonUntrusted, "this terminal's clock is %q, so it cannot tell whether the command has expired", trust)
	}
	return nil
}

// readOrder reads the signed payload. Errors are for people; the command is not to be used then.
func readOrder(b []byte) (Command, error) {
	members, err := strictObject(b, "schema", "terminal", "command", "id", "nonce", "issued", "expires", "args")
	if err != nil {
		return Command{}, err
	}
	var schema int
	var c Command
	err = errors.Join(
		member(members, "schema", &schema),
		member(members, "terminal", &c.Terminal),
		member(members, "command", &c.Name),
		member(members, "id", &c.ID),
		member(members, "nonce", &c.Nonce),
		member(members, "issued", &c.Issued),
		member(members, "expires", &c.Expires),
	)
	if err != nil {
		return Command{}, err
	}
	if schema != Schema {
		return Command{}, fmt.Errorf("schema %d, this program reads %d", schema, Schema)
	}
	if args := members["args"]; args != nil && !bytes.Equal(args, []byte("null")) {
		c.Args = args
	}
	if err := c.check(); err != nil {
		return Command{}, err
	}
	return c, nil
}

// member reads one member that must be there; null would leave the zero value unnoticed.
func member(members map[string]json.RawMessage, name string, to any) error {
	raw, ok := members[name]
	if !ok || bytes.Equal(raw, []byte("null")) {
		return fmt.Errorf("member %q is missing", name)
	}
	if err := json.Unmarshal(raw, to); err != nil {
		return fmt.Errorf("member %q is of the wrong type", name)
	}
	return nil
}

// base64Member reads standard base64 with padding and nothing else, so that one message has one form.
func base64Member(members map[string]json.RawMessage, name string, to *[]byte) error {
	var s string
	if err := member(members, name, &s); err != nil {
		return err
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || base64.StdEncoding.EncodedLen(len(b)) != len(s) {
		return fmt.Errorf("member %q is not base64", name)
	}
	*to = b
	return nil
}
