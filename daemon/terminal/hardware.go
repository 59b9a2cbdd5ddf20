package terminal

import (
	"fmt"
	"log/slog"
	"strconv"

	"umbral/config"
	"umbral/config/paths"
	"umbral/daemon/passage"
	"umbral/drivers/camera"
	"umbral/drivers/camera/feed"
	"umbral/drivers/door"
	"umbral/drivers/door/gpio"
	"umbral/drivers/door/simulated"
)

func openCamera(c *config.Camera) (camera.Source, error) {
	o := camera.DefaultOpts()
	o.Width, o.Height, o.FPS = c.Width, c.Height, float64(c.FPS)
	o.Buffers, o.Stall = c.Buffers, c.StallTimeout
	o.Pictures = paths.Pictures()
	o.Formats = nil
	for _, name := range c.Formats {
		f, err := camera.ParseFourCC(name)
		if err != nil {
			return nil, fmt.Errorf("terminal: camera.formats: %w", err)
		}
		o.Formats = append(o.Formats, f)
	}
	for _, text := range c.Controls {
		s, err := feed.ParseSetting(text)
		if err != nil {
			return nil, fmt.Errorf("terminal: camera.controls: %w", err)
		}
		o.Controls = append(o.Controls, s)
	}
	source, err := camera.Open(c.Source, o)
	if err != nil {
		// A nil interface, whatever the driver returned beside its error.
		return nil, err
	}
	return source, nil
}

func openDoor(c *config.Door) (door.Door, error) {
	if c.Kind == "simulated" {
		d, err := simulated.New(simulated.DefaultOpts())
		if err != nil {
			return nil, err
		}
		return d, nil
	}
	o := gpioOpts(c)
	d, err := gpio.New(o)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// gpioOpts is how the door is wired.
func gpioOpts(c *config.Door) gpio.Opts {
	o := gpio.DefaultOpts()
	o.Chip, o.MaxPulse = c.Chip, door.MaxPulse
	for _, line := range []struct {
		to        *gpio.Line
		offset    int
		activeLow bool
	}{
		{&o.Relay, c.RelayLine, c.RelayActiveLow},
		{&o.Contact, c.ContactLine, c.ContactActiveLow},
		{&o.Button, c.ExitLine, c.ExitActiveLow},
		{&o.Tamper, c.TamperLine, c.TamperActiveLow},
		{&o.Interlock, c.InterlockLine, c.InterlockActiveLow},
		{&o.Lamp, c.LampLine, c.LampActiveLow},
		{&o.Buzzer, c.BuzzerLine, c.BuzzerActiveLow},
	} {
		if line.offset >= 0 {
			line.to.Spec, line.to.ActiveLow = strconv.Itoa(line.offset), line.activeLow
		}
	}
	return o
}

// signOf is what lamp and buzzer say while the screen says so.
func signOf(s passage.Screen) door.Sign {
	switch s.Code {
	case passage.ScreenGranted:
		return door.Granted
	case passage.ScreenDenied:
		return door.Denied
	case passage.ScreenOutOfOrder:
		return door.Alarm
	case passage.ScreenIdle:
		return door.Rest
	}
	return door.Busy
}

// releaseRelay brings the relay to rest before anything that takes time: the program before this one may have died while
// it was energised. An error is no reason not to start; the door's Run meets it again and says so.
func releaseRelay(c *config.Door, log *slog.Logger) {
	if c.Kind != "gpio" {
		return
	}
	if err := gpio.Release(gpioOpts(c)); err != nil {
		log.Warn("the relay could not be brought to rest at the start", "error", err)
	}
}
