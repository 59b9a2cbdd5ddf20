package evidence

// People is what sources of documents ask about who is known here.
type People interface {
	// Enrolled reports whether somebody is enrolled under an id.
	Enrolled(id string) bool
	// HasFace reports whether a face can be compared with references of theirs.
	HasFace(id string) bool
	// Pseudonym returns a stable name for somebody who is not enrolled. A citizen number gives the same one whoever says it,
	// so that a code and a card of one person agree.
	Pseudonym(issuer, number string) string
}
