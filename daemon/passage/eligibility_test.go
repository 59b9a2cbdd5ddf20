package passage

import (
	"slices"
	"testing"
	"time"

	"umbral/config/policy"
)

// What on file stands against a person, each cause alone and at its bound. The clock stands at 2026-02-02 02:40 UTC, a
// Monday.
func TestIneligible(t *testing.T) {
	const now = 1_770_000_000_000
	day := func(d time.Weekday, from, until uint16) func(*Standing) {
		return func(s *Standing) {
			s.Windows[0], s.WindowCount = policy.Window{Days: 1 << d, From: from, Until: until}, 1
		}
	}
	born := func(y int, m time.Month, d int) func(*Standing) {
		return func(s *Standing) { s.Born, s.BornKnown = days(y, m, d), true }
	}
	both := func(changes ...func(*Standing)) func(*Standing) {
		return func(s *Standing) {
			for _, c := range changes {
				c(s)
			}
		}
	}
	guarded := func(s *Standing) { s.Guardians[MaxGuardians-1] = "bob" }
	mark := func(k Mark) func(*Standing) { return func(s *Standing) { s.Marks = s.Marks.With(k) } }
	none := Eligibility{Ask: true}
	age := Eligibility{Ask: true, MinAge: 16}
	trusting := Eligibility{Ask: true, MinAge: 16, Trust: policy.TrustBroker}
	for _, c := range []struct {
		name     string
		rules    Eligibility
		file     func(*Standing)
		trust    policy.Trust
		want     []Reason
		guardian bool
	}{
		{"nothing", none, func(*Standing) {}, policy.TrustUnknown, nil, false},
		{"blocked", none, mark(Blocked), policy.TrustNTP, []Reason{ReasonBlocked}, false},
		{"revoked", none, mark(Revoked), policy.TrustNTP, []Reason{ReasonRevoked}, false},
		{"the list is stale", none, mark(RevocationStale), policy.TrustNTP, []Reason{ReasonRevocationStale}, false},
		{"incomplete", none, mark(Incomplete), policy.TrustNTP, []Reason{ReasonIncomplete}, false},
		{"inside", Eligibility{Ask: true, Passback: true}, mark(Inside), policy.TrustNTP, []Reason{ReasonPassback}, false},
		{"inside, which nobody asks for", none, mark(Inside), policy.TrustNTP, nil, false},
		{"a birth date that can't be read", age, mark(BirthUnreadable), policy.TrustNTP, []Reason{ReasonBirthUnreadable}, false},
		{"one that nobody asks for", none, mark(BirthUnreadable), policy.TrustNTP, nil, false},
		{"from now on", none, func(s *Standing) { s.From = now }, policy.TrustNTP, nil, false},
		{"from a moment later on", none, func(s *Standing) { s.From = now + 1 }, policy.TrustNTP, []Reason{ReasonNotYetValid}, false},
		{"until now", none, func(s *Standing) { s.Until = now }, policy.TrustNTP, []Reason{ReasonExpired}, false},
		{"until a moment later", none, func(s *Standing) { s.Until = now + 1 }, policy.TrustNTP, nil, false},
		{"from now on, by a clock that isn't trusted", trusting, func(s *Standing) { s.From = now }, policy.TrustRTC, []Reason{ReasonClockUntrusted}, false},
		{"until later, by a clock that isn't trusted", trusting, func(s *Standing) { s.Until = now + 1 }, policy.TrustRTC, []Reason{ReasonClockUntrusted}, false},
		{"hours, by a clock that isn't trusted", trusting, day(time.Monday, 0, 1440), policy.TrustRTC, []Reason{ReasonClockUntrusted}, false},
		{"an age, by a clock that isn't trusted", trusting, born(1990, 1, 1), policy.TrustRTC, []Reason{ReasonClockUntrusted}, false},
		{"an age that nobody asks for", Eligibility{Ask: true, Trust: policy.TrustBroker}, born(2020, 1, 1), policy.TrustRTC, nil, false},
		{"no date", trusting, func(*Standing) {}, policy.TrustRTC, nil, false},
		{"no date, but trust is always asked for", Eligibility{Ask: true, Trust: policy.TrustBroker, TrustAlways: true}, func(*Standing) {}, policy.TrustRTC, []Reason{ReasonClockUntrusted}, false},
		{"just trusted enough", trusting, both(born(1990, 1, 1), func(s *Standing) { s.From, s.Until = now, now+1 }), policy.TrustBroker, nil, false},
		{"blocked, by a clock that isn't trusted", trusting, both(mark(Blocked), born(1990, 1, 1)), policy.TrustRTC, []Reason{ReasonBlocked, ReasonClockUntrusted}, false},
		{"within the hours", none, day(time.Monday, 160, 161), policy.TrustNTP, nil, false},
		{"before the hours", none, day(time.Monday, 161, 162), policy.TrustNTP, []Reason{ReasonOutsideHours}, false},
		{"after the hours", none, day(time.Monday, 159, 160), policy.TrustNTP, []Reason{ReasonOutsideHours}, false},
		{"another day", none, day(time.Tuesday, 0, 1440), policy.TrustNTP, []Reason{ReasonOutsideHours}, false},
		{"the second window", none, both(day(time.Tuesday, 0, 1440), func(s *Standing) {
			s.Windows[1], s.WindowCount = policy.Window{Days: 1 << time.Monday, From: 160, Until: 161}, 2
		}), policy.TrustNTP, nil, false},
		{"sixteen today", age, born(2010, 2, 2), policy.TrustNTP, nil, false},
		{"sixteen tomorrow", age, born(2010, 2, 3), policy.TrustNTP, []Reason{ReasonUnderAge}, false},
		{"sixteen next month", age, born(2010, 3, 1), policy.TrustNTP, []Reason{ReasonUnderAge}, false},
		{"sixteen last month", age, born(2010, 1, 31), policy.TrustNTP, nil, false},
		{"too young, with a guardian", age, both(born(2015, 1, 1), guarded), policy.TrustNTP, nil, true},
		{"too young, with a guardian, and blocked", age, both(born(2015, 1, 1), guarded, mark(Blocked)), policy.TrustNTP, []Reason{ReasonBlocked, ReasonUnderAge}, false},
		{"a guardian named in the credential", Eligibility{Ask: true, MinAge: 16, GuardianNamed: true}, both(born(2015, 1, 1), mark(GuardianNamed)), policy.TrustNTP, nil, false},
		{"named, where the guardian has to come", age, both(born(2015, 1, 1), mark(GuardianNamed)), policy.TrustNTP, []Reason{ReasonUnderAge}, false},
		{"not named, where naming is enough", Eligibility{Ask: true, MinAge: 16, GuardianNamed: true}, born(2015, 1, 1), policy.TrustNTP, []Reason{ReasonUnderAge}, false},
		{"no birth date", age, func(*Standing) {}, policy.TrustNTP, nil, false},
		{"no birth date where one is required", Eligibility{Ask: true, MinAge: 16, AgeRequired: true}, func(*Standing) {}, policy.TrustNTP, []Reason{ReasonAgeUnknown}, false},
		{"no birth date where one is required, and no age", Eligibility{Ask: true, AgeRequired: true}, func(*Standing) {}, policy.TrustNTP, nil, false},
		{"a birth date where one is required", Eligibility{Ask: true, MinAge: 16, AgeRequired: true}, born(1990, 1, 1), policy.TrustNTP, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := testRules()
			r.Eligibility = c.rules
			m, err := New(r, ID{1, 1})
			if err != nil {
				t.Fatal(err)
			}
			m.Step(0, Observation{Kind: ObserveClock, Clock: Clock{Trust: c.trust, Wall: now}})
			s := Standing{Person: "ann"}
			c.file(&s)
			if reasons, guardian := m.ineligible(0, &s); !slices.Equal(reasons, c.want) || guardian != c.guardian {
				t.Errorf("%v, guardian %v; want %v, %v", reasons, guardian, c.want, c.guardian)
			}
		})
	}
}

// What cannot be journalled, or means nothing, is taken to the person's disadvantage.
func TestStandingIsNormalised(t *testing.T) {
	long := string(make([]byte, MaxName+1))
	for name, s := range map[string]Standing{"nobody": {}, "a long name": {Person: long}, "no UTF-8": {Person: "\xff"}} {
		if s.normalise() {
			t.Errorf("%s: accepted", name)
		}
	}
	good := policy.Window{Days: 1, From: 1, Until: 2}
	s := Standing{
		Person: "ann", Born: 77, Marks: 0xff, From: -1 << 62, Until: 1 << 62, WindowCount: 99,
		Guardians: [MaxGuardians]string{"bob", long, "\xff", "cyd"},
		Windows:   [MaxWindows]policy.Window{good, {Days: 0, From: 1, Until: 2}, {Days: 1, From: 1440, Until: 2}, good},
	}
	want := Standing{
		Person: "ann", Marks: 1<<markCount - 1, From: -maxSetWall, Until: maxSetWall, WindowCount: MaxWindows,
		Guardians: [MaxGuardians]string{"bob", "", "", "cyd"}, Windows: [MaxWindows]policy.Window{good, {}, {}, good},
	}
	if !s.normalise() || s != want {
		t.Errorf("%+v, want %+v", s, want)
	}
	s = Standing{Person: "ann", BornKnown: true, Born: 77, WindowCount: -1, Windows: [MaxWindows]policy.Window{good}}
	if want := (Standing{Person: "ann", BornKnown: true, Born: 77}); !s.normalise() || s != want {
		t.Errorf("%+v, want %+v", s, want)
	}
	if s.vouches("") || s.vouches("bob") {
		t.Error("nobody, or somebody, vouches who is not named")
	}
}

// Of whom something is asked, and what of the answers counts.
func TestLookUps(t *testing.T) {
	ann := known(1, "ann")
	count := func(g *gate, o Observation) (people []string) {
		for _, e := range g.m.Step(g.now, o) {
			if e.Kind == EffectLookUp {
				people = append(people, e.Person)
			}
		}
		return people
	}
	frame := func(g *gate, face Face) Observation {
		g.now = g.now.Add(frameTime)
		f := Frame{Sequence: 1}
		f.Add(face)
		return Observation{Kind: ObserveFrame, Frame: f}
	}
	g := newGate(t, eligible("credential and face", nil))
	g.frames(3, ann)
	if p := count(g, frame(g, ann)); !slices.Equal(p, []string{"ann"}) {
		t.Errorf("when ann is recognised %v are looked up", p)
	}
	if p := count(g, frame(g, ann)); len(p) != 0 {
		t.Errorf("then again %v", p)
	}
	if p := count(g, refusedFor(policy.Finger, ReasonFingerNoMatch)); len(p) != 0 {
		t.Errorf("after a finger %v are looked up", p)
	}
	if p := count(g, accepted(policy.Credential, "ann")); !slices.Equal(p, []string{"ann"}) {
		t.Errorf("after a document, which may say more, %v are looked up", p)
	}
	never := newGate(t, all("face and live"))
	never.frames(3, ann)
	if p := count(never, frame(never, ann)); len(p) != 0 || len(count(never, Observation{Kind: ObserveChange})) != 0 {
		t.Errorf("where nothing is asked for, %v are looked up", p)
	}
}
