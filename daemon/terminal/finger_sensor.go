package terminal

import (
	"context"
	"errors"
	"time"

	"umbral/daemon/local"
	"umbral/drivers/fingerprint"
)

// noted keeps whether the sensor answers; an exchange that the terminal itself ended says nothing.
func (f *fingers) noted(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, fingerprint.ErrHalted) {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err == nil:
		f.health.Fault = ""
	case errors.Is(err, context.DeadlineExceeded):
		f.health.Fault = fingerprint.ErrSilent.Error()
	default:
		f.health.Fault = err.Error()
	}
	return err
}

// check asks an idle sensor how it is.
func (f *fingers) check(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, fingerCall)
	defer cancel()
	h := f.sensor.Health(ctx)
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.health = h
}

// state is what was last heard of the sensor.
func (f *fingers) state() fingerprint.Health {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.health
}

// fault is the condition's text, empty while the sensor answers.
func (f *fingers) fault() string {
	if fault := f.state().Fault; fault != "" {
		return "The fingerprint sensor does not answer: " + fault
	}
	return ""
}

// fingerLight bounds an exchange with the lamp, which nobody waits for.
const fingerLight = 500 * time.Millisecond

// light sets the ring. That it stays dark is no reason not to read a finger, and a sensor that does not answer says so at
// the next question.
func (f *fingers) light(ctx context.Context, c fingerprint.Color, e fingerprint.Effect) {
	lamp, has := f.sensor.(fingerprint.Lamp)
	if !has {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, fingerLight)
	defer cancel()
	if err := lamp.Light(ctx, c, e); err != nil {
		f.log.Debug("the fingerprint sensor's lamp", "error", err)
	}
}

// dark puts the ring and the hint out. Halt does when the terminal stops.
func (f *fingers) dark(ctx context.Context) {
	f.say("")
	if ctx.Err() == nil {
		f.light(ctx, fingerprint.Blue, fingerprint.Off)
	}
}

// say is the hint on the screen until the next one.
func (f *fingers) say(hint string) {
	f.mu.Lock()
	f.prompt = hint
	f.mu.Unlock()
}

// hintNow is the hint that stands; enrolling says that it is somebody's who is being enrolled.
func (f *fingers) hintNow() (hint string, enrolling bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.prompt, f.enrolling
}

// shown is the sensor as the page and the tool see it.
func (f *fingers) shown() *local.Finger {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.health.Counter
	return &local.Finger{
		Device: f.health.Device, Fault: f.health.Fault, Presses: f.pressed, Matched: f.matched, Views: f.refs.count(),
		Exchanges: c.Exchanges, Repeated: c.Repeated, Damaged: c.Damaged, Timeouts: c.Timeouts, Opened: c.Opened,
	}
}
