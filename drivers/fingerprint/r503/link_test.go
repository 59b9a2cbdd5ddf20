package r503

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"umbral/drivers/fingerprint"
	"umbral/drivers/fingerprint/zfm"
)

// scripted is a port with a module behind it that answers as a test says, in a bubble's time.
type scripted struct {
	t       *testing.T
	answer  func(in zfm.Instruction, nth int) []byte // nth counts the commands of a kind, from 0
	asked   []zfm.Instruction
	in      []byte
	later   []byte // comes soon after what is in
	timeout time.Duration
	opened  int
	closed  int
	readErr error
	sendErr error
	brief   bool // writes one byte at a time
	sending []byte
}

func (p *scripted) open(string, int) (Port, error) { p.opened++; return p, nil }

func (p *scripted) Close() error { p.closed++; return nil }

func (p *scripted) SetReadTimeout(d time.Duration) error { p.timeout = d; return nil }

func (p *scripted) Read(b []byte) (int, error) {
	if p.readErr != nil {
		return 0, p.readErr
	}
	if len(p.in) == 0 {
		time.Sleep(p.timeout)
		p.in, p.later = p.later, nil
		return 0, nil
	}
	n := copy(b, p.in)
	p.in = p.in[n:]
	return n, nil
}

func (p *scripted) Write(b []byte) (int, error) {
	if p.sendErr != nil {
		return 0, p.sendErr
	}
	if p.brief {
		b = b[:1]
	}
	p.sending = append(p.sending, b...)
	packet, used, err := zfm.Parse(p.sending)
	if err == nil {
		p.sending = p.sending[used:]
		in := zfm.Instruction(packet.Content[0])
		p.asked = append(p.asked, in)
		p.in = append(p.in, p.answer(in, p.times(in)-1)...)
	}
	return len(b), nil
}

func (p *scripted) times(in zfm.Instruction) (n int) {
	for _, a := range p.asked {
		if a == in {
			n++
		}
	}
	return n
}

// answer is an answer with a code and what follows.
func answer(code zfm.Code, content ...byte) []byte {
	return zfm.Packet{Address: 0xFFFFFFFF, Kind: zfm.Answer, Content: append([]byte{byte(code)}, content...)}.Append(nil)
}

// well answers each command as a module of 100 places does.
func well(in zfm.Instruction, _ int) []byte {
	switch in {
	case zfm.ReadSysPara:
		return answer(zfm.OK, 0, 0, 0, 0, 0, 100, 0, 3, 0xFF, 0xFF, 0xFF, 0xFF, 0, 2, 0, 6)
	case zfm.ReadProdInfo:
		return answer(zfm.Unsupported)
	case zfm.TempleteNum:
		return answer(zfm.OK, 0, 5)
	case zfm.Search:
		return answer(zfm.OK, 0, 7, 0, 50)
	}
	return answer(zfm.OK)
}

// at answers the nth command of a kind in another way.
func at(in zfm.Instruction, nth int, what []byte) func(zfm.Instruction, int) []byte {
	return func(i zfm.Instruction, n int) []byte {
		if i == in && n == nth {
			return what
		}
		return well(i, n)
	}
}

// scene runs f with a sensor at a scripted port.
func scene(t *testing.T, answers func(zfm.Instruction, int) []byte, f func(t *testing.T, s *Sensor, p *scripted)) {
	synctest.Test(t, func(t *testing.T) {
		p := &scripted{t: t, answer: answers}
		o := DefaultOpts()
		o.Port, o.Open = "/dev/ttyS0", p.open
		s, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Halt()
		f(t, s, p)
	})
}

// TestAnswersThatAreNone gives something else than the answer, once. Each costs a repeat, and none is taken for the answer.
func TestAnswersThatAreNone(t *testing.T) {
	for name, c := range map[string]struct {
		in     zfm.Instruction
		first  []byte
		repeat uint64
		damage uint64
	}{
		"not understood":    {zfm.TempleteNum, answer(zfm.BadPacket), 1, 0},
		"empty":             {zfm.TempleteNum, zfm.Packet{Address: 0xFFFFFFFF, Kind: zfm.Answer}.Append(nil), 1, 1},
		"too short":         {zfm.TempleteNum, answer(zfm.OK, 1), 1, 1},
		"of something else": {zfm.TempleteNum, answer(zfm.OK), 1, 1},
		"a checksum":        {zfm.TempleteNum, append(answer(zfm.OK, 0)[:12], 0xFF, 0xFF), 1, 1},
		"nothing":           {zfm.TempleteNum, nil, 1, 0},
		"to the password":   {zfm.VfyPwd, answer(zfm.NoFinger), 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			scene(t, at(c.in, 0, c.first), func(t *testing.T, s *Sensor, p *scripted) {
				h := s.Health(t.Context())
				if h.Stored != 5 || h.Room != 100 || h.Fault != "" || h.Counter.Repeated != c.repeat || h.Counter.Damaged != c.damage {
					t.Errorf("%+v", h)
				}
			})
		})
	}
}

// TestLastingFaultsCloseThePort keeps up a fault: the error tells which, the port is closed once, and the next call opens it.
func TestLastingFaultsCloseThePort(t *testing.T) {
	for name, c := range map[string]struct {
		content []byte
		want    error
		text    string
	}{
		"not understood": {answer(zfm.BadPacket), fingerprint.ErrAnswer, "not understood"},
		"empty":          {zfm.Packet{Address: 0xFFFFFFFF, Kind: zfm.Answer}.Append(nil), fingerprint.ErrAnswer, "empty"},
		"too long":       {answer(zfm.OK, 1, 2, 3), fingerprint.ErrAnswer, "3 bytes are no answer"},
		"nothing":        {nil, fingerprint.ErrSilent, ""},
		"needs password": {answer(zfm.NeedsPassword), fingerprint.ErrAnswer, "wants its password"},
		"hardware":       {answer(zfm.SensorFault), fingerprint.ErrAnswer, "hardware error"},
		"elsewhere":      {zfm.Packet{Address: 3, Kind: zfm.Answer, Content: []byte{0, 0, 0}}.Append(nil), fingerprint.ErrSilent, "another one does at 00000003"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := func(in zfm.Instruction, n int) []byte {
				if in == zfm.TempleteNum {
					return c.content
				}
				return well(in, n)
			}
			scene(t, broken, func(t *testing.T, s *Sensor, p *scripted) {
				err := s.do(t.Context(), func(ctx context.Context) error {
					code, _, err := s.command(ctx, zfm.TempleteNum)
					return either(err, zfm.TempleteNum, code)
				})
				if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
					t.Errorf("error %v", err)
				}
				if s.link.port != nil || p.opened != p.closed {
					t.Errorf("opened %d times, closed %d", p.opened, p.closed)
				}
				p.answer = well
				if h := s.Health(t.Context()); h.Fault != "" || p.opened != p.closed+1 {
					t.Errorf("afterwards: %+v, opened %d times, closed %d", h, p.opened, p.closed)
				}
			})
		})
	}
}

// TestStaleAnswers brings answers that nobody waits for any more, of the same address and kind.
func TestStaleAnswers(t *testing.T) {
	stale := answer(zfm.OK, 0, 99)
	t.Run("at opening", func(t *testing.T) {
		scene(t, well, func(t *testing.T, s *Sensor, p *scripted) {
			p.in = stale
			if h := s.Health(t.Context()); h.Stored != 5 || h.Counter.Repeated != 0 {
				t.Errorf("%+v", h)
			}
		})
	})
	t.Run("twice", func(t *testing.T) {
		twice := append(answer(zfm.OK, 0, 4), stale...)
		scene(t, at(zfm.TempleteNum, 0, twice), func(t *testing.T, s *Sensor, p *scripted) {
			for _, want := range []int{4, 5} {
				if h := s.Health(t.Context()); h.Stored != want {
					t.Errorf("stored %d, wanted %d", h.Stored, want)
				}
			}
		})
	})
	t.Run("after a repeat", func(t *testing.T) {
		scene(t, at(zfm.TempleteNum, 0, nil), func(t *testing.T, s *Sensor, p *scripted) {
			p.answer = func(in zfm.Instruction, n int) []byte {
				if in == zfm.TempleteNum && n == 1 {
					p.later = stale // the answer to the first try, after that to the second
				}
				return at(zfm.TempleteNum, 0, nil)(in, n)
			}
			for range 2 {
				if h := s.Health(t.Context()); h.Stored != 5 {
					t.Errorf("stored %d", h.Stored)
				}
			}
		})
	})
	t.Run("after a call that was cut short", func(t *testing.T) {
		scene(t, at(zfm.TempleteNum, 1, nil), func(t *testing.T, s *Sensor, p *scripted) {
			if h := s.Health(t.Context()); h.Fault != "" {
				t.Fatal(h.Fault)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			if h := s.Health(ctx); h.Fault == "" || p.closed != p.opened {
				t.Errorf("cut short: %+v, opened %d times, closed %d", h, p.opened, p.closed)
			}
			p.in = stale
			if h := s.Health(t.Context()); h.Stored != 5 {
				t.Errorf("stored %d", h.Stored)
			}
		})
	})
}

// TestPortThatFails breaks the port in reading, writing and opening.
func TestPortThatFails(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		fail   func(p *scripted)
		closed bool
	}{
		"read":  {func(p *scripted) { p.readErr = boom }, true},
		"write": {func(p *scripted) { p.sendErr = boom }, true},
	} {
		t.Run(name, func(t *testing.T) {
			scene(t, well, func(t *testing.T, s *Sensor, p *scripted) {
				if h := s.Health(t.Context()); h.Fault != "" {
					t.Fatal(h.Fault)
				}
				c.fail(p)
				_, err := s.Present(t.Context())
				if !errors.Is(err, fingerprint.ErrAbsent) || p.closed != p.opened || s.link.port != nil {
					t.Errorf("error %v, opened %d times, closed %d", err, p.opened, p.closed)
				}
				p.readErr, p.sendErr = nil, nil
				if present, err := s.Present(t.Context()); !present || err != nil {
					t.Errorf("afterwards: %v, %v", present, err)
				}
			})
		})
	}
	t.Run("open", func(t *testing.T) {
		scene(t, well, func(t *testing.T, s *Sensor, p *scripted) {
			n := 0
			s.opts.Open = func(string, int) (Port, error) { n++; return nil, boom }
			if _, err := s.Present(t.Context()); !errors.Is(err, fingerprint.ErrAbsent) || n != 1 {
				t.Errorf("error %v after %d tries: a port that is not there is not looked for at other speeds", err, n)
			}
		})
	})
	t.Run("a byte at a time", func(t *testing.T) {
		scene(t, well, func(t *testing.T, s *Sensor, p *scripted) {
			p.brief = true
			if h := s.Health(t.Context()); h.Stored != 5 {
				t.Errorf("%+v", h)
			}
		})
	})
}

// TestPicturesOfAnotherLength sends too few and too many packets, then a whole picture.
func TestPicturesOfAnotherLength(t *testing.T) {
	picture := func(bytesOf int, end bool) (b []byte) {
		b = answer(zfm.OK)
		for at := 0; at < bytesOf; at += 256 {
			kind := zfm.Data
			if end && at+256 >= bytesOf {
				kind = zfm.End
			}
			b = zfm.Packet{Address: 0xFFFFFFFF, Kind: kind, Content: bytes.Repeat([]byte{0x3C}, 256)}.Append(b)
		}
		return b
	}
	whole := picture(192*192/2, true)
	for name, first := range map[string][]byte{
		"short": picture(192*192/2-256, true), "long": picture(192*192/2+256, true), "endless": picture(512*512, false), "no end": picture(192*192/2, false),
	} {
		t.Run(name, func(t *testing.T) {
			answers := func(in zfm.Instruction, n int) []byte {
				if in != zfm.UpImage {
					return well(in, n)
				}
				if n == 0 {
					return first
				}
				return whole
			}
			scene(t, answers, func(t *testing.T, s *Sensor, p *scripted) {
				img, err := s.Capture(t.Context())
				if err != nil || img.Width != 192 || len(img.Pix) != 192*192 || img.Pix[0] != 3*17 || img.Pix[1] != 12*17 {
					t.Errorf("%v, %d pixels", err, len(img.Pix))
				}
				if p.times(zfm.UpImage) != 2 || p.times(zfm.GenImg) != 1 {
					t.Errorf("asked %v", p.asked)
				}
			})
		})
	}
}

// TestResultsAreChecked gives a place that the module does not have.
func TestResultsAreChecked(t *testing.T) {
	scene(t, at(zfm.Search, 1, answer(zfm.OK, 0, 100, 0, 50)), func(t *testing.T, s *Sensor, p *scripted) {
		if place, score, err := s.Find(t.Context()); place != 7 || score != 50 || err != nil {
			t.Errorf("found at %d with %d, %v", place, score, err)
		}
		if _, _, err := s.Find(t.Context()); !errors.Is(err, fingerprint.ErrRange) {
			t.Errorf("place 100 of 100: %v", err)
		}
	})
}
