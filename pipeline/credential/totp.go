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
	totpDigits = 8
	totpStep   = 30 * time.Second
	totpWindow = 1 // steps before and after the present one that are taken
	minSecret  = 16
	maxSecret  = 64
	maxNumber  = 24
)

// BarCode is the content of a bar code: a person's number and a one-time password.
type BarCode struct {
	Number string // 4 to 24 digits; the last may be X, as in a citizen number (GB 11643)
	TOTP   string // 8 digits
}

// ParseBarcode parses the text of a Code 128. The error is a *Refusal.
func ParseBarcode(text string) (BarCode, error) {
	n := len(text) - totpDigits
	if n > maxNumber {
		return BarCode{}, refuse(TooLarge, "bar code of %d characters, limit %d", len(text), maxNumber+totpDigits)
	}
	if n < 4 {
		return BarCode{}, refuse(NotClaim169, "bar code of %d characters, wanted a number and %d digits", len(text),
			totpDigits)
	}
	for i, r := range []byte(text) {
		if (r < '0' || r > '9') && !(r == 'X' && i == n-1) {
			return BarCode{}, refuse(NotClaim169, "bar code with %q at %d, wanted digits (an ordinary product code?)",
				r, i)
		}
	}
	return BarCode{Number: text[:n], TOTP: text[n:]}, nil
}

// Check compares the passcode with the person's secret. Steps of 30 s up to and including last are refused as replayed:
// pass the Step of the last accepted passcode, 0 for none. It takes the same time whether the passcode is right or not.
// The error is a *Refusal.
func (b BarCode) Check(secret []byte, now time.Time, last uint64) (AcceptedTOTP, error) {
	if len(secret) < minSecret || len(secret) > maxSecret {
		return AcceptedTOTP{}, refuse(BadHolderSignature, "secret of %d bytes, wanted %d to %d", len(secret), minSecret,
			maxSecret)
	}
	if now.Unix() < 0 {
		return AcceptedTOTP{}, refuse(Stale, "the clock says %s", date(now))
	}
	present := uint64(now.Unix()) / uint64(totpStep/time.Second)
	found, step := 0, uint64(0)
	for s := present - min(totpWindow, present); s <= present+totpWindow; s++ {
		same := subtle.ConstantTimeCompare([]byte(b.TOTP), []byte(totp(secret, s)))
		found |= same
		step |= s & -uint64(same)
	}
	if found == 0 {
		return AcceptedTOTP{}, refuse(BadHolderSignature, "the passcode is not that of the last, this or the next %v",
			totpStep)
	}
	p := AcceptedTOTP{Step: step, Replay: Replay{
		Key:   sha256.Sum256(encode([]any{"umbral replay 2", b.Number, step})),
		Until: time.Unix(0, 0).Add(time.Duration(step+1+totpWindow) * totpStep),
	}}
	if last > 0 && step <= last {
		return p, refuse(Replayed, "passcode of step %d, and that of %d was taken already", step, last)
	}
	return p, nil
}

// AcceptedTOTP identifies a passcode that was accepted, so that it can be remembered and counts once.
type AcceptedTOTP struct {
	// Step is the number of 30 s intervals since 1970.
	Step uint64
	// Replay is to be remembered as that of presentations.
	Replay Replay
}

// NewBarcode returns the text that a card or phone shows.
func NewBarcode(number string, secret []byte, at time.Time) (string, error) {
	if len(secret) < minSecret || len(secret) > maxSecret {
		return "", fmt.Errorf("credential: secret of %d bytes, wanted %d to %d", len(secret), minSecret, maxSecret)
	}
	if at.Unix() < 0 {
		return "", errors.New("credential: a passcode before 1970")
	}
	text := number + totp(secret, uint64(at.Unix())/uint64(totpStep/time.Second))
	_, err := ParseBarcode(text)
	return text, err
}

// totp returns the TOTP of a step, with HMAC-SHA-1 and 8 digits (RFC 6238, section 4; RFC 4226, section 5.3).
func totp(secret []byte, step uint64) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, step))
	sum := mac.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&15:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", totpDigits, n%100_000_000)
}
