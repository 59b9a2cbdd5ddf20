package credential

import (
	"testing"

	"umbral/daemon/passage"
	"umbral/pipeline/credential"
)

// A credential's birth date reaches the decision, or the news that it cannot be read.
func TestCredentialsBirthDate(t *testing.T) {
	s := &Source{}
	for text, want := range map[string]passage.Standing{
		"2015":       {Person: "ana", Born: 16800, BornKnown: true},
		"2015/06/30": {Person: "ana", Marks: passage.Marks(0).With(passage.BirthUnreadable)},
		"":           {Person: "ana"},
	} {
		cred := &credential.Credential{Identity: credential.Identity{DateOfBirth: text}}
		if got := s.standing(cred, "ana"); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}
