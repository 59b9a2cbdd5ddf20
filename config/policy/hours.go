package policy

import "time"

// MinutesOfDay bounds the times of a Window.
const MinutesOfDay = 24 * 60

// Window is a part of the week in local time: bit 0 of Days is Sunday. From and Until are minutes since midnight; a window
// whose Until is not after From ends on the next day.
type Window struct {
	Days        uint8
	From, Until uint16
}

// Check reports whether some time lies within the window.
func (w Window) Check() bool {
	return w.Days != 0 && w.Days < 1<<7 && w.From < MinutesOfDay && w.Until <= MinutesOfDay
}

// Holds reports whether a minute of a weekday lies within the window.
func (w Window) Holds(day time.Weekday, minute uint16) bool {
	today, yesterday := w.Days&(1<<day) != 0, w.Days&(1<<((day+6)%7)) != 0
	if w.From < w.Until {
		return today && minute >= w.From && minute < w.Until
	}
	return today && minute >= w.From || yesterday && minute < w.Until
}
