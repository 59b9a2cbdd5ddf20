package credential

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/fxamacker/cbor/v2"
)

// Identity is claim 169: MOSIP's "169 - QR Code Specification" 1.2.2, section 3.1. All attributes are optional; texts
// are as the issuer wrote them. The JSON names are those that the specification's own tools use.
type Identity struct {
	ID                 string `json:"id,omitempty"`
	Version            string `json:"version,omitempty"`
	Language           string `json:"language,omitempty"` // ISO 639-3
	FullName           string `json:"fullName,omitempty"`
	FirstName          string `json:"firstName,omitempty"`
	MiddleName         string `json:"middleName,omitempty"`
	LastName           string `json:"lastName,omitempty"`
	DateOfBirth        string `json:"dateOfBirth,omitempty"` // YYYYMMDD; see BirthDate
	Gender             Gender `json:"gender,omitempty"`
	Address            string `json:"address,omitempty"` // lines separated by \n
	Email              string `json:"email,omitempty"`
	Phone              string `json:"phone,omitempty"` // E.123
	Nationality        string `json:"nationality,omitempty"`
	MaritalStatus      int    `json:"maritalStatus,omitempty"` // 1 unmarried, 2 married, 3 divorced
	Guardian           string `json:"guardian,omitempty"`      // name or id
	PhotoData          []byte `json:"photo,omitempty"`
	PhotoFormat        int    `json:"photoFormat,omitempty"`        // 1 JPEG, 2 JPEG 2000, 3 AVIF, 4 WebP
	BestQualityFingers []int  `json:"bestQualityFingers,omitempty"` // 0 unknown, 1–5 right, 6–10 left
	SecondaryFullName  string `json:"secondaryFullName,omitempty"`
	SecondaryLanguage  string `json:"secondaryLanguage,omitempty"`
	LocationCode       string `json:"locationCode,omitempty"`
	LegalStatus        string `json:"legalStatus,omitempty"`
	CountryOfIssuance  string `json:"countryOfIssuance,omitempty"`

	// Biometrics are attributes 50 to 65, by their number.
	Biometrics map[Part][]Biometric `json:"biometrics,omitempty"`
	// Unknown are the numbers of attributes that the specification does not assign. They are signed, and not
	// understood.
	Unknown []int64 `json:"unknown,omitempty"`
}

// Gender is attribute 9.
type Gender int

// The genders of claim 169.
const (
	Male   Gender = 1
	Female Gender = 2
	Other  Gender = 3
)

// String returns the English word, or nothing if the gender is not stated.
func (g Gender) String() string {
	switch g {
	case 0:
		return ""
	case Male:
		return "male"
	case Female:
		return "female"
	case Other:
		return "other"
	}
	return "gender " + strconv.Itoa(int(g))
}

// Limits of the identity's lists.
const (
	maxBestFingers = 10
	maxSamples     = 16 // of one body part
)

// attribute numbers that are not plain text.
const (
	attrGender        = 9
	attrMaritalStatus = 14
	attrPhoto         = 16
	attrPhotoFormat   = 17
	attrBestFingers   = 18
)

// texts returns the fields of text attributes by their numbers.
func (id *Identity) texts() map[int64]*string {
	return map[int64]*string{
		1: &id.ID, 2: &id.Version, 3: &id.Language, 4: &id.FullName, 5: &id.FirstName, 6: &id.MiddleName,
		7: &id.LastName,
		8: &id.DateOfBirth, 10: &id.Address, 11: &id.Email, 12: &id.Phone, 13: &id.Nationality, 15: &id.Guardian,
		19: &id.SecondaryFullName, 20: &id.SecondaryLanguage, 21: &id.LocationCode, 22: &id.LegalStatus,
		23: &id.CountryOfIssuance,
	}
}

// parseIdentity reads the map of claim 169. PixelPass writes the attributes' numbers, and all values, as text; those
// are taken too.
func parseIdentity(dec cbor.DecMode, data []byte) (*Identity, error) {
	attributes, err := attributesOf(dec, data)
	if err != nil {
		return nil, err
	}
	id := &Identity{}
	texts := id.texts()
	for _, a := range attributes {
		switch {
		case texts[a.key] != nil:
			err = dec.Unmarshal(a.value, texts[a.key])
		case a.key == attrGender:
			var n int
			n, err = smallInt(dec, a.value, 1, 3)
			id.Gender = Gender(n)
		case a.key == attrMaritalStatus:
			id.MaritalStatus, err = smallInt(dec, a.value, 1, 3)
		case a.key == attrPhotoFormat:
			id.PhotoFormat, err = smallInt(dec, a.value, 1, 4)
		case a.key == attrPhoto:
			id.PhotoData, err = bytesOrHex(dec, a.value)
		case a.key == attrBestFingers:
			id.BestQualityFingers, err = fingers(dec, a.value)
		case Part(a.key).known():
			var samples []Biometric
			if samples, err = parseBiometrics(dec, a.value); err == nil {
				if id.Biometrics == nil {
					id.Biometrics = map[Part][]Biometric{}
				}
				id.Biometrics[Part(a.key)] = samples
			}
		default:
			id.Unknown = append(id.Unknown, a.key)
		}
		if err != nil {
			return nil, fmt.Errorf("claim 169: attribute %d: %w", a.key, err)
		}
	}
	return id, nil
}

type attribute struct {
	key   int64
	value cbor.RawMessage
}

// attributesOf reads a map with keys that are integers or decimal text, in the order of their numbers.
func attributesOf(dec cbor.DecMode, data []byte) ([]attribute, error) {
	if len(data) == 0 || data[0]>>5 != 5 {
		return nil, errors.New("claim 169: not a map")
	}
	var raw map[any]cbor.RawMessage
	if err := dec.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("claim 169: %w", err)
	}
	byKey := make(map[int64]cbor.RawMessage, len(raw))
	list := make([]attribute, 0, len(raw))
	for k, v := range raw {
		key, is := k.(int64)
		if text, isText := k.(string); isText {
			n, err := strconv.ParseInt(text, 10, 32)
			key, is = n, err == nil && strconv.FormatInt(n, 10) == text
		}
		if !is {
			return nil, fmt.Errorf("claim 169: key %.40q is no attribute number", fmt.Sprint(k))
		}
		if _, twice := byKey[key]; twice {
			return nil, fmt.Errorf("claim 169: attribute %d is there twice", key)
		}
		byKey[key] = v
		list = append(list, attribute{key, v})
	}
	slices.SortFunc(list, func(a, b attribute) int { return cmp.Compare(a.key, b.key) })
	return list, nil
}

// smallInt reads an integer of a range, which PixelPass writes as text.
func smallInt(dec cbor.DecMode, data []byte, lo, hi int) (int, error) {
	var v any
	if err := dec.Unmarshal(data, &v); err != nil {
		return 0, err
	}
	n, is := v.(int64)
	if text, isText := v.(string); isText {
		parsed, err := strconv.ParseInt(text, 10, 32)
		n, is = parsed, err == nil
	}
	if !is || n < int64(lo) || n > int64(hi) {
		return 0, fmt.Errorf("%.20q, wanted %d to %d", fmt.Sprint(v), lo, hi)
	}
	return int(n), nil
}

// bytesOrHex reads bytes. The specification calls the photograph a text and shows hexadecimal, so that is taken too;
// any other text stays as it is, and is then no picture.
func bytesOrHex(dec cbor.DecMode, data []byte) ([]byte, error) {
	if len(data) == 0 || data[0]>>5 != 3 {
		return byteString(dec, data)
	}
	var text string
	if err := dec.Unmarshal(data, &text); err != nil {
		return nil, err
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		return []byte(text), nil
	}
	return b, nil
}

func fingers(dec cbor.DecMode, data []byte) ([]int, error) {
	var raw []cbor.RawMessage
	if data[0]>>5 == 3 { // PixelPass: "[1, 2]"
		var text string
		if err := dec.Unmarshal(data, &text); err != nil {
			return nil, err
		}
		return fingersText(text)
	}
	if err := dec.Unmarshal(data, &raw); err != nil {
		return nil, err
	}
	if len(raw) > maxBestFingers {
		return nil, fmt.Errorf("%d fingers, limit %d", len(raw), maxBestFingers)
	}
	list := make([]int, len(raw))
	for i, v := range raw {
		n, err := smallInt(dec, v, 0, 10)
		if err != nil {
			return nil, fmt.Errorf("finger %d: %w", i, err)
		}
		list[i] = n
	}
	return list, nil
}
