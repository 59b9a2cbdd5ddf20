package policy

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// rate returns a state for every total false match rate.
func rate(t State) func(float64) State { return func(float64) State { return t } }

func TestParsePolicy(t *testing.T) {
	for _, c := range []struct{ text, canonical string }{
		{"face", "face"},
		{"  face\tand   live ", "face and live"},
		{"(face and live)", "face and live"},
		{"credential and (face and live)", "credential and face and live"},
		{"(credential or card) and face", "(credential or card) and face"},
		{"credential or card and face", "credential or card and face"},
		{"credential or (card and face)", "credential or card and face"},
		{"((((finger))))or remote", "finger or remote"},
		{"face and(card or speech)and live", "face and (card or speech) and live"},
	} {
		p, err := Parse(c.text)
		if err != nil || p.String() != c.canonical {
			t.Errorf("%q became %q, %v; want %q", c.text, p, err, c.canonical)
		}
	}
	p, err := Parse("(credential or card) and face")
	if want := Set(0).With(Credential).With(Card).With(Face); p.Needs() != want || err != nil {
		t.Errorf("needs %v, %v", p.Needs(), err)
	}
}

func TestPolicyErrors(t *testing.T) {
	for _, c := range []struct {
		text   string
		column int
		part   string
	}{
		{"", 1, "ends here"},
		{"face and", 9, "ends here"},
		{"face live", 6, `found "live" after the end`},
		{"face and nose", 10, "credential"},
		{"face and not live", 10, "proves nothing"},
		{"not face", 1, "proves nothing"},
		{"(face and live", 15, `expected ")"`},
		{"face)", 5, "after the end"},
		{"face & live", 6, `found "&"`},
		{"¿face", 1, `found "¿"`},
		{"face and ¿", 10, `found "¿"`},
		{"Face", 1, `found "Face"`},
		{"face and\nlive", 9, "found"},
		{strings.Repeat("(", 17) + "face" + strings.Repeat(")", 17), 17, "16 parentheses"},
		{strings.Repeat("face or ", 63) + "face or face", 0, "limit 512"},
		{"face\xff", 5, "found"},
		{"live and fmr = 1e-3", 1, "biometric comparison"},
		{"fmr = 1e-3", 1, "biometric comparison"},
		{"face and fmr", 13, "ends here"},
		{"face and fmr = 0", 16, "1e-09 to 0.1"},
		{"face and fmr = 1", 16, "1e-09 to 0.1"},
		{"face and fmr = nan", 16, "1e-09 to 0.1"},
		{"face and fmr 1e-3", 14, `expected "="`},
	} {
		_, err := Parse(c.text)
		var e *Error
		if !errors.As(err, &e) || c.column != 0 && e.Column != c.column || !strings.Contains(e.Message, c.part) {
			t.Errorf("%q: %v; want column %d and %q", c.text, err, c.column, c.part)
		}
	}
	if (Policy{}).Decide(&States{}, rate(Open)) != Impossible {
		t.Error("the zero policy can grant")
	}
}

// tree is a policy as a tree, evaluated in the plainest way: three-valued logic as the set of outcomes that are still
// possible when every open piece of evidence may turn out either way.
type tree struct {
	kind        Kind
	or          bool
	left, right *tree
}

func (n *tree) text() string {
	if n.left == nil {
		return n.kind.String()
	}
	word := " and "
	if n.or {
		word = " or "
	}
	return "(" + n.left.text() + word + n.right.text() + ")"
}

func (n *tree) holds(have Set) bool {
	switch {
	case n.left == nil:
		return have.Has(n.kind)
	case n.or:
		return n.left.holds(have) || n.right.holds(have)
	}
	return n.left.holds(have) && n.right.holds(have)
}

func drawTree(t *rapid.T, depth int) *tree {
	if depth == 0 || rapid.IntRange(0, 2).Draw(t, "leaf") == 0 {
		return &tree{kind: Kind(rapid.IntRange(0, int(Kinds)-1).Draw(t, "kind"))}
	}
	return &tree{or: rapid.Bool().Draw(t, "or"), left: drawTree(t, depth-1), right: drawTree(t, depth-1)}
}

func TestPolicyAgainstTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawTree(t, 4)
		p, err := Parse(n.text())
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(p.String())
		if err != nil || again.String() != p.String() {
			t.Fatalf("%q is not canonical: %q, %v", p, again, err)
		}
		var e States
		var sure, possible Set
		for k := range Kinds {
			e[k] = State(rapid.IntRange(0, 2).Draw(t, k.String()))
			if e[k] == Satisfied {
				sure = sure.With(k)
			}
			if e[k] != Impossible {
				possible = possible.With(k)
			}
		}
		want := Open
		switch { // without "not", more evidence never hurts
		case n.holds(sure):
			want = Satisfied
		case !n.holds(possible):
			want = Impossible
		}
		if got := p.Decide(&e, rate(Open)); got != want || again.Decide(&e, rate(Open)) != want {
			t.Fatalf("%q over %v is %v, want %v", p, e, got, want)
		}
	})
}

func TestAlternatives(t *testing.T) {
	set := func(kinds ...Kind) (s Set) {
		for _, k := range kinds {
			s = s.With(k)
		}
		return s
	}
	for text, want := range map[string][]Alternative{
		"face and live":                          {{set(Face, Live), 0}},
		"face and live or face":                  {{set(Face), 0}},
		"(credential or card) and face and live": {{set(Credential, Face, Live), 0}, {set(Card, Face, Live), 0}},
		"face and fmr = 1e-4 or face and finger": {{set(Face), 1e-4}, {set(Face, Finger), 0}},
		"face and fmr = 1e-4 and fmr = 1e-5":     {{set(Face), 1e-5}},
	} {
		p, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, p.Alternatives()); d != "" {
			t.Errorf("%s (-want +got):\n%s", text, d)
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	for _, s := range []string{"face and live", "(credential or card) and face", "not face", "((((", "face and ¿", strings.Repeat("(face or ", 40)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := Parse(s)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Column < 1 || e.Column > len(s)+1 {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		again, err := Parse(p.String())
		if err != nil || again.String() != p.String() || again.Needs() != p.Needs() {
			t.Fatalf("%q became %q, then %q, %v", s, p, again, err)
		}
		var all, none States
		for k := range all {
			all[k], none[k] = Satisfied, Impossible
		}
		if p.Decide(&all, rate(Satisfied)) != Satisfied || p.Decide(&none, rate(Impossible)) != Impossible || p.Decide(&States{}, rate(Open)) != Open {
			t.Fatalf("%q does not follow its evidence", p)
		}
	})
}
