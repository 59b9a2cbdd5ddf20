package credential

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// Part is a part of the body as claim 169 numbers its biometrics.
type Part int64

// The parts whose samples Umbral can compare.
const (
	RightThumb Part = 50 // the other fingers follow: right to the little one, then left
	LeftLittle Part = 59
	Face       Part = 62
	Voice      Part = 65
)

var parts = [...]string{
	"rightThumb", "rightPointerFinger", "rightMiddleFinger", "rightRingFinger", "rightLittleFinger",
	"leftThumb", "leftPointerFinger", "leftMiddleFinger", "leftRingFinger", "leftLittleFinger",
	"rightIris", "leftIris", "face", "rightPalm", "leftPalm", "voice",
}

func (p Part) known() bool { return p >= RightThumb && p <= Voice }

// String returns the attribute's name in the specification, such as rightThumb.
func (p Part) String() string {
	if !p.known() {
		return "attribute " + strconv.FormatInt(int64(p), 10)
	}
	return parts[p-RightThumb]
}

// MarshalText writes the part's name, so that JSON maps have it as their key.
func (p Part) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads a part's name.
func (p *Part) UnmarshalText(text []byte) error {
	i := slices.Index(parts[:], string(text))
	if i < 0 {
		return fmt.Errorf("credential: %q is no part of the body, wanted one of %s", text, strings.Join(parts[:], ", "))
	}
	*p = RightThumb + Part(i)
	return nil
}

// Format says what a biometric sample is.
type Format int

// The formats of claim 169.
const (
	FormatUnknown  Format = -1 // the issuer says nothing
	FormatImage    Format = 0
	FormatTemplate Format = 1
	FormatSound    Format = 2
	FormatBioHash  Format = 3
)

// subFormats are the names of sub-formats; 100 to 200 are a vendor's own.
var subFormats = map[Format][]string{
	FormatImage:    {"PNG", "JPEG", "JPEG 2000", "AVIF", "WebP", "TIFF", "WSQ"},
	FormatTemplate: {"ANSI 378", "ISO 19794-2", "NIST"},
	FormatSound:    {"WAV", "MP3"},
}

// Biometric is one sample of a part of the body.
type Biometric struct {
	Data []byte `json:"data"`
	// Format and SubFormat are those of the specification, -1 where the issuer says nothing.
	Format    Format `json:"format"`
	SubFormat int    `json:"subFormat"`
	Issuer    string `json:"issuer,omitempty"`
}

// UnmarshalJSON reads a sample; a format that is left out is unknown rather than 0.
func (b *Biometric) UnmarshalJSON(data []byte) error {
	type plain Biometric
	p := plain{Format: FormatUnknown, SubFormat: -1}
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	*b = Biometric(p)
	return nil
}

// String returns what the sample is, such as "template, ISO 19794-2".
func (b Biometric) String() string {
	kind := map[Format]string{FormatImage: "image", FormatTemplate: "template", FormatSound: "sound",
		FormatBioHash: "bio hash"}[b.Format]
	if kind == "" {
		kind = "sample of unknown format"
	}
	names := subFormats[b.Format]
	switch {
	case b.SubFormat >= 0 && b.SubFormat < len(names):
		return kind + ", " + names[b.SubFormat]
	case b.SubFormat >= 100 && b.SubFormat <= 200:
		return fmt.Sprintf("%s, vendor's format %d", kind, b.SubFormat)
	case b.SubFormat >= 0:
		return fmt.Sprintf("%s, sub-format %d", kind, b.SubFormat)
	}
	return kind
}

// parseBiometrics reads a list of samples, or a single one as in the specification's example.
func parseBiometrics(dec cbor.DecMode, data []byte) ([]Biometric, error) {
	var raw []cbor.RawMessage
	switch {
	case len(data) == 0:
		return nil, errors.New("empty")
	case data[0]>>5 == 5:
		raw = []cbor.RawMessage{data}
	default:
		if err := dec.Unmarshal(data, &raw); err != nil {
			return nil, err
		}
	}
	if len(raw) > maxSamples {
		return nil, fmt.Errorf("%d samples, limit %d", len(raw), maxSamples)
	}
	list := make([]Biometric, len(raw))
	for i, r := range raw {
		var s struct {
			Data      cbor.RawMessage `cbor:"0,keyasint"`
			Format    *int64          `cbor:"1,keyasint"`
			SubFormat *int64          `cbor:"2,keyasint"`
			Issuer    string          `cbor:"3,keyasint"`
		}
		if err := dec.Unmarshal(r, &s); err != nil {
			return nil, fmt.Errorf("sample %d: %w", i, err)
		}
		content, err := bytesOrHex(dec, s.Data)
		if err != nil || len(content) == 0 {
			return nil, fmt.Errorf("sample %d has no data", i)
		}
		b := Biometric{Data: content, Format: FormatUnknown, SubFormat: -1, Issuer: s.Issuer}
		if s.Format != nil {
			if *s.Format < 0 || *s.Format > int64(FormatBioHash) {
				return nil, fmt.Errorf("sample %d of format %d, wanted 0 to %d", i, *s.Format, FormatBioHash)
			}
			b.Format = Format(*s.Format)
		}
		if s.SubFormat != nil {
			if *s.SubFormat < 0 || *s.SubFormat > 200 {
				return nil, fmt.Errorf("sample %d of sub-format %d, wanted 0 to 200", i, *s.SubFormat)
			}
			b.SubFormat = int(*s.SubFormat)
		}
		list[i] = b
	}
	return list, nil
}

// fingersText reads a list that was written as text: "[1, 2]".
func fingersText(text string) ([]int, error) {
	inner, open := strings.CutPrefix(text, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	words := strings.FieldsFunc(inner, func(r rune) bool { return r == ',' || r == ' ' })
	if !open || !closed || len(words) > maxBestFingers {
		return nil, fmt.Errorf("%.40q, wanted a list of at most %d fingers", text, maxBestFingers)
	}
	list := make([]int, len(words))
	for i, w := range words {
		n, err := strconv.Atoi(w)
		if err != nil || n < 0 || n > 10 {
			return nil, fmt.Errorf("finger %.20q, wanted 0 to 10", w)
		}
		list[i] = n
	}
	return list, nil
}
