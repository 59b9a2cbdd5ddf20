package wallet

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"umbral/pipeline/credential"
)

// ErrBusy says that too many wrong codes came in the last minute.
var ErrBusy = errors.New("wallet: too many attempts")

// enrolmentAge is how far the time stamp of an enrolment may be from the server's clock.
const enrolmentAge = 10 * time.Minute

// Issuer gives credentials to wallets that have a one-time code.
type Issuer struct {
	key   *credential.SigningKey
	valid time.Duration

	mu       sync.Mutex
	offers   map[[32]byte]credential.Draft // by the hash of the code
	failures int
	since    time.Time
}

// NewIssuer signs with the key; credentials are valid for so long from when they are fetched.
func NewIssuer(key *credential.SigningKey, valid time.Duration) (*Issuer, error) {
	if key.Issuer == "" {
		return nil, errors.New("wallet: the issuer's key does not say whose it is")
	}
	if valid < time.Minute {
		return nil, fmt.Errorf("wallet: credentials valid for %v, at least 1m", valid)
	}
	return &Issuer{key: key, valid: valid, offers: map[[32]byte]credential.Draft{}}, nil
}

// codes are written in letters and digits that are hard to confuse (RFC 4648's base32 without padding).
var codes = base32.StdEncoding.WithPadding(base32.NoPadding)

// Offer holds an identity ready, and gives the one-time code for it: 16 characters, 80 random bits.
func (i *Issuer) Offer(id credential.Identity, subject string) (string, error) {
	random := make([]byte, 10)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("wallet: %w", err)
	}
	code := codes.EncodeToString(random)
	if subject == "" {
		subject = id.ID
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.offers) >= maxOffers {
		return "", fmt.Errorf("wallet: %d credentials wait to be fetched (limit)", maxOffers)
	}
	i.offers[sha256.Sum256([]byte(code))] = credential.Draft{Issuer: i.key.Issuer, Subject: subject, Identity: id}
	return code, nil
}

// Issue answers an enrolment. The code is used up only when a credential is given out.
func (i *Issuer) Issue(enrolment string, now time.Time) (text string, holder *credential.Key, err error) {
	e, err := credential.ParseEnrolment(enrolment)
	if err != nil {
		return "", nil, err
	}
	if d := now.Sub(e.At); d > enrolmentAge || d < -enrolmentAge {
		return "", nil, fmt.Errorf("wallet: the enrolment's time stamp is %v off", d.Round(time.Second))
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if now.Sub(i.since) > time.Minute {
		i.since, i.failures = now, 0
	}
	if i.failures >= maxFailures {
		return "", nil, ErrBusy
	}
	// Looking up the hash takes the same time for every wrong code.
	code := sha256.Sum256([]byte(strings.ToUpper(e.Claim)))
	d, known := i.offers[code]
	if !known {
		i.failures++
		return "", nil, errors.New("wallet: the one-time code is not known or was used")
	}
	d.IssuedAt, d.NotBefore, d.Expires, d.Holder = now, now, now.Add(i.valid), e.Key
	if text, err = credential.Issue(d, i.key.Signer, i.key.Public.ID); err != nil {
		return "", nil, err
	}
	delete(i.offers, code)
	return text, e.Key, nil
}
