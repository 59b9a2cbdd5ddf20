package r503

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"

	"umbral/drivers/fingerprint"
	"umbral/drivers/fingerprint/zfm"
)

// Sensor is one module. It implements fingerprint.Sensor, Lamp, Library and Sleeper.
type Sensor struct {
	opts Opts
	turn chan struct{} // holds one token: whoever has it uses the link

	halting context.Context // ends with Halt
	halt    context.CancelFunc
	once    sync.Once

	// What follows belongs to the holder of the turn.
	link   link
	speeds []int // the one that was answered at last first
	tried  int   // of speeds, the next to be tried
	module module
	asleep bool
	raw    []byte // a picture as it is sent

	mu    sync.Mutex
	count fingerprint.Counter // a copy for Health, which does not wait
}

// New makes a sensor; it opens nothing yet.
func New(o Opts) (*Sensor, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	speeds := append([]int{o.Baud}, slices.DeleteFunc(slices.Clone(bauds), func(b int) bool { return b == o.Baud })...)
	s := &Sensor{opts: o, turn: make(chan struct{}, 1), speeds: speeds, raw: make([]byte, o.pictureBytes()), asleep: o.Power != nil}
	s.halting, s.halt = context.WithCancel(context.Background())
	s.link = link{opts: &s.opts, count: new(fingerprint.Counter)}
	s.turn <- struct{}{}
	return s, nil
}

// String names the module and its port.
func (s *Sensor) String() string { return "r503 at " + s.opts.Port }

// do runs f with the turn, on an open link.
func (s *Sensor) do(ctx context.Context, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.halting, cancel)()
	select {
	case <-s.turn:
	case <-ctx.Done():
		return s.ended(ctx)
	}
	defer func() { s.turn <- struct{}{} }()
	if s.halting.Err() != nil {
		return fingerprint.ErrHalted
	}
	err := s.try(ctx, f)
	s.note()
	if err != nil && ctx.Err() != nil {
		return s.ended(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s, err)
	}
	return nil
}

// ended tells a halt from the caller's own end.
func (s *Sensor) ended(ctx context.Context) error {
	if s.halting.Err() != nil {
		return fingerprint.ErrHalted
	}
	return ctx.Err()
}

// try runs f on an open link, again from its beginning where the module forgot in the middle what it was told. A module that
// does not answer in the end may have been exchanged, so the link is closed and the next call looks for it anew.
func (s *Sensor) try(ctx context.Context, f func(ctx context.Context) error) error {
	err := s.ready(ctx)
	if err != nil {
		return err
	}
	for range max(1, s.opts.Repeat) {
		if err = f(ctx); !errors.Is(err, errForgotten) && !errors.Is(err, errUnsent) {
			break
		}
		s.link.count.Repeated++
		if err := s.greet(ctx, s.link.baud); err != nil {
			s.link.close()
			return err
		}
	}
	if errors.Is(err, fingerprint.ErrSilent) || errors.Is(err, fingerprint.ErrAnswer) {
		s.link.close()
	}
	return err
}

// held runs f, which needs what the module has read before, and which a loss of power therefore ends.
func (s *Sensor) held(ctx context.Context, f func(ctx context.Context) error) error {
	return s.do(ctx, func(ctx context.Context) error {
		err := f(ctx)
		if errors.Is(err, errForgotten) {
			s.link.close()
			return fmt.Errorf("%w: the sensor lost power, and with it what it had read", fingerprint.ErrPicture)
		}
		return err
	})
}

// note copies the counters for Health.
func (s *Sensor) note() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count = *s.link.count
}

// ready wakes the module, opens the port and finds the speed, if need be.
func (s *Sensor) ready(ctx context.Context) error {
	if s.asleep {
		if err := s.opts.Power.Out(gpio.High); err != nil {
			return fmt.Errorf("%w: power line: %v", fingerprint.ErrAbsent, err)
		}
		s.asleep = false
		if err := sleep(ctx, s.opts.Start); err != nil {
			return err
		}
	}
	if s.link.port != nil {
		return nil
	}
	return s.search(ctx)
}

// search greets the module at each speed, first at the one that it answered at last. A search that ctx cut short is taken up
// by the next call, so that short calls reach every speed.
func (s *Sensor) search(ctx context.Context) (err error) {
	for range s.speeds {
		if err = s.greet(ctx, s.speeds[s.tried]); err == nil {
			found := s.speeds[s.tried]
			s.speeds = append([]int{found}, slices.Delete(s.speeds, s.tried, s.tried+1)...)
			s.tried = 0
			return nil
		}
		s.link.close()
		if ctx.Err() != nil || !errors.Is(err, fingerprint.ErrSilent) && !errors.Is(err, fingerprint.ErrAnswer) {
			return err
		}
		s.tried = (s.tried + 1) % len(s.speeds)
	}
	return err
}

// Present asks the touch line where it is wired, and else lets the module take a picture.
func (s *Sensor) Present(ctx context.Context) (present bool, err error) {
	if s.opts.Touch != nil && s.halting.Err() == nil && bool(s.opts.Touch.Read()) == s.opts.TouchLow {
		return false, ctx.Err()
	}
	err = s.do(ctx, func(ctx context.Context) error {
		code, _, err := s.command(ctx, zfm.GenImg)
		if err != nil {
			return err
		}
		present = code == zfm.OK || code == zfm.NotCaptured
		if !present && code != zfm.NoFinger {
			return refused(zfm.GenImg, code)
		}
		return nil
	})
	return present, err
}

// Health asks for the number of templates.
func (s *Sensor) Health(ctx context.Context) (h fingerprint.Health) {
	h.Stored = -1
	err := s.do(ctx, func(ctx context.Context) error {
		code, content, err := s.command(ctx, zfm.TempleteNum)
		if err = either(err, zfm.TempleteNum, code); err != nil {
			return err
		}
		h.Stored, h.Room = int(binary.BigEndian.Uint16(content)), s.module.params.Capacity
		h.Device = fmt.Sprintf("%v, %d baud, security level %d", &s.module, s.link.baud, s.module.params.Level)
		return nil
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	h.Counter = s.count
	if err != nil {
		h.Fault = err.Error()
	}
	return h
}

// Sleep turns the module's supply off; the next call turns it on again. Without a power line it only puts the light out.
func (s *Sensor) Sleep(ctx context.Context) error {
	return s.do(ctx, func(ctx context.Context) error {
		if err := s.light(ctx, fingerprint.White, fingerprint.Off); err != nil {
			return err
		}
		if s.opts.Power == nil {
			return nil
		}
		if err := s.opts.Power.Out(gpio.Low); err != nil {
			return fmt.Errorf("%w: power line: %v", fingerprint.ErrAbsent, err)
		}
		s.asleep = true
		s.link.close()
		return nil
	})
}

// Halt puts the light out if the module is awake and answers soon, turns its supply off, and closes the port.
func (s *Sensor) Halt() (err error) {
	s.once.Do(func() {
		s.halt() // calls that wait end now
		<-s.turn
		defer func() { s.turn <- struct{}{} }()
		if s.link.port != nil {
			ctx, cancel := context.WithTimeout(context.Background(), settling)
			defer cancel()
			s.link.settle(ctx)
			if s.link.port != nil {
				// A module that does not answer now keeps its light; there is nobody left to tell.
				_ = s.light(ctx, fingerprint.White, fingerprint.Off)
			}
		}
		s.link.close()
		if s.opts.Power != nil {
			err = s.opts.Power.Out(gpio.Low)
		}
	})
	return err
}

// sleep waits, at most until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
