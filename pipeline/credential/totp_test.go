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
		strings.Repeat("1", 11): NotClaim169, strings.Repeat("1", 12): Passed, strings.Repeat("1", 32): Passed,
		strings.Repeat("1", 33): TooLarge, "": NotClaim169,
		"123X12345678": Passed, "12X412345678": NotClaim169, "1234X2345678": NotClaim169, "123x12345678": NotClaim169,
		"1234123456:8": NotClaim169, "1234123456/8": NotClaim169,
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
	for at, want := range map[int64]Step{0: Passed, 59: Passed, 60: BadHolderSignature, -1: Stale,
		math.MinInt32: Stale} {
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

// RFC 6238, appendix B, the rows for SHA-1.
func TestTOTPVectors(t *testing.T) {
	secret := []byte("12345678901234567890")
	for unix, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037",
		20000000000: "65353130",
	} {
		text, err := NewBarcode("11010519491231002X", secret, time.Unix(unix, 0))
		if err != nil || text != "11010519491231002X"+want {
			t.Errorf("%d gives %q, %v; want %s", unix, text, err, want)
		}
		b, err := ParseBarcode(text)
		if err != nil || b.Number != "11010519491231002X" || b.TOTP != want {
			t.Errorf("%q gives %+v, %v", text, b, err)
		}
	}
}

func TestTOTPWindow(t *testing.T) {
	secret := []byte("12345678901234567890")
	b, err := ParseBarcode(must(NewBarcode("40212345", secret, noon)))
	if err != nil {
		t.Fatal(err)
	}
	step := uint64(noon.Unix()) / 30
	for _, c := range []struct {
		at   time.Duration
		last uint64
		want Step
	}{
		{0, 0, Passed}, {59 * time.Second, 0, Passed}, {-30 * time.Second, 0, Passed},
		{60 * time.Second, 0, BadHolderSignature},
		{-31 * time.Second, 0, BadHolderSignature}, {0, step - 1, Passed}, {0, step, Replayed}, {0, step + 1, Replayed},
	} {
		p, err := b.Check(secret, noon.Add(c.at), c.last)
		if stepOf(err) != c.want {
			t.Errorf("%v, last %d: %v, want %v", c.at, c.last, err, c.want)
		}
		if err == nil &&
			(p.Step != step || !p.Replay.Until.Equal(noon.Add(time.Minute)) || p.Replay.Key == [32]byte{}) {
			t.Errorf("%v: %+v", c.at, p)
		}
	}
	if _, err := b.Check([]byte("another secret, 20 B"), noon, 0); stepOf(err) != BadHolderSignature {
		t.Errorf("another person's secret: %v", err)
	}
	for text, want := range map[string]Step{"": NotClaim169, "5901234123457": Passed, "12345678901": NotClaim169,
		"AB12345678901234": NotClaim169, strings.Repeat("1", 33): TooLarge} {
		if _, err := ParseBarcode(text); stepOf(err) != want {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}
