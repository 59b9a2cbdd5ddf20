package document

import (
	"slices"
	"strings"
)

// Rules are what a card is held against.
type Rules struct {
	// Today decides about expiry. The zero Date checks neither expiry nor the future.
	Today Date
	// Regions knows the region codes; nil knows the provinces alone.
	Regions *Regions
	// Sure is the confidence that every field needs, 0 to 1.
	Sure float32
}

// DefaultSure is the confidence from which a field counts as read with certainty.
const DefaultSure = 0.8

// maxAge bounds a plausible holder.
const maxAge = 130

// Validate reports everything that is wrong with a card of which one side or both were read; nothing in the readings is
// changed. An empty result accepts what was given: whether both sides are needed is the caller's to say.
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

// read tells whether a field has a text, and reports a doubt about it.
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
	if v.read(&r.Ethnicity) && !slices.Contains(ethnicities, r.Ethnicity.Text) {
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
	if len(text) != numberLength {
		v.add(NumberLength)
		return
	}
	n, err := ParseNumber(text)
	if err != nil {
		v.add(NumberForm)
		return
	}
	if CheckDigit(text[:17]) != n.Check {
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
	if slices.Contains(sexes, r.Sex.Text) && r.Sex.Text != n.Sex() {
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

// term compares the term with the holder's age on the day of issue (Law on Resident Identity Cards, article 5): five
// years below 16, ten from 16 to 25, twenty from 26 to 45, without end from 46.
func (v *validation) term(front, back *Reading) {
	birth, ok := ParseBirth(front.Birth.Text)
	from, to, whole := ParseValidity(back.Validity.Text)
	if !ok || !whole || !birth.Exists() || !from.Exists() {
		return
	}
	years := 0
	switch age := birth.Age(from); {
	case age < 0:
		v.add(TermAge)
		return
	case age < 16:
		years = 5
	case age < 26:
		years = 10
	case age < 46:
		years = 20
	}
	if years == 0 {
		if to != (Date{}) {
			v.add(TermAge)
		}
		return
	}
	want := Date{from.Year + years, from.Month, from.Day}
	// Issued on 29 February, the term ends on the 28th or on 1 March where the year has none.
	if !want.Exists() && (to == Date{want.Year, 2, 28} || to == Date{want.Year, 3, 1}) {
		return
	}
	if to != want {
		v.add(TermAge)
	}
}
