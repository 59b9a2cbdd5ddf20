package terminal

import (
	"errors"

	"umbral/daemon/passage"
	"umbral/pipeline/credential"
)

// setBorn sets the birth date of a standing from its text; a month or a year counts as the youngest age that it allows. A
// text that is no date marks the standing, so that the person doesn't pass for somebody of whom no birth date is known.
func setBorn(s *passage.Standing, text string) {
	born, err := credential.ParseBirthDate(text)
	switch {
	case err == nil:
		s.Born, s.BornKnown = int32(born.Latest().Unix()/86_400), true
	case !errors.Is(err, credential.ErrNoBirthDate):
		s.Marks = s.Marks.With(passage.BirthUnreadable)
	}
}
