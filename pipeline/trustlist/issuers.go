package trustlist

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"time"
)

// Limits of a list of issuers.
const (
	MaxIssuers     = 128
	MaxIssuerBytes = 64 << 10 // of one issuer's key file
)

// NewIssuers returns an unsigned list of issuers' key files: JSON objects with the issuer beside its keys.
func NewIssuers(sequence uint64, issued time.Time, files []json.RawMessage) (*List, error) {
	if err := checkIssuers(files); err != nil {
		return nil, err
	}
	content, err := json.Marshal(files)
	if err != nil {
		return nil, fmt.Errorf("trustlist: issuers: %w", err)
	}
	l := &List{Kind: KindIssuers, Sequence: sequence, Issued: issued, Content: content}
	return l, l.check()
}

// OpenIssuers decodes a list of issuers and verifies that one of the keys has signed it.
func OpenIssuers(b []byte, keys ...ed25519.PublicKey) (List, []json.RawMessage, error) {
	l, err := Open(b, KindIssuers, keys...)
	if err != nil {
		return List{}, nil, err
	}
	files, err := l.Issuers()
	return l, files, err
}

// Issuers decodes the content of a list of issuers.
func (l *List) Issuers() ([]json.RawMessage, error) {
	var files []json.RawMessage
	if l.Kind != KindIssuers || json.Unmarshal(l.Content, &files) != nil {
		return nil, fmt.Errorf("trustlist: %w of issuers: kind %q, wanted a JSON array", ErrMalformed, l.Kind)
	}
	if err := checkIssuers(files); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return files, nil
}

func checkIssuers(files []json.RawMessage) error {
	if len(files) > MaxIssuers {
		return fmt.Errorf("trustlist: %d issuers, limit %d", len(files), MaxIssuers)
	}
	for i, f := range files {
		if len(f) > MaxIssuerBytes || len(f) == 0 || f[0] != '{' {
			return fmt.Errorf("trustlist: issuer %d is %d bytes, limit %d, beginning with %.10q, wanted a JSON object",
				i, len(f), MaxIssuerBytes, f)
		}
	}
	return nil
}
