package passage

import "umbral/config/policy"

// show returns the screen that fits the state; it has no memory, so it can never stay behind.
func (m *Machine) show() Screen {
	a := &m.now
	switch {
	case m.openings[forPassage].active:
		return Screen{Code: ScreenWait, Passage: m.openings[forPassage].id}
	case m.shown.active:
		return m.shown.screen
	case !m.cameraUp:
		return Screen{Code: ScreenOutOfOrder, Reason: ReasonCameraLost}
	case !m.collecting:
		switch m.approach.view {
		case viewFar:
			return Screen{Code: ScreenGuide, Problem: m.approach.problem}
		case viewHeld:
			return Screen{Code: ScreenLingering}
		case viewNear:
			return Screen{Code: ScreenLook}
		}
		return Screen{Code: ScreenIdle}
	}
	s := Screen{Code: ScreenLook, Passage: m.openings[forPassage].id, Progress: m.progress()}
	if a.guardian.active {
		s.Code, s.Progress = ScreenGuardian, min(100, a.guardian.matched*100/m.rules.MatchFrames)
		return s
	}
	if ask := m.asked() &^ policy.Camera; ask != 0 {
		s.Code, s.Ask = ScreenAsk, ask
		if a.crowded {
			s.Code, s.Ask = ScreenOneAtATime, 0
		}
		return s
	}
	if p, any := a.problem.First(); any {
		s.Code, s.Problem = ScreenGuide, p
	}
	if a.crowded {
		s.Code, s.Problem = ScreenOneAtATime, 0
	}
	return s
}

// demand returns what is to be established while the screen shows s.
func (m *Machine) demand(s Screen) Demand {
	d := Demand{Passage: s.Passage, Ask: s.Ask}
	if d.Ask != 0 {
		d.Subject = m.subject()
	}
	return d
}

// Screen returns what the screen shows now; a terminal shows it at start and then follows EffectScreen.
func (m *Machine) Screen() Screen { return m.screen }
