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

// ErrBusy is returned after too many wrong codes within a minute.
var ErrBusy = errors.New("credential: too many attempts")

// enrolmentAge bounds the difference between an enrolment's time stamp and the server's clock.
const enrolmentAge = 10 * time.Minute

// IssuanceDesk issues credentials in exchange for one-time codes. Offers are kept in memory only, for OfferLife.
type IssuanceDesk struct {
	key   *SigningKey
	valid time.Duration

	mu       sync.Mutex
	offers   map[[32]byte]offer // by the hash of the code
	failures int
	since    time.Time
}

// Limits of an issuance desk.
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

// NewIssuanceDesk returns a desk that signs with key. A credential is valid for the given time from when it is fetched.
func NewIssuanceDesk(key *SigningKey, valid time.Duration) (*IssuanceDesk, error) {
	if key.Issuer == "" {
		return nil, errors.New("credential: the issuer's key does not say whose it is")
	}
	if valid < time.Minute {
		return nil, fmt.Errorf("credential: credentials valid for %v, at least 1m", valid)
	}
	return &IssuanceDesk{key: key, valid: valid, offers: map[[32]byte]offer{}}, nil
}

// codes are written in base32 without padding (RFC 4648), whose letters and digits are hard to confuse.
var codes = base32.StdEncoding.WithPadding(base32.NoPadding)

// Offer prepares a credential and returns the one-time code for it: 16 characters, 80 random bits.
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
	o.offers[sha256.Sum256([]byte(code))] = offer{Draft{Issuer: o.key.Issuer, Subject: subject, Identity: id},
		now.Add(OfferLife)}
	return code, nil
}

// Issue returns the credential that an enrolment's code stands for. Only success uses the code up.
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
	// Codes are looked up by their hash, which takes the same time for every wrong one.
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
