package document

import (
	"slices"
	"strings"

	"umbral/pipeline/document/idnumber"
)

// Rules are what a card is checked against.
type Rules struct {
	// Today decides about expiry. The zero Date checks neither expiry nor the future.
	Today Date
	// Regions knows the region codes. A nil Regions knows the provinces alone.
	Regions *idnumber.Regions
	// Sure is the confidence that every field needs, 0 to 1.
	Sure float32
}

// DefaultSure is the confidence from which a field counts as read with certainty.
const DefaultSure = 0.8

// maxAge bounds a plausible holder.
const maxAge = 130

// Validate returns everything that is wrong with a card of which one side or both were read. It changes nothing in the
// readings. An empty result accepts what was given: the caller decides whether both sides are needed.
func Validate(front, back *Reading, rules Rules) []Problem {
	v := validation{rules: rules}
	if front != nil {
		v.front(front)
	}
	if back != nil {
		v.back(back)
	}
	if front != nil && back != nil {
		v.term(front, back)
		v.sides(front, back)
	}
	return v.found
}

type validation struct {
	rules Rules
	found []Problem
}

func (v *validation) add(p Problem) {
	if !slices.Contains(v.found, p) {
		v.found = append(v.found, p)
	}
}

// read reports whether a field has a text, and adds a doubt about it.
func (v *validation) read(f *Field) bool {
	switch {
	case f.Text == "":
		v.add(Missing)
	case !(f.Confidence >= v.rules.Sure):
		v.add(Unsure)
	}
	return f.Text != ""
}

func (v *validation) front(r *Reading) {
	v.read(&r.Name)
	v.read(&r.Address)
	if v.read(&r.Sex) && !slices.Contains(sexes, r.Sex.Text) {
		v.add(SexUnknown)
	}
	// Residence permits print no ethnicity.
	if absent := isPermit(r) && r.Ethnicity.Text == ""; !absent && v.read(&r.Ethnicity) && !slices.Contains(ethnicities, r.Ethnicity.Text) {
		v.add(EthnicityOther)
	}
	var birth Date
	if v.read(&r.Birth) {
		var ok bool
		if birth, ok = ParseBirth(r.Birth.Text); !ok || !v.possible(birth) {
			v.add(BirthImpossible)
		}
	}
	if v.read(&r.Number) {
		v.number(r, birth)
	}
}

func (v *validation) possible(birth Date) bool {
	if !birth.Exists() {
		return false
	}
	return v.rules.Today == Date{} || !v.rules.Today.Before(birth) && birth.Age(v.rules.Today) <= maxAge
}

func (v *validation) number(r *Reading, birth Date) {
	text := r.Number.Text
	if len(text) != idnumber.Length {
		v.add(NumberLength)
		return
	}
	n, err := idnumber.Parse(text)
	if err != nil {
		v.add(NumberForm)
		return
	}
	if idnumber.CheckDigit(text[:idnumber.Length-1]) != n.Check {
		v.add(NumberCheck)
	}
	switch until := v.rules.Today.Year; {
	case !v.rules.Regions.Known(n.Region):
		v.add(RegionUnknown)
	case until > 0 && !v.rules.Regions.InForce(n.Region, n.Birth.Year, until):
		v.add(RegionYears)
	}
	if !v.possible(n.Birth) {
		v.add(BirthImpossible)
	}
	if (birth != Date{}) && birth != n.Birth {
		v.add(BirthDiffers)
	}
	if slices.Contains(sexes, r.Sex.Text) && r.Sex.Text != sexOf(&n) {
		v.add(SexDiffers)
	}
}

func (v *validation) back(r *Reading) {
	v.read(&r.Authority)
	if !v.read(&r.Validity) {
		return
	}
	from, to, ok := ParseValidity(r.Validity.Text)
	long := strings.HasSuffix(r.Validity.Text, longTerm)
	if !ok || !from.Exists() || !long && (!to.Exists() || !from.Before(to)) {
		v.add(ValidityForm)
		return
	}
	if from.Before(firstCards) {
		v.add(IssuedTooEarly)
	}
	if v.rules.Today == (Date{}) {
		return
	}
	if v.rules.Today.Before(from) {
		v.add(NotYetValid)
	}
	// The last day printed is the last day of validity.
	if !long && to.Before(v.rules.Today) {
		v.add(Expired)
	}
}

// firstCards is the day on which the Law on Resident Identity Cards, and with it this kind of card, came into force.
var firstCards = Date{Year: 2004, Month: 1, Day: 1}

// term compares the term with the holder's age on the day of issue.
func (v *validation) term(front, back *Reading) {
	birth, ok := ParseBirth(front.Birth.Text)
	from, to, whole := ParseValidity(back.Validity.Text)
	if !ok || !whole || !birth.Exists() || !from.Exists() {
		return
	}
	age := birth.Age(from)
	years := termYears(age)
	if isPermit(front) {
		years = idnumber.PermitYears
		if from.Year < idnumber.PermitSince {
			v.add(IssuedTooEarly)
		}
	}
	if age < 0 || !endsAfter(from, to, years) {
		v.add(TermAge)
	}
}

// termYears returns the term in years of a card issued at an age, 0 for one without end (Law on Resident Identity Cards,
// article 5).
func termYears(age int) int {
	switch {
	case age < 16:
		return 5
	case age < 26:
		return 10
	case age < 46:
		return 20
	}
	return 0
}

// endsAfter reports whether a term that begins at from ends at to after a number of years, 0 for no end.
func endsAfter(from, to Date, years int) bool {
	if years == 0 {
		return to == (Date{})
	}
	want := Date{Year: from.Year + years, Month: from.Month, Day: from.Day}
	// Issued on 29 February, the term ends on the 28th or on 1 March where the year has none.
	if !want.Exists() && (to == Date{Year: want.Year, Month: 2, Day: 28} || to == Date{Year: want.Year, Month: 3, Day: 1}) {
		return true
	}
	return to == want
}

// sides checks that the two sides name one region: a card is issued where its holder is registered.
func (v *validation) sides(front, back *Reading) {
	for _, f := range []*Field{&front.Address, &front.Number, &back.Authority} {
		if f.Text == "" || !(f.Confidence >= v.rules.Sure) {
			return // a doubt already
		}
	}
	province := ""
	if n, err := idnumber.Parse(front.Number.Text); err == nil {
		province = idnumber.Province(n.Region)
	}
	if !sharesPlace(back.Authority.Text, front.Address.Text+" "+province) {
		v.add(SidesDiffer)
	}
}

// isPermit reports whether a front is that of a residence permit, by its number.
func isPermit(front *Reading) bool {
	n, err := idnumber.Parse(front.Number.Text)
	if err != nil {
		return false
	}
	_, permit := idnumber.PermitOf(n.Region)
	return permit
}
