package credential

import (
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

// maxQRText is the capacity of a QR code of the least error correction in alphanumeric mode (ISO/IEC 18004, table 7,
// 40-L).
const maxQRText = 4296

// Draft is a credential to be issued.
type Draft struct {
	Issuer   string
	Subject  string
	Identity Identity
	// Times in seconds; IssuedAt must be set, the others may be zero.
	IssuedAt, NotBefore, Expires time.Time
	// TokenID names the credential, for revocation; up to 64 bytes.
	TokenID []byte
	// Holder binds the credential to a key, so that only its owner can present it.
	Holder *Key
	// Encrypt, where set, encrypts to the terminals that have the key.
	Encrypt *SymmetricKey
}

// Issue signs a draft and returns the text of its QR code.
func Issue(d Draft, signer crypto.Signer, keyID []byte) (string, error) {
	if err := d.check(); err != nil {
		return "", err
	}
	c := map[int]any{claimIssuer: d.Issuer, claimIssuedAt: d.IssuedAt.Unix(), claimIdentity: d.Identity.attributes()}
	if d.Subject != "" {
		c[claimSubject] = d.Subject
	}
	if !d.NotBefore.IsZero() {
		c[claimNotBefore] = d.NotBefore.Unix()
	}
	if !d.Expires.IsZero() {
		c[claimExpires] = d.Expires.Unix()
	}
	if len(d.TokenID) > 0 {
		c[claimTokenID] = d.TokenID
	}
	if d.Holder != nil {
		c[claimHolder] = confirmation(d.Holder)
	}
	data, err := sign(encode(c), signer, keyID, nil)
	if err != nil {
		return "", err
	}
	if d.Encrypt != nil {
		if data, err = encrypt(data, d.Encrypt); err != nil {
			return "", err
		}
	}
	text := encodeBase45(deflate(data))
	if len(text) > maxQRText {
		return "", fmt.Errorf("credential: %d characters, and a QR code holds %d (a smaller photograph?)", len(text),
			maxQRText)
	}
	return text, nil
}

// confirmation returns the claim cnf with a whole key (RFC 8747, section 3.2).
func confirmation(k *Key) map[int]any { return map[int]any{1: cbor.RawMessage(k.COSE())} }

func (d *Draft) check() error {
	switch {
	case d.Issuer == "" || len(d.Issuer) > maxIssuerID:
		return fmt.Errorf("credential: issuer of %d bytes, wanted 1 to %d", len(d.Issuer), maxIssuerID)
	case d.IssuedAt.IsZero():
		return errors.New("credential: no instant of issue")
	case len(d.TokenID) > maxTokenID:
		return fmt.Errorf("credential: token id of %d bytes, limit %d", len(d.TokenID), maxTokenID)
	case len(d.Subject) > maxClaimText:
		return fmt.Errorf("credential: subject of %d bytes, limit %d", len(d.Subject), maxClaimText)
	case !d.Expires.IsZero() && (!d.IssuedAt.Before(d.Expires) || !d.NotBefore.Before(d.Expires)):
		return fmt.Errorf("credential: expires %s, before it is issued or valid", date(d.Expires))
	}
	return d.Identity.check()
}

// check returns an error for an identity that readers would refuse.
func (id *Identity) check() error {
	switch {
	case id.Gender < 0 || id.Gender > Other:
		return fmt.Errorf("credential: gender %d, wanted 1 (male), 2 (female), 3 (other)", id.Gender)
	case id.MaritalStatus < 0 || id.MaritalStatus > 3:
		return fmt.Errorf("credential: marital status %d, wanted 1 to 3", id.MaritalStatus)
	case id.PhotoFormat < 0 || id.PhotoFormat > 4 || len(id.PhotoData) > 0 && id.PhotoFormat == 0:
		return fmt.Errorf("credential: photo format %d, wanted 1 (JPEG), 2 (JPEG 2000), 3 (AVIF), 4 (WebP)",
			id.PhotoFormat)
	case len(id.BestQualityFingers) > maxBestFingers:
		return fmt.Errorf("credential: %d best fingers, limit %d", len(id.BestQualityFingers), maxBestFingers)
	}
	for _, f := range id.BestQualityFingers {
		if f < 0 || f > 10 {
			return fmt.Errorf("credential: finger %d, wanted 0 to 10", f)
		}
	}
	if id.DateOfBirth != "" {
		if _, err := id.BirthDate(); err != nil {
			return err
		}
	}
	for part, samples := range id.Biometrics {
		if !part.known() || len(samples) == 0 || len(samples) > maxSamples {
			return fmt.Errorf("credential: %v with %d samples, wanted 1 to %d", part, len(samples), maxSamples)
		}
		for _, s := range samples {
			if len(s.Data) == 0 || s.Format > FormatBioHash || s.SubFormat > 200 {
				return fmt.Errorf("credential: a sample of %v is empty or of no known format", part)
			}
		}
	}
	return nil
}

// attributes returns the map of claim 169.
func (id *Identity) attributes() map[int64]any {
	m := map[int64]any{}
	for key, text := range id.texts() {
		if *text != "" {
			m[key] = *text
		}
	}
	for key, n := range map[int64]int{attrGender: int(id.Gender), attrMaritalStatus: id.MaritalStatus,
		attrPhotoFormat: id.PhotoFormat} {
		if n != 0 {
			m[key] = n
		}
	}
	if len(id.PhotoData) > 0 {
		m[attrPhoto] = id.PhotoData
	}
	if len(id.BestQualityFingers) > 0 {
		m[attrBestFingers] = id.BestQualityFingers
	}
	for part, samples := range id.Biometrics {
		list := make([]map[int]any, len(samples))
		for i, s := range samples {
			list[i] = map[int]any{0: s.Data}
			if s.Format >= 0 {
				list[i][1] = int(s.Format)
			}
			if s.SubFormat >= 0 {
				list[i][2] = s.SubFormat
			}
			if s.Issuer != "" {
				list[i][3] = s.Issuer
			}
		}
		m[int64(part)] = list
	}
	return m
}

// sign returns a tagged COSE_Sign1 with the algorithm protected and the key's id, if any, unprotected.
func sign(content []byte, signer crypto.Signer, keyID, external []byte) ([]byte, error) {
	key, err := NewKey(signer.Public(), keyID)
	if err != nil {
		return nil, err
	}
	s, err := cose.NewSigner(key.algorithm, signer)
	if err != nil {
		return nil, fmt.Errorf("credential: signing: %w", err)
	}
	headers := cose.Headers{Protected: cose.ProtectedHeader{cose.HeaderLabelAlgorithm: key.algorithm}}
	if len(keyID) > 0 {
		headers.Unprotected = cose.UnprotectedHeader{cose.HeaderLabelKeyID: keyID}
	}
	data, err := cose.Sign1(rand.Reader, s, headers, content, external)
	if err != nil {
		return nil, fmt.Errorf("credential: signing: %w", err)
	}
	return data, nil
}

// encrypt returns a tagged COSE_Encrypt0 with AES-GCM and a random IV.
func encrypt(content []byte, key *SymmetricKey) ([]byte, error) {
	if err := checkSymmetric([]SymmetricKey{*key}); err != nil {
		return nil, err
	}
	algorithm := 0
	for a, length := range gcmKeyLength {
		if length == len(key.Key) {
			algorithm = int(a)
		}
	}
	gcm, err := newGCM(key.Key)
	if err != nil {
		return nil, fmt.Errorf("credential: encrypting: %w", err)
	}
	iv := make([]byte, gcmNonceLength)
	if _, err := rand.Read(iv); err != nil {
		return nil, fmt.Errorf("credential: encrypting: %w", err)
	}
	protected := encode(map[int64]any{labelAlgorithm: algorithm})
	unprotected := map[int64]any{labelIV: iv}
	if len(key.ID) > 0 {
		unprotected[labelKeyID] = key.ID
	}
	sealed := gcm.Seal(nil, iv, content, encryptedWith(protected, nil))
	return encode(cbor.Tag{Number: tagEncrypt0, Content: []any{protected, unprotected, sealed}}), nil
}

// Present returns the text of a rotating code, as a wallet shows it. credential is the text that Issue returned.
func Present(credential string, holder crypto.Signer, p Presented) (string, error) {
	inner, err := decodeBase45(credential)
	if err != nil {
		return "", fmt.Errorf("credential: presenting: %w", err)
	}
	if len(p.Nonce) < minNonce || len(p.Nonce) > maxNonce || p.Audience == "" {
		return "", fmt.Errorf("credential: presenting with %d random bytes (wanted %d to %d) to %q", len(p.Nonce),
			minNonce, maxNonce, p.Audience)
	}
	data, err := sign(encode(map[int]any{
		claimAudience: p.Audience, claimIssuedAt: p.At.Unix(), claimTokenID: p.Nonce, claimCredential: inner,
	}), holder, nil, []byte(presentationContext))
	if err != nil {
		return "", err
	}
	text := PresentationPrefix + encodeBase45(data)
	if len(text) > maxQRText {
		return "", fmt.Errorf("credential: presentation of %d characters, and a QR code holds %d", len(text), maxQRText)
	}
	return text, nil
}
