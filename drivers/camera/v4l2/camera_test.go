package v4l2

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"umbral/drivers/camera/feed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBus = errors.New("the bus is full")

// found is the finding of the configured node at the first start; again is that of the known camera, later.
func found() []step { return []step{{call: "open /dev/video0", who: front}} }

func again() []step {
	return []step{{call: "nodes", nodes: []string{"/dev/video0"}}, {call: "open /dev/video0", who: front}}
}

// with replaces the step that makes this call, and ends the steps there.
func with(steps []step, broken step) []step {
	for i, s := range steps {
		if s.call == broken.call {
			return append(steps[:i:i], broken)
		}
	}
	panic("no step " + broken.call)
}

func TestEachStepOfTheStartMayFail(t *testing.T) {
	closing := []step{{call: "close"}}
	for _, c := range []struct {
		name  string
		steps []step
		fault feed.Fault
		text  string
	}{
		{"open", []step{{call: "open /dev/video0", err: unix.EACCES}}, feed.FaultOpen, "permission denied"},
		{"formats", chain(found(), with(opening(), step{call: "formats", codes: []feed.FourCC{feed.MJPG}}), closing), feed.FaultFormat, "it offers [MJPG]"},
		{"setFormat", chain(found(), with(opening(), step{call: "setFormat GREY 64×48", err: unix.EBUSY}), closing), feed.FaultOpen, "set format"},
		{"format", chain(found(), with(opening(), step{call: "format", err: unix.EIO}), closing), feed.FaultOpen, "read format"},
		{"unknown", chain(found(), with(opening(), step{call: "format", format: pixFormat{code: 0x34363248}}), closing), feed.FaultFormat, "H264"},
		{"tiny", chain(found(), with(opening(), step{call: "format", format: pixFormat{code: feed.GREY, width: 8, height: 8}}), closing), feed.FaultFormat, "8×8"},
		{"odd", chain(found(), with(opening(), step{call: "format", format: pixFormat{code: feed.YUYV, width: 641, height: 480, size: 1 << 20}}), closing), feed.FaultFormat, "641×480"},
		{"stride", chain(found(), with(opening(), step{call: "format", format: pixFormat{code: feed.YUYV, width: 640, height: 480, stride: 640, size: 1 << 20}}), closing), feed.FaultFormat, "640 bytes a line"},
		{"size", chain(found(), with(opening(), step{call: "format", format: pixFormat{code: feed.YUYV, width: 640, height: 480, stride: 1280, size: 1000}}), closing), feed.FaultFormat, "in 1000 bytes"},
		{"no size", chain(found(), with(opening(), step{call: "format", format: pixFormat{code: feed.MJPG, width: 640, height: 480}}), closing), feed.FaultFormat, "no bytes"},
		{"huge", chain(found(), opening()[:2], []step{
			{call: "format", format: pixFormat{code: feed.YUYV, width: 4096, height: 4096, stride: 8192, size: 8192 * 4096}},
			{call: "setRate 30"}, {call: "rate"},
		}, closing), feed.FaultFormat, "limit 4177920"},
		{"start", chain(found(), with(opening(), step{call: "start 4", err: errBus}), closing), feed.FaultOpen, "the bus is full"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				// The state is looked at in the pause before the second attempt, which succeeds.
				var between feed.Stats
				var camera *Camera
				second := found()
				second[0].then = func() { between = camera.Stats() }
				o := feed.DefaultOpts()
				o.Width, o.Height, o.Formats = 64, 48, []feed.FourCC{feed.GREY, feed.YUYV}
				ctx, s := t.Context(), &script{t: t, steps: chain(c.steps, second, opening(), taken(0), []step{{call: "wait", err: errTimeout}, {call: "close"}})}
				camera, err := newCamera("/dev/video0", o, s)
				if err != nil {
					t.Fatal(err)
				}
				s.steps[len(s.steps)-2].then = func() { go camera.Halt(); synctest.Wait() }
				begin := time.Now()
				if err := camera.Run(ctx); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				s.finish()
				if took := time.Since(begin); took != o.RetryMin {
					t.Errorf("the second attempt came after %v, wanted %v", took, o.RetryMin)
				}
				if between.State != feed.Failing || between.Faults[c.fault] != 1 || between.Faults.Total() != 1 || !strings.Contains(between.Text, c.text) {
					t.Errorf("after the failure: %v %q %v, wanted %q and one %v", between.State, between.Text, between.Faults, c.text, c.fault)
				}
				if st := camera.Stats(); st.Captured != 1 || st.Opened != 1 {
					t.Errorf("after the second attempt: %+v", st)
				}
			})
		})
	}
}

func TestRateIsNoConditionForAStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := opening()
		start[3].err, start[4].err = unix.EINVAL, unix.EINVAL
		c := run(t, "/dev/video0", found(), start, taken(0))
		if st := c.Stats(); st.Captured != 1 || st.Rate != 0 || st.Faults.Total() != 0 {
			t.Errorf("%+v", st)
		}
	})
}

func TestNegotiatedFormatCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := run(t, "/dev/video0", found(), opening(), taken(0))
		b, err := c.Frame(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b.Format != feed.GREY || b.Width != 32 || b.Height != 16 || b.Stride != 40 || len(b.Data) != 640 {
			t.Errorf("%v %d×%d, stride %d, %d bytes", b.Format, b.Width, b.Height, b.Stride, len(b.Data))
		}
		st := c.Stats()
		if st.Rate != 25 || st.Device != "/dev/video0 (Front camera, usb-1.2)" || st.PoolBytes != 4*640 {
			t.Errorf("%+v", st)
		}
	})
}

func TestBrokenFramesAreCountedAndGivenBack(t *testing.T) {
	for _, c := range []struct {
		name  string
		shot  shot
		fault feed.Fault
	}{
		{"flagged", shot{data: make([]byte, 640), index: 2, known: true, bad: true, seq: 1}, feed.FaultFlag},
		{"short", shot{data: make([]byte, 639), index: 2}, feed.FaultLength},
		{"empty", shot{index: 2}, feed.FaultLength},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				camera := run(t, "/dev/video0", found(), opening(), taken(0),
					[]step{{call: "wait"}, {call: "get", shot: c.shot}, {call: "release 2"}}, taken(2))
				st := camera.Stats()
				if st.Captured != 2 || st.Faults[c.fault] != 1 || st.Faults.Total() != 1 {
					t.Errorf("%+v", st)
				}
			})
		})
	}
}

func TestMotionJPEG(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := opening()
		start[0].codes = []feed.FourCC{feed.GREY}
		start[2].format = pixFormat{code: feed.MJPG, width: 64, height: 48, size: 1000}
		shots := []step{}
		for _, data := range []string{"\xff\xd8\xff\xd9", "nothing", "", "\xff\xd8" + strings.Repeat("x", 999)} {
			shots = append(shots, step{call: "wait"}, step{call: "get", shot: shot{data: []byte(data)}}, step{call: "release 0"})
		}
		c := run(t, "/dev/video0", found(), start, shots)
		b, err := c.Frame(t.Context())
		if err != nil || string(b.Data) != "\xff\xd8\xff\xd9" || b.Stride != 0 {
			t.Errorf("%+v %v", b, err)
		}
		if st := c.Stats(); st.Captured != 1 || st.Faults[feed.FaultLength] != 3 {
			t.Errorf("%+v", st)
		}
	})
}

// Bytes before a picture are left out and counted; what has no picture in it costs the frame.
func TestJunkBeforeAPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := opening()
		start[0].codes = []feed.FourCC{feed.GREY}
		start[2].format = pixFormat{code: feed.MJPG, width: 64, height: 48, size: 1000}
		var shots []step
		for _, data := range []string{"\xff\xd8\xff\xd8\xff\xd9", "\x00\x00\xff\xff\xd8\xff\xd9", strings.Repeat("\x00", 990) + "\xff\xd8" + strings.Repeat("x", 999)} {
			shots = append(shots, step{call: "wait"}, step{call: "get", shot: shot{data: []byte(data)}}, step{call: "release 0"})
		}
		c := run(t, "/dev/video0", found(), start, shots)
		b, err := c.Frame(t.Context())
		if err != nil || string(b.Data) != "\xff\xd8\xff\xd9" {
			t.Errorf("%+v %v", b, err)
		}
		if st := c.Stats(); st.Captured != 2 || st.Trimmed != 1 || st.Faults[feed.FaultLength] != 1 {
			t.Errorf("%+v", st)
		}
	})
}

func TestGapsInTheSequenceAreMissedFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := run(t, "/dev/video0", found(), opening(), taken(1<<32-2), taken(1), taken(2), taken(1<<20))
		if st := c.Stats(); st.Missed != 2 || st.Captured != 4 {
			t.Errorf("missed %d of %d, wanted 2 of 4 (one frame over the wrap of the counter, none for a counter that jumps)", st.Missed, st.Captured)
		}
		b, err := c.Frame(t.Context())
		if err != nil || b.Sequence != 5 {
			t.Errorf("%+v %v", b, err)
		}
	})
}

func TestCaptureTimeIsTheDrivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, age := range []time.Duration{30 * time.Millisecond, -time.Second, time.Hour} {
			frame := taken(0)
			frame[1].shot.age = age
			c := run(t, "/dev/video0", found(), opening(), frame)
			b, err := c.Frame(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want := time.Now()
			if age == 30*time.Millisecond {
				want = want.Add(-age)
			}
			if !b.Captured.Equal(want) {
				t.Errorf("age %v: captured %v, wanted %v", age, b.Captured, want)
			}
		}
	})
}

func TestWaitsThatBringNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// As after an unplug with some drivers: every wait returns at once, and there is never a frame.
		empty := []step{}
		for range int(feed.DefaultOpts().Stall / emptyPause) {
			empty = append(empty, step{call: "wait"}, step{call: "get", err: unix.EAGAIN})
		}
		begin := time.Now()
		c := run(t, "/dev/video0", found(), opening(), empty, []step{{call: "close"}}, again(), opening(), taken(0))
		if st := c.Stats(); st.Faults[feed.FaultStall] != 1 || st.Opened != 2 || st.Captured != 1 {
			t.Errorf("%+v", st)
		}
		if took := time.Since(begin); took < feed.DefaultOpts().Stall {
			t.Errorf("the camera was given up after %v", took)
		}
	})
}

func TestStallReopens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		second := func() { time.Sleep(waitLimit) }
		c := run(t, "/dev/video0", found(), opening(), taken(0),
			[]step{{call: "wait", err: errTimeout, then: second}, {call: "wait", err: errTimeout, then: second}, {call: "close"}},
			again(), opening(), taken(0))
		if st := c.Stats(); st.Faults[feed.FaultStall] != 1 || st.Faults.Total() != 1 || st.Opened != 2 || st.Captured != 2 {
			t.Errorf("%+v", st)
		}
	})
}

func TestOnlyBrokenFramesAreAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken []step
		for range 2 {
			broken = append(broken, step{call: "wait", then: func() { time.Sleep(waitLimit) }}, step{call: "get"}, step{call: "release 0"})
		}
		c := run(t, "/dev/video0", found(), opening(), broken, []step{{call: "close"}}, again(), opening(), taken(0))
		if st := c.Stats(); st.Faults[feed.FaultStall] != 1 || st.Faults[feed.FaultLength] != 2 || st.Captured != 1 {
			t.Errorf("%+v", st)
		}
	})
}

func TestReadErrors(t *testing.T) {
	broken := []step{{call: "wait"}, {call: "get", err: unix.EIO}}
	t.Run("a few", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := run(t, "/dev/video0", found(), opening(), broken, broken, taken(0), broken, broken, taken(1))
			if st := c.Stats(); st.Faults[feed.FaultRead] != 4 || st.Opened != 1 || st.Captured != 2 {
				t.Errorf("%+v", st)
			}
		})
	})
	t.Run("too many", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := run(t, "/dev/video0", found(), opening(), broken, broken, broken, []step{{call: "close", err: unix.EIO}}, again(), opening(), taken(0))
			if st := c.Stats(); st.Faults[feed.FaultRead] != 3 || st.Opened != 2 || st.Captured != 1 {
				t.Errorf("%+v", st)
			}
		})
	})
	t.Run("wait", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := run(t, "/dev/video0", found(), opening(), []step{{call: "wait", err: unix.EINVAL}}, taken(0))
			if st := c.Stats(); st.Faults[feed.FaultRead] != 1 || st.Captured != 1 {
				t.Errorf("%+v", st)
			}
		})
	})
	t.Run("release", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			frame := taken(0)
			frame[2].err = unix.EINVAL
			c := run(t, "/dev/video0", found(), opening(), frame, frame, frame, []step{{call: "close"}}, again(), opening(), taken(0))
			if st := c.Stats(); st.Faults[feed.FaultRead] != 3 || st.Opened != 2 {
				t.Errorf("%+v", st)
			}
		})
	})
}
