package credential

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
)

func TestHCERTTrust(t *testing.T) {
	s, finn, list := newSigner(t, "1.3.6.1.4.1.1847.2021.1.2"), newSigner(t), newSigner(t)
	renewed := certified(t, s.private)
	entry := func(country, kind string, s hcertSigner) string {
		return fmt.Sprintf(`{"kid":%q,"country":%q,"certificateType":%q,"rawData":%q,"signature":"x","timestamp":"2021-06-01T00:00:00Z"}`,
			base64.StdEncoding.EncodeToString(s.keyID()), country, kind, base64.StdEncoding.EncodeToString(s.der))
	}
	gateway := "[" + strings.Join([]string{entry("SE", "DSC", s), entry("FI", "DSC", finn), entry("SE", "UPLOAD", list),
		entry("SE", "DSC", renewed), entry("SE", "DSC", s)}, ",") + "]"
	issuers, err := ParseHCERTTrust([]byte(gateway))
	if err != nil {
		t.Fatal(err)
	}
	var own []json.RawMessage
	for _, i := range issuers {
		own = append(own, must(MarshalIssuer(i)))
	}
	for name, text := range map[string]string{
		"the gateway's array":  gateway,
		"an object around it":  `{"certificates":` + gateway + `}`,
		"key files":            string(must(json.Marshal(own))),
		"a key file and entry": "[" + string(own[0]) + "," + entry("FI", "", finn) + "]",
	} {
		got, err := ParseHCERTTrust([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(got) != 2 || got[0].ID != "SE" || got[1].ID != "FI" || len(got[0].Keys) != 2 || len(got[1].Keys) != 1 ||
			got[0].Keys[0].Uses != HCERTVaccination {
			t.Errorf("%s: %+v", name, got)
		}
		v := trusting(t, got...)
		for signer, want := range map[*hcertSigner]Step{&s: Passed, &renewed: Passed, &list: UnknownIssuer,
			&finn: UnknownIssuer} {
			if _, err := v.Verify(signer.sign(certificate(nil)), noon); stepOf(err) != want {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
	}
	full := "[" + string(own[1]) + strings.Repeat(" ", maxTrustFile-len(own[1])-2) + "]"
	if got, err := ParseHCERTTrust([]byte(full)); err != nil || len(full) != maxTrustFile || len(got) != 1 {
		t.Errorf("the largest file: %+v, %v", got, err)
	}
	// Two keys may share an id, which is short; both are tried.
	twin := must(NewKey(finn.private.Public(), s.keyID()))
	both := must(MarshalIssuer(Issuer{ID: "SE", Profile: HCERT, Keys: []*Key{twin}}))
	if got, err := ParseHCERTTrust([]byte("[" + string(own[0]) + "," + string(both) + "]")); err != nil ||
		len(got[0].Keys) != 3 {
		t.Errorf("two keys of one id: %+v, %v", got, err)
	} else if _, err := trusting(t, got...).Verify(s.sign(certificate(nil)), noon); err != nil {
		t.Errorf("two keys of one id: %v", err)
	}
	if got, err := ParseHCERTTrust(own[1]); err != nil || len(got) != 1 || got[0].ID != "FI" {
		t.Errorf("one key file: %+v, %v", got, err)
	}
	if i, err := ParseIssuer(own[0], "", ""); err != nil || i.Profile != HCERT {
		t.Errorf("a key file of the fleet's list: %+v, %v", i, err)
	}
	identity := string(must(MarshalIssuer(Issuer{ID: "https://id.example",
		Keys: []*Key{must(NewKey(s.private.Public(), nil))}})))
	for name, text := range map[string]string{
		"nothing": "", "an empty list": "[]", "no signer of certificates": "[" + entry("SE", "UPLOAD", list) + "]",
		"no JSON": "x", "numbers": "[1]",
		"no country": "[" + entry("", "DSC", s) + "]", "an issuer of identities": "[" + identity + "]",
		"no certificate": `[{"country":"SE"}]`,
		"another certificate's key id": "[" + strings.Replace(entry("SE", "DSC", s),
			base64.StdEncoding.EncodeToString(s.keyID()), base64.StdEncoding.EncodeToString(finn.keyID()), 1) + "]",
		"a key id of 7 bytes":             `[{"kid":"AAAAAAAAAA==","country":"SE","rawData":"` + base64.StdEncoding.EncodeToString(s.der) + `"}]`,
		"something after the certificate": `[{"country":"SE","rawData":"` + base64.StdEncoding.EncodeToString(s.der) + `!"}]`,
		"something else":                  `[{"country":"SE","rawData":"` + base64.StdEncoding.EncodeToString([]byte("x")) + `"}]`,
		"too large":                       "[" + strings.Repeat(" ", maxTrustFile) + "]",
		"too many countries": "[" + strings.Join(func() (all []string) {
			for i := range maxIssuers + 1 {
				all = append(all, entry(fmt.Sprintf("%c%c", 'A'+i/26, 'A'+i%26), "DSC", s))
			}
			return all
		}(), ",") + "]",
	} {
		if got, err := ParseHCERTTrust([]byte(text)); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestHCERTIssuerFiles(t *testing.T) {
	s := newSigner(t)
	file := must(MarshalIssuer(must(ParseHCERTIssuer(s.pem(), "SE", ""))))
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY",
		Bytes: must(x509.MarshalPKIXPublicKey(s.private.Public()))})
	if i, err := ParseHCERTIssuer(file, "SE", ""); err != nil || string(i.Keys[0].ID) != string(s.keyID()) {
		t.Errorf("%+v, %v", i, err)
	}
	if i, err := ParseHCERTIssuer(changed(t, file, map[string]any{"profile": nil}), "SE", ""); err != nil ||
		i.Profile != HCERT {
		t.Errorf("a JWK set that says nothing of its profile: %+v, %v", i, err)
	}
	if _, err := ParseHCERTIssuer(public, "SE", ""); err == nil ||
		!strings.Contains(err.Error(), "wanted CERTIFICATE") {
		t.Errorf("a public key: %v", err)
	}
	for name, data := range map[string][]byte{
		"a public key without a certificate": public,
		"a claim 169 issuer's":               []byte(strings.Replace(string(file), `"hcert"`, `"claim-169"`, 1)),
		"an unknown profile":                 []byte(strings.Replace(string(file), `"hcert"`, `"other"`, 1)),
		"an unknown use": []byte(strings.Replace(string(file), `"use"`, `"hcert":["death"],"use"`,
			1)),
		"no key id": []byte(strings.Replace(string(file), `"kid"`, `"id"`, 1)),
		"too large": append(file, make([]byte, maxKeyFile)...),
		"nothing":   nil,
	} {
		if i, err := ParseHCERTIssuer(data, "SE", ""); err == nil {
			t.Errorf("%s: %+v", name, i)
		}
	}
	plain := must(MarshalIssuer(Issuer{ID: "x", Keys: []*Key{must(NewKey(s.private.Public(), nil))}}))
	if _, err := ParseIssuer([]byte(strings.Replace(string(plain), `"use"`, `"hcert":["test"],"use"`, 1)), "",
		""); err == nil {
		t.Error("uses of HCERT are taken for an issuer of identities")
	}
}
