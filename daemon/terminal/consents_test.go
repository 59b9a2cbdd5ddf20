package terminal

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"umbral/daemon/store"
)

// TestCensusIsInTheMetrics looks for each count under its name.
func TestCensusIsInTheMetrics(t *testing.T) {
	var out bytes.Buffer
	if writeCensus(&out, nil); out.Len() != 0 {
		t.Errorf("before the first count: %s", &out)
	}
	writeCensus(&out, &store.Census{
		References: 1, Faces: 2, Fingers: 3, Minors: 4, Oldest: time.Unix(5, 0), ConsentsEnding: 6, ConsentsEnded: 7, Unproven: 8,
	})
	want := `umbral_references 1
umbral_people_with_face 2
umbral_people_with_finger 3
umbral_minors 4
umbral_oldest_reference_timestamp_seconds 5
umbral_consents_ending 6
umbral_consents_ended 7
umbral_erasures_unproven 8
`
	var got strings.Builder
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "#") {
			got.WriteString(line)
		}
	}
	if got.String() != want {
		t.Errorf("metrics:\n%s", got.String())
	}
}
