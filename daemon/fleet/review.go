package fleet

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Review is a passage that the terminal refers to human reviewers, as the fleet may see it. Reviewers answer with the
// command CommandReview.
type Review struct {
	Passage string // id, a level of the topic
	// Statement is what the reviewers see and answer to: Statement.Encode's bytes, which have to stay the same over
	// restarts, since answers name their hash.
	Statement []byte
	Answers   int  // how many reviewers have answered
	Pictures  bool // Reviews.Pictures has some
}

// Statement is what a terminal says of a review: no name, no number, no score of a biometric.
type Statement struct {
	Schema   int          `json:"schema"`
	Terminal string       `json:"terminal"`
	Passage  string       `json:"passage"`
	Opened   time.Time    `json:"opened"`
	Deadline time.Time    `json:"deadline"`
	Clock    string       `json:"clock"`              // trust in these times
	Reasons  []string     `json:"reasons"`            // codes
	Person   string       `json:"person,omitempty"`   // pseudonym, as in events; empty where nobody is known
	Evidence []ReviewClue `json:"evidence,omitempty"` // what came of each piece of evidence
	Needed   int          `json:"needed"`             // approvals of different reviewers
	Pictures string       `json:"pictures,omitempty"` // SHA-256 of the encrypted pictures, 64 hex digits
}

// ReviewClue is what came of one piece of evidence.
type ReviewClue struct {
	Kind    string `json:"kind"`
	Outcome string `json:"outcome"`
	Detail  string `json:"detail,omitempty"` // code
}

// Limits of reviews.
const (
	MaxReviews         = 32        // pending at a time, published
	MaxStatement       = 4 << 10   // bytes
	MaxPictures        = 96 << 10  // bytes of all pictures of a review before they are encrypted
	MaxSealedPictures  = 180 << 10 // and after: base64 inside and outside, and the keys of all recipients
	LevelPictures      = "pictures"
	MaxClues           = 16
	MaxReasons         = 16
	MaxReviewMessage   = 3 * MaxStatement
	maxPicturesMessage = MaxSealedPictures
)

// check holds a statement to its limits.
func (s *Statement) check() error {
	switch {
	case CheckTerminal(s.Terminal) != nil:
		return CheckTerminal(s.Terminal)
	case !ValidLevel(s.Passage, MaxLevel):
		return fmt.Errorf("fleet: review's passage %q, allowed are 1 to %d of A-Z a-z 0-9 . _ -", Printable(s.Passage, 80), MaxLevel)
	case !s.Opened.Before(s.Deadline):
		return fmt.Errorf("fleet: review opened %v with the deadline %v", s.Opened, s.Deadline)
	case s.Needed < 1 || s.Needed > 2:
		return fmt.Errorf("fleet: review needs %d approvals, allowed 1 and 2", s.Needed)
	case len(s.Reasons) > MaxReasons || len(s.Evidence) > MaxClues:
		return fmt.Errorf("fleet: review with %d reasons, limit %d, and %d pieces of evidence, limit %d", len(s.Reasons), MaxReasons, len(s.Evidence), MaxClues)
	case s.Pictures != "" && !validDigest(s.Pictures):
		return fmt.Errorf("fleet: review's pictures have the hash %q, wanted 64 hex digits", Printable(s.Pictures, 80))
	}
	words := append([]string{s.Clock}, s.Reasons...)
	for _, e := range s.Evidence {
		words = append(words, e.Kind, e.Outcome)
		if e.Detail != "" {
			words = append(words, e.Detail)
		}
	}
	if s.Person != "" {
		words = append(words, s.Person)
	}
	for _, w := range words {
		if !ValidLevel(w, MaxLevel) {
			return fmt.Errorf("fleet: review says %q, allowed are 1 to %d of A-Z a-z 0-9 . _ -", Printable(w, 80), MaxLevel)
		}
	}
	return nil
}

func validDigest(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size
}

// Encode gives the bytes that Review.Statement holds; Schema is set.
func (s Statement) Encode() ([]byte, error) {
	s.Schema, s.Opened, s.Deadline = Schema, s.Opened.UTC().Round(0), s.Deadline.UTC().Round(0)
	if err := s.check(); err != nil {
		return nil, err
	}
	b, err := EncodeJSON(s)
	if err == nil && len(b) > MaxStatement {
		err = fmt.Errorf("fleet: review of %d bytes, limit %d", len(b), MaxStatement)
	}
	return b, err
}

// DecodeStatement reads what Encode gave.
func DecodeStatement(b []byte) (s Statement, err error) {
	if len(b) > MaxStatement {
		return s, fmt.Errorf("fleet: review of %d bytes, limit %d", len(b), MaxStatement)
	}
	members, err := strictObject(b, "schema", "terminal", "passage", "opened", "deadline", "clock", "reasons", "person", "evidence", "needed", "pictures")
	if err != nil {
		return s, fmt.Errorf("fleet: review: %w", err)
	}
	err = errors.Join(
		member(members, "schema", &s.Schema), member(members, "terminal", &s.Terminal), member(members, "passage", &s.Passage),
		member(members, "opened", &s.Opened), member(members, "deadline", &s.Deadline), member(members, "clock", &s.Clock),
		member(members, "needed", &s.Needed),
	)
	for name, to := range map[string]any{"reasons": &s.Reasons, "person": &s.Person, "evidence": &s.Evidence, "pictures": &s.Pictures} {
		if raw := members[name]; raw != nil && string(raw) != "null" {
			err = errors.Join(err, member(members, name, to))
		}
	}
	switch {
	case err != nil:
		return Statement{}, fmt.Errorf("fleet: review: %w", err)
	case s.Schema != Schema:
		return Statement{}, fmt.Errorf("fleet: review of schema %d, this program reads %d", s.Schema, Schema)
	}
	if err := s.check(); err != nil {
		return Statement{}, err
	}
	return s, nil
}

// StatementHash is what a reviewer's answer names: the SHA-256 of the statement in 64 hex digits.
func StatementHash(statement []byte) string { return HexDigest(sha256.Sum256(statement)) }

// Picture is one picture for reviewers.
type Picture struct {
	Name string `json:"name"` // what it shows: "live", "reference", "card-front" …
	JPEG []byte `json:"jpeg"`
	// Text is what a machine made of it, such as a name with candidates for a character in brackets.
	Text string `json:"text,omitempty"`
}

// maxPictureText bounds Picture.Text, in bytes.
const maxPictureText = 512

// MaxPicturesPerReview bounds the pictures of a review.
const MaxPicturesPerReview = 4

func picturesContext(terminal, passage string) string {
	return "review\x00" + terminal + "\x00" + passage
}

// SealPictures encrypts pictures to the reviewers.
func SealPictures(readers []Recipient, terminal, passage string, pictures []Picture) ([]byte, error) {
	total := 0
	for _, p := range pictures {
		if !ValidLevel(p.Name, MaxLevel) {
			return nil, fmt.Errorf("fleet: picture %q, allowed are 1 to %d of A-Z a-z 0-9 . _ -", Printable(p.Name, 80), MaxLevel)
		}
		if len(p.Text) > maxPictureText {
			return nil, fmt.Errorf("fleet: picture %s has a text of %d bytes, limit %d", p.Name, len(p.Text), maxPictureText)
		}
		total += len(p.JPEG)
	}
	if len(pictures) == 0 || len(pictures) > MaxPicturesPerReview || total > MaxPictures {
		return nil, fmt.Errorf("fleet: %d pictures of %d bytes, allowed 1 to %d of %d bytes in all", len(pictures), total, MaxPicturesPerReview, MaxPictures)
	}
	// The pictures are base64 inside, and again outside: JSON both times costs a third each, and one decoder does for both.
	plain, err := EncodeJSON(pictures)
	if err != nil {
		return nil, err
	}
	return Seal(readers, picturesContext(terminal, passage), plain)
}

// readPictures reads the decrypted pictures.
func readPictures(b []byte) (pictures []Picture, err error) {
	if err := json.Unmarshal(b, &pictures); err != nil {
		return nil, errors.New("not a list of pictures")
	}
	if len(pictures) > MaxPicturesPerReview {
		return nil, fmt.Errorf("%d of them, limit %d", len(pictures), MaxPicturesPerReview)
	}
	for i, p := range pictures {
		if slices.ContainsFunc(pictures[:i], func(other Picture) bool { return other.Name == p.Name }) {
			return nil, fmt.Errorf("two of them are named %q", Printable(p.Name, 80))
		}
		if len(p.Text) > maxPictureText {
			return nil, fmt.Errorf("%q has a text of %d bytes, limit %d", Printable(p.Name, 80), len(p.Text), maxPictureText)
		}
		if !ValidLevel(p.Name, MaxLevel) || !bytes.HasPrefix(p.JPEG, []byte{0xff, 0xd8}) {
			return nil, fmt.Errorf("%q of %d bytes is not a JPEG with a name of A-Z a-z 0-9 . _ -", Printable(p.Name, 80), len(p.JPEG))
		}
	}
	return pictures, nil
}

// OpenPictures decrypts what SealPictures made.
func OpenPictures(k RecipientKey, terminal, passage string, b []byte) ([]Picture, error) {
	plain, err := Unseal(k, picturesContext(terminal, passage), b)
	if err != nil {
		return nil, err
	}
	pictures, err := readPictures(plain)
	if err != nil {
		return nil, fmt.Errorf("fleet: pictures: %w", err)
	}
	return pictures, nil
}

// Publish returns the message on the review's topic, signed by the terminal.
func (r Review) Publish(terminal Signer) ([]byte, error) {
	m, err := SignPayload(DomainReview, r.Statement, terminal)
	if err != nil {
		return nil, err
	}
	m.Answers = r.Answers
	return EncodeJSON(m)
}

// PublishedReview is a review as a reviewer finds it at the broker.
type PublishedReview struct {
	Statement
	Hash     string `json:"hash"`     // of the statement, for the answer
	Answers  int    `json:"answers"`  // reviewers who have answered; not signed
	Verified bool   `json:"verified"` // signed with the key that was given for the terminal
}

// ReadReview reads the message on a review's topic. With the terminal's public key it also checks the signature; an
// answer to a forged review is refused by the terminal in any case, since it names another hash.
func ReadReview(topic string, message []byte, public ed25519.PublicKey) (r PublishedReview, err error) {
	terminal, channel, rest, err := ParseTopic(topic)
	if err != nil {
		return r, err
	}
	if channel != ChannelReview || len(rest) != 1 || len(message) > MaxReviewMessage {
		return r, fmt.Errorf("fleet: topic %q with %d bytes is no review's, limit %d", Printable(topic, 80), len(message), MaxReviewMessage)
	}
	m, err := ReadSigned(message)
	if err != nil {
		return r, fmt.Errorf("fleet: review: %w", err)
	}
	if r.Statement, err = DecodeStatement(m.Payload); err != nil {
		return r, err
	}
	if r.Terminal != terminal || r.Passage != rest[0] || m.Key != terminal {
		return PublishedReview{}, fmt.Errorf("fleet: review of passage %q at %q on the topic of %q at %q", r.Passage, r.Terminal, rest[0], terminal)
	}
	r.Hash, r.Answers = StatementHash(m.Payload), m.Answers
	if public != nil {
		if !m.SignedBy(DomainReview, public) {
			return PublishedReview{}, fmt.Errorf("fleet: review of passage %q is not signed by %s", r.Passage, terminal)
		}
		r.Verified = true
	}
	return r, nil
}
