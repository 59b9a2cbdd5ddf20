package evidence

import (
	"sync"

	"umbral/daemon/passage"
	"umbral/pipeline/credential"
	"umbral/pipeline/face"
)

// Claim is what the documents of one passage say about whom they belong to: nobody needs to be enrolled. It lasts as long
// as the passage, and nothing of it is written anywhere.
type Claim struct {
	Passage    passage.ID
	Subject    string
	References []face.Template      // at most MaxReferences
	Standing   passage.Standing     // of the subject, as far as the documents say
	Number     string               // as the authority knows the subject
	Issuer     string               // who says so; empty for a card
	Name       string               // for the screen
	Identity   *credential.Identity // what the card says, where the site issues credentials
	Portrait   []byte               // as JPEG, where reviewers may see it
}

// MaxReferences is the number of portraits that a claim holds: the one in the code and the one on the card.
const MaxReferences = 2

// NameDoubt is a name on a card of which a character could not be read, for the passage's reviewers.
type NameDoubt struct {
	Passage passage.ID
	Picture []byte // of the name, as JPEG
	Pattern string // the name, with candidates in brackets
}

// Claims holds the claim of the passage under way.
type Claims struct {
	mu    sync.Mutex
	now   Claim
	doubt NameDoubt
}

// AddDoubt replaces the doubt about the name of its passage.
func (c *Claims) AddDoubt(d NameDoubt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doubt = d
}

// DoubtOf returns the doubt about the name on the card of a passage and reports whether there is one.
func (c *Claims) DoubtOf(id passage.ID) (NameDoubt, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id.IsZero() || c.doubt.Passage != id {
		return NameDoubt{}, false
	}
	return c.doubt, true
}

// Add joins what a document says to the claim of its passage. Another subject's document replaces the claim: the decision
// sees that the two contradict each other.
func (c *Claims) Add(d Claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now.Passage != d.Passage || c.now.Subject != d.Subject {
		c.now = d
		return
	}
	if room := MaxReferences - len(c.now.References); room > 0 {
		c.now.References = append(c.now.References, d.References[:min(room, len(d.References))]...)
	}
	c.now.Standing = Stricter(c.now.Standing, d.Standing)
	if c.now.Identity == nil {
		c.now.Identity = d.Identity
	}
	if c.now.Portrait == nil {
		c.now.Portrait = d.Portrait
	}
	for _, t := range []struct{ to, from *string }{{&c.now.Number, &d.Number}, {&c.now.Issuer, &d.Issuer}, {&c.now.Name, &d.Name}} {
		if *t.to == "" {
			*t.to = *t.from
		}
	}
}

// Keep forgets the claim of every passage but one.
func (c *Claims) Keep(id passage.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now.Passage != id {
		c.now = Claim{}
	}
	if c.doubt.Passage != id {
		c.doubt = NameDoubt{}
	}
}

// Of returns the claim of a passage and reports whether a document was shown in it.
func (c *Claims) Of(id passage.ID) (Claim, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id.IsZero() || c.now.Passage != id {
		return Claim{}, false
	}
	return c.now, true
}

// Compare returns the similarity of a face to the least similar reference of the passage's claim, and whose claim it is. It
// reports whether there is one.
func (c *Claims) Compare(id passage.ID, t *face.Template) (subject string, score float32, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id.IsZero() || c.now.Passage != id || len(c.now.References) == 0 {
		return "", 0, false
	}
	score = face.Compare(t, &c.now.References[0])
	for i := range c.now.References[1:] {
		score = min(score, face.Compare(t, &c.now.References[1+i]))
	}
	return c.now.Subject, score, true
}
