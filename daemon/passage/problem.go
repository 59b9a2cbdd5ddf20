package passage

import "umbral/config/policy/enum"

// Problem is what keeps a face from being used as evidence: any of them does, so a mere hint is none.
type Problem uint8

// The problems, in the order in which a person is told of them.
const (
	CutOff     Problem = iota // touches the frame's edge
	TooSmall                  // too far away
	TooClose                  // fills the frame, so that liveness cannot be judged
	TurnedAway                // yaw
	Tilted                    // pitch or roll
	Covered                   // something before the face
	TooDark                   // too little light on the face
	TooBright                 // too much of it
	Blurred                   // moving or out of focus
	problemCount
)

var problemNames = []string{"cut-off", "too-small", "too-close", "turned-away", "tilted", "covered", "too-dark", "too-bright", "blurred"}

// String returns the problem's code.
func (p Problem) String() string { return enum.Name(problemNames, p) }

// Problems is a set of problems.
type Problems uint16

// With returns the set with p in it.
func (s Problems) With(p Problem) Problems { return s | 1<<p }

// Has reports whether p is in the set.
func (s Problems) Has(p Problem) bool { return s&(1<<p) != 0 }

// First returns the problem to tell the person of; ok is false for an empty set.
func (s Problems) First() (first Problem, ok bool) {
	for p := range problemCount {
		if s.Has(p) {
			return p, true
		}
	}
	return 0, false
}
