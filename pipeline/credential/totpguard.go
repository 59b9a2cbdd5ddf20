package credential

import "time"

// Limits of guessing at one-time passwords.
const (
	maxWrongTOTP   = 5 // in a row, for one number
	wrongTOTPPause = 15 * time.Minute
	maxGuarded     = 256 // numbers
)

// TOTPGuard checks one-time passwords and limits guessing (RFC 4226, section 7.3): after 5 wrong ones for a number
// within 15 minutes, every further one for that number is refused until 15 minutes after the last wrong one that was
// looked at. A guess succeeds with 3 in 10^8, so that guessing all year long at one number opens with a chance of about
// 1 %, and nobody learns from a refusal whether a guess was right. It is not for use by several goroutines at once.
type TOTPGuard struct {
	wrong map[string]wrongTOTPs
}

type wrongTOTPs struct {
	count int
	last  time.Time
}

// NewTOTPGuard returns a guard that has seen nothing.
func NewTOTPGuard() *TOTPGuard { return &TOTPGuard{wrong: map[string]wrongTOTPs{}} }

// Check is BarCode.Check with the limit. Call it only for numbers that have a secret: those are few, where anybody can
// print as many others as they like.
func (g *TOTPGuard) Check(b BarCode, secret []byte, now time.Time, last uint64) (AcceptedTOTP, error) {
	w := g.wrong[b.Number]
	if now.Sub(w.last) >= wrongTOTPPause || now.Before(w.last) {
		w = wrongTOTPs{}
	}
	if w.count >= maxWrongTOTP {
		return AcceptedTOTP{}, refuse(BadHolderSignature,
			"%d wrong one-time passwords for this number, the last %v ago: the next is looked at %v after it", w.count, now.Sub(w.last).Round(time.Second), wrongTOTPPause)
	}
	accepted, err := b.Check(secret, now, last)
	if err == nil {
		delete(g.wrong, b.Number)
		return accepted, nil
	}
	if _, known := g.wrong[b.Number]; !known && len(g.wrong) >= maxGuarded {
		g.forgetOldest()
	}
	g.wrong[b.Number] = wrongTOTPs{w.count + 1, now}
	return accepted, err
}

func (g *TOTPGuard) forgetOldest() {
	oldest := ""
	for number, w := range g.wrong {
		if oldest == "" || w.last.Before(g.wrong[oldest].last) {
			oldest = number
		}
	}
	delete(g.wrong, oldest)
}
