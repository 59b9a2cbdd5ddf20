package passage

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// EvidenceKind is one thing that a passage can establish.
type EvidenceKind uint8

// The kinds of evidence that the grammar knows.
const (
	EvidenceFace       EvidenceKind = iota // the face is one enrolled person's
	EvidenceLive                           // the face is a living person's
	EvidenceCredential                     // electronic credential
	EvidenceCard                           // printed card
	EvidenceSpeech                         // read aloud as prompted
	EvidenceFinger                         // fingerprint
	EvidenceRemote                         // the authority's answer
	EvidenceKinds                          // how many there are
)

var evidenceNames = []string{"face", "live", "credential", "card", "speech", "finger", "remote"}

// String is the word in policies.
func (k EvidenceKind) String() string { return name(evidenceNames, uint8(k)) }

// ParseEvidenceKind reads the word.
func ParseEvidenceKind(s string) (k EvidenceKind, err error) {
	err = parse("evidence", evidenceNames, []byte(s), (*uint8)(&k))
	return k, err
}

// EvidenceSet is a set of kinds of evidence.
type EvidenceSet uint16

// Evidence that the gate itself produces from the camera.
const FaceEvidence = EvidenceSet(1<<EvidenceFace | 1<<EvidenceLive)

// Has says whether k is in the set.
func (s EvidenceSet) Has(k EvidenceKind) bool { return s&(1<<k) != 0 }

// Count is how many kinds are in the set.
func (s EvidenceSet) Count() int { return bits.OnesCount16(uint16(s)) }

// With adds k.
func (s EvidenceSet) With(k EvidenceKind) EvidenceSet { return s | 1<<k }

// String is the words with commas between.
func (s EvidenceSet) String() string {
	var words []string
	for k := range EvidenceKinds {
		if s.Has(k) {
			words = append(words, k.String())
		}
	}
	return strings.Join(words, ", ")
}

// Truth is the state of one piece of evidence or of a whole policy.
type Truth uint8

// The truths: still open, satisfied, cannot be satisfied any more.
const (
	Open Truth = iota
	Satisfied
	Impossible
)

var truthNames = []string{"open", "satisfied", "impossible"}

// String is the word for pages and tests.
func (t Truth) String() string { return name(truthNames, uint8(t)) }

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
// the calibration in the rules (see Strength). It is no evidence of its own: a policy with it names face or finger too.
type Policy struct {
	code  []op      // postfix
	rates []float64 // total false match rates
	need  EvidenceSet
}

type op uint8 // an EvidenceKind, or one of
const (
	opAnd  op = 0x80
	opOr   op = 0x81
	opRate op = 0x82 // and above: the rate with that index
)

// PolicyError says where a policy is wrong.
type PolicyError struct {
	Column  int // in characters, from 1
	Message string
}

// Error gives "passage: policy: column N: message".
func (e *PolicyError) Error() string {
	return fmt.Sprintf("passage: policy: column %d: %s", e.Column, e.Message)
}

// ParsePolicy reads a policy. Errors are of type *PolicyError.
func ParsePolicy(text string) (Policy, error) {
	p := policyParser{text: text}
	if len(text) > MaxPolicy {
		return Policy{}, &PolicyError{1, fmt.Sprintf("%d bytes, limit %d", len(text), MaxPolicy)}
	}
	p.next()
	p.expression(0)
	if p.err == nil && p.word != "" {
		p.fail("found %q after the end of the policy, expected \"and\" or \"or\"", clip(p.word))
	}
	if comparable := EvidenceSet(0).With(EvidenceFace).With(EvidenceFinger); p.err == nil && len(p.rates) > 0 && p.need&comparable == 0 {
		p.err = &PolicyError{1, fmt.Sprintf("a total false match rate needs a biometric comparison beside it: %v", comparable)}
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
	need  EvidenceSet
	names int
	err   error // of type *PolicyError, the first one
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
		p.err = &PolicyError{column, fmt.Sprintf(format, args...)}
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
	kind := slices.Index(evidenceNames, p.word)
	switch {
	case p.word == "fmr":
		p.rate()
	case p.word == "not":
		p.fail("\"not\" is no part of a policy: what is absent proves nothing, so evidence can only be asked for")
	case kind < 0:
		p.fail("%s, expected \"(\" or one of %s, fmr", found(p.word), strings.Join(evidenceNames, ", "))
	case p.names == maxPolicyWords:
		p.fail("more than %d pieces of evidence", maxPolicyWords)
	default:
		p.names++
		p.need = p.need.With(EvidenceKind(kind))
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
	return fmt.Sprintf("found %q", clip(word))
}

// IsZero says whether p is the zero Policy.
func (p Policy) IsZero() bool { return len(p.code) == 0 }

// Needs is every kind of evidence that the policy names.
func (p Policy) Needs() EvidenceSet { return p.need }

// String is the policy in its canonical form: single spaces, and parentheses only where an "or" stands within an "and".
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

// word is the text of an operand, empty for an operator.
func (p Policy) word(o op) string {
	switch {
	case o < opAnd:
		return EvidenceKind(o).String()
	case o >= opRate:
		return "fmr = " + strconv.FormatFloat(p.rates[o-opRate], 'g', -1, 64)
	}
	return ""
}

// TotalFMR is the strictest total false match rate that the policy names; ok is false where it names none.
func (p Policy) TotalFMR() (fmr float64, ok bool) {
	for _, r := range p.rates {
		if !ok || r < fmr {
			fmr, ok = r, true
		}
	}
	return fmr, ok
}

// Evidences is the state of each kind of evidence, by EvidenceKind.
type Evidences [EvidenceKinds]Truth

// Strength is how much the biometric comparisons of a passage say together that probe and references are one person's.
type Strength struct {
	// LLR is the sum of their log-likelihood ratios, in millionths of a nat.
	LLR Score
	// FMR is the share of strangers whose comparisons would together say as much, by the calibration (Neyman and Pearson's
	// test at the observed ratio).
	FMR   float64
	Final bool // no comparison that the policy asks for is still to come
}

// proven is a strength that satisfies every rate.
var proven = Strength{LLR: MaxScore}

// truth is the state of a total false match rate.
func (s Strength) truth(rate float64) Truth {
	switch {
	case s.FMR <= rate:
		return Satisfied
	case s.Final:
		return Impossible
	}
	return Open
}

// Decide evaluates the policy over three values: "and" is satisfied when both sides are and impossible when one is, "or"
// the other way round, and what is neither is open.
func (p Policy) Decide(e *Evidences, s Strength) Truth {
	return p.decide(e, func(i int) Truth { return s.truth(p.rates[i]) })
}

// decide evaluates the policy with a state for each of its rates.
func (p Policy) decide(e *Evidences, rate func(int) Truth) Truth {
	var stack [2*maxPolicyDepth + 4]Truth // each open parenthesis keeps at most one "or" side and one "and" side waiting
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

func combine(o op, a, b Truth) Truth {
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
