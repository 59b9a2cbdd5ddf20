// Package document finds the printed resident identity card in a picture, reads it, and reports what is wrong with it.
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
// A text detector looks at the whole picture once. The beginnings of the lines that it finds are read, in whichever direction
// makes sense, until captions that every card has (公民身份号码, 签发机关 …) tell by the places of their characters where the card
// lies, which side it is and how it is turned: a homography is fitted to them and to the rows of text (locate.go, fit.go). So
// a card is found at any rotation, without its edges, in a hand, or in a picture that shows nothing else; two at once are told
// apart. From then on places are millimetres on the card.
//
// # From card to fields
//
// Each line of a field is cut out of the original picture, level and at the recogniser's height; lines are read at the same
// time by several workers (workers.go). One plain look is enough where it is sure. Otherwise, and where a stamp lies over the
// field (stamp.go), the line is looked at in other crops and through several tones (enhance.go); the recogniser's
// probabilities are averaged step by step, and every way to read the line that any look proposed is weighed against all of
// them (ensemble.go). Numbers, dates, sex and ethnicity are decoded over the characters that they can have (decode.go). The
// confidence of a character stays the probability that the model gave it, never shared out again among the allowed: what only
// the restriction makes the best reading has little. Uneven spacing (spacing.go) and strokes beside what was read (ink.go)
// tell of characters left out, such as those that the recogniser never learned.
//
// Names and authorities may take two lines, addresses four (rows.go, address.go). Print between, below and beside the values
// that no field accounts for, in any direction, makes the nearest field a doubt (unclaimed.go). So does a word that is none of
// a closed vocabulary: the sexes, the 56 ethnic groups, days that exist, the endings of authorities, the provinces
// (vocabulary.go). A known word is chosen only among readings between which the picture hardly decides.
//
// # Rare characters
//
// The recogniser knows 6,270 of the 20,902 ideographs of Unicode's first block. One that it does not know is left out or taken
// for another, sometimes with the greatest confidence. Where Opts.RareFont names a font, the shape of each character of a name
// is compared with those that the recogniser does not know (package ideograph): where one of these is more like it than the
// character that was read, the name is in doubt, and so the reviewer gets five candidates (rare.go). Nothing is chosen
// among them here: Reading.Admits tells whether a name that a signed credential or an enrolment brings is one of them.
//
// # From fields to a decision
//
// Reading and validating are apart. A number of 17 digits is read as 17 digits, and refused afterwards. Nothing is
// corrected by the check digit or the region. The two sides have to fit: the term to the holder's age on the day of issue, the
// authority to the address. The residence permits of people from Hong Kong, Macao and Taiwan have numbers of the same form and
// rules of their own (package idnumber). The birth date stands in two places of a card; where the picture hardly
// decides between two readings of one place, the other decides, and the confidence stays that of the picture (birth.go).
//
// # Limits
//
// New allocates the models' arenas, which are stated by Budget. Read allocates for at most Opts.MaxLines lines and
// Opts.MaxCards cards; Likely allocates nothing.
package document
