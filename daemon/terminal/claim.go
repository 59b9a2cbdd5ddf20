package terminal

import (
	"sync"

	"umbral/daemon/passage"
	"umbral/pipeline/credential"
	"umbral/pipeline/face"
)

// claim is what the documents of one passage say about whom they belong to: nobody needs to be enrolled. It is kept while the
// screen speaks of that passage, and nothing of it is written anywhere.
type claim struct {
	passage    passage.ID
	subject    string
	references [maxReferences]face.Template
	count      int
	standing   passage.Standing     // of the subject, as far as the documents say
	number     string               // as the authority knows the subject
	issuer     string               // who says so; empty for a card
	name       string               // for the screen
	identity   *credential.Identity // what the card says, where the site issues credentials
	portrait   []byte               // as JPEG, where reviewers may see it
}

// maxReferences are the portrait in the code and the one on the card.
const maxReferences = 2

// claims hold the claim of the passage under way.
type claims struct {
	mu  sync.Mutex
	now claim
}

// add joins what a document says to the claim of its passage. Another subject's document replaces the claim: the decision
// sees that the two contradict each other.
func (c *claims) add(d claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now.passage != d.passage || c.now.subject != d.subject {
		c.now = d
		return
	}
	for _, r := range d.references[:d.count] {
		if c.now.count < maxReferences {
			c.now.references[c.now.count] = r
			c.now.count++
		}
	}
	c.now.standing = stricter(c.now.standing, d.standing)
	if c.now.identity == nil {
		c.now.identity = d.identity
	}
	if c.now.portrait == nil {
		c.now.portrait = d.portrait
	}
	for _, t := range []struct{ to, from *string }{{&c.now.number, &d.number}, {&c.now.issuer, &d.issuer}, {&c.now.name, &d.name}} {
		if *t.to == "" {
			*t.to = *t.from
		}
	}
}

// keep forgets the claim of every passage but one.
func (c *claims) keep(id passage.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now.passage != id {
		c.now = claim{}
	}
}

// of is the claim of a passage; ok is false where no document was shown in it.
func (c *claims) of(id passage.ID) (claim, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now, !id.IsZero() && c.now.passage == id
}

// compare says how alike a face is to the references of the passage's claim: to the least alike of them. ok is false where
// there is none.
func (c *claims) compare(id passage.ID, t *face.Template) (subject string, score float32, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id.IsZero() || c.now.passage != id || c.now.count == 0 {
		return "", 0, false
	}
	score = face.Compare(t, &c.now.references[0])
	for i := 1; i < c.now.count; i++ {
		score = min(score, face.Compare(t, &c.now.references[i]))
	}
	return c.now.subject, score, true
}

// nameOf is the name that the documents of a passage give its subject, for the screen.
func (c *claims) nameOf(id passage.ID) string {
	found, _ := c.of(id)
	if found.passage != id {
		return ""
	}
	return found.name
}
