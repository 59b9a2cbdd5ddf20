package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"umbral/config/policy/enum"
)

// Parse returns the policy of a text. Errors are of type *Error.
func Parse(text string) (Policy, error) {
	p := policyParser{text: text}
	if len(text) > MaxPolicy {
		return Policy{}, &Error{1, fmt.Sprintf("%d bytes, limit %d", len(text), MaxPolicy)}
	}
	p.next()
	p.expression(0)
	if p.err == nil && p.word != "" {
		p.fail("found %q after the end of the policy, expected \"and\" or \"or\"", enum.Clip(p.word))
	}
	if comparable := Set(0).With(Face).With(Finger); p.err == nil && len(p.rates) > 0 && p.need&comparable == 0 {
		p.err = &Error{1, fmt.Sprintf("a total false match rate needs a biometric comparison beside it: %v", comparable)}
	}
	if p.err != nil {
		return Policy{}, p.err
	}
	return Policy{slices.Clip(p.code), slices.Clip(p.rates), p.need}, nil
}

type policyParser struct {
	text  string
	at    int    // end of word
	word  string // empty at the end of the text
	code  []op
	rates []float64
	need  Set
	names int
	err   error // of type *Error, the first one
}

// next takes the next word: letters, a number, or one other character.
func (p *policyParser) next() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
	rest := p.text[p.at:]
	n := 0
	for n < len(rest) && (rest[n] >= 'a' && rest[n] <= 'z' || rest[n] >= 'A' && rest[n] <= 'Z') {
		n++
	}
	if n == 0 && len(rest) > 0 && (rest[0] >= '0' && rest[0] <= '9' || rest[0] == '.') {
		for n < len(rest) && strings.IndexByte("0123456789.eE+-", rest[n]) >= 0 {
			n++
		}
	}
	if n == 0 {
		_, n = utf8.DecodeRuneInString(rest)
	}
	p.word = rest[:n]
	p.at += n
}

func (p *policyParser) fail(format string, args ...any) {
	if p.err == nil {
		column := utf8.RuneCountInString(p.text[:p.at-len(p.word)]) + 1
		p.err = &Error{column, fmt.Sprintf(format, args...)}
	}
}

func (p *policyParser) expression(depth int) {
	p.term(depth)
	for p.err == nil && p.word == "or" {
		p.next()
		p.term(depth)
		p.code = append(p.code, opOr)
	}
}

func (p *policyParser) term(depth int) {
	p.factor(depth)
	for p.err == nil && p.word == "and" {
		p.next()
		p.factor(depth)
		p.code = append(p.code, opAnd)
	}
}

func (p *policyParser) factor(depth int) {
	if p.err != nil {
		return
	}
	if p.word == "(" {
		if depth == maxPolicyDepth {
			p.fail("more than %d parentheses within one another", maxPolicyDepth)
			return
		}
		p.next()
		p.expression(depth + 1)
		if p.err == nil && p.word != ")" {
			p.fail("%s, expected \")\"", found(p.word))
		}
		p.next()
		return
	}
	kind := slices.Index(kindNames, p.word)
	switch {
	case p.word == "fmr":
		p.rate()
	case p.word == "not":
		p.fail("\"not\" is no part of a policy: what is absent proves nothing, so evidence can only be asked for")
	case kind < 0:
		p.fail("%s, expected \"(\" or one of %s, fmr", found(p.word), strings.Join(kindNames, ", "))
	case p.names == maxPolicyWords:
		p.fail("more than %d pieces of evidence", maxPolicyWords)
	default:
		p.names++
		p.need = p.need.With(Kind(kind))
		p.code = append(p.code, op(kind))
		p.next()
	}
}

// rate reads "fmr = 5e-5".
func (p *policyParser) rate() {
	p.next()
	if p.word != "=" {
		p.fail("%s, expected \"=\" and a rate, as in \"fmr = 5e-5\"", found(p.word))
		return
	}
	p.next()
	v, err := strconv.ParseFloat(p.word, 64)
	switch {
	case err != nil || !(v >= minTotalFMR && v <= maxTotalFMR):
		p.fail("%s, expected a false match rate of %g to %g, such as 5e-5", found(p.word), minTotalFMR, maxTotalFMR)
		return
	case len(p.rates) == maxPolicyRates:
		p.fail("more than %d false match rates", maxPolicyRates)
		return
	}
	p.code = append(p.code, opRate+op(len(p.rates)))
	p.rates = append(p.rates, v)
	p.next()
}

func found(word string) string {
	if word == "" {
		return "the policy ends here"
	}
	return fmt.Sprintf("found %q", enum.Clip(word))
}

// MustParse is Parse for texts that are part of the program. It panics on an error.
func MustParse(text string) Policy {
	p, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return p
}

// UnmarshalText parses a policy.
func (p *Policy) UnmarshalText(text []byte) (err error) {
	*p, err = Parse(string(text))
	return err
}
