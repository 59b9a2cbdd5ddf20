package finger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"umbral/daemon/evidence"
	"umbral/pipeline/finger"
)

// enrolled is the end of an enrolment.
type enrolled struct {
	views  []*finger.Template
	advice []string
	hints  []string // before each press
	err    error
}

// enrolWith enrols a finger, of which the impressions are pressed in turn until the source has enough.
func (r *rig) enrolWith(t *testing.T, ctx context.Context, id string, impressions ...[]byte) (e enrolled) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e.views, e.err = r.Enrol(ctx, id, func(done, of int, text string) {
			e.advice = append(e.advice, fmt.Sprintf("%d of %d: %s", done, of, text))
		})
	}()
	until(t, "the beginning", r.Enrolling)
	for n := 0; r.Enrolling() && n < 12; n++ {
		e.hints = append(e.hints, r.Hint())
		before, _ := r.sensor.state()
		r.sensor.put(impressions[n%len(impressions)])
		until(t, "a picture or the end", func() bool { n, _ := r.sensor.state(); return n > before || !r.Enrolling() })
		r.lift()
	}
	<-ended
	return e
}

// refusal reports whether an error tells a person of something.
func refusal(err error, of string) bool {
	return errors.Is(err, evidence.ErrRefused) && strings.Contains(err.Error(), of)
}

// impressionsOf returns impressions 1 to 6 of a finger.
func impressionsOf(t *testing.T, which int) (list [][]byte) {
	for n := 1; n <= 6; n++ {
		list = append(list, impression(t, which, n))
	}
	return list
}

// An enrolment takes four presses; what it returns lets the person pass.
func TestEnrol(t *testing.T) {
	right := impressionsOf(t, 101)
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil).start(t)
		e := r.enrolWith(t, t.Context(), "ana", right...)
		if e.err != nil || len(e.views) != 4 || len(e.advice) < 5 || !strings.HasPrefix(e.advice[len(e.advice)-1], "4 of 4") {
			t.Fatalf("%d views, advice %q, %v", len(e.views), e.advice, e.err)
		}
		if !slices.Contains(e.hints, HintAgain) {
			t.Errorf("the screen hints at %q, want %q among them", e.hints, HintAgain)
		}
		if _, lit := r.sensor.state(); lit || r.Hint() != "" {
			t.Errorf("lit %v, hint %q after the enrolment", lit, r.Hint())
		}
		data, err := finger.EncodeISO(e.views...)
		if err != nil {
			t.Fatal(err)
		}
		ana := Record{Position: 2, Data: data}
		r.records.fingers["ana"] = []Record{ana}
		if err := r.Put("ana", ana); err != nil || r.Status().Views != 4 {
			t.Errorf("%v, %d views", err, r.Status().Views)
		}
		r.ask("")
		r.press(t, impression(t, 101, 7))
		r.answer(t, "her finger", accepted("ana"))
	})
}

// A finger is one person's, also that of somebody who is suspended; under the same id it may be enrolled again.
func TestEnrolTwice(t *testing.T) {
	people, right, other := anaAndBob(t), impressionsOf(t, 101), impressionsOf(t, 107)
	for _, c := range []struct {
		name, id  string
		suspended bool
		press     [][]byte
		refused   string
	}{
		{"another id", "twin", false, right, "ana"},
		{"another id of one who is suspended", "twin", true, right, "ana"},
		{"the same id", "ana", false, right, ""},
		{"another finger", "twin", false, other, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(o *Opts, list *records) {
					people(o, list)
					list.suspended["ana"] = c.suspended
				}).start(t)
				e := r.enrolWith(t, t.Context(), c.id, c.press...)
				if c.refused == "" && e.err != nil {
					t.Error(e.err)
				}
				if c.refused != "" && (!refusal(e.err, c.refused) || e.views != nil) {
					t.Errorf("%d views, %v, want a refusal that names %s", len(e.views), e.err, c.refused)
				}
			})
		})
	}
}

// An enrolment that can't be is refused with the reason, and leaves the sensor to the next passage.
func TestEnrolmentEnds(t *testing.T) {
	enrolledOnes := anaAndBob(t)
	for _, c := range []struct {
		name    string
		timeout time.Duration
		press   []byte
		refused string
	}{
		{"nothing is seen", time.Minute, blank, "too many presses"},
		{"the technician gives up", 5 * time.Second, nil, "0 of 4 good presses"},
		{"nobody comes", time.Hour, nil, "0 of 4 good presses"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, enrolledOnes).start(t)
				ctx, cancel := context.WithTimeout(t.Context(), c.timeout)
				defer cancel()
				begin := time.Now()
				e := make(chan error, 1)
				go func() {
					_, err := r.Enrol(ctx, "carla", func(int, int, string) {})
					e <- err
				}()
				until(t, "the beginning", r.Enrolling)
				for c.press != nil && r.Enrolling() {
					r.sensor.put(c.press)
					time.Sleep(time.Second)
					r.lift()
				}
				if err := <-e; !refusal(err, c.refused) {
					t.Errorf("%v, want a refusal that says %q", err, c.refused)
				}
				if took := time.Since(begin); took > sessionTimeout+time.Second {
					t.Errorf("it took %v", took)
				}
				synctest.Wait()
				if _, lit := r.sensor.state(); lit || r.Enrolling() || r.Hint() != "" {
					t.Errorf("lit %v, enrolling %v, hint %q", lit, r.Enrolling(), r.Hint())
				}
				r.ask("ana")
				r.press(t, impression(t, 101, 7))
				r.answer(t, "the next passage", accepted("ana"))
			})
		})
	}
}

// Nobody waits forever for a sensor that serves somebody else, or does not run.
func TestEnrolmentWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		if _, err := r.Enrol(t.Context(), "ana", nil); !refusal(err, "busy") {
			t.Errorf("%v", err)
		}
	})
}
