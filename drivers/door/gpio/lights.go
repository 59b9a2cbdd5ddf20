package gpio

import (
	"time"

	"periph.io/x/conn/v3/gpio"

	"umbral/drivers/door"
)

// lights are lamp and buzzer; each may be missing. Their errors are not told: whatever takes the chip away takes the relay's
// line too, and a lamp that fails alone is no reason to take a door out of service.
type lights struct {
	lamp, buzzer     *Pin
	lampOn, buzzerOn bool
}

// request takes the lines, both off.
func (l *lights) request(c Chip, o *Opts) error {
	for _, out := range []struct {
		pin  **Pin
		line Line
	}{{&l.lamp, o.Lamp}, {&l.buzzer, o.Buzzer}} {
		if out.line.Spec == "" {
			continue
		}
		p, err := RequestOutput(c, out.line, consumer, gpio.Low)
		if err != nil {
			return err
		}
		*out.pin = p
	}
	return nil
}

// show does what a sign wants now and returns how long until that changes; 0 if it does not.
func (l *lights) show(s door.Sign, since time.Duration) time.Duration {
	lamp, buzzer, next := s.At(since)
	if l.lamp != nil && lamp != l.lampOn && l.lamp.Out(gpio.Level(lamp)) == nil {
		l.lampOn = lamp
	}
	if l.buzzer != nil && buzzer != l.buzzerOn && l.buzzer.Out(gpio.Level(buzzer)) == nil {
		l.buzzerOn = buzzer
	}
	return next
}

// close turns both off and lets go of the lines.
func (l *lights) close() {
	for _, p := range []*Pin{l.lamp, l.buzzer} {
		if p != nil {
			_ = p.Halt()
			_ = p.Close()
		}
	}
}
