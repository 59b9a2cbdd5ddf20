package credential

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"slices"
	"strings"
	"testing"
)

// Heads and the end of items of indefinite length (RFC 8949, section 3.2).
const (
	openBytes, openText, openArray, openMap, end = 0x5f, 0x7f, 0x9f, 0xbf, 0xff
)

// indefinite encodes an item with an indefinite length wherever CBOR has one.
func indefinite(v any) []byte {
	switch v := v.(type) {
	case map[int]any:
		out := []byte{openMap}
		for k, e := range v {
			out = append(append(out, encode(k)...), indefinite(e)...)
		}
		return append(out, end)
	case []any:
		out := []byte{openArray}
		for _, e := range v {
			out = append(out, indefinite(e)...)
		}
		return append(out, end)
	case string:
		half := len(v) / 2
		return slices.Concat([]byte{openText}, encode(v[:half]), encode(v[half:]), []byte{end})
	case []byte:
		half := len(v) / 2
		return slices.Concat([]byte{openBytes}, encode(v[:half]), encode(v[half:]), []byte{end})
	}
	return encode(v)
}

// Issuers write indefinite lengths into what they sign; the credential is the same.
func TestIndefiniteLengths(t *testing.T) {
	key, v := issuerOf(t, "https://id.example", nil)
	code := func(payload []byte) string {
		return encodeBase45(deflate(must(sign(payload, key.Signer, key.Public.ID, nil))))
	}
	claims := map[int]any{1: "https://id.example", 2: "4711", 7: []byte{1, 2, 3, 4},
		169: map[int]any{1: "4711", 4: "Ana María", 8: "19900515",
			18: []any{1, 2}, 62: []any{map[int]any{0: []byte{5, 6, 7}, 1: 1}}}}
	c, err := v.Verify(code(indefinite(claims)), noon)
	if err != nil {
		t.Fatal(err)
	}
	if c.Subject != "4711" || !bytes.Equal(c.TokenID, []byte{1, 2, 3, 4}) || c.Identity.FullName != "Ana María" ||
		len(c.Identity.BestQualityFingers) != 2 || !bytes.Equal(c.Identity.Biometrics[Face][0].Data, []byte{5, 6, 7}) {
		t.Errorf("%+v", c)
	}
	// The presentation around it as well.
	wallet := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	claims[8] = confirmation(must(NewKey(wallet.Public(), nil)))
	inner := must(decodeBase45(code(indefinite(claims))))
	outer := must(sign(indefinite(map[int]any{3: "gate-7", 6: noon.Unix(), 7: []byte("12345678"),
		claimCredential: inner}), wallet, nil, []byte(presentationContext)))
	if _, err := v.Verify(PresentationPrefix+encodeBase45(outer), noon); err != nil {
		t.Errorf("presented: %v", err)
	}

	open := func(items ...[]byte) []byte { return slices.Concat(slices.Concat(items...), []byte{end}) }
	nested := slices.Concat(bytes.Repeat([]byte{openArray}, 20), bytes.Repeat([]byte{end}, 20))
	for name, payload := range map[string][]byte{
		"too many members": open([]byte{openMap}, bytes.Join(func() (all [][]byte) {
			for i := range DefaultLimits().MaxElements + 2 {
				all = append(all, encode(1000+i), encode(0))
			}
			return all
		}(), nil)),
		"too many elements": open([]byte{openMap}, encode(1000),
			open([]byte{openArray}, make([]byte, DefaultLimits().MaxElements+2))),
		"too deep": open([]byte{openMap}, encode(1000), nested),
		"a member twice": open([]byte{openMap}, encode(1), encode("https://id.example"), encode(1),
			encode("https://id.example"), encode(169), encode(map[int]any{1: "7"})),
		"an attribute twice": open([]byte{openMap}, encode(1), encode("https://id.example"), encode(169),
			open([]byte{openMap}, encode(1), encode("7"), encode(1), encode("8"))),
		"no end":            indefinite(claims)[:len(indefinite(claims))-1],
		"something after":   append(indefinite(claims), 0),
		"a key alone":       open([]byte{openMap}, encode(1)),
		"text in bytes":     open([]byte{openMap}, encode(1), []byte{openBytes}, encode("x"), []byte{end}),
		"broken characters": open([]byte{openMap}, encode(1), []byte{openText, 0x61, 0xc3, 0x61, 0xb1, end}),
	} {
		if _, err := v.Verify(code(payload), noon); stepOf(err) != NotClaim169 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// COSE's own structure has no use for indefinite lengths, and two readings of it would be two messages.
func TestIndefiniteEnvelope(t *testing.T) {
	key, v := issuerOf(t, "https://id.example", nil)
	data := must(inflate(must(decodeBase45(mustIssue(t, draft(), key))), 1<<16))
	body, is := bytes.CutPrefix(data, []byte{0xd2, 0x84})
	if !is {
		t.Fatalf("a message begins with % x", data[:2])
	}
	open := slices.Concat([]byte{0xd2, openArray}, body, []byte{end})
	if _, err := v.Verify(encodeBase45(deflate(open)), noon); stepOf(err) != NotCOSE ||
		!strings.Contains(err.Error(), "indefinite") {
		t.Errorf("%v", err)
	}
}
