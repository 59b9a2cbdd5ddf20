// Package policy holds a site's rules as values: which evidence a grant needs, the hours in which somebody may pass, and
// how far the clock has to be trusted. A policy is parsed once, when the configuration is read, and its value travels.
package policy

import (
	"fmt"
	"strconv"

	"umbral/config/policy/enum"
)

// Limits of a policy's text.
const (
	MaxPolicy      = 512 // bytes
	maxPolicyDepth = 16  // parentheses within parentheses
	maxPolicyWords = 64  // names of evidence
	maxPolicyRates = 4   // total false match rates
)

// Bounds of a total false match rate: beyond the lower one no calibration proves anything.
const minTotalFMR, maxTotalFMR = 1e-9, 0.1

// Policy is a site's rule over evidence. The zero Policy grants nothing.
//
//	policy = term { "or" term } .
//	term   = factor { "and" factor } .
//	factor = evidence | "fmr" "=" number | "(" policy ")" .
//
// "fmr = 5e-5" asks that the biometric comparisons of the passage together let at most that share of strangers pass, by
// the site's calibration. It is no evidence of its own: a policy with it names face or finger too.
type Policy struct {
	code  []op      // postfix
	rates []float64 // total false match rates
	need  Set
}

type op uint8 // an Kind, or one of
const (
	opAnd  op = 0x80
	opOr   op = 0x81
	opRate op = 0x82 // and above: the rate with that index
)

// Error says what is wrong with a policy, and where.
type Error struct {
	Column  int // in characters, from 1
	Message string
}

// Error returns "policy: column N: message".
func (e *Error) Error() string {
	return fmt.Sprintf("policy: column %d: %s", e.Column, e.Message)
}

// State is the state of one piece of evidence or of a whole policy.
type State uint8

// The states: still open, satisfied, cannot be satisfied any more.
const (
	Open State = iota
	Satisfied
	Impossible
)

var stateNames = []string{"open", "satisfied", "impossible"}

// String returns t's name.
func (t State) String() string { return enum.Name(stateNames, t) }

// MarshalText returns t's name.
func (t State) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText sets t to the state of a name.
func (t *State) UnmarshalText(b []byte) (err error) {
	*t, err = enum.Parse[State]("state", stateNames, string(b))
	return err
}

// IsZero reports whether p is the zero Policy.
func (p Policy) IsZero() bool { return len(p.code) == 0 }

// Needs returns the kinds of evidence that the policy names.
func (p Policy) Needs() Set { return p.need }

// String returns the policy in its canonical form: single spaces, and parentheses only where an "or" stands within an "and".
func (p Policy) String() string {
	type part struct {
		text string
		or   bool
	}
	var stack []part
	for _, o := range p.code {
		if text := p.word(o); text != "" {
			stack = append(stack, part{text, false})
			continue
		}
		l, r := stack[len(stack)-2], stack[len(stack)-1]
		stack = stack[:len(stack)-2]
		if o == opOr {
			stack = append(stack, part{l.text + " or " + r.text, true})
			continue
		}
		for _, side := range []*part{&l, &r} {
			if side.or {
				side.text = "(" + side.text + ")"
			}
		}
		stack = append(stack, part{l.text + " and " + r.text, false})
	}
	if len(stack) == 0 {
		return ""
	}
	return stack[0].text
}

// word returns the text of an operand, and nothing for an operator.
func (p Policy) word(o op) string {
	switch {
	case o < opAnd:
		return Kind(o).String()
	case o >= opRate:
		return "fmr = " + strconv.FormatFloat(p.rates[o-opRate], 'g', -1, 64)
	}
	return ""
}

// TotalFMR returns the strictest total false match rate that the policy names; ok is false where it names none.
func (p Policy) TotalFMR() (fmr float64, ok bool) {
	for _, r := range p.rates {
		if !ok || r < fmr {
			fmr, ok = r, true
		}
	}
	return fmr, ok
}

// States holds the state of each kind of evidence, by Kind.
type States [Kinds]State

// Accept marks the kinds of a set as satisfied.
func (e *States) Accept(set Set) {
	for k := range Kinds {
		if set.Has(k) {
			e[k] = Satisfied
		}
	}
}

// Decide evaluates the policy over three values: "and" is satisfied when both sides are and impossible when one is, "or"
// the other way round, and anything else is open. rate returns the state of a total false match rate.
func (p Policy) Decide(e *States, rate func(fmr float64) State) State {
	return p.decide(e, func(i int) State { return rate(p.rates[i]) })
}

// decide evaluates the policy with a state for each of its rates.
func (p Policy) decide(e *States, rate func(int) State) State {
	var stack [2*maxPolicyDepth + 4]State // each open parenthesis keeps at most one "or" side and one "and" side waiting
	n := 0
	for _, o := range p.code {
		if o < opAnd {
			stack[n] = e[o]
			n++
			continue
		}
		if o >= opRate {
			stack[n] = rate(int(o - opRate))
			n++
			continue
		}
		n--
		stack[n-1] = combine(o, stack[n-1], stack[n])
	}
	if n == 0 {
		return Impossible
	}
	return stack[0]
}

func combine(o op, a, b State) State {
	strong, weak := Impossible, Satisfied // of "and"
	if o == opOr {
		strong, weak = weak, strong
	}
	switch {
	case a == strong || b == strong:
		return strong
	case a == weak && b == weak:
		return weak
	}
	return Open
}

// MarshalText returns the policy in its canonical form.
func (p Policy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Equal reports whether both are the same policy as written.
func (p Policy) Equal(q Policy) bool { return p.String() == q.String() }
