package r503

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"

	"umbral/drivers/fingerprint"
	"umbral/drivers/fingerprint/zfm"
)

// TestLimitsOfOpts holds each limit from both sides.
func TestLimitsOfOpts(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Opts)
		ok     bool
	}{
		"smallest picture": {func(o *Opts) { o.Width, o.Height = 64, 64 }, true}, "largest picture": {func(o *Opts) { o.Width, o.Height = 512, 512 }, true},
		"shortest answer": {func(o *Opts) { o.Answer = 50 * time.Millisecond }, true}, "too short": {func(o *Opts) { o.Answer = 49 * time.Millisecond }, false},
		"longest answer": {func(o *Opts) { o.Answer = 10 * time.Second }, true}, "too long": {func(o *Opts) { o.Answer = 10*time.Second + 1 }, false},
		"no repeat": {func(o *Opts) { o.Repeat = 0 }, true}, "most repeats": {func(o *Opts) { o.Repeat = 10 }, true}, "too many": {func(o *Opts) { o.Repeat = 11 }, false},
		"no start": {func(o *Opts) { o.Start = 0 }, true}, "longest start": {func(o *Opts) { o.Start = 5 * time.Second }, true},
		"negative start": {func(o *Opts) { o.Start = -1 }, false}, "too long a start": {func(o *Opts) { o.Start = 5*time.Second + 1 }, false},
	} {
		o := DefaultOpts()
		o.Port = "/dev/ttyS0"
		c.change(&o)
		if _, err := New(o); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range []struct{ width, height, want int }{{192, 192, 508}, {256, 288, 500}, {192, 288, 500}, {256, 192, 500}} {
		if got := dpiOf(c.width, c.height); got != c.want {
			t.Errorf("%d×%d: %d dpi", c.width, c.height, got)
		}
	}
	o := DefaultOpts()
	if _, err := o.size(Size{}, 0); !damaged(err) {
		t.Errorf("a picture of nothing: %v", err)
	}
}

// product is what a module tells of itself, with a picture of that size.
func product(width, height int) []byte {
	b := make([]byte, zfm.ProductLength)
	copy(b, "R503\x00\x01")
	b[38], b[39], b[40], b[41] = byte(width>>8), byte(width), byte(height>>8), byte(height)
	return answer(zfm.OK, b...)
}

// TestWhatAModuleTells greets modules that tell a size, and how one that cannot be believed is passed over.
func TestWhatAModuleTells(t *testing.T) {
	for name, c := range map[string]struct {
		answer []byte
		want   Size
		model  string
	}{
		"a known size":   {product(192, 192), Size{192, 192, 508}, "R503"},
		"another":        {product(160, 100), Size{160, 100, 500}, "R503"},
		"too narrow":     {product(62, 100), Size{}, "R503"},
		"too large":      {product(512, 512), Size{}, "R503"},
		"unknown":        {answer(zfm.Unsupported), Size{}, ""},
		"not understood": {answer(zfm.BadPacket), Size{}, ""},
		"silence":        {nil, Size{}, ""},
		"too short":      {answer(zfm.OK, 1, 2), Size{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			scene(t, at(zfm.ReadProdInfo, 0, c.answer), func(t *testing.T, s *Sensor, p *scripted) {
				h := s.Health(t.Context())
				if h.Fault != "" || s.module.size != c.want || s.module.product.Model != c.model || p.opened != 1 {
					t.Errorf("%+v, size %+v, model %q, opened %d times", h, s.module.size, s.module.product.Model, p.opened)
				}
			})
		})
	}
}

// TestRefusalsInAGreeting ends a greeting at each of its steps. None of these is mended by another speed.
func TestRefusalsInAGreeting(t *testing.T) {
	for name, c := range map[string]struct {
		in     zfm.Instruction
		answer []byte
		want   error
		opened int
	}{
		"password":     {zfm.VfyPwd, answer(zfm.WrongPassword), errPassword, 1},
		"address":      {zfm.VfyPwd, answer(zfm.WrongAddress), errAddress, 1},
		"parameters":   {zfm.ReadSysPara, answer(zfm.FlashError), fingerprint.ErrAnswer, 5},
		"packet size":  {zfm.ReadSysPara, answer(zfm.OK, 0, 0, 0, 0, 0, 100, 0, 3, 0, 0, 0, 0, 0, 4, 0, 6), fingerprint.ErrAnswer, 5},
		"no parameter": {zfm.ReadSysPara, nil, fingerprint.ErrSilent, 5},
	} {
		t.Run(name, func(t *testing.T) {
			refuses := func(in zfm.Instruction, n int) []byte {
				if in == c.in {
					return c.answer
				}
				return well(in, n)
			}
			scene(t, refuses, func(t *testing.T, s *Sensor, p *scripted) {
				if _, err := s.Present(t.Context()); !errors.Is(err, c.want) || p.opened != c.opened || p.closed != p.opened {
					t.Errorf("%v, opened %d times, closed %d", err, p.opened, p.closed)
				}
			})
		})
	}
}

// TestGreetingIsCutShort ends the context at each step of a greeting: the port is closed, and the next call begins anew at
// the same speed.
func TestGreetingIsCutShort(t *testing.T) {
	for _, in := range []zfm.Instruction{zfm.VfyPwd, zfm.ReadSysPara, zfm.ReadProdInfo} {
		scene(t, at(in, 0, nil), func(t *testing.T, s *Sensor, p *scripted) {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			if _, err := s.Present(ctx); !errors.Is(err, context.DeadlineExceeded) || p.closed != p.opened || s.tried != 0 {
				t.Errorf("instruction %02X: %v, opened %d times, closed %d, next speed %d", in, err, p.opened, p.closed, s.tried)
			}
			if _, err := s.Present(t.Context()); err != nil {
				t.Errorf("instruction %02X: afterwards: %v", in, err)
			}
		})
	}
}

// TestLights gives each limit of colours and effects, and each reason why a lamp does not light.
func TestLights(t *testing.T) {
	scene(t, well, func(t *testing.T, s *Sensor, p *scripted) {
		for _, c := range []struct {
			color  fingerprint.Color
			effect fingerprint.Effect
			ok     bool
		}{
			{fingerprint.Red, fingerprint.Off, true}, {fingerprint.White, fingerprint.Breathing, true},
			{fingerprint.Red - 1, fingerprint.Off, false}, {fingerprint.White + 1, fingerprint.Off, false}, {fingerprint.Red, fingerprint.Breathing + 1, false},
		} {
			if err := s.Light(t.Context(), c.color, c.effect); (err == nil) != c.ok || err != nil && !errors.Is(err, fingerprint.ErrRange) {
				t.Errorf("color %d, effect %d: %v", c.color, c.effect, err)
			}
		}
	})
	dark := func(modern bool, code []byte) func(zfm.Instruction, int) []byte {
		return func(in zfm.Instruction, n int) []byte {
			switch {
			case in == zfm.AuraLedConfig:
				return code
			case in == zfm.ReadProdInfo && modern:
				return product(192, 192)
			}
			return well(in, n)
		}
	}
	for name, c := range map[string]struct {
		modern bool
		code   []byte
		want   error
		asked  int // times that the lamp was, by two calls
	}{
		"an old one without":    {false, answer(zfm.BadPacket), nil, 3},
		"an old one, silent":    {false, nil, nil, 3},
		"an old one, otherwise": {false, answer(zfm.NoFinger), fingerprint.ErrNoFinger, 2},
		"a modern one":          {true, answer(zfm.BadPacket), fingerprint.ErrAnswer, 6},
	} {
		t.Run(name, func(t *testing.T) {
			scene(t, dark(c.modern, c.code), func(t *testing.T, s *Sensor, p *scripted) {
				for range 2 {
					if err := s.Light(t.Context(), fingerprint.Blue, fingerprint.Steady); !errors.Is(err, c.want) {
						t.Errorf("%v, wanted %v", err, c.want)
					}
				}
				if n := p.times(zfm.AuraLedConfig); n != c.asked {
					t.Errorf("asked %d times, wanted %d", n, c.asked)
				}
			})
		})
	}
}

// TestPicturesThatAreGone asks for a picture that the module no longer has, by each of its words for that.
func TestPicturesThatAreGone(t *testing.T) {
	for _, code := range []zfm.Code{zfm.NotSent, zfm.NoPicture} {
		scene(t, at(zfm.UpImage, 0, answer(code)), func(t *testing.T, s *Sensor, p *scripted) {
			_, err := s.Capture(t.Context()) // the second one is sent, but is no picture
			if !errors.Is(err, fingerprint.ErrSilent) || p.times(zfm.GenImg) != 2 {
				t.Errorf("%v: %v, %d pictures taken", code, err, p.times(zfm.GenImg))
			}
		})
	}
	scene(t, at(zfm.UpImage, 0, answer(zfm.SensorFault)), func(t *testing.T, s *Sensor, p *scripted) {
		if _, err := s.Capture(t.Context()); !errors.Is(err, fingerprint.ErrAnswer) || p.times(zfm.UpImage) != 1 {
			t.Errorf("%v, asked %d times", err, p.times(zfm.UpImage))
		}
	})
}

// TestCounters counts what a silent module costs.
func TestCounters(t *testing.T) {
	scene(t, at(zfm.TempleteNum, 0, nil), func(t *testing.T, s *Sensor, p *scripted) {
		h := s.Health(t.Context())
		// The password, the parameters, the question that an old module refuses, and the number of templates.
		if want := (fingerprint.Counter{Exchanges: 4, Repeated: 1, Timeouts: 1, Opened: 1}); h.Counter != want {
			t.Errorf("%+v, wanted %+v", h.Counter, want)
		}
	})
	scene(t, well, func(t *testing.T, s *Sensor, p *scripted) {
		p.sendErr = errors.New("boom")
		if h := s.Health(t.Context()); h.Stored != -1 || h.Fault == "" {
			t.Errorf("%+v", h)
		}
	})
}

// TestNoiseShortensTheWait gives garbage instead of an answer: a little later the command is repeated.
func TestNoiseShortensTheWait(t *testing.T) {
	broken := append(answer(zfm.OK, 0, 5)[:13], 0xFF)
	scene(t, at(zfm.TempleteNum, 0, broken), func(t *testing.T, s *Sensor, p *scripted) {
		begin := time.Now()
		if h := s.Health(t.Context()); h.Fault != "" || time.Since(begin) > 500*time.Millisecond {
			t.Errorf("%+v after %v", h, time.Since(begin))
		}
	})
}

// TestSleepAndWake switches the supply, and takes the time that the module needs.
func TestSleepAndWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		power := &gpiotest.Pin{N: "power"}
		p := &scripted{t: t, answer: well}
		o := DefaultOpts()
		o.Port, o.Open, o.Power, o.Start = "/dev/ttyS0", p.open, power, 2*time.Second
		s, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Halt()
		for range 2 {
			begin := time.Now()
			if _, err := s.Present(t.Context()); err != nil || time.Since(begin) < o.Start || power.Read() != gpio.High {
				t.Errorf("awake after %v: %v, power %v", time.Since(begin), err, power.Read())
			}
			begin = time.Now()
			if _, err := s.Present(t.Context()); err != nil || time.Since(begin) > time.Second {
				t.Errorf("a second call took %v, %v", time.Since(begin), err)
			}
			if err := s.Sleep(t.Context()); err != nil || power.Read() != gpio.Low || p.closed != p.opened {
				t.Errorf("Sleep: %v, power %v, opened %d times, closed %d", err, power.Read(), p.opened, p.closed)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Present(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call shorter than the start: %v", err)
		}
	})
}

// TestTouchAfterHalt does not read a line that is no longer ours.
func TestTouchAfterHalt(t *testing.T) {
	o := DefaultOpts()
	o.Port, o.Touch = "/dev/ttyS0", &gpiotest.Pin{N: "touch", L: gpio.Low}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Halt(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Present(t.Context()); !errors.Is(err, fingerprint.ErrHalted) {
		t.Errorf("Present: %v", err)
	}
}

// TestPlaces holds the places of the library from both sides.
func TestPlaces(t *testing.T) {
	scene(t, well, func(t *testing.T, s *Sensor, p *scripted) {
		for place, ok := range map[int]bool{-1: false, 0: true, 99: true, 100: false} {
			if err := s.Save(t.Context(), place); (err == nil) != ok || err != nil && !errors.Is(err, fingerprint.ErrRange) {
				t.Errorf("place %d: %v", place, err)
			}
		}
		if s.Buffers() != 2 {
			t.Errorf("%d buffers", s.Buffers())
		}
		for buffer, ok := range map[int]bool{0: false, 1: true, 2: true, 3: false} {
			if err := s.Read(t.Context(), buffer); (err == nil) != ok {
				t.Errorf("buffer %d: %v", buffer, err)
			}
		}
		if !strings.Contains(s.String(), "/dev/ttyS0") {
			t.Errorf("called %s", s)
		}
	})
}
