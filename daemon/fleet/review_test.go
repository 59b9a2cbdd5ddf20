package fleet_test

import (
	"testing"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
)

func TestStatementsAreHeldToTheirLimits(t *testing.T) {
	for name, f := range map[string]func(*fleet.Statement){
		"terminal": func(s *fleet.Statement) { s.Terminal = "" },
		"passage":  func(s *fleet.Statement) { s.Passage = "a/b" },
		"deadline": func(s *fleet.Statement) { s.Deadline = s.Opened },
		"needed":   func(s *fleet.Statement) { s.Needed = 3 },
		"clock":    func(s *fleet.Statement) { s.Clock = "a clock" },
		"reason":   func(s *fleet.Statement) { s.Reasons = []string{"Ana García"} },
		"reasons":  func(s *fleet.Statement) { s.Reasons = make([]string, fleet.MaxReasons+1) },
		"person":   func(s *fleet.Statement) { s.Person = "Ana García" },
		"clue":     func(s *fleet.Statement) { s.Evidence[0].Detail = "1101 0119" },
		"clues":    func(s *fleet.Statement) { s.Evidence = make([]fleet.ReviewClue, fleet.MaxClues+1) },
		"pictures": func(s *fleet.Statement) { s.Pictures = "abc" },
	} {
		s := fleettest.Statement()
		f(&s)
		b, err := s.Encode()
		if err == nil {
			t.Errorf("%s: encoded as %s", name, b)
		}
	}
	for name, pictures := range map[string][]fleet.Picture{
		"none": nil, "many": make([]fleet.Picture, fleet.MaxPicturesPerReview+1), "large": {{Name: "a", JPEG: make([]byte, fleet.MaxPictures+1)}}, "name": {{Name: "a b"}},
	} {
		_, reader := fleettest.RecipientPair(t)
		if _, err := fleet.SealPictures([]fleet.Recipient{reader}, "gate-1", "7-12", pictures); err == nil {
			t.Errorf("%s: sealed", name)
		}
	}
}
