package credential

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// PresentationPrefix begins the text of a rotating code. Its characters are of QR's alphanumeric mode; base45 cannot
// begin so, because a credential begins with the two bytes of a zlib header.
const PresentationPrefix = "UMBRAL1:"

// presentationContext is the external data that the holder signs along (RFC 9052, section 4.3), so that nothing signed
// for another purpose can pass for a presentation.
const presentationContext = "umbral presentation 1"

// Limits of a presentation.
const (
	minNonce = 8
	maxNonce = 32
)

// Presented is the content of a presentation, as the holder signed it.
type Presented struct {
	At       time.Time
	Nonce    []byte // 8 to 32 random bytes
	Audience string // the terminal; the site where its terminals share what they have been shown
}

// Replay identifies a presentation among all others.
type Replay struct {
	// Key is SHA-256 over the holder's key, the time stamp and the random bytes.
	Key [32]byte
	// Until is when Key can be forgotten, because the presentation would be refused as stale anyway.
	Until time.Time
}

// presentation is the parsed outer message of a rotating code.
type presentation struct {
	message    *message
	credential []byte // compressed, as in a code without holder
	signed     Presented
}

func parsePresentation(dec, payload cbor.DecMode, data []byte) (*presentation, error) {
	m, err := parseMessage(dec, data)
	if err != nil {
		return nil, err
	}
	if m.encrypted {
		return nil, errors.New("encrypted, wanted COSE_Sign1")
	}
	c, err := parseClaims(payload, m.content)
	if err != nil {
		return nil, err
	}
	p := &presentation{message: m, signed: Presented{At: c.issuedAt, Nonce: c.tokenID}}
	if p.credential, err = byteString(payload, c.presentation); err != nil {
		return nil, fmt.Errorf("claim %d (the credential): %w", claimCredential, err)
	}
	switch {
	case c.issuedAt.IsZero():
		return nil, errors.New("no time stamp (claim iat)")
	case len(c.tokenID) < minNonce || len(c.tokenID) > maxNonce:
		return nil, fmt.Errorf("%d random bytes (claim cti), wanted %d to %d", len(c.tokenID), minNonce, maxNonce)
	case len(c.audience) != 1 || c.audience[0] == "":
		return nil, errors.New("no audience (claim aud), or several")
	}
	p.signed.Audience = c.audience[0]
	return p, nil
}

// presented checks the holder's part. p is nil for a code that shows the credential alone.
func (v *Verifier) presented(c *Credential, p *presentation, now time.Time) *Refusal {
	switch {
	case c.Holder == nil && p != nil:
		return refuse(BadHolderSignature, "presented, but bound to no key")
	case c.Holder == nil && v.opts.RequireHolder:
		return refuse(NoPresentation, "bound to no key, and this terminal takes only credentials that are")
	case c.Holder == nil:
		return nil
	case p == nil:
		return refuse(NoPresentation,
			"bound to a holder's key, and shown without a signature of it (a picture of the credential?)")
	}
	if err := p.message.verify(c.Holder, []byte(presentationContext)); err != nil {
		return refuse(BadHolderSignature, "%w", err)
	}
	c.Presented = &p.signed
	c.Replay = Replay{Key: replayKey(c.Holder, &p.signed), Until: p.signed.At.Add(v.opts.MaxAge + v.opts.Skew)}
	if own := v.presentedTo(); !v.answersTo([]string{p.signed.Audience}, own) {
		return refuse(WrongAudience, "made for %.80q, and one for %q counts here", p.signed.Audience, own)
	}
	if age := now.Sub(p.signed.At); age > v.opts.MaxAge+v.opts.Skew {
		return refuse(Stale, "made %v ago, limit %v", age.Round(time.Second), v.opts.MaxAge)
	} else if age < -v.opts.Skew {
		return refuse(Stale, "made %v in the future, limit %v (is the phone's or this terminal's clock wrong?)",
			-age.Round(time.Second), v.opts.Skew)
	}
	return nil
}

func replayKey(holder *Key, p *Presented) [32]byte {
	return sha256.Sum256(encode([]any{"umbral replay 1", holder.Thumbprint(), p.At.Unix(), p.Nonce}))
}

// AsReplayed returns the refusal of a presentation whose Replay the caller has seen before.
func AsReplayed() *Refusal { return refuse(Replayed, "the same presentation was taken before") }
