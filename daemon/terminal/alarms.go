package terminal

import (
	"strings"

	"umbral/daemon/passage"
	"umbral/drivers/door"
)

// alarms makes known what is wrong at the door: as conditions, and, when somebody has to be called, by lamp and buzzer.
type alarms struct {
	health *health
	show   func(door.Sign)

	screen  passage.Screen
	current passage.Alarms
}

// calls reports whether a is heard at the gate.
func calls(a passage.Alarms) bool { return a.Forced || a.Housing }

// set takes the alarms as they are now. Only one that is new sounds; what the screen shows later takes the lamp again.
func (a *alarms) set(now passage.Alarms) {
	was := a.current
	a.current = now
	text := func(on bool, text string) string {
		if on {
			return text
		}
		return ""
	}
	a.health.put(conditionForced, text(now.Forced, "The door stands open although nothing had released it."))
	a.health.put(conditionHeld, text(now.Held, "The door has stood open for too long."))
	a.health.put(conditionHousing, text(now.Housing, "The housing of the terminal is open."))
	a.health.put(conditionChatter, text(now.Chatter != 0,
		"More changes than are ordinary, told of as a sum once a minute: "+strings.Join(now.Chatter.Names(), ", ")+". A contact may be loose."))
	switch {
	case now.Forced && !was.Forced || now.Housing && !was.Housing:
		a.show(door.Alarm)
	case calls(was) && !calls(now):
		a.show(signOf(a.screen))
	}
}

// shown takes the screen as it is now.
func (a *alarms) shown(s passage.Screen) {
	a.screen = s
	a.show(signOf(s))
}
