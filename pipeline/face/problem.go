package face

import "strings"

// Problem is one reason why a face is not good enough, told as what the person should do.
type Problem uint8

// The problems in the order in which a person should hear of them: first where to stand, then how to look, then what is
// not theirs to change alone.
const (
	// CutOff: the box touches the picture's edge.
	CutOff Problem = iota + 1
	// TooFar: the face is too small.
	TooFar
	// TooClose: the face fills the picture, and the liveness model does not see its surroundings.
	TooClose
	// Turned: the face looks away.
	Turned
	// Covered: the points of the face are not where those of a whole face are.
	Covered
	// TooDark: too little light falls on the face.
	TooDark
	// TooBright: the face is overexposed.
	TooBright
	// Blurred: the face moves or is out of focus.
	Blurred
	// EyesClosed: both eyes seem closed. A hint that spoils no face, since the model errs often.
	EyesClosed
	problems
)

var problemNames = [problems]string{
	CutOff: "cut_off", TooFar: "too_far", TooClose: "too_close", Turned: "turned", Covered: "covered",
	TooDark: "too_dark", TooBright: "too_bright", Blurred: "blurred", EyesClosed: "eyes_closed",
}

var problemTexts = [problems]string{
	CutOff: "step into the frame", TooFar: "come closer", TooClose: "too close, step back", Turned: "look straight ahead",
	Covered: "show your whole face", TooDark: "more light is needed", TooBright: "too bright, turn away from the light",
	Blurred: "hold still", EyesClosed: "open your eyes",
}

// photographTexts say of a photograph what problemTexts say to a person at the gate.
var photographTexts = [problems]string{
	CutOff:    "part of the face lies outside the picture: use a photograph that shows all of it",
	TooFar:    "the face is too small: use a photograph taken from nearer, or the original in place of a preview",
	TooClose:  "the face is too large",
	Turned:    "the face looks to the side or is tilted: use a photograph from the front",
	Covered:   "the face is covered or does not show its features clearly: use one without hand, mask or bar before it",
	TooDark:   "the face is too dark: use a photograph with more light on it",
	TooBright: "the face is too bright, overexposed: use a photograph with less light on it",
	Blurred:   "the face is blurred: use a sharp photograph, not one that was enlarged",
}

// photographText lists what keeps a photograph from being enrolled.
func photographText(q *Quality) string {
	var texts []string
	for _, p := range q.Problems() {
		if p.Blocks() {
			texts = append(texts, photographTexts[p])
		}
	}
	return strings.Join(texts, "; ")
}

// String returns the problem's code, for journals and messages.
func (p Problem) String() string {
	if p == 0 || p >= problems {
		return "unknown"
	}
	return problemNames[p]
}

// Text returns what to tell the person, in English.
func (p Problem) Text() string {
	if p == 0 || p >= problems {
		return ""
	}
	return problemTexts[p]
}

// Blocks reports whether a face with this problem must not be compared.
func (p Problem) Blocks() bool { return p != EyesClosed }
