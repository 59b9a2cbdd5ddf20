package credential

import (
	"errors"
	"fmt"
)

// Limits of a set of issuers.
const (
	maxIssuers   = 128
	maxKeyID     = 64 // bytes
	maxIssuerID  = 255
	maxOpenKeys  = 16 // that open encrypted credentials
	minKeyLength = 16
)

// Issuer is an issuer whose signature makes a credential trusted.
type Issuer struct {
	// ID is the claim iss that the issuer writes, such as https://id.example.org. For HCERT it is the country.
	ID string
	// Profile is what the issuer is trusted to issue. An ID stands for one issuer, of one profile.
	Profile Profile
	// Name is for people; may be empty.
	Name string
	// Keys are tried by their id where the credential names one, else all. An issuer that changes its key keeps the old
	// one here as long as credentials signed with it are to count; Until ends that.
	Keys []*Key
}

// SymmetricKey opens encrypted credentials.
type SymmetricKey struct {
	// ID is the COSE kid; empty: tried for every credential.
	ID []byte
	// Key is an AES key of 16, 24 or 32 bytes.
	Key []byte
}

func checkIssuers(issuers []Issuer) error {
	if len(issuers) > maxIssuers {
		return fmt.Errorf("credential: %d issuers, limit %d", len(issuers), maxIssuers)
	}
	seen := map[string]bool{}
	for n := range issuers {
		i := &issuers[n]
		if seen[i.ID] {
			return fmt.Errorf("credential: issuer %q is there twice (put all its keys into one)", i.ID)
		}
		seen[i.ID] = true
		if err := i.check(); err != nil {
			return err
		}
	}
	return nil
}

func (i *Issuer) check() error {
	switch most := i.Profile.maxKeys(); {
	case i.ID == "":
		return errors.New("credential: an issuer without an id (the claim iss of its credentials)")
	case len(i.ID) > maxIssuerID:
		return fmt.Errorf("credential: issuer id of %d bytes, limit %d", len(i.ID), maxIssuerID)
	case i.Profile > HCERT:
		return fmt.Errorf("credential: issuer %q is for %s, which is not known", i.ID, i.Profile)
	case len(i.Keys) == 0:
		return fmt.Errorf("credential: issuer %q has no key", i.ID)
	case len(i.Keys) > most:
		return fmt.Errorf("credential: issuer %q has %d keys, limit %d", i.ID, len(i.Keys), most)
	}
	ids := map[string]bool{}
	for _, k := range i.Keys {
		if err := i.checkKey(k); err != nil {
			return err
		}
		id := string(k.Thumbprint())
		if i.Profile == HCERT { // a certificate may be renewed for the same key, and ids are of certificates
			id += string(k.ID)
		}
		if ids[id] {
			return fmt.Errorf("credential: issuer %q has one key twice (id %q): distrusting one would distrust neither",
				i.ID, k.ID)
		}
		ids[id] = true
	}
	return nil
}

func (i *Issuer) checkKey(k *Key) error {
	switch {
	case k == nil || k.algorithm == 0:
		return fmt.Errorf("credential: issuer %q has a key that was not made by NewKey", i.ID)
	case !k.From.IsZero() && !k.Until.IsZero() && !k.From.Before(k.Until):
		return fmt.Errorf("credential: a key of issuer %q is valid from %s until %s, which is never", i.ID,
			date(k.From), date(k.Until))
	case i.Profile == HCERT && len(k.ID) != hcertKeyID:
		return fmt.Errorf("credential: a key of issuer %q has an id of %d bytes, for HCERT wanted %d", i.ID, len(k.ID),
			hcertKeyID)
	}
	return nil
}

func checkSymmetric(keys []SymmetricKey) error {
	if len(keys) > maxOpenKeys {
		return fmt.Errorf("credential: %d decryption keys, limit %d", len(keys), maxOpenKeys)
	}
	for i, k := range keys {
		if n := len(k.Key); n != minKeyLength && n != 24 && n != 32 {
			return fmt.Errorf("credential: decryption key %d of %d bytes, wanted 16, 24 or 32", i, n)
		}
		if len(k.ID) > maxKeyID {
			return fmt.Errorf("credential: id of decryption key %d of %d bytes, limit %d", i, len(k.ID), maxKeyID)
		}
	}
	return nil
}
