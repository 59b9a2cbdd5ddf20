package passage

import "umbral/config/policy"

// Machine is the gate's decision. It is not safe for concurrent use.
type Machine struct {
	rules  Rules
	policy policy.Policy

	last   Instant // of the last Step; time does not run backwards
	next   ID      // of the next passage
	commit uint64  // number of the last journal effect

	clock      clock
	cameraUp   bool
	cameraLost bool // camera-lost is in the journal, and camera-back is not yet

	collecting bool
	now        attempt // the passage that is collecting or deciding
	approach   approach
	shown      shown
	held       [maxHeld]hold
	granted    [maxGranted]grant

	openings    [openingCount]opening
	review      pending
	interlocked bool
	lock        doorwatch
	inputs      [inputCount]rate
	alarmed     Alarms // as last told
	replayed    bool   // what is observed comes from a log

	effects []Effect
	names   [2]namedFace // scratch of namedFaces
	screen  Screen       // as last told
	wanting Demand       // as last told
}

// Bounds of what is remembered of earlier passages. When a table is full, the entry that ends first makes room.
const (
	maxHeld    = 16 // tracks that are not tried again yet
	maxGranted = 64 // people who are not let through again yet
)

// approach counts the frames in which the same near face stood in front.
type approach struct {
	track   uint32
	frames  int
	view    view
	problem Problem // of viewFar
}

// view is what stood before the gate on the last frame, outside a passage.
type view uint8

const (
	viewNobody view = iota
	viewFar         // a face that cannot be used yet
	viewHeld        // somebody whose passage was a moment ago
	viewNear        // a face with which a passage can begin
)

// shown is the verdict on the screen.
type shown struct {
	screen Screen
	until  Instant
	active bool
}

// hold keeps a track from being tried again.
type hold struct {
	track uint32
	until Instant
}

// grant keeps a person from being let through again.
type grant struct {
	person string
	until  Instant
}

// New returns a machine that names its passages from first on. The clock is unknown, and the camera counts as lost
// until its first frame.
func New(rules Rules, first ID) (*Machine, error) {
	if err := rules.Check(); err != nil {
		return nil, err
	}
	m := &Machine{rules: rules, policy: rules.Policy, next: first, effects: make([]Effect, 0, maxEffects)}
	m.openings = [openingCount]opening{
		forPassage: {entry: EntryPassage, log: newRecorder(maxLog)},
		forCommand: {entry: EntryCommand, log: newRecorder(3 * maxObservation)},
		forExit:    {entry: EntryExit, log: newRecorder(3 * maxObservation)},
		forReview:  {entry: EntryReview, log: newRecorder(maxLog)},
	}
	m.screen = m.show()
	return m, nil
}

// maxEffects is more than one Step gives: three failed commits, the end of a passage, the door's alert, the
// observation's own (at most three), three look-ups, the demand and the screen.
const maxEffects = 16

// maxInstant is 36 years after the terminal's start. Later instants count as this one, so that no sum overflows.
const maxInstant = Instant(1) << 60

// Step takes one observation and returns what has to be done, in that order. The slice is valid until the next Step. An
// instant before the last one counts as the last one.
func (m *Machine) Step(now Instant, o Observation) []Effect {
	now = min(max(now, m.last), maxInstant)
	m.last = now
	clear(m.effects)
	m.effects = m.effects[:0]
	m.pass(now)
	switch o.Kind {
	case ObserveFrame:
		o.Frame.normalise()
		m.camera(now, &Observation{Kind: ObserveCamera, Up: true})
		m.frame(now, &o)
	case ObserveEvidence:
		m.evidence(now, &o)
	case ObserveClock:
		m.setClock(now, &o)
	case ObserveCamera:
		m.camera(now, &o)
	case ObserveCommitted:
		m.committed(now, o.Commit)
	case ObserveCommitFailed:
		m.commitFailed(now, o.Commit)
	case ObserveDoor:
		m.door(now, o.Door)
	case ObserveExit:
		m.exit(now)
	case ObserveCommand:
		m.command(now, &o)
	case ObserveStanding:
		m.standing(now, &o)
	case ObserveReviewed:
		m.answerReview(now, &o)
	case ObserveInterlock:
		m.interlock(now, o.Up)
	case ObserveChange:
		m.change(now)
	}
	m.askEarly()
	s := m.show()
	if d := m.demand(s); d != m.wanting {
		m.wanting = d
		m.effects = append(m.effects, Effect{Kind: EffectDemand, Demand: d})
	}
	if s != m.screen {
		m.screen = s
		m.effects = append(m.effects, Effect{Kind: EffectScreen, Screen: s})
	}
	if a := m.alarms(); a != m.alarmed {
		m.alarmed = a
		m.effects = append(m.effects, Effect{Kind: EffectAlarms, Alarms: a})
	}
	return m.effects
}

// pass lets time pass: everything that ends because it took too long ends here.
func (m *Machine) pass(now Instant) {
	for i := range m.openings {
		o := &m.openings[i]
		if o.active && now >= o.deadline {
			m.fail(now, i, &Observation{Kind: ObserveTick}, ReasonJournal)
		}
		if o.active {
			if reasons := m.against(now, i); len(reasons) > 0 {
				m.fail(now, i, &Observation{Kind: ObserveTick}, reasons...)
			}
		}
	}
	if m.shown.active && now >= m.shown.until {
		m.shown = shown{}
	}
	m.doorTime(now)
	m.inputTime(now)
	m.reviewTime(now)
	if !m.collecting {
		return
	}
	a := &m.now
	if a.crowded && now.Sub(a.crowdLast) >= m.rules.CrowdClear {
		a.crowded = false
	}
	tick := Observation{Kind: ObserveTick}
	switch {
	case m.left(now):
		m.note(now, &tick)
		m.finish(now, Abandoned, ReasonLeft)
	case a.crowded && now.Sub(a.crowdSince) >= m.rules.CrowdTimeout:
		m.note(now, &tick)
		m.finish(now, Deny, ReasonSeveralPeople)
	case m.tooLong(now):
		m.note(now, &tick)
		m.timeOut(now)
	}
}

// left reports whether the person of the passage that is collecting is gone.
func (m *Machine) left(now Instant) bool { return now.Sub(m.now.seen) > m.rules.LostAfter }

// tooLong reports whether the passage that is collecting has taken all the time that there is for it.
func (m *Machine) tooLong(now Instant) bool {
	if g := &m.now.guardian; g.active {
		return now.Sub(g.began) >= m.rules.Eligibility.GuardianTimeout
	}
	return now.Sub(m.now.began) >= m.rules.DecideTimeout
}

// note adds an observation to the log of the passage that is collecting.
func (m *Machine) note(now Instant, o *Observation) { m.openings[forPassage].note(now, o) }

// frame takes a frame, in or outside a passage.
func (m *Machine) frame(now Instant, o *Observation) {
	if m.review.active {
		m.watch(now, &o.Frame)
		return
	}
	if m.openings[forPassage].active {
		m.stay(now, forPassage, &o.Frame)
		return
	}
	if m.collecting {
		if m.plain(now, &o.Frame) {
			return
		}
	} else if !m.meet(now, &o.Frame) {
		return
	}
	m.ignoreUnwanted(now, &o.Frame)
	m.note(now, o)
	if m.now.guardian.active {
		m.vouch(now, &o.Frame)
		m.checkRoom(now)
		return
	}
	counted := m.collect(now, &o.Frame)
	if !counted {
		m.now.confirm = confirmation{} // what the answers would be about is no longer what the camera shows
	}
	if m.now.barredOut(&m.rules) {
		m.finish(now, Deny, ReasonBlockedFace)
		return
	}
	m.decide(now, counted)
	m.checkRoom(now)
}

// plain reports whether a frame, while the person presents or does something, shows no more than a frame a moment ago
// did: that the person is still there, alone. Such frames are left out, or they would fill the log.
func (m *Machine) plain(now Instant, f *Frame) bool {
	a := &m.now
	if m.asked()&^policy.Camera == 0 || a.crowded || a.guardian.active {
		return false
	}
	subject := f.track(a.track)
	w := m.wanted(now)
	if subject == nil || subject.Problems != a.problem || w.Match && subject.Match.Known || w.Live && subject.Live.Known || f.rival(subject, m.rules.CrowdRatio) {
		return false
	}
	if now.Sub(a.plain) < m.rules.LostAfter/4 {
		return true
	}
	a.plain = now
	return false
}

// checkRoom ends a passage whose log has no room for another observation.
func (m *Machine) checkRoom(now Instant) {
	if m.collecting && m.openings[forPassage].log.full() {
		m.finish(now, Deny, ReasonRecordFull)
	}
}

// meet looks who stands in front outside a passage, and begins one when somebody did for long enough.
func (m *Machine) meet(now Instant, f *Frame) bool {
	front := f.front()
	if front == nil {
		m.approach = approach{}
		return false
	}
	a := &m.approach
	switch {
	case !front.near():
		p, _ := front.Problems.First()
		*a = approach{view: viewFar, problem: p}
	case m.isHeld(now, front.Track):
		*a = approach{view: viewHeld}
	case a.track == front.Track:
		a.frames++
		a.view = viewNear
	default:
		*a = approach{track: front.Track, frames: 1, view: viewNear}
	}
	if a.frames < m.rules.StartFrames || m.shown.active {
		return false
	}
	m.begin(now, front)
	return true
}

func (m *Machine) begin(now Instant, front *Face) {
	m.now = attempt{began: now, track: front.Track, seen: now, plain: now, compared: now}
	m.approach = approach{}
	m.collecting = true
	m.open(now, forPassage)
}

// evidence takes the outcome of evidence that came from elsewhere.
func (m *Machine) evidence(now Instant, o *Observation) {
	e := &o.Evidence
	if !m.collecting || e.Kind >= policy.Kinds || policy.Camera.Has(e.Kind) || e.Outcome < Accepted || e.Outcome > Doubtful ||
		!validName(e.Subject) || !validName(e.Detail) || !e.Passage.IsZero() && e.Passage != m.openings[forPassage].id {
		return
	}
	e.Score = e.Score.clamp()
	if e.Kind == policy.Finger && e.Outcome == Accepted && e.Score < m.rules.FingerThreshold {
		e.Outcome, e.Detail = Refused, string(ReasonFingerNoMatch)
	}
	if e.Kind == policy.Credential && e.Outcome == Accepted && m.clock.trust < m.rules.CredentialTrust {
		e.Outcome, e.Detail = Refused, string(ReasonClockUntrusted)
	}
	a := &m.now
	if e.Kind == policy.Speech && e.Outcome == Accepted && m.policy.Needs().Has(policy.Face) && !a.sameAllAlong() {
		e.Outcome, e.Detail = Refused, string(ReasonIdentityChanged)
	}
	e.Reference = e.Reference && e.Outcome == Accepted && e.Subject != ""
	m.note(now, o)
	if m.rules.Fresh > 0 {
		a.confirm = confirmation{} // the answers would be about what was there before
	}
	if e.Reference {
		m.takeReference(e.Subject)
	}
	if documents.Has(e.Kind) {
		a.forgetStandings() // it may say more of the person than was on file before
	}
	a.others[e.Kind] = other{e.Outcome, e.Score, e.Subject, e.Detail}
	m.decide(now, false)
	m.checkRoom(now)
}

func (m *Machine) camera(now Instant, o *Observation) {
	switch {
	case !o.Up && !m.cameraLost:
		m.alert(now, InputCamera, ReasonCameraLost)
		m.approach = approach{}
		if m.collecting {
			m.note(now, o)
			m.finish(now, Deny, ReasonCameraLost)
		}
	case o.Up && m.cameraLost:
		m.alert(now, InputCamera, ReasonCameraBack)
	}
	m.cameraUp, m.cameraLost = o.Up, !o.Up
}

// finish ends the passage: its record goes to the journal, and only what comes back from there opens the door.
func (m *Machine) finish(now Instant, v Verdict, reasons ...Reason) {
	m.collecting = false
	m.verdict(now, forPassage, v, reasons)
	if v != Grant {
		m.conclude(now, v, telling(reasons))
	}
	if v == Refer {
		m.refer(now, reasons)
	}
}

// conclude shows a verdict and keeps the face from being tried again too soon.
func (m *Machine) conclude(now Instant, v Verdict, reason Reason) {
	id := m.openings[forPassage].id
	s := Screen{Code: ScreenDenied, Passage: id, Reason: reason}
	until := now.Add(m.rules.Cooldown)
	switch {
	case v == Abandoned:
		return
	case v == Grant:
		s = Screen{Code: ScreenGranted, Passage: id, Person: m.subject()}
		until = now.Add(m.rules.RegrantAfter)
		m.remember(m.subject(), until)
	case v == Refer:
		s.Code = ScreenReferred
	case reason == ReasonJournal:
		s.Code = ScreenOutOfOrder
	case reason == ReasonLingering:
		until = max(until, m.grantedUntil(m.subject()))
	}
	m.hold(m.now.track, until)
	m.shown = shown{s, now.Add(m.rules.ShowVerdict), true}
}
