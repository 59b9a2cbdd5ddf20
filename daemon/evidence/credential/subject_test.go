package credential

import (
	"testing"

	"umbral/pipeline/credential"
)

// known is a terminal where the listed people are enrolled.
type known map[string]bool

func (k known) Enrolled(id string) bool                { return k[id] }
func (k known) HasFace(id string) bool                 { return k[id] }
func (k known) Pseudonym(issuer, number string) string { return issuer + "'s " + number }

// Two issuers may call different people 4711. Only the one whose numbers are this terminal's ids names somebody enrolled; a
// citizen number means one person whoever says it.
func TestSubjectIsTheIssuersUnlessBound(t *testing.T) {
	const citizen = "11010519900307102X"
	s := &Source{o: Opts{
		People: known{"4711": true, citizen: true},
		Bound:  func(issuer string) bool { return issuer == "ours" },
	}}
	for _, c := range []struct{ issuer, subject, want string }{
		{"ours", "4711", "4711"},
		{"theirs", "4711", "theirs's 4711"},
		{"ours", "4712", "ours's 4712"}, // bound, but nobody is enrolled under it
		{"theirs", citizen, citizen},
		{"theirs", "11010519900307102x", citizen},
		{"theirs", "11010519900307103X", "theirs's 11010519900307103X"},
	} {
		cred := &credential.Credential{Issuer: c.issuer, Subject: c.subject}
		if got := s.subject(cred); got != c.want {
			t.Errorf("%s of %s is %q, want %q", c.subject, c.issuer, got, c.want)
		}
	}
}
