package credential

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Claims of a CBOR Web Token (RFC 8392, section 3.1; cnf: RFC 8747, section 3.1; 169: IANA's registry of CWT claims).
const (
	claimIssuer     = 1
	claimSubject    = 2
	claimAudience   = 3
	claimExpires    = 4
	claimNotBefore  = 5
	claimIssuedAt   = 6
	claimTokenID    = 7
	claimHolder     = 8 // cnf
	claimIdentity   = 169
	claimCredential = -65537 // for private use (below -65536): what a presentation presents
)

// Limits of single claims.
const (
	maxClaimText = 1024 // bytes of iss, sub, aud
	maxTokenID   = 64
	maxAudiences = 16
)

// claims are those of a credential or of a presentation. What stands in maps of its own is left to others.
type claims struct {
	issuer, subject                string
	audience                       []string
	expires, notBefore, issuedAt   time.Time // zero where absent
	tokenID                        []byte
	holder, identity, presentation cbor.RawMessage
	health                         cbor.RawMessage
	use                            HCERTUse // of health, once it was read
}

func parseClaims(dec cbor.DecMode, data []byte) (*claims, error) {
	if err := dec.Wellformed(data); err != nil {
		return nil, fmt.Errorf("cwt: %w", err)
	}
	if data[0]>>5 != 5 {
		return nil, errors.New("cwt: the content is not a map of claims")
	}
	var raw map[any]cbor.RawMessage
	if err := dec.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("cwt: %w", err)
	}
	c := &claims{}
	for key, value := range raw {
		n, is := key.(int64)
		if !is {
			continue // claims with text for a name belong to others
		}
		var err error
		switch n {
		case claimIssuer:
			c.issuer, err = claimText(dec, value)
		case claimSubject:
			c.subject, err = claimText(dec, value)
		case claimAudience:
			c.audience, err = claimTexts(dec, value)
		case claimExpires:
			c.expires, err = numericDate(dec, value)
		case claimNotBefore:
			c.notBefore, err = numericDate(dec, value)
		case claimIssuedAt:
			c.issuedAt, err = numericDate(dec, value)
		case claimTokenID:
			if c.tokenID, err = byteString(dec, value); err == nil && len(c.tokenID) > maxTokenID {
				err = fmt.Errorf("%d bytes, limit %d", len(c.tokenID), maxTokenID)
			}
		case claimHolder:
			c.holder = value
		case claimIdentity:
			c.identity = value
		case claimHealth:
			c.health = value
		case claimCredential:
			c.presentation = value
		}
		if err != nil {
			return nil, fmt.Errorf("cwt: claim %d: %w", n, err)
		}
	}
	return c, nil
}

func claimText(dec cbor.DecMode, data []byte) (string, error) {
	var s string
	if err := dec.Unmarshal(data, &s); err != nil {
		return "", err
	}
	if len(s) > maxClaimText {
		return "", fmt.Errorf("%d bytes, limit %d", len(s), maxClaimText)
	}
	return s, nil
}

// claimTexts reads one text or several (RFC 8392, section 3.1.3).
func claimTexts(dec cbor.DecMode, data []byte) ([]string, error) {
	if data[0]>>5 != 4 {
		s, err := claimText(dec, data)
		return []string{s}, err
	}
	var list []string
	if err := dec.Unmarshal(data, &list); err != nil {
		return nil, err
	}
	if len(list) > maxAudiences {
		return nil, fmt.Errorf("%d texts, limit %d", len(list), maxAudiences)
	}
	for _, s := range list {
		if len(s) > maxClaimText {
			return nil, fmt.Errorf("a text of %d bytes, limit %d", len(s), maxClaimText)
		}
	}
	return list, nil
}

// Instants between which times are taken: years that a date can be written in.
var (
	earliest = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	latest   = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC).Unix()
)

// numericDate reads seconds since 1970, whole or fractional (RFC 8392, section 2).
func numericDate(dec cbor.DecMode, data []byte) (time.Time, error) {
	var v any
	if err := dec.Unmarshal(data, &v); err != nil {
		return time.Time{}, err
	}
	var seconds, nanos int64
	switch n := v.(type) {
	case int64:
		seconds = n
	case float64:
		whole := math.Floor(n)
		if !(whole >= float64(earliest) && whole <= float64(latest)) { // also not a number
			return time.Time{}, fmt.Errorf("%g seconds is no date", n)
		}
		seconds, nanos = int64(whole), int64((n-whole)*1e9)
	default:
		return time.Time{}, fmt.Errorf("a %T, wanted seconds since 1970", v)
	}
	if seconds < earliest || seconds > latest {
		return time.Time{}, fmt.Errorf("%d seconds is no date from 1900 to 9999", seconds)
	}
	return time.Unix(seconds, nanos).UTC(), nil
}

// holderKey reads cnf: a COSE_Key in member 1 (RFC 8747, section 3.2).
func holderKey(dec cbor.DecMode, data []byte) (*Key, error) {
	var cnf struct {
		Key cbor.RawMessage `cbor:"1,keyasint"`
	}
	if err := dec.Unmarshal(data, &cnf); err != nil {
		return nil, fmt.Errorf("cnf: %w", err)
	}
	if len(cnf.Key) == 0 {
		return nil, errors.New("cnf: no key in it (encrypted keys and key ids are not supported)")
	}
	key, err := keyFromCOSE(dec, cnf.Key)
	if err != nil {
		return nil, fmt.Errorf("cnf: %w", err)
	}
	return key, nil
}
