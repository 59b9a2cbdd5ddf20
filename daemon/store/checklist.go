package store

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Checklist is what a site wants to be seen before an enrolment counts.
type Checklist []Requirement

// Requirement is one item of a checklist.
type Requirement struct {
	Item string `json:"item"`
	// When says for whom or on which occasion it is wanted: Minor, or occasions; always when empty.
	When []string `json:"when,omitempty"`
}

// Items that sites ask for; a site may name others. Consent is an item for each purpose, Consent and the purpose
// ("consent.face"): its tick says when it was given, who witnessed it and when it ends; see Tick.Until and EndConsents.
const (
	ItemHouseholdRegister = "household-register"
	ItemPhotographReceipt = "photograph-receipt"
	ItemApplicationForm   = "application-form"
	ItemPreviousCard      = "previous-card"
	ItemGuardianDocument  = "guardian-document"
	ItemProofOfKinship    = "proof-of-kinship"
	ItemFingerprints      = "fingerprints"
	ItemConsent           = "consent."
)

// Minor is the condition of a requirement for people below AgeAlone, and for those whose birth date is not known.
const Minor = "minor"

// AgeAlone is the age in years from which a person applies and passes alone.
const AgeAlone = 16

// MaxRequirements limits a checklist.
const MaxRequirements = MaxTicks

func isConsent(item string) bool { return strings.HasPrefix(item, ItemConsent) }

// ParseChecklist reads lines of the form ITEM or ITEM if CONDITION or CONDITION …, where a condition is minor, issue,
// renewal or replacement: "proof-of-kinship if minor", "previous-card if renewal or replacement".
func ParseChecklist(lines []string) (Checklist, error) {
	if len(lines) > MaxRequirements {
		return nil, fmt.Errorf("store: %w: checklist of %d items, limit %d", ErrInvalid, len(lines), MaxRequirements)
	}
	var list Checklist
	for _, line := range lines {
		words := strings.Fields(line)
		if len(words) == 0 || !validItem(words[0]) {
			return nil, fmt.Errorf("store: %w: checklist item %.80q, wanted a name of 1 to %d of a-z, 0-9, '.', '-'",
				ErrInvalid, line, MaxItem)
		}
		r := Requirement{Item: words[0]}
		for i, w := range words[1:] {
			joint := "or"
			if i == 0 {
				joint = "if"
			}
			switch {
			case i%2 == 0 && w != joint, i%2 == 0 && i+2 == len(words):
				return nil, fmt.Errorf("store: %w: checklist item %.80q, wanted ITEM if CONDITION or CONDITION",
					ErrInvalid, line)
			case i%2 == 1 && !slices.Contains([]string{Minor, string(Issue), string(Renewal), string(Replacement)}, w):
				return nil, fmt.Errorf("store: %w: checklist item %.80q has the condition %.20q, wanted %s, %s, %s or %s",
					ErrInvalid, line, w, Minor, Issue, Renewal, Replacement)
			case i%2 == 1:
				r.When = append(r.When, w)
			}
		}
		if slices.ContainsFunc(list, func(other Requirement) bool { return other.Item == r.Item }) {
			return nil, fmt.Errorf("store: %w: checklist item %q twice", ErrInvalid, r.Item)
		}
		list = append(list, r)
	}
	return list, nil
}

// wanted says whether the requirement holds for a file on a day.
func (r *Requirement) wanted(f *File, today time.Time) bool {
	if len(r.When) == 0 {
		return true
	}
	occasion := f.Occasion
	if occasion == "" {
		occasion = Issue
	}
	minor := true
	if age, known := AgeOn(f.Born, today); known {
		minor = age < AgeAlone
	}
	return slices.ContainsFunc(r.When, func(w string) bool { return w == Minor && minor || w == string(occasion) })
}

// Wanted are the items that the list asks of a file on a day, ticked or not.
func (l Checklist) Wanted(f File, today time.Time) (items []string) {
	for _, r := range l {
		if r.wanted(&f, today) {
			items = append(items, r.Item)
		}
	}
	return items
}

// Missing are the items that are wanted and not ticked, or consents that have ended: an enrolment is complete when
// there are none.
func (l Checklist) Missing(f File, today time.Time) (items []string) {
	for _, item := range l.Wanted(f, today) {
		if i := f.tick(item); i < 0 || f.Ticks[i].Ended(today) {
			items = append(items, item)
		}
	}
	return items
}

// AgeOn is the age in full years on the day of a time, as its location has it, of somebody born on a day written
// 2006-01-02. Who is born on 29 February is a year older on 1 March of other years.
func AgeOn(born string, on time.Time) (years int, known bool) {
	b, err := time.Parse(day, born)
	if err != nil {
		return 0, false
	}
	years = on.Year() - b.Year()
	if on.Month() < b.Month() || on.Month() == b.Month() && on.Day() < b.Day() {
		years--
	}
	return years, years >= 0
}
