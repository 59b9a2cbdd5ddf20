package evidence

import (
	"errors"

	"umbral/daemon/passage"
	"umbral/pipeline/credential"
)

// SetBorn sets the birth date of a standing from its text; a month or a year counts as the youngest age that it allows. A
// text that is no date marks the standing, so that the person doesn't pass for somebody of whom no birth date is known.
func SetBorn(s *passage.Standing, text string) {
	born, err := credential.ParseBirthDate(text)
	switch {
	case err == nil:
		s.Born, s.BornKnown = int32(born.Latest().Unix()/86_400), true
	case !errors.Is(err, credential.ErrNoBirthDate):
		s.Marks = s.Marks.With(passage.BirthUnreadable)
	}
}

// Stricter joins two standings of one person: what stands against them in either counts, the later birth date, and the
// shorter validity.
func Stricter(a, b passage.Standing) passage.Standing {
	a.Marks |= b.Marks
	if !a.BornKnown || b.BornKnown && b.Born > a.Born {
		a.Born, a.BornKnown = b.Born, b.BornKnown
	}
	a.From = max(a.From, b.From)
	if a.Until == 0 || b.Until != 0 && b.Until < a.Until {
		a.Until = b.Until
	}
	for i, g := range b.Guardians {
		if a.Guardians[i] == "" {
			a.Guardians[i] = g
		}
	}
	if a.WindowCount == 0 {
		a.Windows, a.WindowCount = b.Windows, b.WindowCount
	}
	return a
}
