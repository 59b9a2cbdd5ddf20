package r503

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
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
	params zfm.Parameters
	asleep bool
	raw    []byte // a picture as it is sent

	mu    sync.Mutex
	count fingerprint.Counter // a copy for Health, which does not wait
	fault string
}

// New makes a sensor; it opens nothing yet.
func New(o Opts) (*Sensor, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	s := &Sensor{opts: o, turn: make(chan struct{}, 1), raw: make([]byte, o.Width*o.Height/2), asleep: o.Power != nil}
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
	err := s.ready(ctx)
	if err == nil {
		err = f(ctx)
	}
	s.note(err)
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

// note keeps what Health tells.
func (s *Sensor) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count = *s.link.count
	switch {
	case err == nil:
		s.fault = ""
	case errors.Is(err, fingerprint.ErrSilent), errors.Is(err, fingerprint.ErrAbsent), errors.Is(err, fingerprint.ErrAnswer):
		s.fault = err.Error()
	}
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
	first := s.link.baud
	if first == 0 {
		first = s.opts.Baud
	}
	err := s.greet(ctx, first)
	for _, baud := range bauds {
		if err == nil || errors.Is(err, fingerprint.ErrAbsent) || errors.Is(err, errPassword) || ctx.Err() != nil {
			break
		}
		if baud != first {
			err = s.greet(ctx, baud)
		}
	}
	if err != nil {
		s.link.close()
		s.link.baud = 0
	}
	return err
}

var errPassword = errors.New("the sensor refuses the password")

// greet opens the port at a speed, proves the password and reads the module's parameters.
func (s *Sensor) greet(ctx context.Context, baud int) error {
	if err := s.link.open(baud); err != nil {
		return err
	}
	s.link.settle(ctx)
	code, _, err := s.link.exchange(ctx, 1, binary.BigEndian.AppendUint32([]byte{byte(zfm.VfyPwd)}, s.opts.Password))
	switch {
	case err != nil:
		return err
	case code != zfm.OK:
		return fmt.Errorf("%w: %v", errPassword, code)
	}
	code, content, err := s.link.exchange(ctx, 1, []byte{byte(zfm.ReadSysPara)})
	if err != nil {
		return err
	}
	if code != zfm.OK {
		return refused(zfm.ReadSysPara, code)
	}
	if s.params, err = zfm.ParseParameters(content); err != nil {
		return fmt.Errorf("%w: %v", fingerprint.ErrAnswer, err)
	}
	return nil
}

// command exchanges one command.
func (s *Sensor) command(ctx context.Context, in zfm.Instruction, args ...byte) (zfm.Code, []byte, error) {
	return s.link.exchange(ctx, s.opts.Repeat, append([]byte{byte(in)}, args...))
}

// refused turns a code that was not expected into an error.
func refused(in zfm.Instruction, code zfm.Code) error {
	switch code {
	case zfm.NoFinger:
		return fingerprint.ErrNoFinger
	case zfm.NotCaptured, zfm.Disorderly, zfm.FewFeatures, zfm.NoPicture, zfm.NotMerged:
		return fmt.Errorf("%w: %v", fingerprint.ErrPicture, code)
	case zfm.NotFound:
		return fingerprint.ErrNoMatch
	case zfm.OutOfLibrary:
		return fmt.Errorf("%w: %v", fingerprint.ErrRange, code)
	}
	return fmt.Errorf("%w: instruction 0x%02X: %v", fingerprint.ErrAnswer, uint8(in), code)
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

// Capture takes a picture and reads it, which at 57,600 baud takes 3.4 s and at 115,200 baud 1.7 s. A picture that
// arrives damaged is asked for again.
func (s *Sensor) Capture(ctx context.Context) (img fingerprint.Image, err error) {
	err = s.do(ctx, func(ctx context.Context) error {
		if code, _, err := s.command(ctx, zfm.GenImg); err != nil || code != zfm.OK {
			return either(err, zfm.GenImg, code)
		}
		for try := 0; ; try++ {
			code, _, err := s.command(ctx, zfm.UpImage)
			if err != nil || code != zfm.OK {
				return either(err, zfm.UpImage, code)
			}
			err = s.link.data(ctx, s.raw)
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				s.link.close() // the rest of the picture may still come
				return err
			}
			if errors.Is(err, fingerprint.ErrAbsent) || try == s.opts.Repeat {
				if damaged(err) {
					err = fmt.Errorf("%w: %v", fingerprint.ErrAnswer, err)
				}
				return err
			}
			s.link.count.Repeated++
			s.link.settle(ctx)
			if s.link.port == nil {
				return fmt.Errorf("%w: lost in the middle of a picture", fingerprint.ErrAbsent)
			}
		}
		img = fingerprint.Image{Pix: make([]byte, 2*len(s.raw)), Width: s.opts.Width, Height: s.opts.Height, DPI: dpi}
		for i, b := range s.raw {
			img.Pix[2*i], img.Pix[2*i+1] = b>>4*17, b&15*17
		}
		return nil
	})
	return img, err
}

// either is the error of an exchange, or that of its code.
func either(err error, in zfm.Instruction, code zfm.Code) error {
	if err != nil {
		return err
	}
	return refused(in, code)
}

// Health asks for the number of templates.
func (s *Sensor) Health(ctx context.Context) (h fingerprint.Health) {
	h.Stored = -1
	err := s.do(ctx, func(ctx context.Context) error {
		code, content, err := s.command(ctx, zfm.TempleteNum)
		if err != nil || code != zfm.OK {
			return either(err, zfm.TempleteNum, code)
		}
		if len(content) != 2 {
			return fmt.Errorf("%w: number of templates in %d bytes", fingerprint.ErrAnswer, len(content))
		}
		h.Stored, h.Room = int(binary.BigEndian.Uint16(content)), s.params.Capacity
		h.Device = fmt.Sprintf("ZFM module, system 0x%04X, %d baud, security level %d", s.params.Model, s.link.baud, s.params.Level)
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
