package enrolment

import (
	"strings"
	"testing"
)

func TestCitizenNumbersAreEnrolledAsPrinted(t *testing.T) {
	for id, want := range map[string]string{
		"11010519900307102X": "", "4711": "", "x": "", "11010519900307102x": "11010519900307102X",
	} {
		err := checkNumber(id)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want it to name %q", id, err, want)
		}
	}
}
