package credential

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Time-based one-time passwords (RFC 6238) of the bar code form.
const (
	passcodeDigits = 8
	passcodeStep   = 30 * time.Second
	passcodeWindow = 1 // steps before and after the present one that are taken
	minSecret      = 16
	maxSecret      = 64
	maxNumber      = 24
)

// NumberAndPasscode is the text of a bar code: a person's number followed by 8 digits.
type NumberAndPasscode struct {
	Number   string // 4 to 24 digits; the last may be X, as in a citizen number (GB 11643)
	Passcode string // 8 digits
}

// ParseBarcode splits the text of a Code 128. The error is a *Refusal.
func ParseBarcode(text string) (NumberAndPasscode, error) {
	n := len(text) - passcodeDigits
	if n > maxNumber {
		return NumberAndPasscode{}, refuse(TooLarge, "bar code of %d characters, limit %d", len(text), maxNumber+passcodeDigits)
	}
	if n < 4 {
		return NumberAndPasscode{}, refuse(NotClaim169, "bar code of %d characters, wanted a number and %d digits", len(text), passcodeDigits)
	}
	for i, r := range []byte(text) {
		if (r < '0' || r > '9') && !(r == 'X' && i == n-1) {
			return NumberAndPasscode{}, refuse(NotClaim169, "bar code with %q at %d, wanted digits (an ordinary product code?)", r, i)
		}
	}
	return NumberAndPasscode{Number: text[:n], Passcode: text[n:]}, nil
}

// Check compares the passcode with the person's secret. Steps of 30 s up to and including last are refused as replayed:
// pass the Step of the last accepted passcode, 0 for none. It takes the same time whether the passcode is right or not.
// The error is a *Refusal.
func (b NumberAndPasscode) Check(secret []byte, now time.Time, last uint64) (Passcode, error) {
	if len(secret) < minSecret || len(secret) > maxSecret {
		return Passcode{}, refuse(BadHolderSignature, "secret of %d bytes, wanted %d to %d", len(secret), minSecret, maxSecret)
	}
	if now.Unix() < 0 {
		return Passcode{}, refuse(Stale, "the clock says %s", date(now))
	}
	present := uint64(now.Unix()) / uint64(passcodeStep/time.Second)
	found, step := 0, uint64(0)
	for s := present - min(passcodeWindow, present); s <= present+passcodeWindow; s++ {
		same := subtle.ConstantTimeCompare([]byte(b.Passcode), []byte(passcode(secret, s)))
		found |= same
		step |= s & -uint64(same)
	}
	if found == 0 {
		return Passcode{}, refuse(BadHolderSignature, "the passcode is not that of the last, this or the next %v", passcodeStep)
	}
	p := Passcode{Step: step, Replay: Replay{
		Key:   sha256.Sum256(encode([]any{"umbral replay 2", b.Number, step})),
		Until: time.Unix(0, 0).Add(time.Duration(step+1+passcodeWindow) * passcodeStep),
	}}
	if last > 0 && step <= last {
		return p, refuse(Replayed, "passcode of step %d, and that of %d was taken already", step, last)
	}
	return p, nil
}

// Passcode is what an accepted passcode leaves.
type Passcode struct {
	// Step counts 30 s since 1970.
	Step uint64
	// Replay is for the same memory as that of presentations.
	Replay Replay
}

// NewBarcode makes the text that a card or phone shows: what the issuer does.
func NewBarcode(number string, secret []byte, at time.Time) (string, error) {
	if len(secret) < minSecret || len(secret) > maxSecret {
		return "", fmt.Errorf("credential: secret of %d bytes, wanted %d to %d", len(secret), minSecret, maxSecret)
	}
	if at.Unix() < 0 {
		return "", errors.New("credential: a passcode before 1970")
	}
	text := number + passcode(secret, uint64(at.Unix())/uint64(passcodeStep/time.Second))
	_, err := ParseBarcode(text)
	return text, err
}

// passcode is TOTP with HMAC-SHA-1 and 8 digits (RFC 6238, section 4; RFC 4226, section 5.3).
func passcode(secret []byte, step uint64) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, step))
	sum := mac.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&15:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", passcodeDigits, n%100_000_000)
}
