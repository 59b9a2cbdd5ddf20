package credential

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// maxKeyFile bounds a file of keys.
const maxKeyFile = 256 << 10

// issuerFile is Umbral's own form: a JWK set (RFC 7517, section 5) that also says whose keys they are, and for which
// profile where that is not claim 169.
type issuerFile struct {
	Issuer  string `json:"issuer,omitempty"`
	Name    string `json:"name,omitempty"`
	Profile string `json:"profile,omitempty"`
	Keys    []jwk  `json:"keys"`
}

// ParseIssuer reads the keys of an issuer from a file: a JWK or JWK set (JSON), a COSE_Key (CBOR), or PEM (public keys
// or certificates). id and name say whose they are; where they are empty, the file must ("issuer" beside "keys"). The
// issuer is one of claim 169 unless the file says "profile": "hcert".
func ParseIssuer(data []byte, id, name string) (Issuer, error) {
	i := Issuer{ID: id, Name: name}
	if len(data) > maxKeyFile {
		return i, fmt.Errorf("credential: key file of %d bytes, limit %d", len(data), maxKeyFile)
	}
	text := bytes.TrimSpace(data)
	var err error
	switch {
	case len(text) == 0:
		return i, errors.New("credential: key file is empty")
	case text[0] == '{':
		err = i.fromJSON(text)
	case bytes.Contains(text, []byte("-----BEGIN ")):
		err = i.fromPEM(text)
	default:
		err = i.fromCOSE(data)
	}
	if err != nil {
		return i, err
	}
	return i, checkIssuers([]Issuer{i})
}

func (i *Issuer) fromCOSE(data []byte) error {
	dec, err := DefaultLimits().decoder()
	if err != nil {
		return fmt.Errorf("credential: %w", err)
	}
	k, err := keyFromCOSE(dec, data)
	if err != nil {
		return fmt.Errorf("%w (wanted JWK, PEM or COSE_Key)", err)
	}
	i.Keys = []*Key{k}
	return nil
}

func (i *Issuer) fromJSON(data []byte) error {
	f, err := readJWKs(data)
	if err != nil {
		return err
	}
	return i.fromFile(&f)
}

func (i *Issuer) fromFile(f *issuerFile) (err error) {
	if i.ID == "" {
		i.ID = f.Issuer
	}
	if i.Name == "" {
		i.Name = f.Name
	}
	if f.Profile != "" || i.Profile == Claim169 {
		if i.Profile, err = parseProfile(f.Profile); err != nil {
			return err
		}
	}
	if most := i.Profile.maxKeys(); len(f.Keys) > most {
		return fmt.Errorf("credential: %d keys, limit %d", len(f.Keys), most)
	}
	for n := range f.Keys {
		k, err := f.Keys[n].keyOf(i.Profile)
		if err != nil {
			return fmt.Errorf("key %d: %w", n, err)
		}
		i.Keys = append(i.Keys, k)
	}
	return nil
}

// fromPEM reads public keys and certificates. A certificate bounds when its key is in force.
func (i *Issuer) fromPEM(data []byte) error {
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			break
		}
		data = rest
		k, err := i.keyFromBlock(block)
		if err != nil {
			return err
		}
		if i.Keys = append(i.Keys, k); len(i.Keys) > i.Profile.maxKeys() {
			return fmt.Errorf("credential: more than %d keys in PEM (limit)", i.Profile.maxKeys())
		}
	}
	if len(i.Keys) == 0 {
		return errors.New("credential: no whole PEM block in the file (cut off?)")
	}
	return nil
}

func (i *Issuer) keyFromBlock(block *pem.Block) (*Key, error) {
	switch {
	case block.Type == "CERTIFICATE" && i.Profile == HCERT:
		return hcertKey(block.Bytes)
	case block.Type == "CERTIFICATE":
		return keyFromCertificate(block.Bytes)
	case block.Type == "PUBLIC KEY" && i.Profile == HCERT:
		return nil, errors.New("credential: PEM block PUBLIC KEY, but HCERT names keys by certificates: wanted CERTIFICATE")
	case block.Type == "PUBLIC KEY":
		public, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("credential: PEM: %w", err)
		}
		return NewKey(public, nil)
	}
	return nil, fmt.Errorf("credential: PEM block %.40q, wanted PUBLIC KEY or CERTIFICATE", block.Type)
}

// keyFromCertificate returns the key of an X.509 certificate, in force as long as that is valid. Who signed the
// certificate is not looked at: that it is in the file makes it trusted.
func keyFromCertificate(der []byte) (*Key, error) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("credential: certificate: %w", err)
	}
	return keyOfCertificate(c)
}

func keyOfCertificate(c *x509.Certificate) (*Key, error) {
	public, is := c.PublicKey.(crypto.PublicKey)
	if !is {
		return nil, errors.New("credential: certificate with a key of an unknown algorithm")
	}
	k, err := NewKey(public, nil)
	if err != nil {
		return nil, err
	}
	k.From, k.Until = c.NotBefore, c.NotAfter
	return k, nil
}
