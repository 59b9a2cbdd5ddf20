package document

// Problem is one reason for which a card is not accepted. Codes never change their meaning.
type Problem string

// The problems.
const (
	// Doubts: the card may be in order; a better picture or a person's look decides.
	Unsure  Problem = "card-unsure"
	Missing Problem = "card-field-missing"
	// SidesDiffer doubts that the two sides are of one card.
	SidesDiffer Problem = "card-sides-differ"

	// Contradictions: what is printed cannot be right.
	NumberLength    Problem = "card-number-length"
	NumberForm      Problem = "card-number-form"
	NumberCheck     Problem = "card-number-check-digit"
	RegionUnknown   Problem = "card-region-unknown"
	RegionYears     Problem = "card-region-not-in-force"
	BirthImpossible Problem = "card-birth-impossible"
	BirthDiffers    Problem = "card-birth-contradicts-number"
	SexDiffers      Problem = "card-sex-contradicts-number"
	SexUnknown      Problem = "card-sex-unknown"
	EthnicityOther  Problem = "card-ethnicity-unknown"
	ValidityForm    Problem = "card-validity-form"
	NotYetValid     Problem = "card-not-yet-valid"
	Expired         Problem = "card-expired"
	TermAge         Problem = "card-term-contradicts-age"
	IssuedTooEarly  Problem = "card-issued-too-early"
)

// Problems lists every problem with a sentence that explains it, in the order of the constants.
var Problems = []struct {
	Code Problem
	Text string
}{
	{Unsure, "A field of the card could not be read with certainty."},
	{Missing, "A field of the card could not be read at all."},
	{SidesDiffer, "The authority on the back is of another place than the address on the front."},
	{NumberLength, "The citizen number does not have 18 characters."},
	{NumberForm, "The citizen number holds something other than digits and a last X."},
	{NumberCheck, "The check digit of the citizen number is wrong."},
	{RegionUnknown, "The citizen number begins with a region code that does not exist."},
	{RegionYears, "The region code of the citizen number was not in force in the holder's lifetime."},
	{BirthImpossible, "The birth date is no day of the calendar, or lies in the future or more than 130 years ago."},
	{BirthDiffers, "The printed birth date and the one in the citizen number differ."},
	{SexDiffers, "The printed sex and the one in the citizen number differ."},
	{SexUnknown, "What is printed as sex is neither of the two that cards print."},
	{EthnicityOther, "What is printed as ethnicity is none that cards print."},
	{ValidityForm, "What is printed as the term of validity is none."},
	{NotYetValid, "The card is not valid yet."},
	{Expired, "The card has expired."},
	{TermAge, "The card's term is not the one that the law gives at the holder's age."},
	{IssuedTooEarly, "The card was issued before cards of its kind existed."},
}

// Text returns p's sentence, or its code where it has none.
func (p Problem) Text() string {
	for _, e := range Problems {
		if e.Code == p {
			return e.Text
		}
	}
	return string(p)
}

// Doubt reports whether a better picture or a person's look may settle p.
func (p Problem) Doubt() bool { return p == Unsure || p == Missing || p == SidesDiffer }
