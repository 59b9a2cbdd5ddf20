// Package document finds the printed resident identity card in a picture, reads it, and tells what is wrong with it.
//
//	reader, err := document.New(set, document.DefaultOpts())
//	if document.Likely(frame) {                       // under a millisecond, allocates nothing
//		readings, err := reader.Read(frame)     // what is printed
//	}
//	front = document.Combine(fronts)                // over several frames
//	problems := document.Validate(front, back, rules)
//
// # From picture to card
//
// A text detector looks at the whole picture once; the lines that it finds are read in whichever direction makes sense.
// Captions that every card has (公民身份号码, 签发机关 …) tell by the places of their characters where the card lies, which
// side it is and how it is turned: a homography is fitted to them and to the rows of text (seek.go, fit.go). So a card is
// found at any rotation, without its edges, in a hand, or in a picture that shows nothing else; two at once are told
// apart. From then on places are millimetres on the card.
//
// # From card to fields
//
// Each field is cut out of the original picture, level and at the recogniser's height. One plain look is enough where it
// is sure. Otherwise, and where a stamp lies over the field (stamp.go), it is looked at through several tones (tone.go)
// and crops; the recogniser's probabilities are averaged step by step, and every way to read the field that any look
// proposed is weighed against all of them (look.go). Numbers, dates, sex and ethnicity are decoded over the characters
// that they can have (decode.go). The confidence of a character stays the probability that the model gave it, never
// shared out again among the allowed: what only the restriction makes the best reading has little. Uneven spacing
// (spacing.go) and strokes beside what was read (ink.go) tell of characters left out, such as those that the recogniser
// never learned.
//
// # From fields to a decision
//
// Reading and validating are apart. A number of 17 digits is read as 17 digits, and refused afterwards. Nothing is
// corrected by the check digit or the region. The birth date stands in two places of a card; where the picture hardly
// decides between two readings of one place, the other decides, and the confidence stays that of the picture (read.go).
//
// # Limits
//
// New allocates the models' arenas, which are stated by Budget. Read allocates for at most Opts.MaxLines lines and
// Opts.MaxCards cards; Likely allocates nothing.
package document
