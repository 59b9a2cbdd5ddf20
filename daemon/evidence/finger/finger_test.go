package finger

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"umbral/config/policy"
	"umbral/daemon/evidence"
	"umbral/daemon/evidence/evidencetest"
	"umbral/daemon/passage"
	"umbral/pipeline/finger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Every way to an outcome passes the suite: a finger that shows nothing, the person's own, and one that tells who it is.
func TestConformance(t *testing.T) {
	for _, c := range []struct {
		name, subject string
		real          bool // the finger is a real one, which the labelled data holds
	}{
		{"unreadable", "ana", false},
		{"compared", "ana", true},
		{"searched", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			pix, ana := blank, drawn(t)
			if c.real {
				pix, ana = impression(t, 101, 7), record(t, 101)
			}
			evidencetest.Run(t, func(t *testing.T) evidencetest.Rig {
				r := newRig(t, func(_ *Opts, people *records) { people.fingers["ana"] = []Record{ana} })
				return evidencetest.Rig{
					Source: r.Source, Kind: policy.Finger, Subject: c.subject, Takes: 15 * time.Second, Hints: Hints(),
					Present: func(ctx context.Context) {
						for ctx.Err() == nil {
							r.sensor.put(pix)
							sleep(ctx, 900*time.Millisecond)
							r.sensor.put(nil)
							sleep(ctx, 300*time.Millisecond)
						}
					},
				}
			})
		})
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

var (
	noMatch     = evidence.Refused(passage.ReasonFingerNoMatch)
	notEnrolled = evidence.Refused(passage.ReasonFingerNotEnrolled)
	unreadable  = evidence.Doubtful(passage.ReasonFingerUnreadable)
	noSensor    = evidence.Doubtful(passage.ReasonFingerSensor)
)

// Ana and Bob are enrolled with a finger each.
func anaAndBob(t *testing.T) func(*Opts, *records) {
	ana, bob := record(t, 101), record(t, 105)
	return func(_ *Opts, r *records) { r.fingers["ana"], r.fingers["bob"] = []Record{ana}, []Record{bob} }
}

// suspended returns a change by which somebody is suspended.
func suspended(id string) func(*Opts, *records) {
	return func(_ *Opts, r *records) { r.suspended[id] = true }
}

// unknownWhether lets nobody know who is suspended.
func unknownWhether(_ *Opts, r *records) { r.failSuspended = errUnplugged }

func TestWhoseFinger(t *testing.T) {
	enrolled := anaAndBob(t)
	ana, bob := impression(t, 101, 7), impression(t, 105, 7)
	for _, c := range []struct {
		name, person string
		change       func(*Opts, *records)
		presses      [][]byte
		want         passage.Evidence
	}{
		{"her own", "ana", nil, [][]byte{ana}, accepted("ana")},
		{"another's", "ana", nil, [][]byte{bob, bob, bob}, noMatch},
		{"her own after another's", "ana", nil, [][]byte{bob, ana}, accepted("ana")},
		{"her own after one that shows nothing", "ana", nil, [][]byte{blank, ana}, accepted("ana")},
		{"nothing is seen", "ana", nil, [][]byte{blank, blank, blank}, unreadable},
		{"hers among all", "", nil, [][]byte{ana}, accepted("ana")},
		{"his among all", "", nil, [][]byte{bob}, accepted("bob")},
		{"a stranger's among all", "", func(_ *Opts, r *records) {
			delete(r.fingers, "ana")
		}, [][]byte{ana, ana, ana}, noMatch},
		{"somebody without fingers", "carla", nil, nil, notEnrolled},
		{"one who is suspended", "ana", suspended("ana"), nil, notEnrolled},
		{"one of whom it is unknown whether she is suspended", "ana", unknownWhether, nil, unreadable},
		{"another is suspended", "ana", suspended("bob"), [][]byte{ana}, accepted("ana")},
		{"one who is suspended among all", "", suspended("ana"), [][]byte{ana, ana, ana}, noMatch},
		{"unknown whether suspended, among all", "", unknownWhether, [][]byte{ana, ana, ana}, noMatch},
		{"two people's finger", "", func(_ *Opts, r *records) {
			r.fingers["eve"] = r.fingers["ana"]
		}, [][]byte{ana, ana, ana}, noMatch},
		{"one person's finger twice", "", func(_ *Opts, r *records) {
			twice := r.fingers["ana"][0]
			twice.Position++
			r.fingers["ana"] = append(r.fingers["ana"], twice)
		}, [][]byte{ana}, accepted("ana")},
		{"no record can be read", "ana", func(o *Opts, r *records) {
			r.failOf, r.fingers["ana"] = errUnplugged, nil
		}, nil, unreadable},
		{"one of her records is damaged", "ana", func(_ *Opts, r *records) {
			r.fingers["ana"] = append(r.fingers["ana"], Record{Position: 3, Data: []byte("damaged")})
		}, [][]byte{ana}, accepted("ana")},
		{"all of her records are damaged", "ana", func(_ *Opts, r *records) {
			r.fingers["ana"] = []Record{{Position: 3, Data: []byte("damaged")}}
		}, nil, unreadable},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(o *Opts, people *records) {
					enrolled(o, people)
					if c.change != nil {
						c.change(o, people)
					}
				}).start(t)
				r.ask(c.person)
				for i, pix := range c.presses {
					if len(r.outcomes()) > 0 {
						t.Errorf("settled after %d presses of %d", i, len(c.presses))
					}
					r.press(t, pix)
				}
				r.answer(t, c.name, c.want)
			})
		})
	}
}

// A press counts from the least quality on, and only then.
func TestQualityOfAPress(t *testing.T) {
	enrolled, ana, quality := anaAndBob(t), impression(t, 101, 7), template(t, 101, 7).Quality
	for _, c := range []struct {
		name string
		least,
		presses int
		want passage.Evidence
	}{
		{"as good as is asked for", quality, 1, accepted("ana")},
		{"not quite as good", quality + 1, 3, unreadable},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, func(o *Opts, people *records) { enrolled(o, people); o.LeastQuality = c.least }).start(t)
			r.ask("ana")
			for range c.presses {
				r.press(t, ana)
			}
			r.answer(t, c.name, c.want)
		})
	}
}

// Where the policy lets nobody pass by a finger alone, nobody is searched for.
func TestNoSearch(t *testing.T) {
	enrolled, ana := anaAndBob(t), impression(t, 101, 7)
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(o *Opts, people *records) { enrolled(o, people); o.Search = false }).start(t)
		r.ask("")
		r.sensor.put(ana)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n, lit := r.sensor.state(); n > 0 || lit || len(r.outcomes()) > 0 || r.Status().Views != 0 {
			t.Errorf("%d pictures, lit %v, outcomes %+v, %d views", n, lit, r.outcomes(), r.Status().Views)
		}
		r.sensor.put(nil)
		r.ask("ana")
		r.press(t, ana)
		r.answer(t, "her finger", accepted("ana"))
	})
}

// A finger that stays on the sensor is one press, and the next passage's only after it was lifted.
func TestFingerIsLifted(t *testing.T) {
	enrolled, ana, bob := anaAndBob(t), impression(t, 101, 7), impression(t, 105, 7)
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, enrolled).start(t)
		r.ask("ana")
		r.sensor.put(bob)
		until(t, "the request to lift it", func() bool { return r.Hint() == HintLift })
		time.Sleep(10 * time.Second)
		if n, lit := r.sensor.state(); n != 1 || !lit || len(r.outcomes()) > 0 {
			t.Errorf("%d pictures of one press, lit %v, outcomes %+v", n, lit, r.outcomes())
		}
		r.lift()
		if got := r.Hint(); got != HintAgain {
			t.Errorf("the hint is %q after a press that was not hers, want %q", got, HintAgain)
		}
		r.sensor.put(ana)
		r.answer(t, "her finger", accepted("ana"))
		r.ask("ana")
		until(t, "the request to lift it", func() bool { return r.Hint() == HintLift })
		if n, _ := r.sensor.state(); n != 2 {
			t.Errorf("%d pictures, want 2: the finger has not been lifted", n)
		}
		r.lift()
		r.press(t, ana)
		r.answer(t, "her finger again", accepted("ana"))
		until(t, "the ring's going out", func() bool { _, lit := r.sensor.state(); return !lit })
		if s := r.Status(); s.Presses != 3 || s.Matched != 2 || s.Views != 4 {
			t.Errorf("status %+v, want 3 presses, 2 matched, 4 views", s)
		}
	})
}

// A press that was begun for somebody who has gone is nobody's.
func TestPassageEndsDuringAPicture(t *testing.T) {
	enrolled, ana := anaAndBob(t), impression(t, 101, 7)
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, enrolled).start(t)
		r.ask("ana")
		r.sensor.put(ana)
		until(t, "the picture's begin", func() bool { return r.Hint() == HintWait })
		r.Want(passage.Demand{})
		until(t, "the picture", func() bool { n, _ := r.sensor.state(); return n == 1 })
		time.Sleep(time.Second)
		if len(r.outcomes()) > 0 || r.Status().Matched != 0 {
			t.Errorf("outcomes %+v, %d matched", r.outcomes(), r.Status().Matched)
		}
	})
}

// A sensor that is taken away is said, ends the passage's wait, and stops nothing else.
func TestSensorUnplugged(t *testing.T) {
	enrolled, ana := anaAndBob(t), impression(t, 101, 7)
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, enrolled).start(t)
		until(t, "the sensor's answer", func() bool { return r.Fault() == "" })
		r.ask("ana")
		r.sensor.breaks(errUnplugged)
		time.Sleep(patience - poll)
		r.sensor.breaks(nil)
		time.Sleep(poll)
		r.press(t, ana)
		r.answer(t, "her finger after a moment of silence", accepted("ana"))

		r.sensor.breaks(errUnplugged)
		r.ask("ana")
		r.answer(t, "the end of patience", noSensor)
		if got := r.Fault(); !strings.Contains(got, errUnplugged.Error()) {
			t.Errorf("the fault is %q", got)
		}
		_, err := r.Enrol(t.Context(), "ana", func(int, int, string) {})
		if !errors.Is(err, evidence.ErrRefused) || !errors.Is(err, errUnplugged) {
			t.Errorf("enrolment without a sensor: %v", err)
		}
		r.sensor.breaks(nil)
		until(t, "the sensor's return", func() bool { return r.Fault() == "" })
		r.ask("ana")
		r.press(t, ana)
		r.answer(t, "her finger after the sensor came back", accepted("ana"))
	})
}

// A picture that the sensor finds unusable is a press that showed nothing, and no fault.
func TestSmearedPicture(t *testing.T) {
	enrolled := anaAndBob(t)
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, enrolled).start(t)
		r.sensor.smear()
		r.ask("ana")
		for range 3 {
			r.press(t, blank)
		}
		r.answer(t, "three smears", unreadable)
		if r.Fault() != "" || r.Status().Presses != 3 {
			t.Errorf("fault %q, %d presses", r.Fault(), r.Status().Presses)
		}
	})
}

// The score of a search or of several presses counts less, so that the false match rate stays that of one comparison.
func TestComparisonsAreCounted(t *testing.T) {
	r := newRig(t, anaAndBob(t))
	probe, views := template(t, 101, 7), []*finger.Template{template(t, 101, 1), template(t, 101, 2)}
	plain := r.matcher.CompareViews(probe, views)
	for _, c := range []struct {
		person string
		want   []float64 // comparisons after each press
	}{{"ana", []float64{2, 4, 6}}, {"", []float64{4, 8, 12}}} {
		compared := 0
		for _, want := range c.want {
			_, score := r.compare(c.person, probe, views, &compared)
			if d := float64(plain - score); math.Abs(d-math.Log10(want)) > 1e-4 {
				t.Errorf("%q: after %v comparisons the score counts %v less, want %v", c.person, want, d, math.Log10(want))
			}
		}
	}
}

// What is searched follows what is enrolled and erased.
func TestPutAndForget(t *testing.T) {
	r := newRig(t, anaAndBob(t))
	other := record(t, 107)
	if err := r.Put("ana", other); err != nil || r.Status().Views != 4 {
		t.Errorf("the same position: %v, %d views, want 4", err, r.Status().Views)
	}
	other.Position = 7
	if err := r.Put("ana", other); err != nil || r.Status().Views != 6 {
		t.Errorf("another position: %v, %d views, want 6", err, r.Status().Views)
	}
	if err := r.Put("ana", Record{Position: 7, Data: []byte("damaged")}); !errors.Is(err, finger.ErrISO) {
		t.Errorf("a damaged record: %v", err)
	}
	r.Forget("ana")
	if n := r.Status().Views; n != 2 {
		t.Errorf("%d views without ana, want 2", n)
	}
	r.Forget("nobody")
	if n := r.Status().Views; n != 2 {
		t.Errorf("%d views without nobody, want 2", n)
	}
}

func TestOptsAreChecked(t *testing.T) {
	for want, change := range map[string]func(*Opts){
		"no sensor":             func(o *Opts) { o.Sensor = nil },
		"no records":            func(o *Opts) { o.Records = nil },
		"no log":                func(o *Opts) { o.Log = nil },
		"0 presses":             func(o *Opts) { o.Presses = 0 },
		"least quality -1":      func(o *Opts) { o.LeastQuality = -1 },
		"least quality 101":     func(o *Opts) { o.LeastQuality = 101 },
		"gallery of 0 views":    func(o *Opts) { o.Gallery = 0 },
		"false match rate":      func(o *Opts) { o.FMR = 1e-9 },
		"the enrolled fingers:": func(o *Opts) { o.Records.(*records).failEach = errUnplugged },
	} {
		o := options()
		change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error that says %q", err, want)
		}
	}
	// A finger without room is left out, and is no reason not to start.
	o := options()
	anaAndBob(t)(&o, o.Records.(*records))
	o.Gallery = 3
	s, err := New(o)
	if err != nil || s.Status().Views != 2 {
		t.Fatalf("%v, %+v", err, s)
	}
	without := o
	without.Search = false
	if o.Bytes()-without.Bytes() != matcherBytes+3*viewBytes || s.Bytes() != o.Bytes() {
		t.Errorf("%d bytes with a search among 3 views, %d without", o.Bytes(), without.Bytes())
	}
}

// The codes are those that the screen has texts for.
func TestHints(t *testing.T) {
	list := Hints()
	for _, code := range []string{HintWait, HintLift, HintAgain, "finger-firmly", "finger-done"} {
		if !slices.Contains(list, code) {
			t.Errorf("%q is not among %q", code, list)
		}
	}
}
