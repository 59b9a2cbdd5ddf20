// Package evidencetest is the conformance suite that every source of evidence passes.
package evidencetest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"umbral/config/policy"
	"umbral/daemon/evidence"
)

// Rig is a source with somebody before it. It lives in a bubble of testing/synctest, whose clock is the only one.
type Rig struct {
	Source evidence.Source
	// Kind is the kind of the outcome that Present leads to, whether it speaks for the person or against them.
	Kind policy.Kind
	// Subject is whom the demands are about; it may be empty.
	Subject string
	// Present shows the evidence over and over until ctx ends, whether it is asked for or not. A Looker gets its frames here.
	Present func(ctx context.Context)
	// Takes is longer than Present takes to lead to an outcome.
	Takes time.Duration
	// Hints are the codes that the screen knows of this source.
	Hints []string
	// Held reports whether the source holds anything of a passage; nil where it never does.
	Held func() bool
	// Weightless says that the source holds no memory worth counting.
	Weightless bool
}

// soon is how long Run may take to return after its context ended.
const soon = time.Second

// stages is the number of instants of a presentation at which the suite interrupts it.
const stages = 5

var checks = []struct {
	name  string
	check func(*bench)
}{
	{"Kinds", kinds},
	{"NotAsked", notAsked},
	{"Asked", asked},
	{"AskedTwice", askedTwice},
	{"AnotherPassage", anotherPassage},
	{"PersonChanges", personChanges},
	{"PassageEnded", passageEnded},
	{"Hint", hint},
	{"Stop", stop},
	{"Bytes", bytes},
	{"WantWithoutRun", wantWithoutRun},
	{"WantFromObserve", wantFromObserve},
}

// Run runs the suite; open returns a new rig of which nothing is wanted yet.
func Run(t *testing.T, open func(t *testing.T) Rig) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			synctest.Test(t, func(t *testing.T) { c.check(&bench{T: t, Rig: open(t)}) })
			goleak.VerifyNone(t, before)
		})
	}
}
