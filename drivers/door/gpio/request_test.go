package gpio

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/gpio"

	"umbral/drivers/door"
)

// strange is a chip that answers each question as a test says.
type strange struct {
	info    ChipInfo
	infoErr error
	lineErr error
	line    LineInfo
	got     LineRequest
	gotErr  error
	lines   Lines
}

func (s *strange) Info() (ChipInfo, error)               { return s.info, s.infoErr }
func (s *strange) Line(uint32) (LineInfo, error)         { return s.line, s.lineErr }
func (s *strange) Close() error                          { return nil }
func (s *strange) Request(r *LineRequest) (Lines, error) { s.got = *r; return s.lines, s.gotErr }

func chipOf(lines uint32) *strange {
	s := &strange{info: ChipInfo{Lines: lines}}
	copy(s.info.Label[:], "chip")
	return s
}

// TestRequestsAsTheKernelGetsThem holds flags, attributes and consumer against what the uAPI wants.
func TestRequestsAsTheKernelGetsThem(t *testing.T) {
	for name, c := range map[string]struct {
		line  Line
		out   bool
		level gpio.Level
		flags uint64
		attrs []lineAttribute
	}{
		"input":        {Line{Spec: "3"}, false, false, flagInput | flagEdgeRising | flagEdgeFalling, nil},
		"pull up":      {Line{Spec: "3", Bias: PullUp}, false, false, flagInput | flagEdgeRising | flagEdgeFalling | flagBiasPullUp, nil},
		"pull down":    {Line{Spec: "3", Bias: PullDown}, false, false, flagInput | flagEdgeRising | flagEdgeFalling | flagBiasPullDown, nil},
		"no pull":      {Line{Spec: "3", Bias: NoPull}, false, false, flagInput | flagEdgeRising | flagEdgeFalling | flagBiasDisabled, nil},
		"inverted":     {Line{Spec: "3", ActiveLow: true}, false, false, flagInput | flagEdgeRising | flagEdgeFalling | flagActiveLow, nil},
		"debounced":    {Line{Spec: "3", Debounce: 7 * time.Millisecond}, false, false, flagInput | flagEdgeRising | flagEdgeFalling, []lineAttribute{{ID: attrDebounce, Value: 7000}}},
		"output, low":  {Line{Spec: "3"}, true, gpio.Low, flagOutput, []lineAttribute{{ID: attrOutputValues}}},
		"output, high": {Line{Spec: "3", ActiveLow: true}, true, gpio.High, flagOutput | flagActiveLow, []lineAttribute{{ID: attrOutputValues, Value: 1}}},
	} {
		chip := chipOf(8)
		var err error
		if c.out {
			_, err = RequestOutput(chip, c.line, "somebody", c.level)
		} else {
			_, err = RequestInput(chip, c.line, "somebody")
		}
		var attrs []lineAttribute
		for _, a := range chip.got.Config.Attrs[:chip.got.Config.NumAttrs] {
			if attrs = append(attrs, a.Attr); a.Mask != 1 {
				t.Errorf("%s: mask %b", name, a.Mask)
			}
		}
		if err != nil || chip.got.Config.Flags != c.flags || !slices.Equal(attrs, c.attrs) || chip.got.NumLines != 1 || chip.got.Offsets[0] != 3 {
			t.Errorf("%s: %v, flags %b, wanted %b, attributes %+v, lines %v", name, err, chip.got.Config.Flags, c.flags, attrs, chip.got.Offsets[:1])
		}
		if got := text(chip.got.Consumer); got != "somebody" {
			t.Errorf("%s: consumer %q", name, got)
		}
	}
}

// TestWhyALineIsRefused reads the likely mistake behind each error, also when the chip does not tell more.
func TestWhyALineIsRefused(t *testing.T) {
	used := LineInfo{Flags: flagUsed}
	copy(used.Consumer[:], "spi0 CS0")
	for name, c := range map[string]struct {
		err  error
		line LineInfo
		ask  error
		want string
		not  string
	}{
		"held":           {unix.EBUSY, used, nil, `held by "spi0 CS0"`, ""},
		"held no longer": {unix.EBUSY, LineInfo{}, nil, "busy", "held by"},
		"held, not told": {unix.EBUSY, used, unix.EIO, "busy", "held by"},
		"not allowed":    {unix.EACCES, used, nil, "in group gpio", "held by"},
		"no interrupt":   {unix.ENXIO, used, nil, "no interrupt", "held by"},
		"no pull":        {unix.EOPNOTSUPP, used, nil, "pull resistor", "held by"},
		"another":        {unix.EINVAL, used, nil, "invalid", "("},
	} {
		chip := chipOf(8)
		chip.gotErr, chip.line, chip.lineErr = c.err, c.line, c.ask
		_, err := RequestInput(chip, Line{Spec: "1"}, "test")
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.want) || c.not != "" && strings.Contains(err.Error(), c.not) {
			t.Errorf("%s: %v", name, err)
		}
	}
	chip := chipOf(8)
	chip.lineErr = unix.EIO
	copy(chip.line.Name[:], "RELAY")
	if _, err := RequestInput(chip, Line{Spec: "RELAY"}, "test"); err == nil {
		t.Error("a name was found on a line that could not be asked")
	}
	chip = chipOf(8)
	chip.infoErr = unix.EIO
	if _, err := RequestInput(chip, Line{Spec: "1"}, "test"); !errors.Is(err, unix.EIO) {
		t.Errorf("a chip that tells nothing: %v", err)
	}
}

// TestLimitsOfLines holds each limit from both sides.
func TestLimitsOfLines(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Opts)
		ok     bool
	}{
		"shortest retry":     {func(o *Opts) { o.Retry = minRetry }, true},
		"too short retry":    {func(o *Opts) { o.Retry = minRetry - 1 }, false},
		"longest retry":      {func(o *Opts) { o.Retry = time.Minute }, true},
		"too long retry":     {func(o *Opts) { o.Retry = time.Minute + 1 }, false},
		"default pulse":      {func(o *Opts) { o.MaxPulse = 0 }, true},
		"longest pulse":      {func(o *Opts) { o.MaxPulse = door.MaxPulse }, true},
		"negative debounce":  {func(o *Opts) { o.Button.Debounce = -1 }, false},
		"longest debounce":   {func(o *Opts) { o.Button.Debounce = MaxDebounce }, true},
		"last bias":          {func(o *Opts) { o.Button.Bias = NoPull }, true},
		"debounced lamp":     {func(o *Opts) { o.Lamp.Spec, o.Lamp.Debounce = "1", 1 }, false},
		"debounced buzzer":   {func(o *Opts) { o.Buzzer.Spec, o.Buzzer.Debounce = "1", 1 }, false},
		"name of 31 bytes":   {func(o *Opts) { o.Button.Spec = strings.Repeat("n", 31) }, true},
		"lamp on the relay":  {func(o *Opts) { o.Lamp.Spec = o.Relay.Spec }, false},
		"tamper and contact": {func(o *Opts) { o.Tamper.Spec = o.Contact.Spec }, false},
		"interlock twice":    {func(o *Opts) { o.Interlock.Spec = o.Button.Spec }, false},
	} {
		o := testOpts(newFakeKernel())
		c.change(&o)
		if _, err := New(o); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestChipsThatAreLookedAtAreClosed looks for a label among chips, one of which cannot be opened.
func TestChipsThatAreLookedAtAreClosed(t *testing.T) {
	k := newFakeKernel()
	o := testOpts(k)
	o.Chip = "board"
	c, err := made(t, o).openChip()
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"open /dev/gpiochip0", "close /dev/gpiochip0", "open /dev/gpiochip1"}; !slices.Equal(k.calls, want) {
		t.Errorf("calls %q, wanted %q", k.calls, want)
	}
	c.Close()
	k.fail["open /dev/gpiochip0"] = errors.New("boom")
	if _, err := made(t, o).openChip(); err != nil {
		t.Errorf("the second chip: %v", err)
	}
	o.Chip = "nothing"
	if _, err := made(t, o).openChip(); err == nil || !strings.Contains(err.Error(), "boom") || !strings.Contains(err.Error(), "board") {
		t.Errorf("no such chip: %v", err)
	}
}

// TestEdgesOfALine reads edges, dropped ones among them, and the end of the line.
func TestEdgesOfALine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newFakeKernel()
		c, err := k.Open("/dev/gpiochip0")
		if err != nil {
			t.Fatal(err)
		}
		p, err := RequestInput(c, Line{Spec: "6"}, "test")
		if err != nil {
			t.Fatal(err)
		}
		out, done := make(chan edge, 16), make(chan struct{})
		ended := make(chan struct{})
		go func() { p.edges(out, done); close(ended) }()
		levels := func() (s string) {
			synctest.Wait()
			for len(out) > 0 {
				e := <-out
				switch {
				case e.err != nil || e.pin != p:
					s += "!"
				case bool(e.level):
					s += "1"
				default:
					s += "0"
				}
			}
			return s
		}
		for i, step := range []struct {
			active  bool
			dropped int
			want    string
		}{{true, 0, "1"}, {false, 0, "0"}, {true, 2, "11"}, {false, 0, "0"}} {
			k.input(6, step.active, step.dropped)
			if got := levels(); got != step.want {
				t.Errorf("step %d: levels %q, wanted %q", i, got, step.want)
			}
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if got := levels(); got != "!" {
			t.Errorf("after the line was closed: %q", got)
		}
		<-ended
	})
}

// TestEdgesThatNobodyTakes ends a reader whose edges are not fetched, at each place where it can wait.
func TestEdgesThatNobodyTakes(t *testing.T) {
	for _, dropped := range []int{0, 3} {
		synctest.Test(t, func(t *testing.T) {
			k := newFakeKernel()
			c, err := k.Open("/dev/gpiochip0")
			if err != nil {
				t.Fatal(err)
			}
			p, err := RequestInput(c, Line{Spec: "6"}, "test")
			if err != nil {
				t.Fatal(err)
			}
			out, done, ended := make(chan edge), make(chan struct{}), make(chan struct{})
			go func() { p.edges(out, done); close(ended) }()
			k.input(6, true, dropped)
			if dropped > 0 {
				<-out
			}
			synctest.Wait()
			close(done)
			<-ended
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestKernelsChips lists and opens device files in the order of their numbers.
func TestKernelsChips(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"gpiochip10", "gpiochip9", "gpio", "gpiochip0"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k := linux{dir}
	var names []string
	for _, path := range k.Chips() {
		names = append(names, filepath.Base(path))
	}
	if want := []string{"gpiochip0", "gpiochip9", "gpiochip10"}; !slices.Equal(names, want) {
		t.Errorf("chips %q, wanted %q", names, want)
	}
	c, err := k.Open(filepath.Join(dir, "gpiochip9"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Info(); !errors.Is(err, unix.ENOTTY) {
		t.Errorf("a file is no chip: %v", err)
	}
	if _, err := c.Request(&LineRequest{}); !errors.Is(err, unix.ENOTTY) {
		t.Errorf("a file has no lines: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Line(0); err == nil || errors.Is(err, unix.ENOTTY) {
		t.Errorf("a closed chip: %v", err)
	}
	if _, err := k.Open(filepath.Join(dir, "gpiochip7")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no such chip: %v", err)
	}
}

// batch gives events all at once, and then the line is closed.
type batch struct {
	events []LineEvent
	err    error
}

func (b *batch) Values(uint64) (uint64, error) { return 0, nil }
func (b *batch) SetValues(_, _ uint64) error   { return nil }
func (b *batch) Close() error                  { return nil }
func (b *batch) Read(e []LineEvent, _ time.Duration) (int, error) {
	if len(b.events) == 0 {
		return 0, os.ErrClosed
	}
	n := copy(e, b.events)
	b.events = nil
	return n, b.err
}

// TestEdgesOfABatch reads several edges at once, of which some before were dropped: the level as it is now comes last.
func TestEdgesOfABatch(t *testing.T) {
	for name, c := range map[string]struct {
		seqs []uint32
		want int // edges, and the error at the end
	}{
		"all": {[]uint32{1, 2, 3}, 4}, "dropped before the first": {[]uint32{2, 3, 4}, 5}, "dropped before the last": {[]uint32{1, 2, 4}, 5},
	} {
		b := &batch{}
		for _, seq := range c.seqs {
			b.events = append(b.events, LineEvent{ID: eventRising, LineSeq: seq})
		}
		out := make(chan edge, 16)
		(&Pin{name: "1", lines: b}).edges(out, nil)
		if len(out) != c.want {
			t.Errorf("%s: %d edges, wanted %d", name, len(out), c.want)
		}
	}
}

// TestWaitForEdge tells an edge from none, and from an error.
func TestWaitForEdge(t *testing.T) {
	one := []LineEvent{{ID: eventRising}}
	for name, c := range map[string]struct {
		lines Lines
		want  bool
	}{
		"an edge": {&batch{events: one}, true}, "closed": {&batch{}, false}, "an error": {&batch{events: one, err: unix.EIO}, false},
		"nothing": {nothing{}, false},
	} {
		p := &Pin{name: "1", lines: c.lines}
		if got := p.WaitForEdge(time.Second); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		if p.Pull() != gpio.PullNoChange || p.DefaultPull() != gpio.PullNoChange {
			t.Errorf("%s: a pull is known", name)
		}
	}
}

// nothing is a line at which a read returns without an event.
type nothing struct{}

func (nothing) Values(uint64) (uint64, error)                { return 0, nil }
func (nothing) SetValues(_, _ uint64) error                  { return nil }
func (nothing) Close() error                                 { return nil }
func (nothing) Read([]LineEvent, time.Duration) (int, error) { return 0, nil }

// oneChip is a kernel with one chip that does not tell what it is.
type oneChip struct{ chip Chip }

func (k oneChip) Chips() []string           { return []string{"/dev/gpiochip0"} }
func (k oneChip) Open(string) (Chip, error) { return k.chip, nil }

func TestChipThatDoesNotTellItsLabel(t *testing.T) {
	chip := chipOf(8)
	chip.infoErr = unix.EIO
	o := testOpts(oneChip{chip})
	o.Chip = "chip"
	if _, err := made(t, o).openChip(); err == nil {
		t.Error("a chip that could not be asked was taken")
	}
}
