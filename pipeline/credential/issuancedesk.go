package credential

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// ErrBusy says that too many wrong codes came in the last minute.
var ErrBusy = errors.New("credential: too many attempts")

// enrolmentAge is how far the time stamp of an enrolment may be from the server's clock.
const enrolmentAge = 10 * time.Minute

// IssuanceDesk issues credentials to whoever has a one-time code. What it holds ready is in memory only, for OfferLife.
type IssuanceDesk struct {
	key   *SigningKey
	valid time.Duration

	mu       sync.Mutex
	offers   map[[32]byte]offer // by the hash of the code
	failures int
	since    time.Time
}

// Limits of an office.
const (
	OfferLife   = 24 * time.Hour
	maxOffers   = 1000
	maxFailures = 20 // wrong one-time codes a minute, of all callers together
)

// offer is a credential that waits for its holder's key.
type offer struct {
	draft Draft
	until time.Time
}

// NewIssuanceDesk signs with the key; credentials are valid for so long from when they are fetched.
func NewIssuanceDesk(key *SigningKey, valid time.Duration) (*IssuanceDesk, error) {
	if key.Issuer == "" {
		return nil, errors.New("credential: the issuer's key does not say whose it is")
	}
	if valid < time.Minute {
		return nil, fmt.Errorf("credential: credentials valid for %v, at least 1m", valid)
	}
	return &IssuanceDesk{key: key, valid: valid, offers: map[[32]byte]offer{}}, nil
}

// codes are written in letters and digits that are hard to confuse (RFC 4648's base32 without padding).
var codes = base32.StdEncoding.WithPadding(base32.NoPadding)

// Offer holds an identity ready, and gives the one-time code for it: 16 characters, 80 random bits.
func (o *IssuanceDesk) Offer(id Identity, subject string, now time.Time) (string, error) {
	random := make([]byte, 10)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("credential: %w", err)
	}
	code := codes.EncodeToString(random)
	if subject == "" {
		subject = id.ID
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for hash, held := range o.offers {
		if now.After(held.until) {
			delete(o.offers, hash)
		}
	}
	if len(o.offers) >= maxOffers {
		return "", fmt.Errorf("credential: %d credentials wait to be fetched (limit)", maxOffers)
	}
	o.offers[sha256.Sum256([]byte(code))] = offer{Draft{Issuer: o.key.Issuer, Subject: subject, Identity: id}, now.Add(OfferLife)}
	return code, nil
}

// Issue answers an enrolment. The code is used up only when a credential is given out.
func (o *IssuanceDesk) Issue(enrolment string, now time.Time) (text string, holder *Key, err error) {
	e, err := ParseEnrolment(enrolment)
	if err != nil {
		return "", nil, err
	}
	if d := now.Sub(e.At); d > enrolmentAge || d < -enrolmentAge {
		return "", nil, fmt.Errorf("credential: the enrolment's time stamp is %v off", d.Round(time.Second))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if now.Sub(o.since) > time.Minute {
		o.since, o.failures = now, 0
	}
	if o.failures >= maxFailures {
		return "", nil, ErrBusy
	}
	// Looking up the hash takes the same time for every wrong code.
	code := sha256.Sum256([]byte(strings.ToUpper(e.Claim)))
	held, known := o.offers[code]
	if !known || now.After(held.until) {
		o.failures++
		return "", nil, errors.New("credential: the one-time code is not known or was used")
	}
	d := held.draft
	d.IssuedAt, d.NotBefore, d.Expires, d.Holder = now, now, now.Add(o.valid), e.Key
	if text, err = Issue(d, o.key.Signer, o.key.Public.ID); err != nil {
		return "", nil, err
	}
	delete(o.offers, code)
	return text, e.Key, nil
}
