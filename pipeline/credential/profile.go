package credential

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
)

// Profile is a kind of credential. An issuer is trusted for one profile only: who may certify a vaccination may not
// issue identities.
type Profile uint8

// The profiles.
const (
	Claim169 Profile = iota // an identity: claim 169
	HCERT                   // the EU's electronic health certificate: claim -260, after "HC1:"
)

// String returns the profile's name in key files and reports.
func (p Profile) String() string {
	switch p {
	case Claim169:
		return "claim-169"
	case HCERT:
		return "hcert"
	}
	return fmt.Sprintf("profile-%d", uint8(p))
}

// parseProfile returns the profile of that name. A key file without one is for claim 169.
func parseProfile(name string) (Profile, error) {
	for _, p := range []Profile{Claim169, HCERT} {
		if name == p.String() || name == "" && p == Claim169 {
			return p, nil
		}
	}
	return 0, fmt.Errorf("credential: profile %.20q, wanted %s or %s", name, Claim169, HCERT)
}

// maxKeys returns how many keys an issuer may have, current and past ones. A country has one for each body that
// certifies.
func (p Profile) maxKeys() int {
	if p == HCERT {
		return 256
	}
	return 16
}

// hcertKeyID is the length of a key id of HCERT, in bytes: the first of the SHA-256 of the signer's certificate.
const hcertKeyID = 8

// keyID reads a key id as JWKs write it: its characters, or for HCERT base64 of 8 bytes.
func (p Profile) keyID(text string) ([]byte, error) {
	if p != HCERT {
		if len(text) > maxKeyID {
			return nil, fmt.Errorf("credential: key id of %d bytes, limit %d", len(text), maxKeyID)
		}
		return []byte(text), nil
	}
	plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	id, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil || len(id) != hcertKeyID {
		return nil, fmt.Errorf("credential: key id %.20q, wanted base64 of %d bytes", text, hcertKeyID)
	}
	return id, nil
}

// keyIDText returns a key id as JWKs write it.
func (p Profile) keyIDText(id []byte) string {
	if p == HCERT {
		return base64.StdEncoding.EncodeToString(id)
	}
	return string(id)
}

// names reports whether a message with that key id may be signed by the key. HCERT must name its key; of an issuer of
// identities every key may be tried where the message or the key has no id.
func (p Profile) names(k *Key, id []byte) bool {
	if p != HCERT && (len(id) == 0 || len(k.ID) == 0) {
		return true
	}
	return bytes.Equal(k.ID, id)
}
