package credential

import (
	"math"
	"strings"
	"testing"
	"time"
)

// The text of a bar code: 4 to 24 digits, the last of which may be X, and 8 digits.
func TestBarcodeTexts(t *testing.T) {
	for text, want := range map[string]Step{
		strings.Repeat("1", 11): NotClaim169, strings.Repeat("1", 12): Passed, strings.Repeat("1", 32): Passed, strings.Repeat("1", 33): TooLarge, "": NotClaim169,
		"123X12345678": Passed, "12X412345678": NotClaim169, "1234X2345678": NotClaim169, "123x12345678": NotClaim169, "1234123456:8": NotClaim169, "1234123456/8": NotClaim169,
	} {
		b, err := ParseBarcode(text)
		if stepOf(err) != want {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
		if err == nil && (b.Number+b.TOTP != text || len(b.TOTP) != 8) {
			t.Errorf("%q is %+v", text, b)
		}
	}
}

func TestTOTPLimits(t *testing.T) {
	for n, ok := range map[int]bool{15: false, 16: true, 64: true, 65: false} {
		secret := make([]byte, n)
		text, err := NewBarcode("4711", secret, noon)
		if (err == nil) != ok {
			t.Errorf("a secret of %d bytes: %q, %v", n, text, err)
		}
		b := BarCode{"4711", totp(secret, uint64(noon.Unix())/30)}
		if _, err := b.Check(secret, noon, 0); (err == nil) != ok {
			t.Errorf("a secret of %d bytes: %v", n, err)
		}
	}
	secret := make([]byte, 20)
	if _, err := NewBarcode("4711", secret, time.Unix(0, 0)); err != nil {
		t.Errorf("the first second: %v", err)
	}
	if _, err := NewBarcode("4711", secret, time.Unix(-1, 0)); err == nil {
		t.Error("a passcode before 1970")
	}
	if _, err := NewBarcode("47", secret, noon); err == nil {
		t.Error("a number of two digits")
	}
	first := must(ParseBarcode(must(NewBarcode("4711", secret, time.Unix(0, 0)))))
	for at, want := range map[int64]Step{0: Passed, 59: Passed, 60: BadHolderSignature, -1: Stale, math.MinInt32: Stale} {
		if _, err := first.Check(secret, time.Unix(at, 0), 0); stepOf(err) != want {
			t.Errorf("at %d: %v, want %v", at, err, want)
		}
	}
}

// Two numbers, and two steps of one, are remembered apart.
func TestTOTPReplay(t *testing.T) {
	secret := make([]byte, 20)
	key := func(number string, at time.Time) Replay {
		return must(must(ParseBarcode(must(NewBarcode(number, secret, at)))).Check(secret, at, 0)).Replay
	}
	one := key("4711", noon)
	if one != key("4711", noon.Add(29*time.Second)) {
		t.Error("one step is remembered as two")
	}
	if one.Key == key("4712", noon).Key || one.Key == key("4711", noon.Add(30*time.Second)).Key {
		t.Error("two are remembered as one")
	}
}
