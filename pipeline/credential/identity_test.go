package credential

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// repeated returns a list of n equal elements.
func repeated(n int, v any) []any { return slices.Repeat([]any{v}, n) }

// What claim 169 may hold, and the same one step beyond.
func TestAttributeLimits(t *testing.T) {
	dec := must(DefaultLimits().decoder())
	sample := func(m map[int]any) map[any]any { return map[any]any{62: []any{m}} }
	data := []byte{1}
	for _, c := range []struct {
		name string
		of   map[any]any
		ok   bool
	}{
		{"nothing", map[any]any{}, true},
		{"gender 1", map[any]any{9: 1}, true},
		{"gender 3", map[any]any{9: 3}, true},
		{"gender as text", map[any]any{9: "2"}, true},
		{"gender 0", map[any]any{9: 0}, false},
		{"gender 4", map[any]any{9: 4}, false},
		{"gender 4 as text", map[any]any{9: "4"}, false},
		{"gender in words", map[any]any{9: "male"}, false},
		{"gender as bytes", map[any]any{9: data}, false},
		{"marital status 1", map[any]any{14: 1}, true},
		{"marital status 3", map[any]any{14: 3}, true},
		{"marital status 0", map[any]any{14: 0}, false},
		{"marital status 4", map[any]any{14: 4}, false},
		{"photo format 4", map[any]any{17: 4}, true},
		{"photo format 5", map[any]any{17: 5}, false},
		{"photo format 0", map[any]any{17: 0}, false},
		{"photo as bytes", map[any]any{16: data}, true},
		{"photo as text", map[any]any{16: "ffd8"}, true},
		{"photo as a number", map[any]any{16: 7}, false},
		{"photo as a list of numbers", map[any]any{16: []any{1, 2}}, false},
		{"name as bytes", map[any]any{4: data}, false},
		{"name as a list", map[any]any{4: []any{"a"}}, false},
		{"ten fingers", map[any]any{18: repeated(10, 10)}, true},
		{"eleven fingers", map[any]any{18: repeated(11, 1)}, false},
		{"finger 0", map[any]any{18: []any{0}}, true},
		{"finger 11", map[any]any{18: []any{11}}, false},
		{"finger -1", map[any]any{18: []any{-1}}, false},
		{"fingers as text", map[any]any{18: "[1, 10]"}, true},
		{"ten fingers as text", map[any]any{18: "[" + strings.Repeat("0 ", 10) + "]"}, true},
		{"eleven fingers as text", map[any]any{18: "[" + strings.Repeat("1,", 11) + "]"}, false},
		{"finger 11 as text", map[any]any{18: "[11]"}, false},
		{"finger -1 as text", map[any]any{18: "[-1]"}, false},
		{"a finger in words", map[any]any{18: "[thumb]"}, false},
		{"fingers without an end", map[any]any{18: "[1"}, false},
		{"fingers without a beginning", map[any]any{18: "1]"}, false},
		{"fingers as a number", map[any]any{18: 5}, false},
		{"a sample", sample(map[int]any{0: data}), true},
		{"a sample of text", sample(map[int]any{0: "00ff"}), true},
		{"a sample without a list", map[any]any{62: map[int]any{0: data}}, true},
		{"a sample without data", sample(map[int]any{1: 0}), false},
		{"a sample with empty data", sample(map[int]any{0: []byte{}}), false},
		{"a sample with a number", sample(map[int]any{0: 5}), false},
		{"16 samples", map[any]any{62: repeated(16, map[int]any{0: data})}, true},
		{"17 samples", map[any]any{62: repeated(17, map[int]any{0: data})}, false},
		{"samples that are a number", map[any]any{62: 7}, false},
		{"a sample that is a number", map[any]any{62: []any{7}}, false},
		{"format 0", sample(map[int]any{0: data, 1: 0}), true},
		{"format 3", sample(map[int]any{0: data, 1: 3}), true},
		{"format 4", sample(map[int]any{0: data, 1: 4}), false},
		{"format -1", sample(map[int]any{0: data, 1: -1}), false},
		{"sub-format 0", sample(map[int]any{0: data, 2: 0}), true},
		{"sub-format 200", sample(map[int]any{0: data, 2: 200}), true},
		{"sub-format 201", sample(map[int]any{0: data, 2: 201}), false},
		{"sub-format -1", sample(map[int]any{0: data, 2: -1}), false},
		{"the first part", map[any]any{50: []any{map[int]any{0: data}}}, true},
		{"before the first part", map[any]any{49: 7}, true}, // not assigned: kept by its number
		{"the last part", map[any]any{65: 7}, false},
		{"after the last part", map[any]any{66: 7}, true},
		{"numbers as text", map[any]any{"4": "Ana"}, true},
		{"a number and the same as text", map[any]any{4: "Ana", "4": "Ana"}, false},
		{"a number with a zero before", map[any]any{"04": "Ana"}, false},
		{"a key in words", map[any]any{"name": "Ana"}, false},
		{"a key that is true", map[any]any{true: "Ana"}, false},
		{"a number beyond 32 bits as text", map[any]any{"4294967296": "Ana"}, false},
	} {
		if id, err := parseIdentity(dec, encode(c.of)); (err == nil) != c.ok {
			t.Errorf("%s: %+v, %v", c.name, id, err)
		}
	}
	for name, data := range map[string][]byte{"no bytes": nil, "a list": encode([]any{1}), "half a map": {0xa1, 1}} {
		if id, err := parseIdentity(dec, data); err == nil {
			t.Errorf("%s: %+v", name, id)
		}
	}
}

// Every attribute comes into its own field.
func TestAttributesOfText(t *testing.T) {
	dec := must(DefaultLimits().decoder())
	id := must(parseIdentity(dec,
		encode(map[any]any{"9": "2", "14": "3", "17": "1", "18": "[2, 7]", "16": "ffd8ff", "200": "x", 100: 1, 70: 1})))
	want := &Identity{Gender: Female, MaritalStatus: 3, PhotoFormat: 1, BestQualityFingers: []int{2, 7},
		PhotoData: []byte{0xff, 0xd8, 0xff}, Unknown: []int64{70, 100, 200}}
	if diff := cmp.Diff(want, id); diff != "" {
		t.Error(diff)
	}
	alone := must(parseIdentity(dec, encode(map[any]any{62: map[int]any{0: []byte{7}}})))
	if diff := cmp.Diff([]Biometric{{[]byte{7}, FormatUnknown, -1, ""}}, alone.Biometrics[Face]); diff != "" {
		t.Error(diff)
	}
	plain := must(parseIdentity(dec, encode(map[any]any{16: "no hexadecimal"})))
	if string(plain.PhotoData) != "no hexadecimal" {
		t.Errorf("%q", plain.PhotoData)
	}
	samples := must(parseIdentity(dec,
		encode(map[any]any{62: []any{map[int]any{0: []byte{7}, 1: 1, 2: 100, 3: "VendorA"},
			map[int]any{0: []byte{8}}}})))
	if diff := cmp.Diff([]Biometric{{[]byte{7}, FormatTemplate, 100, "VendorA"}, {[]byte{8}, FormatUnknown, -1, ""}},
		samples.Biometrics[Face]); diff != "" {
		t.Error(diff)
	}
}

func TestWordsOfAttributes(t *testing.T) {
	for g, want := range map[Gender]string{0: "", Male: "male", Female: "female", Other: "other", 7: "gender 7"} {
		if got := g.String(); got != want {
			t.Errorf("gender %d is %q, want %q", int(g), got, want)
		}
	}
	for p, want := range map[Part]string{RightThumb: "rightThumb", LeftLittle: "leftLittleFinger", Face: "face",
		Voice: "voice", 49: "attribute 49", 66: "attribute 66"} {
		if got := p.String(); got != want {
			t.Errorf("part %d is %q, want %q", int(p), got, want)
		}
	}
	for b, want := range map[*Biometric]string{
		{Format: FormatImage, SubFormat: 0}:      "image, PNG",
		{Format: FormatImage, SubFormat: 6}:      "image, WSQ",
		{Format: FormatImage, SubFormat: 7}:      "image, sub-format 7",
		{Format: FormatTemplate, SubFormat: 99}:  "template, sub-format 99",
		{Format: FormatTemplate, SubFormat: 100}: "template, vendor's format 100",
		{Format: FormatTemplate, SubFormat: 200}: "template, vendor's format 200",
		{Format: FormatTemplate, SubFormat: 201}: "template, sub-format 201",
		{Format: FormatSound, SubFormat: -1}:     "sound",
		{Format: FormatBioHash, SubFormat: 0}:    "bio hash, sub-format 0",
		{Format: FormatUnknown, SubFormat: -1}:   "sample of unknown format",
	} {
		if got := b.String(); got != want {
			t.Errorf("%+v is %q, want %q", *b, got, want)
		}
	}
}

func TestBiometricsAsJSON(t *testing.T) {
	want := map[Part][]Biometric{Face: {{Data: []byte{1}, Format: FormatUnknown, SubFormat: -1}},
		RightThumb: {{Data: []byte{2}, Format: FormatTemplate, SubFormat: 1, Issuer: "x"}}}
	var got map[Part][]Biometric
	if err := json.Unmarshal(must(json.Marshal(want)), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var b Biometric
	if err := json.Unmarshal([]byte(`{"data":"AQ=="}`), &b); err != nil || b.Format != FormatUnknown ||
		b.SubFormat != -1 || !bytes.Equal(b.Data, []byte{1}) {
		t.Errorf("what is left out is %+v, %v", b, err)
	}
	if err := json.Unmarshal([]byte(`{"data":7}`), &b); err == nil {
		t.Error("a number is taken for data")
	}
	if err := json.Unmarshal([]byte(`{"nose":[]}`), &got); err == nil {
		t.Error("a nose is a part of the body with biometrics")
	}
}

// Issuers are kept from what readers refuse.
func TestIdentityCheck(t *testing.T) {
	samples := func(n int, b Biometric) map[Part][]Biometric {
		return map[Part][]Biometric{Face: slices.Repeat([]Biometric{b}, n)}
	}
	sample := Biometric{Data: []byte{1}, Format: FormatBioHash, SubFormat: 200}
	for _, c := range []struct {
		name string
		id   Identity
		ok   bool
	}{
		{"nothing", Identity{}, true},
		{"gender 3", Identity{Gender: 3}, true},
		{"gender 4", Identity{Gender: 4}, false},
		{"gender -1", Identity{Gender: -1}, false},
		{"marital status 3", Identity{MaritalStatus: 3}, true},
		{"marital status 4", Identity{MaritalStatus: 4}, false},
		{"marital status -1", Identity{MaritalStatus: -1}, false},
		{"photo format 4", Identity{PhotoFormat: 4, PhotoData: []byte{1}}, true},
		{"photo format without a photo", Identity{PhotoFormat: 1}, true},
		{"photo format 5", Identity{PhotoFormat: 5, PhotoData: []byte{1}}, false},
		{"photo format -1", Identity{PhotoFormat: -1}, false},
		{"a photo without its format", Identity{PhotoData: []byte{1}}, false},
		{"ten fingers", Identity{BestQualityFingers: make([]int, 10)}, true},
		{"eleven fingers", Identity{BestQualityFingers: make([]int, 11)}, false},
		{"finger 10", Identity{BestQualityFingers: []int{10}}, true},
		{"finger 11", Identity{BestQualityFingers: []int{11}}, false},
		{"finger -1", Identity{BestQualityFingers: []int{-1}}, false},
		{"a day of birth", Identity{DateOfBirth: "19900515"}, true},
		{"a year of birth", Identity{DateOfBirth: "1990"}, true},
		{"no day of birth", Identity{DateOfBirth: "19900532"}, false},
		{"16 samples", Identity{Biometrics: samples(16, sample)}, true},
		{"17 samples", Identity{Biometrics: samples(17, sample)}, false},
		{"no sample", Identity{Biometrics: samples(0, sample)}, false},
		{"another part", Identity{Biometrics: map[Part][]Biometric{49: {sample}}}, false},
		{"a sample without data", Identity{Biometrics: samples(1, Biometric{})}, false},
		{"format 4", Identity{Biometrics: samples(1, Biometric{Data: []byte{1}, Format: 4})}, false},
		{"sub-format 201", Identity{Biometrics: samples(1, Biometric{Data: []byte{1}, SubFormat: 201})}, false},
	} {
		if err := c.id.check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
