package policy

import (
	"math/bits"
	"strings"

	"umbral/config/policy/enum"
)

// Kind is a kind of evidence: one thing that a passage can establish.
type Kind uint8

// The kinds of evidence that the grammar knows.
const (
	Face       Kind = iota // the face is one enrolled person's
	Live                   // the face is a living person's
	Credential             // electronic credential
	Card                   // printed card
	Speech                 // read aloud as prompted
	Finger                 // fingerprint
	Remote                 // the authority's answer
	Kinds                  // the number of kinds
)

var kindNames = []string{"face", "live", "credential", "card", "speech", "finger", "remote"}

// String returns k's name as written in a policy.
func (k Kind) String() string { return enum.Name(kindNames, k) }

// ParseKind returns the kind of a name.
func ParseKind(s string) (Kind, error) { return enum.Parse[Kind]("evidence", kindNames, s) }

// Set is a set of kinds of evidence.
type Set uint16

// Camera is the evidence that the gate itself establishes from the camera.
const Camera = Set(1<<Face | 1<<Live)

// Has reports whether k is in the set.
func (s Set) Has(k Kind) bool { return s&(1<<k) != 0 }

// Count returns the number of kinds in the set.
func (s Set) Count() int { return bits.OnesCount16(uint16(s)) }

// With returns the set with k in it.
func (s Set) With(k Kind) Set { return s | 1<<k }

// String returns the names with commas between.
func (s Set) String() string {
	var words []string
	for k := range Kinds {
		if s.Has(k) {
			words = append(words, k.String())
		}
	}
	return strings.Join(words, ", ")
}
