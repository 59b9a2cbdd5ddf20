package link

import (
	"errors"
	"slices"
	"strings"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/mqtt"
)

// verifier decides which messages are commands to obey.
type verifier struct {
	terminal string
	keys     []Key
	limit    int
	age      time.Duration
	skew     time.Duration
	trusted  []string
	nonces   NonceStore
}

// NonceLife returns how long a nonce store has to be able to remember a nonce: a command may come skew before it was issued
// by the terminal's clock, be valid for age and another skew, and its nonce is kept for a third one.
func NonceLife(age, skew time.Duration) time.Duration { return age + 3*skew }

// verify makes every check there is, the cheap ones first and the nonce last, since recording it
// writes to disk. The command is filled as far as it was read, also when it is refused; before the
// signature was checked that is only what the topic says.
func (v *verifier) verify(m mqtt.Message, now time.Time, trust string) (fleet.Command, *fleet.Failure) {
	var c fleet.Command
	if terminal, channel, rest, err := fleet.ParseTopic(m.Topic); err == nil && channel == fleet.ChannelCommand && len(rest) == 2 {
		c = fleet.Command{Terminal: terminal, Name: rest[0], ID: rest[1]}
	} else {
		return c, fleet.Refuse(fleet.ReasonWrongTopic, "commands come on cmd/<name>/<id>")
	}
	switch {
	case m.Retained:
		return c, fleet.Refuse(fleet.ReasonRetained, "a command acts now or never: publish it without the retain flag")
	case m.Oversized || len(m.Payload) > v.limit:
		return c, fleet.Refuse(fleet.ReasonOversized, "limit %d bytes", v.limit)
	}
	e, r := fleet.ReadCommandEnvelope(m.Payload)
	if r != nil {
		return c, r
	}
	c.Key = e.Key
	key, r := v.authenticate(e)
	if r != nil {
		return c, r
	}
	signed, err := fleet.ReadCommand(e.Payload)
	if err != nil {
		return c, fleet.Refuse(fleet.ReasonMalformed, "signed payload: %v", err)
	}
	signed.Key, signed.Fingerprint = e.Key, fleet.Fingerprint(key.Public)
	if r := v.authorise(signed, c, key); r != nil {
		return signed, r
	}
	if r := v.timely(signed, now, trust); r != nil {
		return signed, r
	}
	// Beyond its expiry plus the skew a nonce can be forgotten: the command is refused without it.
	fresh, err := v.nonces.Use(signed.Fingerprint, signed.Nonce, signed.Expires.Add(v.skew))
	switch {
	case errors.Is(err, ErrClock):
		return signed, fleet.Refuse(fleet.ReasonUntrusted, "%v", err)
	case err != nil:
		return signed, fleet.Refuse(fleet.ReasonNonces, "%v", err)
	case !fresh:
		return signed, fleet.Refuse(fleet.ReasonReplayed, "nonce %s was used before", signed.Nonce)
	}
	return signed, nil
}

func (v *verifier) authenticate(e fleet.CommandEnvelope) (Key, *fleet.Failure) {
	i := slices.IndexFunc(v.keys, func(k Key) bool { return k.Name == e.Key })
	if i < 0 {
		return Key{}, fleet.Refuse(fleet.ReasonUnknownKey, "key %q", e.Key)
	}
	if !e.SignedBy(v.keys[i].Public) {
		return Key{}, fleet.Refuse(fleet.ReasonBadSignature, "under key %q", e.Key)
	}
	return v.keys[i], nil
}

// authorise checks what the signer said against this terminal, the topic and the key's rights.
func (v *verifier) authorise(signed, topic fleet.Command, key Key) *fleet.Failure {
	switch {
	case signed.Terminal != v.terminal:
		return fleet.Refuse(fleet.ReasonWrongTarget, "made for %s, this is %s", signed.Terminal, v.terminal)
	case signed.Name != topic.Name || signed.ID != topic.ID || signed.Terminal != topic.Terminal:
		return fleet.Refuse(fleet.ReasonWrongTopic, "signed as %s/%s", signed.Name, signed.ID)
	case !slices.Contains(fleet.Commands(), signed.Name):
		return fleet.Refuse(fleet.ReasonUnknown, "commands are %s", strings.Join(fleet.Commands(), ", "))
	case !slices.Contains(key.Commands, signed.Name):
		return fleet.Refuse(fleet.ReasonNotAllowed, "key %q may not give %s", key.Name, signed.Name)
	}
	return nil
}

func (v *verifier) timely(c fleet.Command, now time.Time, trust string) *fleet.Failure {
	now = now.UTC().Round(0)
	clock := now.Format(time.RFC3339)
	switch {
	case c.Issued.After(now.Add(v.skew)):
		return fleet.Refuse(fleet.ReasonNotYetValid, "issued %s, this terminal's clock says %s (%s)", c.Issued.Format(time.RFC3339), clock, trust)
	case !now.Before(c.Expires):
		return fleet.Refuse(fleet.ReasonExpired, "expired %s, this terminal's clock says %s (%s)", c.Expires.Format(time.RFC3339), clock, trust)
	case now.Sub(c.Issued) > v.age:
		return fleet.Refuse(fleet.ReasonTooOld, "issued %s, this terminal's clock says %s (%s), limit %v", c.Issued.Format(time.RFC3339), clock, trust, v.age)
	case c.Expires.Sub(c.Issued) > v.age+v.skew:
		return fleet.Refuse(fleet.ReasonTooOld, "valid for %v, limit %v", c.Expires.Sub(c.Issued), v.age+v.skew)
	case fleet.Admits(c.Name) && len(v.trusted) > 0 && !slices.Contains(v.trusted, trust):
		return fleet.Refuse(fleet.ReasonUntrusted, "this terminal's clock is %q, so it cannot tell whether the command has expired", trust)
	}
	return nil
}
