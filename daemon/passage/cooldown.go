package passage

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

// grantedUntil returns until when the person is not let through again; the past, or zero, where nothing stands against
// it.
func (m *Machine) grantedUntil(person string) Instant {
	for _, g := range m.granted {
		if g.person == person && person != "" {
			return g.until
		}
	}
	return 0
}
