package credential

import "fmt"

// Step is the check at which a code was refused. Steps are ordered as they are tried, so that a step also tells which
// checks passed.
type Step uint8

// The steps. A step that does not apply to a code, such as decryption, is passed without a check.
const (
	Passed             Step = iota
	TooLarge                // longer than a QR code can be
	WrongContext            // it begins with the context of something else, or an HCERT without its own
	NotBase45               // not the text of RFC 9285
	NotZlib                 // not compressed, or more comes out than allowed
	NotCOSE                 // not a signed or encrypted COSE message, or CBOR beyond the limits
	NotDecrypted            // encrypted with a key that is not configured
	NotClaim169             // signed, but claims or the identity (claim 169; -260 in an HCERT) are missing or malformed
	UnknownIssuer           // decoded, but nobody trusted signed it
	BadSignature            // the issuer's signature is missing or wrong, or its key is not in force
	WrongKeyUsage           // signed with a key that is for other certificates
	NotYetValid             // before nbf
	Expired                 // from exp on
	NoPresentation          // bound to a holder's key, but shown without a fresh signature of it
	BadHolderSignature      // the holder's signature is wrong
	WrongAudience           // made for another terminal or site
	Stale                   // the time stamp is too old, or in the future
	Replayed                // the same presentation was seen before; see Replay
)

// Each step's name in events and on the command line, what it checks, and what a refusal means.
var steps = [...]struct{ name, checks, words string }{
	Passed:       {"passed", "", "everything is in order"},
	TooLarge:     {"too-large", "size", "the code is larger than a credential can be"},
	WrongContext: {"wrong-context", "context", "the code is no electronic credential (for another use)"},
	NotBase45:    {"not-base45", "base45", "the code is no electronic credential (not base45)"},
	NotZlib:      {"not-zlib", "zlib", "the code is no electronic credential (not zlib)"},
	NotCOSE:      {"not-cose", "COSE", "the code is no electronic credential (not COSE)"},
	NotDecrypted: {"not-decrypted", "decryption",
		"the credential is encrypted with another key than this terminal has"},
	NotClaim169:   {"not-claim-169", "identity", "the credential holds no identity"},
	UnknownIssuer: {"unknown-issuer", "issuer", "the credential comes from an issuer that is not trusted here"},
	BadSignature:  {"bad-signature", "issuer's signature", "the issuer's signature is not valid"},
	WrongKeyUsage: {"wrong-key-usage", "key for this kind",
		"the issuer's key is not for certificates of this kind"},
	NotYetValid: {"not-yet-valid", "valid already", "the credential is not valid yet"},
	Expired:     {"expired", "valid still", "the credential has expired"},
	NoPresentation: {"no-presentation", "shown by its wallet",
		"the credential is bound to a phone and must be shown by its wallet"},
	BadHolderSignature: {"bad-holder-signature", "wallet's signature", "the wallet's signature is not valid"},
	WrongAudience:      {"wrong-audience", "made for this terminal", "the code was made for another terminal"},
	Stale:              {"stale", "fresh", "the code is too old: show a fresh one"},
	Replayed:           {"replayed", "not shown before", "the code was shown before: show a fresh one"},
}

// Steps returns all steps in order.
func Steps() []Step {
	list := make([]Step, len(steps))
	for i := range list {
		list[i] = Step(i)
	}
	return list
}

// String returns the step's name in events, in lower case with hyphens.
func (s Step) String() string {
	if int(s) >= len(steps) {
		return fmt.Sprintf("step-%d", s)
	}
	return steps[s].name
}

// Checks returns a few words on what the step checks, or nothing for Passed.
func (s Step) Checks() string {
	if int(s) >= len(steps) {
		return s.String()
	}
	return steps[s].checks
}

// Words returns the meaning of a refusal at the step, in plain English.
func (s Step) Words() string {
	if int(s) >= len(steps) {
		return s.String()
	}
	return steps[s].words
}

// Refusal is the error of a code that is not accepted. Err has the details for a technician; it names no person.
type Refusal struct {
	Step Step
	Err  error
}

func (r *Refusal) Error() string { return fmt.Sprintf("credential: %s: %v", r.Step, r.Err) }

// Unwrap returns the details.
func (r *Refusal) Unwrap() error { return r.Err }

func refuse(s Step, format string, args ...any) *Refusal {
	return &Refusal{Step: s, Err: fmt.Errorf(format, args...)}
}
