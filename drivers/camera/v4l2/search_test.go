package v4l2

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"umbral/drivers/camera/feed"
)

// unplugged is what an unplug looks like: the wait returns at once, the frame's fetching fails.
func unplugged() []step {
	return []step{{call: "wait"}, {call: "get", err: unix.ENODEV}, {call: "close"}}
}

func TestReturnsUnderAnotherNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := []step{
			{call: "nodes", nodes: []string{"/dev/video1", "/dev/video2", "/dev/video3"}},
			{call: "open /dev/video1", who: other},
			{call: "close"},
			{call: "open /dev/video2", err: fmt.Errorf("%w: metadata", errNotCamera)},
			{call: "open /dev/video3", who: front},
		}
		c := run(t, "/dev/video0", found(), opening(), taken(0), unplugged(), back, opening(), taken(0))
		st := c.Stats()
		if st.Device != "/dev/video3 (Front camera, usb-1.2)" || st.Faults[feed.FaultLost] != 1 || st.Faults.Total() != 1 || st.Captured != 2 {
			t.Errorf("%+v", st)
		}
	})
}

func TestReturnsAtAnotherPlug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		moved := identity{card: front.card, bus: "usb-2.1"}
		nodes := step{call: "nodes", nodes: []string{"/dev/video0", "/dev/video1"}}
		look := []step{
			nodes, {call: "open /dev/video0", who: other}, {call: "close"}, {call: "open /dev/video1", who: moved}, {call: "close"},
			nodes, {call: "open /dev/video0", who: other}, {call: "close"}, {call: "open /dev/video1", who: moved},
		}
		c := run(t, "/dev/video0", found(), opening(), unplugged(), look, opening(), taken(0))
		if st := c.Stats(); st.Device != "/dev/video1 (Front camera, usb-2.1)" || st.Captured != 1 {
			t.Errorf("%+v", st)
		}
	})
}

// TestAbsence also proves that the waits grow, and stay below their limit.
func TestAbsence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := feed.DefaultOpts()
		var absent []step
		var times []time.Duration
		begin := time.Now()
		for range 8 {
			absent = append(absent, step{call: "open /dev/video0", err: unix.ENOENT, then: func() {
				times = append(times, time.Since(begin))
			}})
		}
		c := run(t, "/dev/video0", absent, found(), opening(), taken(0))
		if st := c.Stats(); st.Faults.Total() != 0 || st.Captured != 1 {
			t.Errorf("%+v", st)
		}
		wait := o.RetryMin
		for i := 1; i < len(times); i++ {
			if got := times[i] - times[i-1]; got != wait {
				t.Errorf("wait %d was %v, wanted %v", i, got, wait)
			}
			wait = min(2*wait, o.RetryMax)
		}
	})
}

func TestAbsentIsAState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, err := range []error{unix.ENOENT, unix.ENODEV, unix.ENXIO, fmt.Errorf("%w: output", errNotCamera)} {
			var c *Camera
			s := &script{t: t, steps: []step{{call: "open /dev/video0", err: err}, {call: "open /dev/video0", err: err}}}
			s.steps[1].then = func() {
				if st := c.Stats(); st.State != feed.Absent || st.Text == "" {
					t.Errorf("%v: %v %q", err, st.State, st.Text)
				}
				go c.Halt()
				synctest.Wait()
			}
			c, _ = newCamera("/dev/video0", feed.DefaultOpts(), s)
			if err := c.Run(t.Context()); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			s.finish()
		}
	})
}

func TestAnotherCameraTakesItsPlaceOnlyAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var look []step
		nodes := step{call: "nodes", nodes: []string{"/dev/video0"}}
		round := []step{nodes, {call: "open /dev/video0", who: other}, {call: "close"}, nodes, {call: "open /dev/video0", who: other}, {call: "close"}}
		// With waits of 0.1, 0.2, 0.4, 0.8 and then 1 s, ten seconds have passed before the thirteenth look.
		for range 13 {
			look = append(look, round...)
		}
		begin := time.Now()
		c := run(t, "/dev/video0", found(), opening(), unplugged(), look, []step{{call: "open /dev/video0", who: other}}, opening(), taken(0))
		if st := c.Stats(); st.Device != "/dev/video0 (Other camera, usb-1.3)" || st.Captured != 1 {
			t.Errorf("%+v", st)
		}
		if took := time.Since(begin); took < strangerAfter {
			t.Errorf("a stranger was taken after %v, limit %v", took, strangerAfter)
		}
	})
}

func TestFirstCameraIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := run(t, "", []step{{call: "nodes", err: unix.EMFILE}}, []step{{call: "nodes"}}, []step{
			{call: "nodes", nodes: []string{"/dev/video0", "/dev/video1", "/dev/video2"}},
			{call: "open /dev/video0", err: unix.EBUSY},
			{call: "open /dev/video1", err: errNotCamera},
			{call: "open /dev/video2", who: front},
		}, opening(), taken(0))
		if st := c.Stats(); st.Device != "/dev/video2 (Front camera, usb-1.2)" || st.Faults[feed.FaultOpen] != 1 {
			t.Errorf("%+v", st)
		}
	})
}
