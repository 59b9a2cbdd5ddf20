package credential

import (
	"errors"
	"strings"
	"testing"
)

// Each step has a name of its own, says what it checks, and is explained.
func TestSteps(t *testing.T) {
	names := map[string]bool{}
	all := Steps()
	if len(all) != int(Replayed)+1 {
		t.Fatalf("%d steps", len(all))
	}
	for i, s := range all {
		if s != Step(i) || names[s.String()] || s.String() == "" || s.Words() == "" ||
			(s.Checks() == "") != (s == Passed) {
			t.Errorf("step %d: %q, %q, %q", i, s, s.Checks(), s.Words())
		}
		names[s.String()] = true
		if strings.ToLower(s.String()) != s.String() || strings.Contains(s.String(), " ") {
			t.Errorf("%q is no name for events", s)
		}
	}
	for _, beyond := range []Step{Replayed + 1, 255} {
		if !strings.HasPrefix(beyond.String(), "step-") || beyond.Checks() != beyond.String() ||
			beyond.Words() != beyond.String() {
			t.Errorf("%d is %q, %q, %q", beyond, beyond, beyond.Checks(), beyond.Words())
		}
	}
}

func TestRefusal(t *testing.T) {
	inner := errors.New("why")
	r := refuse(Stale, "%w", inner)
	if !errors.Is(r, inner) || r.Error() != "credential: stale: why" {
		t.Errorf("%v", r)
	}
	if AsReplayed().Step != Replayed {
		t.Errorf("%v", AsReplayed())
	}
}
