package passage

// Machine is the gate's decision. It is not safe for concurrent use.
type Machine struct {
	rules  Rules
	policy Policy

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

	openings [openingCount]opening
	lock     lock

	effects []Effect
	screen  Screen // as last told
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

// clock is the wall clock as last observed.
type clock struct {
	trust Trust
	wall  int64 // Unix time in microseconds, at the instant
	at    Instant
}

// Limits that keep sums of wall times within an int64.
const (
	maxWall    = int64(1) << 61        // microseconds
	maxSetWall = int64(1) << 60 / 1000 // milliseconds, as observed
)

func (c clock) wallAt(now Instant) int64 { return c.wall + int64(now-c.at)/1000 }

// New makes a machine that names its passages from first on. The clock is unknown, and the camera counts as lost until
// its first frame.
func New(rules Rules, first ID) (*Machine, error) {
	if err := rules.Check(); err != nil {
		return nil, err
	}
	policy, err := ParsePolicy(rules.Policy)
	if err != nil {
		return nil, err
	}
	rules.Policy = policy.String()
	m := &Machine{rules: rules, policy: policy, next: first, effects: make([]Effect, 0, maxEffects)}
	m.openings = [openingCount]opening{
		forPassage: {entry: EntryPassage, log: newRecorder(maxLog)},
		forCommand: {entry: EntryCommand, log: newRecorder(3 * maxObservation)},
		forExit:    {entry: EntryExit, log: newRecorder(3 * maxObservation)},
	}
	m.screen = m.show()
	return m, nil
}

// maxEffects is more than one Step gives: three failed commits, the end of a passage, the door's alert, the observation's
// own (at most three), and the screen.
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
	}
	if s := m.show(); s != m.screen {
		m.screen = s
		m.effects = append(m.effects, Effect{Kind: EffectScreen, Screen: s})
	}
	return m.effects
}

// pass lets time pass: everything that ends because it took too long ends here.
func (m *Machine) pass(now Instant) {
	for i := range m.openings {
		if o := &m.openings[i]; o.active && now >= o.deadline {
			m.fail(now, i, Observation{Kind: ObserveTick})
		}
	}
	if m.shown.active && now >= m.shown.until {
		m.shown = shown{}
	}
	m.lockTime(now)
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
	case now.Sub(a.began) >= m.rules.DecideTimeout:
		m.note(now, &tick)
		m.timeOut(now)
	}
}

// left says whether the person of the passage that is collecting is gone.
func (m *Machine) left(now Instant) bool { return now.Sub(m.now.seen) > m.rules.LostAfter }

// note adds an observation to the log of the passage that is collecting.
func (m *Machine) note(now Instant, o *Observation) { m.openings[forPassage].note(now, o) }

// frame takes a frame, in or outside a passage.
func (m *Machine) frame(now Instant, o *Observation) {
	if m.openings[forPassage].active {
		return
	}
	if !m.collecting && !m.meet(now, &o.Frame) {
		return
	}
	m.note(now, o)
	counted := m.collect(now, &o.Frame)
	m.decide(now, counted)
	m.checkRoom(now)
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
	m.now = attempt{began: now, track: front.Track, seen: now}
	m.approach = approach{}
	m.collecting = true
	m.open(now, forPassage)
}

// evidence takes the outcome of evidence that came from elsewhere.
func (m *Machine) evidence(now Instant, o *Observation) {
	e := &o.Evidence
	if !m.collecting || e.Kind >= EvidenceKinds || FaceEvidence.Has(e.Kind) || e.Outcome < Accepted || e.Outcome > Doubtful ||
		!validName(e.Subject) || !validName(e.Detail) {
		return
	}
	e.Score = e.Score.clamp()
	m.note(now, o)
	m.now.others[e.Kind] = other{e.Outcome, e.Subject}
	m.decide(now, false)
	m.checkRoom(now)
}

func (m *Machine) setClock(now Instant, o *Observation) {
	o.Clock.Trust = min(o.Clock.Trust, TrustNTP)
	o.Clock.Wall = max(-maxSetWall, min(o.Clock.Wall, maxSetWall))
	m.clock = clock{o.Clock.Trust, o.Clock.Wall * 1000, now}
	if m.collecting {
		m.note(now, o)
		m.checkRoom(now)
	}
}

func (m *Machine) camera(now Instant, o *Observation) {
	switch {
	case !o.Up && !m.cameraLost:
		m.alert(now, ReasonCameraLost)
		m.approach = approach{}
		if m.collecting {
			m.note(now, o)
			m.finish(now, Deny, ReasonCameraLost)
		}
	case o.Up && m.cameraLost:
		m.alert(now, ReasonCameraBack)
	}
	m.cameraUp, m.cameraLost = o.Up, !o.Up
}

// finish ends the passage: its record goes to the journal, and only what comes back from there opens the door.
func (m *Machine) finish(now Instant, v Verdict, reasons ...Reason) {
	m.collecting = false
	m.verdict(now, forPassage, v, reasons)
	if v != Grant {
		m.conclude(now, v, reasons[0])
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
		s = Screen{Code: ScreenGranted, Passage: id, Person: m.recognised()}
		until = now.Add(m.rules.RegrantAfter)
		m.remember(m.recognised(), until)
	case v == Refer:
		s.Code = ScreenReferred
	case reason == ReasonJournal:
		s.Code = ScreenOutOfOrder
	case reason == ReasonLingering:
		until = max(until, m.grantedUntil(m.recognised()))
	}
	m.hold(m.now.track, until)
	m.shown = shown{s, now.Add(m.rules.ShowVerdict), true}
}

func (m *Machine) isHeld(now Instant, track uint32) bool {
	for _, h := range m.held {
		if h.track == track && now < h.until {
			return true
		}
	}
	return false
}

func (m *Machine) hold(track uint32, until Instant) {
	slot := 0
	for i, h := range m.held {
		if h.track == track {
			slot = i
			break
		}
		if h.until < m.held[slot].until {
			slot = i
		}
	}
	m.held[slot] = hold{track, until}
}

func (m *Machine) remember(person string, until Instant) {
	if person == "" {
		return
	}
	slot := 0
	for i, g := range m.granted {
		if g.person == person {
			slot = i
			break
		}
		if g.until < m.granted[slot].until {
			slot = i
		}
	}
	m.granted[slot] = grant{person, until}
}

// grantedUntil is until when the person is not let through again; in the past, or zero, when there is nothing against it.
func (m *Machine) grantedUntil(person string) Instant {
	for _, g := range m.granted {
		if g.person == person && person != "" {
			return g.until
		}
	}
	return 0
}

// Wants says, for each face of a frame that has tracks, boxes and problems but neither Match nor Live yet, what is worth
// computing before the frame is observed: what is not wanted cannot change the verdict.
func (m *Machine) Wants(now Instant, f *Frame) [MaxFaces]Wants {
	var w [MaxFaces]Wants
	now = min(max(now, m.last), maxInstant)
	g := *f
	g.normalise()
	var subject *Face
	switch {
	case m.openings[forPassage].active:
	case m.collecting && !m.left(now):
		if a := &m.now; !a.crowded || now.Sub(a.crowdLast) >= m.rules.CrowdClear {
			subject = g.track(a.track)
		}
	case m.shown.active && now < m.shown.until:
	default: // outside a passage, or at the end of one
		subject = g.front()
		if subject != nil && (!subject.near() || m.isHeld(now, subject.Track) ||
			m.rules.StartFrames > 1 && (m.approach.track != subject.Track || m.approach.frames+1 < m.rules.StartFrames)) {
			subject = nil
		}
	}
	if subject == nil || subject.Problems != 0 || g.rival(subject, m.rules.CrowdRatio) {
		return w
	}
	for i := range g.Count {
		if &g.Faces[i] == subject {
			need := m.policy.Needs()
			w[i] = Wants{Match: need.Has(EvidenceFace), Live: need.Has(EvidenceLive)}
		}
	}
	return w
}
