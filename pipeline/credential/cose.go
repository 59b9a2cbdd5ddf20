package credential

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

// CBOR tags of RFC 9052, section 2, and RFC 8392, section 6.
const (
	tagEncrypt0 = 16
	tagSign1    = 18
	tagCWT      = 61
)

// coseTags names the COSE messages that are refused, for the error.
var coseTags = map[uint64]string{17: "COSE_Mac0", 96: "COSE_Encrypt", 97: "COSE_Mac", 98: "COSE_Sign"}

// algorithms of encryption: AES-GCM with a tag of 128 bits (RFC 9053, section 4.1), by key length in bytes.
var gcmKeyLength = map[cose.Algorithm]int{1: 16, 2: 24, 3: 32}

const (
	gcmNonceLength = 12
	labelAlgorithm = int64(1)
	labelCritical  = int64(2)
	labelKeyID     = int64(4)
	labelIV        = int64(5)
	labelPartialIV = int64(6)
)

// message is a COSE_Sign1 or COSE_Encrypt0 before any cryptography.
type message struct {
	encrypted bool
	protected []byte // the serialised map as signed; empty for an empty map
	algorithm cose.Algorithm
	keyID     []byte
	iv        []byte
	content   []byte // payload or ciphertext
	signature []byte // empty where the issuer did not sign, which is refused later
}

// untag takes off the tags that announce what follows: optionally CWT, then optionally the kind of message. The kind is
// 0 where the data say nothing about it.
func untag(dec cbor.DecMode, data []byte) (kind uint64, body []byte, err error) {
	cwt := false
	for {
		if err := dec.Wellformed(data); err != nil {
			return 0, nil, fmt.Errorf("cbor: %w", err)
		}
		if data[0]>>5 != 6 { // no tag (RFC 8949, section 3.1)
			return kind, data, nil
		}
		var tag cbor.RawTag
		if err := dec.Unmarshal(data, &tag); err != nil {
			return 0, nil, fmt.Errorf("cbor: %w", err)
		}
		switch {
		case tag.Number == tagCWT && !cwt && kind == 0:
			cwt = true
		case (tag.Number == tagSign1 || tag.Number == tagEncrypt0) && kind == 0:
			kind = tag.Number
		case coseTags[tag.Number] != "":
			return 0, nil, fmt.Errorf("cose: tag %d (%s), wanted COSE_Sign1 or COSE_Encrypt0", tag.Number,
				coseTags[tag.Number])
		default:
			return 0, nil, fmt.Errorf("cose: tag %d, wanted COSE_Sign1 (%d) or COSE_Encrypt0 (%d)", tag.Number,
				tagSign1, tagEncrypt0)
		}
		data = tag.Content
	}
}

// parseMessage reads a COSE_Sign1 or COSE_Encrypt0, tagged or, where their number of elements tells them apart,
// untagged.
func parseMessage(dec cbor.DecMode, data []byte) (*message, error) {
	kind, body, err := untag(dec, data)
	if err != nil {
		return nil, err
	}
	if body[0]>>5 != 4 { // no array
		return nil, errors.New("cose: not an array (claims without a signature around them?)")
	}
	var parts []cbor.RawMessage
	if err := dec.Unmarshal(body, &parts); err != nil {
		return nil, fmt.Errorf("cose: %w", err)
	}
	m := &message{encrypted: kind == tagEncrypt0 || kind == 0 && len(parts) == 3}
	want := 4
	if m.encrypted {
		want = 3
	}
	if len(parts) != want {
		return nil, fmt.Errorf("cose: array of %d elements, wanted %d", len(parts), want)
	}
	if err := m.headers(dec, parts[0], parts[1]); err != nil {
		return nil, err
	}
	if m.content, err = byteString(dec, parts[2]); err != nil {
		return nil, fmt.Errorf("cose: content: %w (detached?)", err)
	}
	if !m.encrypted {
		if m.signature, err = byteString(dec, parts[3]); err != nil {
			return nil, fmt.Errorf("cose: signature: %w", err)
		}
	}
	return m, nil
}

// headers reads both header maps. go-cose checks their form (types, labels that must be protected or must not stand in
// both).
func (m *message) headers(dec cbor.DecMode, protected, unprotected cbor.RawMessage) (err error) {
	if m.protected, err = byteString(dec, protected); err != nil {
		return fmt.Errorf("cose: protected header: %w", err)
	}
	if len(m.protected) > 0 {
		if err := dec.Wellformed(m.protected); err != nil {
			return fmt.Errorf("cose: protected header: %w", err)
		}
	}
	h, err := readHeaders(protected, unprotected)
	if err != nil {
		return fmt.Errorf("cose: %w", err)
	}
	if len(h.Protected) == 0 {
		m.protected = nil // an empty map is signed as an empty string (RFC 9052, section 3)
	}
	if _, is := h.Protected[labelCritical]; is {
		return errors.New("cose: header crit asks for something that is not understood")
	}
	find := func(label int64) any {
		if v, is := h.Protected[label]; is {
			return v
		}
		return h.Unprotected[label]
	}
	switch a := find(labelAlgorithm).(type) {
	case cose.Algorithm:
		m.algorithm = a
	case int64:
		m.algorithm = cose.Algorithm(a)
	case nil:
		return errors.New("cose: no algorithm in the headers")
	default:
		return fmt.Errorf("cose: algorithm %v is not known", a)
	}
	for label, to := range map[int64]*[]byte{labelKeyID: &m.keyID, labelIV: &m.iv} {
		if v := find(label); v != nil {
			b, is := v.([]byte)
			if !is {
				return fmt.Errorf("cose: header %d is a %T, wanted bytes", label, v)
			}
			*to = b
		}
	}
	if find(labelPartialIV) != nil {
		return errors.New("cose: partial IV is not supported")
	}
	return nil
}

// readHeaders decodes the headers with go-cose. Anybody can make a code, so that a panic becomes an error.
func readHeaders(protected, unprotected cbor.RawMessage) (h cose.Headers, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("headers that cannot be read: %v", r)
		}
	}()
	h.RawProtected, h.RawUnprotected = protected, unprotected
	return h, h.UnmarshalFromRaw()
}

// byteString reads a byte string and nothing else: []byte alone would also take an array of numbers.
func byteString(dec cbor.DecMode, data []byte) ([]byte, error) {
	if len(data) == 0 || data[0]>>5 != 2 {
		return nil, errors.New("not a byte string")
	}
	var b []byte
	err := dec.Unmarshal(data, &b)
	return b, err
}

// toBeSigned is the Sig_structure of RFC 9052, section 4.4.
func (m *message) toBeSigned(external []byte) []byte {
	return encode([]any{"Signature1", nonNil(m.protected), nonNil(external), nonNil(m.content)})
}

// nonNil keeps an absent byte string from becoming CBOR null.
func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// verify checks the signature with a key. The key decides the algorithm; the header may only agree.
func (m *message) verify(key *Key, external []byte) error {
	if len(m.signature) == 0 {
		return errors.New("not signed")
	}
	if m.algorithm != key.algorithm {
		return fmt.Errorf("algorithm %v in the header, %v by the key", m.algorithm, key.algorithm)
	}
	verifier, err := cose.NewVerifier(key.algorithm, key.Public)
	if err != nil {
		return err
	}
	return verifier.Verify(m.toBeSigned(external), m.signature)
}

// decrypt opens a COSE_Encrypt0 with AES-GCM (RFC 9052, section 5.3; RFC 9053, section 4.1).
func (m *message) decrypt(key []byte, external []byte) ([]byte, error) {
	length := gcmKeyLength[m.algorithm]
	switch {
	case length == 0:
		return nil, fmt.Errorf("algorithm %v, wanted A128GCM, A192GCM or A256GCM", m.algorithm)
	case length != len(key):
		return nil, fmt.Errorf("key of %d bytes, %v takes %d", len(key), m.algorithm, length)
	case len(m.iv) != gcmNonceLength:
		return nil, fmt.Errorf("IV of %d bytes, wanted %d", len(m.iv), gcmNonceLength)
	}
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	return gcm.Open(nil, m.iv, m.content, encryptedWith(m.protected, external))
}

// encryptedWith is the Enc_structure of RFC 9052, section 5.3.
func encryptedWith(protected, external []byte) []byte {
	return encode([]any{"Encrypt0", nonNil(protected), nonNil(external)})
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
