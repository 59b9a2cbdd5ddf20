package credential

import (
	"testing"
	"time"

	"umbral/daemon/passage"
	"umbral/pipeline/credential"
)

// A bar code is evidence only where its number is that of somebody with a secret: a parcel's label says nothing of the
// person who carries it.
func TestForeignBarCodesAreNoEvidence(t *testing.T) {
	now := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	secret := []byte("12345678901234567890")
	right, err := credential.NewBarcode("40212345", secret, now)
	if err != nil {
		t.Fatal(err)
	}
	used := map[[32]byte]bool{}
	s := &Source{totp: credential.NewTOTPGuard(), o: Opts{
		Now: func() time.Time { return now },
		Secret: func(id string) []byte {
			if id == "40212345" {
				return secret
			}
			return nil
		},
		Use: func(key [32]byte, _ time.Time) (bool, error) {
			fresh := !used[key]
			used[key] = true
			return fresh, nil
		},
	}}
	for _, test := range []struct {
		name, text string
		outcome    passage.Outcome
		detail     passage.Reason
	}{
		{"a parcel's 12 digits", "123456789012", 0, ""},
		{"a parcel's 20 digits", "00340434161094042557", 0, ""},
		{"a parcel's 32 digits", "12345678901234567890123456789012", 0, ""},
		{"a parcel's letters", "JJD0099999999999", 0, ""},
		{"somebody without a secret", "4021234612345678", 0, ""},
		{"another one-time number", "4021234500000000", passage.Refused, passage.ReasonOneTimeCode},
		{"the one-time number", right, passage.Accepted, ""},
		{"the same again", right, passage.Refused, passage.ReasonCredentialReplayed},
	} {
		e := s.barCode(test.text)
		if e.Outcome != test.outcome || e.Detail != string(test.detail) {
			t.Errorf("%s: %+v, want %v %q", test.name, e, test.outcome, test.detail)
		}
	}
}
