package credential

import (
	"bytes"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// What a message may be made of, and the reason for everything else.
func TestMessages(t *testing.T) {
	dec := must(DefaultLimits().decoder())
	protected, none := encode(map[int]any{1: -8}), map[int]any{}
	iv := bytes.Repeat([]byte{7}, 12)
	sign1 := []any{protected, none, []byte("content"), []byte("signature")}
	encrypt0 := []any{encode(map[int]any{1: 1}), map[int]any{5: iv}, []byte("sealed")}
	tag := func(n uint64, of any) any { return cbor.Tag{Number: n, Content: of} }
	for _, c := range []struct {
		name string
		of   any
		why  string // empty: a message
	}{
		{"tagged", tag(18, sign1), ""},
		{"untagged", sign1, ""},
		{"as a CWT", tag(61, tag(18, sign1)), ""},
		{"as a CWT without COSE's tag", tag(61, sign1), ""},
		{"encrypted", tag(16, encrypt0), ""},
		{"encrypted and untagged", encrypt0, ""},
		{"encrypted as a CWT", tag(61, tag(16, encrypt0)), ""},
		{"COSE's tag twice", tag(18, tag(18, sign1)), "tag 18"},
		{"signed around encrypted", tag(18, tag(16, encrypt0)), "tag 16"},
		{"the tag of a CWT twice", tag(61, tag(61, sign1)), "tag 61"},
		{"the tag of a CWT inside", tag(18, tag(61, sign1)), "tag 61"},
		{"COSE_Mac0", tag(17, sign1), "COSE_Mac0"},
		{"COSE_Sign", tag(98, sign1), "COSE_Sign)"},
		{"another tag", tag(99, sign1), "tag 99"},
		{"three elements that are signed", tag(18, sign1[:3]), "array of 3 elements, wanted 4"},
		{"four elements that are encrypted", tag(16, sign1), "array of 4 elements, wanted 3"},
		{"five elements", append(append([]any{}, sign1...), 1), "array of 5 elements, wanted 4"},
		{"no array", none, "not an array"},
		{"protected that is a map", []any{map[int]any{1: -8}, none, []byte("c"), []byte("s")}, "protected header"},
		{"protected that is a list of numbers", []any{[]any{1}, none, []byte("c"), []byte("s")}, "protected header"},
		{"protected that is no CBOR", []any{[]byte{0xff}, none, []byte("c"), []byte("s")}, "protected header"},
		{"protected that is no map", []any{encode(7), none, []byte("c"), []byte("s")}, "cose"},
		{"unprotected that is bytes", []any{protected, []byte{}, []byte("c"), []byte("s")}, "cose"},
		{"no content", []any{protected, none, nil, []byte("s")}, "detached"},
		{"a signature of text", []any{protected, none, []byte("c"), "s"}, "signature"},
		{"no algorithm", []any{[]byte{}, none, []byte("c"), []byte("s")}, "no algorithm"},
		{"an unprotected algorithm", []any{[]byte{}, map[int]any{1: -8}, []byte("c"), []byte("s")}, ""},
		{"an algorithm in words", []any{encode(map[int]any{1: "EdDSA"}), none, []byte("c"), []byte("s")}, "algorithm"},
		{"a key id of text", []any{protected, map[int]any{4: "11"}, []byte("c"), []byte("s")}, "cose"},
		{"a partial IV", []any{protected, map[int]any{6: iv}, []byte("c"), []byte("s")}, "partial IV"},
		{"a protected partial IV", []any{encode(map[int]any{1: -8, 6: iv}), none, []byte("c"), []byte("s")},
			"partial IV"},
	} {
		m, err := parseMessage(dec, encode(c.of))
		if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %+v, %v, want %q", c.name, m, err, c.why)
		}
	}
	if m, err := parseMessage(dec, nil); err == nil {
		t.Errorf("no bytes: %+v", m)
	}
}

// Each part comes into its own field.
func TestMessageParts(t *testing.T) {
	dec := must(DefaultLimits().decoder())
	protected := encode(map[int]any{1: -7, 4: []byte("in")})
	m := must(parseMessage(dec,
		encode([]any{protected, map[int]any{4: []byte("out"), 5: []byte("iv")}, []byte("content"),
			[]byte("signature")})))
	if m.encrypted || !bytes.Equal(m.protected, protected) || m.algorithm != -7 || string(m.keyID) != "in" ||
		string(m.iv) != "iv" || string(m.content) != "content" || string(m.signature) != "signature" {
		t.Errorf("%+v", m)
	}
	m = must(parseMessage(dec,
		encode([]any{encode(map[int]any{}), map[int]any{1: -7, 4: []byte("out")}, []byte{}, []byte{}})))
	if len(m.protected) != 0 || string(m.keyID) != "out" ||
		m.verify(must(NewSigningKey("ES256", "x", "")).Public, nil) == nil {
		t.Errorf("%+v", m)
	}
	// An empty map and an empty string are signed alike (RFC 9052, section 3).
	empty := must(parseMessage(dec, encode([]any{[]byte{}, map[int]any{1: -7}, []byte{}, []byte{}})))
	if !bytes.Equal(m.toBeSigned(nil), empty.toBeSigned([]byte{})) {
		t.Errorf("%x and %x", m.toBeSigned(nil), empty.toBeSigned(nil))
	}
}

func TestDecryptLimits(t *testing.T) {
	key := SymmetricKey{Key: make([]byte, 16)}
	dec := must(DefaultLimits().decoder())
	m := must(parseMessage(dec, must(encrypt([]byte("plain"), &key))))
	if plain, err := m.decrypt(key.Key, nil); err != nil || string(plain) != "plain" {
		t.Fatalf("%q, %v", plain, err)
	}
	for name, change := range map[string]func(*message){
		"an IV of 11 bytes":       func(m *message) { m.iv = m.iv[:11] },
		"an IV of 13 bytes":       func(m *message) { m.iv = append(bytes.Clone(m.iv), 0) },
		"no IV":                   func(m *message) { m.iv = nil },
		"another algorithm":       func(m *message) { m.algorithm = 3 },
		"a signature's algorithm": func(m *message) { m.algorithm = -8 },
		"another header":          func(m *message) { m.protected = nil },
		"another content":         func(m *message) { m.content = m.content[1:] },
	} {
		changed := *m
		change(&changed)
		if plain, err := changed.decrypt(key.Key, nil); err == nil {
			t.Errorf("%s: %q", name, plain)
		}
	}
	if _, err := m.decrypt(key.Key, []byte("for another purpose")); err == nil {
		t.Error("opened for another purpose")
	}
	if _, err := m.decrypt(key.Key[:15], nil); err == nil {
		t.Error("opened with 15 bytes")
	}
}

func TestZlib(t *testing.T) {
	data := deflate([]byte("twelve bytes"))
	for n, ok := range map[int]bool{12: true, 11: false} {
		if _, err := inflate(data, n); (err == nil) != ok {
			t.Errorf("limit %d: %v", n, err)
		}
	}
	for name, c := range map[string]struct {
		data []byte
		why  string
	}{
		"nothing": {nil, "no zlib header"}, "one byte": {data[:1], "no zlib header"},
		"another header":   {[]byte{0xd2, 0x84, 1, 2}, "no zlib header"},
		"a dictionary":     {[]byte{0x78, 0xbb, 1, 2, 3, 4}, "zlib: zlib"},
		"cut off":          {data[:len(data)-1], "zlib"},
		"a wrong checksum": {append(bytes.Clone(data[:len(data)-1]), data[len(data)-1]^1), "checksum"},
		"a byte more":      {append(bytes.Clone(data), 0), "1 bytes follow"},
	} {
		if _, err := inflate(c.data, 1000); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v, want %q", name, err, c.why)
		}
	}
}

func TestBase45Groups(t *testing.T) {
	for text, ok := range map[string]bool{
		"": true, "00": true, "000": true, "0": false, "0000": false, "FGW": true, "GGW": false, "::": false,
		"U5": true, "V5": false, "a00": false, "00\xff": false,
	} {
		if data, err := decodeBase45(text); (err == nil) != ok {
			t.Errorf("%q: %x, %v", text, data, err)
		}
	}
}
