package credential

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// maxTrustFile bounds a file of HCERT signers: some thousands of certificates.
const maxTrustFile = 8 << 20

// hcertKey returns a signer's key: its id is that of the certificate, and the certificate says what it may sign.
func hcertKey(der []byte) (*Key, error) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("credential: certificate: %w", err)
	}
	k, err := keyOfCertificate(c)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(der)
	k.ID, k.Uses = id[:hcertKeyID], usesOf(c)
	return k, nil
}

// ParseHCERTIssuer reads the signers of one country: PEM certificates, or a JWK set with key ids.
func ParseHCERTIssuer(data []byte, country, name string) (Issuer, error) {
	i := Issuer{ID: country, Name: name, Profile: HCERT}
	if len(data) > maxKeyFile {
		return i, fmt.Errorf("credential: key file of %d bytes, limit %d", len(data), maxKeyFile)
	}
	text := bytes.TrimSpace(data)
	var err error
	if bytes.HasPrefix(text, []byte("{")) {
		err = i.fromJSON(text)
	} else {
		err = i.fromPEM(text)
	}
	if err != nil {
		return i, err
	}
	if i.Profile != HCERT {
		return i, fmt.Errorf("credential: the keys are for %s, wanted %s", i.Profile, HCERT)
	}
	return i, checkIssuers([]Issuer{i})
}

// gatewayEntry is a certificate as the EU's gateway publishes it: country, key id and the certificate itself.
type gatewayEntry struct {
	Country string `json:"country"`
	KeyID   string `json:"kid"`
	Type    string `json:"certificateType"`
	Raw     string `json:"rawData"` // base64 of DER

	issuerFile // an entry in Umbral's own form, as in the fleet's list
}

// gatewaySigner is the type of entries that sign certificates; others sign lists and keys.
const gatewaySigner = "DSC"

// ParseHCERTTrust reads a trust list of HCERT's signers, by country and key id: a JSON array whose elements are
// certificates as the EU's gateway publishes them (country, kid, rawData, certificateType), or key files as ParseIssuer
// reads them, with "profile": "hcert". An object with such an array as "certificates", or a single key file, is taken
// too. The file itself is trusted: signatures of the list, and who signed the certificates, are not looked at.
func ParseHCERTTrust(data []byte) ([]Issuer, error) {
	if len(data) > maxTrustFile {
		return nil, fmt.Errorf("credential: trust list of %d bytes, limit %d", len(data), maxTrustFile)
	}
	entries, err := trustEntries(bytes.TrimSpace(data))
	if err != nil {
		return nil, err
	}
	var issuers []Issuer
	for n := range entries {
		if issuers, err = entries[n].addTo(issuers); err != nil {
			return nil, fmt.Errorf("entry %d of the trust list: %w", n, err)
		}
	}
	if len(issuers) == 0 {
		return nil, errors.New("credential: trust list without a signer of certificates (type DSC)")
	}
	return issuers, checkIssuers(issuers)
}

func trustEntries(data []byte) (entries []gatewayEntry, err error) {
	if bytes.HasPrefix(data, []byte("{")) {
		var object struct {
			Certificates json.RawMessage `json:"certificates"`
		}
		if err := json.Unmarshal(data, &object); err != nil {
			return nil, fmt.Errorf("credential: trust list: %w", err)
		}
		if object.Certificates == nil {
			object.Certificates = slices.Concat([]byte("["), data, []byte("]"))
		}
		data = object.Certificates
	}
	if err := json.Unmarshal(data, &entries); err != nil {
		return nil, fmt.Errorf("credential: trust list: %w", err)
	}
	return entries, nil
}

// addTo adds what an entry has to the issuer that it is of.
func (e *gatewayEntry) addTo(issuers []Issuer) ([]Issuer, error) {
	add := Issuer{Profile: HCERT}
	switch {
	case e.Keys != nil:
		if err := add.fromFile(&e.issuerFile); err != nil {
			return nil, err
		}
		if add.Profile != HCERT {
			return nil, fmt.Errorf("credential: the keys are for %s, wanted %s", add.Profile, HCERT)
		}
	case e.Type != "" && e.Type != gatewaySigner:
		return issuers, nil
	default:
		k, err := e.key()
		if err != nil {
			return nil, err
		}
		add.ID, add.Keys = e.Country, []*Key{k}
	}
	for i := range issuers {
		if issuers[i].ID == add.ID {
			issuers[i].merge(add.Keys)
			return issuers, nil
		}
	}
	return append(issuers, add), nil
}

// merge adds keys, each only once.
func (i *Issuer) merge(keys []*Key) {
	for _, k := range keys {
		if !slices.ContainsFunc(i.Keys, func(own *Key) bool {
			return bytes.Equal(own.ID, k.ID) && bytes.Equal(own.Thumbprint(), k.Thumbprint())
		}) {
			i.Keys = append(i.Keys, k)
		}
	}
}

// key reads the certificate. A key id that is not the certificate's would name another than was meant.
func (e *gatewayEntry) key() (*Key, error) {
	der, err := base64.StdEncoding.DecodeString(e.Raw)
	if err != nil {
		return nil, errors.New("credential: rawData is not base64 of a certificate")
	}
	k, err := hcertKey(der)
	if err != nil {
		return nil, err
	}
	if e.KeyID == "" {
		return k, nil
	}
	id, err := HCERT.keyID(e.KeyID)
	if err == nil && !bytes.Equal(id, k.ID) {
		err = fmt.Errorf("credential: key id %s, and the certificate's is %s", e.KeyID, HCERT.keyIDText(k.ID))
	}
	return k, err
}
