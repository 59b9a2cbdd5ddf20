package passage

import "umbral/config/policy/enum"

// Verdict is how a passage ended.
type Verdict uint8

// The verdicts. Abandoned is not one: it ends a passage whose person left before there was a verdict.
const (
	Undecided Verdict = iota
	Grant
	Deny
	Refer
	Abandoned
)

var verdictNames = []string{"undecided", "grant", "deny", "refer", "abandoned"}

// String returns v's name, as in the journal.
func (v Verdict) String() string { return enum.Name(verdictNames, v) }

// MarshalText returns v's name.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText sets v to the verdict of a name.
func (v *Verdict) UnmarshalText(b []byte) (err error) {
	*v, err = enum.Parse[Verdict]("passage: verdict", verdictNames, string(b))
	return err
}
