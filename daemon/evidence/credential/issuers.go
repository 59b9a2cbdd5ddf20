package credential

import (
	"fmt"
	"slices"
	"sync/atomic"

	"umbral/pipeline/credential"
)

// Issuers verifies credentials by the issuers that are trusted now: those that are configured, and those of the fleet's list.
type Issuers struct {
	o        credential.VerifierOpts
	verifier atomic.Pointer[credential.Verifier]
}

// NewIssuers trusts the issuers of the options.
func NewIssuers(o credential.VerifierOpts) (*Issuers, error) {
	n := &Issuers{o: o}
	return n, n.Trust(nil)
}

// Trust trusts the issuers of a list beside those that are configured. Where both name one, the configuration counts.
func (n *Issuers) Trust(listed []credential.Issuer) error {
	o := n.o
	o.Issuers = slices.Clone(n.o.Issuers)
	for _, issuer := range listed {
		if !slices.ContainsFunc(n.o.Issuers, func(own credential.Issuer) bool { return own.ID == issuer.ID }) {
			o.Issuers = append(o.Issuers, issuer)
		}
	}
	v, err := credential.NewVerifier(o)
	if err != nil {
		return fmt.Errorf("evidence: credential: %w", err)
	}
	n.verifier.Store(v)
	return nil
}
