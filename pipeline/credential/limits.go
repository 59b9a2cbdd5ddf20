package credential

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Limits bound what a Verifier takes from a code.
type Limits struct {
	// MaxText is the longest text in bytes. 4,296 is what a QR code holds at most (version 40-L, alphanumeric; ISO/IEC
	// 18004).
	MaxText int
	// MaxInflated is how many bytes may come out of zlib.
	MaxInflated int
	// MaxDepth is how deep CBOR arrays, maps and tags may nest, 4 to 64. Byte strings that hold CBOR are counted anew.
	MaxDepth int
	// MaxElements is how many elements an array and how many pairs a map may have, 16 or more.
	MaxElements int
	// MaxPhotoPixels is the largest photograph that Photo decodes, as width × height.
	MaxPhotoPixels int
}

// DefaultLimits returns limits that admit everything that fits into one QR code: claim 169 nests four deep, has 40
// attributes, and a photograph of 2,900 bytes.
func DefaultLimits() Limits {
	return Limits{MaxText: 4296, MaxInflated: 32 << 10, MaxDepth: 8, MaxElements: 128, MaxPhotoPixels: 1024 * 1024}
}

// maxLimits bound what a configuration may ask for.
var maxLimits = Limits{MaxText: 64 << 10, MaxInflated: 1 << 20, MaxDepth: 64, MaxElements: 4096,
	MaxPhotoPixels: 16_000_000}

func (l Limits) validate() error {
	for _, c := range []struct {
		name           string
		value, lo, max int
	}{
		{"MaxText", l.MaxText, 64, maxLimits.MaxText},
		{"MaxInflated", l.MaxInflated, 64, maxLimits.MaxInflated},
		{"MaxDepth", l.MaxDepth, 4, maxLimits.MaxDepth},
		{"MaxElements", l.MaxElements, 16, maxLimits.MaxElements},
		{"MaxPhotoPixels", l.MaxPhotoPixels, 64 * 64, maxLimits.MaxPhotoPixels},
	} {
		if c.value < c.lo || c.value > c.max {
			return fmt.Errorf("credential: limit %s %d, allowed %d to %d", c.name, c.value, c.lo, c.max)
		}
	}
	return nil
}

// decoder returns a CBOR decoder that keeps the limits and refuses what makes two readers disagree: duplicate keys and
// invalid UTF-8 (RFC 8949, sections 5.6 and 5.3.1), and indefinite lengths, which COSE structures have no use for.
func (l Limits) decoder() (cbor.DecMode, error) {
	return l.options(cbor.IndefLengthForbidden).DecMode()
}

// payloadDecoder returns a decoder for what a signature covers. Issuers write maps, arrays and strings of indefinite
// length (RFC 8949, section 3.2) there; what is signed reads the same to everybody. The limits hold as for definite
// lengths.
func (l Limits) payloadDecoder() (cbor.DecMode, error) {
	return l.options(cbor.IndefLengthAllowed).DecMode()
}

func (l Limits) options(indefinite cbor.IndefLengthMode) cbor.DecOptions {
	return cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       indefinite,
		MaxNestedLevels:   l.MaxDepth,
		MaxArrayElements:  l.MaxElements,
		MaxMapPairs:       l.MaxElements,
		IntDec:            cbor.IntDecConvertSignedOrFail,
		UTF8:              cbor.UTF8RejectInvalid,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
		BignumTag:         cbor.BignumTagForbidden,
		TimeTag:           cbor.DecTagIgnored,
	}
}

// encoder writes deterministic CBOR (RFC 8949, section 4.2.1).
var encoder = func() cbor.EncMode {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic("credential: options of the CBOR encoder: " + err.Error())
	}
	return mode
}()

// encode returns v in CBOR. It cannot fail for the types of this package: strings, integers, byte strings, and maps and
// arrays of those.
func encode(v any) []byte {
	data, err := encoder.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("credential: %T cannot be written as CBOR: %v", v, err))
	}
	return data
}
