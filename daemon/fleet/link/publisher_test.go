package link

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/fleettest"
	"umbral/daemon/fleet/mqtt"
)

// tape is a session that records, and fails at one of its calls.
type tape struct {
	said    []said
	failAt  int // the call that fails, from 1; 0: none
	calls   int
	lost    chan struct{}
	filters []string
	heard   func(mqtt.Message) // is told of what was published; nil: nobody is
}

type said struct {
	topic    string
	payload  string
	qos      byte
	retained bool
}

var errTape = errors.New("the tape ends")

func (s *tape) call() error {
	if s.calls++; s.calls == s.failAt {
		return errTape
	}
	return nil
}

func (s *tape) Publish(_ context.Context, topic string, qos byte, retained bool, payload []byte) error {
	if err := s.call(); err != nil {
		return err
	}
	s.said = append(s.said, said{topic, string(payload), qos, retained})
	if s.heard != nil {
		s.heard(mqtt.Message{Topic: topic, Payload: payload})
	}
	return nil
}

func (s *tape) Subscribe(_ context.Context, filter string) error {
	s.filters = append(s.filters, filter)
	return s.call()
}

func (s *tape) Unsubscribe(context.Context, string) error { return s.call() }
func (s *tape) Expect(int)                                {}
func (s *tape) Lost() <-chan struct{}                     { return s.lost }
func (s *tape) Why() error                                { return errTape }

// topics returns what was said since the last call, without "te/device/gate-1///"; "-" stands before what was cleared.
func (s *tape) topics() string {
	var list []string
	for _, m := range s.said {
		t := strings.TrimPrefix(m.topic, "te/device/gate-1///")
		if m.payload == "" {
			t = "-" + t
		}
		list = append(list, t)
	}
	s.said = nil
	return strings.Join(list, " ")
}

func TestOnlyNewsArePublished(t *testing.T) {
	t.Parallel()
	l, b, _ := idle(t)
	s := new(tape)
	p := newPublisher(l, s)
	ctx := t.Context()
	news := func(want string) {
		t.Helper()
		if err := p.news(ctx); err != nil {
			t.Fatal(err)
		}
		for _, m := range s.said {
			if m.qos != 1 || !m.retained {
				t.Errorf("%+v", m)
			}
		}
		if got := s.topics(); got != want {
			t.Errorf("said %q, wanted %q", got, want)
		}
	}
	news("status/health")
	news("")
	b.state.twin = map[string]any{"software": "1", "policy": "face"}
	b.state.setAlarms(fleet.Alarm{Type: "camera", Severity: fleet.Critical, Text: "a\nb", Since: fleettest.Noon.Local()})
	news("twin/policy twin/software a/camera")
	news("")
	b.state.twin = map[string]any{"software": "2", "policy": "face"}
	b.state.setAlarms(fleet.Alarm{Type: "clock", Severity: fleet.Warning}, fleet.Alarm{Type: "camera", Severity: fleet.Critical, Text: "b"})
	news("twin/software a/clock a/camera")
	b.state.setAlarms(fleet.Alarm{Type: "clock", Severity: fleet.Warning})
	news("-a/camera")
	news("")
	b.state.setAlarms()
	news("-a/clock")
}

func TestReviewsArePublished(t *testing.T) {
	t.Parallel()
	l, _, log := idle(t)
	s := new(tape)
	p := newPublisher(l, s)
	if err := p.sayReviews(t.Context()); err != nil || s.topics() != "" {
		t.Errorf("without reviews: %v", err)
	}
	reviews := &folder{pictures: map[string][]byte{"7-12": []byte("sealed"), "7-13": make([]byte, fleet.MaxSealedPictures+1), "7-15": make([]byte, fleet.MaxSealedPictures)}}
	l.o.Reviews, l.o.Identity = reviews, fleettest.Seeded(7)
	say := func(want string, pending ...fleet.Review) {
		t.Helper()
		reviews.set(pending...)
		if err := p.sayReviews(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.topics(); got != want {
			t.Errorf("said %q, wanted %q", got, want)
		}
	}
	statement := []byte("{}")
	one := fleet.Review{Passage: "7-12", Statement: statement, Pictures: true}
	say("review/7-12/pictures review/7-12", one)
	say("", one)
	one.Answers = 1
	say("review/7-12", one)
	say("review/7-13", one, fleet.Review{Passage: "7-13", Statement: statement, Pictures: true})
	say("review/7-14 -review/7-13/pictures -review/7-13", one, fleet.Review{Passage: "7-14", Statement: statement, Pictures: true})
	say("review/7-15/pictures review/7-15 -review/7-14/pictures -review/7-14", one, fleet.Review{Passage: "7-15", Statement: make([]byte, fleet.MaxStatement), Pictures: true})
	say("", one, one, fleet.Review{Passage: "7-15", Statement: make([]byte, fleet.MaxStatement), Pictures: true}, fleet.Review{Passage: "a/b", Statement: statement}, fleet.Review{Passage: "7-16", Statement: make([]byte, fleet.MaxStatement+1)})
	for _, left := range []string{"pictures of review 7-13", "pictures of review 7-14", "review a/b", "review 7-16", "review 7-12"} {
		if !log.Has(left) {
			t.Errorf("nothing is logged of %s", left)
		}
	}
	say("-review/7-12/pictures -review/7-12 -review/7-15/pictures -review/7-15")
	say("review/7-12/pictures review/7-12", one)
	var many []fleet.Review
	for i := range fleet.MaxReviews + 1 {
		many = append(many, fleet.Review{Passage: fmt.Sprint("8-", i), Statement: statement})
	}
	reviews.set(many...)
	if err := p.sayReviews(t.Context()); err != nil || strings.Contains(s.topics(), fmt.Sprint("review/8-", fleet.MaxReviews)) || len(p.reviews) != fleet.MaxReviews {
		t.Errorf("%d reviews are published, %v", len(p.reviews), err)
	}
	l.o.Identity = nil
	say2 := fleet.Review{Passage: "9-1", Statement: statement}
	reviews.set(say2)
	if err := p.sayReviews(t.Context()); err != nil || p.reviews["9-1"] != nil || !log.Has("review 9-1") {
		t.Errorf("signed without a key: %v", err)
	}
}

// What State says and cannot be sent is left out and logged, and holds up nothing else.
func TestWhatCannotBeSentIsLeftOut(t *testing.T) {
	t.Parallel()
	l, b, log := idle(t)
	s := new(tape)
	p := newPublisher(l, s)
	long := func(n int) string { return strings.Repeat("x", n) }
	b.state.twin = map[string]any{"a": long(maxReport - 2), "b": long(maxReport - 1), "c": math.NaN(), "d/e": 1}
	var alarms []fleet.Alarm
	for i := range maxNames + 1 {
		alarms = append(alarms, fleet.Alarm{Type: fmt.Sprint("alarm-", i)})
	}
	alarms[3].Type, alarms[4].Type = "alarm-2", "alarm 4"
	b.state.setAlarms(alarms...)
	if err := p.news(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := s.topics()
	for topic, want := range map[string]int{"twin/a": 1, "twin/b": 0, "twin/c": 0, "twin/d/e": 0, "a/alarm-2": 1, "a/alarm-31": 1, "a/alarm-32": 0} {
		if n := strings.Count(" "+got+" ", " "+topic+" "); n != want {
			t.Errorf("%s is said %d times", topic, n)
		}
	}
	for _, left := range []string{"twin b", "twin c", "twin d/e", "alarm alarm-32", "alarm alarm-2", "alarm alarm 4"} {
		if !log.Has(left) {
			t.Errorf("nothing is logged of %s", left)
		}
	}
	names := map[string]any{}
	for i := range maxNames + 1 {
		names[fmt.Sprintf("t%02d", i)] = i
	}
	b.state.twin = names
	if err := p.news(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.topics(); !strings.Contains(got, fmt.Sprint("twin/t", maxNames-1)) || strings.Contains(got, fmt.Sprint("twin/t", maxNames)) {
		t.Errorf("said %q", got)
	}
	b.state.numbers = map[string]map[string]float64{"a": {"x": 1}, "b/c": {"x": 1}, "big": {}}
	for i := range 2000 {
		b.state.numbers["big"][fmt.Sprint("name-", i)] = 1
	}
	for i := range maxNames {
		b.state.numbers[fmt.Sprintf("n%02d", i)] = map[string]float64{"x": 1}
	}
	if err := p.numbers(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, m := range s.said[1:] {
		if m.qos != 0 || m.retained {
			t.Errorf("%+v", m)
		}
	}
	got = s.topics()
	if !strings.HasPrefix(got, "status/health m/a m/n00") || strings.Contains(got, "m/b") || !strings.HasSuffix(got, "m/n28") || !log.Has("measurement b/c") || !log.Has("what=m ") {
		t.Errorf("said %q", got)
	}
}

func TestALongHealthLosesItsDetail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		detail map[string]any
		kept   bool
	}{
		"short": {map[string]any{"door": "closed"}, true}, "long": {map[string]any{"door": strings.Repeat("x", maxReport)}, false}, "no JSON": {map[string]any{"door": math.NaN()}, false},
	} {
		l, _, log := idle(t)
		l.state = sick{c.detail}
		s := new(tape)
		p := newPublisher(l, s)
		for _, say := range []func(context.Context) error{p.news, p.numbers} {
			if err := say(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(s.said) != 1 || !strings.Contains(s.said[0].payload, `"software":"1.2.3"`) || strings.Contains(s.said[0].payload, "detail") != c.kept {
				t.Errorf("%s: %.200v", name, s.said)
			}
			s.said = nil
		}
		if log.Has("health's detail") == c.kept {
			t.Errorf("%s: logged %v", name, !c.kept)
		}
	}
}

// sick is a state of nothing but health.
type sick struct{ detail map[string]any }

func (s sick) Health() fleet.Health                      { return fleet.Health{Software: "1.2.3", Detail: s.detail} }
func (sick) Twin() map[string]any                        { return nil }
func (sick) Measurements() map[string]map[string]float64 { return nil }
func (sick) Alarms() []fleet.Alarm                       { return nil }

// A connection that fails at any message ends what is being said, and what was not said is said at the next one.
func TestAFailingConnectionIsTold(t *testing.T) {
	t.Parallel()
	setUp := func() (*publisher, *tape, *Link) {
		l, b, _ := idle(t)
		reviews := &folder{pictures: map[string][]byte{"7-12": []byte("sealed")}}
		reviews.set(fleet.Review{Passage: "7-12", Statement: []byte("{}"), Pictures: true})
		l.o.Reviews, l.o.Identity = reviews, fleettest.Seeded(7)
		b.state.twin = map[string]any{"software": "1"}
		b.state.setAlarms(fleet.Alarm{Type: "camera"})
		b.state.numbers = map[string]map[string]float64{"a": {"x": 1}}
		s := new(tape)
		p := newPublisher(l, s)
		p.alarms["clock"], p.reviews["7-11"] = []byte("x"), []byte("x")
		return p, s, l
	}
	all := map[string]func(*publisher, *tape, *Link) error{
		"news":      func(p *publisher, _ *tape, _ *Link) error { return p.news(t.Context()) },
		"numbers":   func(p *publisher, _ *tape, _ *Link) error { return p.numbers(t.Context()) },
		"subscribe": func(_ *publisher, s *tape, l *Link) error { return l.subscribe(t.Context(), s) },
		"a stale review": func(p *publisher, _ *tape, _ *Link) error {
			_, err := p.clearStale(t.Context(), retained{fleet.ChannelReview, "", "7-9"})
			return err
		},
	}
	for name, f := range all {
		p, s, l := setUp()
		if err := f(p, s, l); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for n := 1; n <= s.calls; n++ {
			p, s, l := setUp()
			s.failAt = n
			if err := f(p, s, l); !errors.Is(err, errTape) || s.calls != n {
				t.Errorf("%s, call %d of %d: error %v after %d", name, n, n, err, s.calls)
			}
		}
	}
}

func TestWhatHoldsIsNotStale(t *testing.T) {
	t.Parallel()
	l, _, _ := idle(t)
	s := new(tape)
	p := newPublisher(l, s)
	p.alarms["camera"], p.reviews["7-12"] = []byte("x"), []byte("x")
	for name, c := range map[string]struct {
		r    retained
		want string
	}{
		"an alarm that holds": {retained{fleet.ChannelAlarm, "te/device/gate-1///a/camera", "camera"}, ""},
		"one that is over":    {retained{fleet.ChannelAlarm, "te/device/gate-1///a/clock", "clock"}, "-a/clock"},
		"a review that waits": {retained{fleet.ChannelReview, "te/device/gate-1///review/7-12", "7-12"}, ""},
		"one that is decided": {retained{fleet.ChannelReview, "te/device/gate-1///review/7-11", "7-11"}, "-review/7-11/pictures -review/7-11"},
		"a command":           {retained{fleet.ChannelCommand, "te/device/gate-1///cmd/status/1", ""}, "-cmd/status/1"},
	} {
		cleared, err := p.clearStale(t.Context(), c.r)
		if got := s.topics(); err != nil || cleared != (c.want != "") || got != c.want {
			t.Errorf("%s: cleared %v, said %q, %v", name, cleared, got, err)
		}
	}
}

// A link subscribes to all of its topics, and goes on without those that only tell it of itself.
func TestWhatALinkHears(t *testing.T) {
	t.Parallel()
	l, _, _ := idle(t)
	s := new(tape)
	if err := l.subscribe(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, tail := range []string{"cmd/+/+", "a/+", "review/+", "e/+", "status/health"} {
		want = append(want, "te/device/gate-1///"+tail)
	}
	if got := strings.Join(s.filters, " "); got != strings.Join(want, " ") {
		t.Errorf("subscribed to %s", got)
	}
	if l.filter(fleet.ChannelRemote) != "te/device/gate-1///remote/+/answer" {
		t.Error(l.filter(fleet.ChannelRemote))
	}
}

// A report says who and when.
func TestReports(t *testing.T) {
	t.Parallel()
	l, b, _ := idle(t)
	l.o.Clock = func() (time.Time, string) { return fleettest.Noon.Local(), "ntp" }
	r := l.report(fleet.HealthUp, "", b.state.Health())
	if r.Terminal != "gate-1" || r.Boot != 7 || r.PID == 0 || r.Instance != l.rival.instance || !r.Time.Equal(fleettest.Noon) || r.Time.Location() != time.UTC || r.Clock != "ntp" || r.Schema != 1 {
		t.Errorf("%+v", r)
	}
	w, err := l.will()
	if err != nil || w.Topic != "te/device/gate-1///status/health" || !strings.Contains(string(w.Payload), `"status":"down"`) || !strings.Contains(string(w.Payload), `"reason":"connection lost"`) {
		t.Errorf("%s, %v", w.Payload, err)
	}
}
