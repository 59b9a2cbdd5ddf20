package v4l2

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"umbral/drivers/camera/cameratest"
	"umbral/drivers/camera/feed"
)

// The tests of this file meet the kernel's own virtual camera, vivid. make device-test runs them in an emulated device,
// where they may load, unbind and break it; UMBRAL_VIVID holds the command that loads it.

// goldenFrame is the MD5 of the first frame of 640×480 YUYV that a freshly loaded vivid makes without its text. The text
// holds the time since the start in milliseconds, and the frame with it is one of several.
const goldenFrame = "05ff8a6a6d9baf279b7cb09d3019b112"

// colourBars are 75 % colour bars as published in ITU-R BT.801: Y, Cb, Cr of white, yellow, cyan, green, magenta, red,
// blue, black.
var colourBars = [8][3]int{
	{180, 128, 128}, {162, 44, 142}, {131, 156, 44}, {112, 72, 58}, {84, 184, 198}, {65, 100, 212}, {35, 212, 114}, {16, 128, 128},
}

// vivid loads the driver, bound to its device, and returns the path of its camera.
func vivid(t *testing.T) string {
	t.Helper()
	command := os.Getenv("UMBRAL_VIVID")
	if command == "" {
		t.Skip("no virtual camera (make device-test has one)")
	}
	if out, err := exec.Command("/bin/sh", "-c", command).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v %s", command, err, out)
	}
	if _, err := os.Stat("/sys/bus/platform/drivers/vivid/vivid.0"); err != nil {
		write(t, "/sys/bus/platform/drivers/vivid/bind", "vivid.0")
	}
	return theCamera(t)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0); err != nil {
		t.Fatal(err)
	}
}

// theCamera waits for the one camera there is.
func theCamera(t *testing.T) string {
	t.Helper()
	for begin := time.Now(); time.Since(begin) < 5*time.Second; time.Sleep(20 * time.Millisecond) {
		if paths, err := Cameras(); err == nil && len(paths) == 1 {
			return paths[0]
		}
	}
	t.Fatal("no camera came")
	return ""
}

// push sets a control of vivid's own by its name, buttons too.
func push(t *testing.T, path, name string, value int32) {
	t.Helper()
	fd, err := openNode(path)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	q := controlQuery{}
	for {
		q = controlQuery{id: q.id | nextControl}
		if err := request(fd, vidiocQueryCtrl, unsafe.Pointer(&q)); err != nil {
			t.Fatalf("vivid has no control %q: %v", name, err)
		}
		if cString(q.name[:]) == name {
			v := controlValue{id: q.id, value: value}
			if err := request(fd, vidiocSetCtrl, unsafe.Pointer(&v)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return
		}
	}
}

// streaming runs a camera for a test.
func streaming(t *testing.T, path string, change func(*feed.Opts)) *Camera {
	t.Helper()
	o := feed.DefaultOpts()
	o.Stall = time.Second
	if change != nil {
		change(&o)
	}
	c, err := New(path, o)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.Run(context.Background()) }()
	t.Cleanup(func() {
		if err := errors.Join(c.Halt(), <-done); err != nil {
			t.Error(err)
		}
	})
	return c
}

// next takes a frame that was captured from now on.
func next(t *testing.T, c *Camera, limit time.Duration) *feed.Frame {
	t.Helper()
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for {
		f, err := c.Frame(ctx)
		switch {
		case errors.Is(err, feed.ErrStalled):
			continue
		case err != nil:
			t.Fatalf("no frame for %v: %v; %+v", limit, err, c.Stats())
		case f.Captured.After(begin):
			return f
		}
		f.Release()
	}
}

func TestVividGoldenFrame(t *testing.T) {
	path := vivid(t)
	d, _, err := kernel{}.open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	if err := d.setFormat(feed.YUYV, 640, 480); err != nil {
		t.Fatal(err)
	}
	if p, err := d.format(); err != nil || p.code != feed.YUYV || p.width != 640 || p.height != 480 || p.size != 640*480*2 {
		t.Fatalf("negotiated %+v, %v", p, err)
	}
	const none = 2
	push(t, path, "OSD Text Mode", none)
	if err := d.start(buffers); err != nil {
		t.Fatal(err)
	}
	for begin := time.Now(); ; {
		err := d.wait()
		if err == nil {
			var s shot
			if s, err = d.get(); err == nil {
				sum := md5.Sum(s.data)
				if got := hex.EncodeToString(sum[:]); got != goldenFrame || !s.known || s.bad || s.seq != 0 {
					t.Errorf("first frame: MD5 %s, wanted %s; %d bytes, known %v, broken %v, number %d", got, goldenFrame, len(s.data), s.known, s.bad, s.seq)
				}
				for i, bar := range colourBars {
					middle := 480/2*1280 + (80*i+40)*2
					got := [3]int{int(s.data[middle]), int(s.data[middle+1]), int(s.data[middle+3])}
					for k := range bar {
						if d := got[k] - bar[k]; d < -2 || d > 2 {
							t.Errorf("bar %d is %v, wanted %v within 2", i, got, bar)
							break
						}
					}
				}
				return
			}
		}
		if time.Since(begin) > 5*time.Second {
			t.Fatal(err)
		}
	}
}

func TestVividFormats(t *testing.T) {
	path := vivid(t)
	for _, want := range []struct {
		code          feed.FourCC
		width, height int
	}{{feed.YUYV, 640, 480}, {feed.GREY, 640, 480}, {feed.NV12, 640, 480}, {feed.YUYV, 1280, 720}, {feed.YUYV, 641, 481}} {
		t.Run(fmt.Sprintf("%v %d×%d", want.code, want.width, want.height), func(t *testing.T) {
			c := streaming(t, path, func(o *feed.Opts) {
				o.Width, o.Height, o.Formats = want.width, want.height, []feed.FourCC{want.code}
			})
			f := next(t, c, 5*time.Second)
			if _, bytes := f.Format.Size(f.Width, f.Height); f.Format != want.code || len(f.Data) != bytes {
				t.Errorf("%v %d×%d, %d bytes", f.Format, f.Width, f.Height, len(f.Data))
			}
			f.Release()
			begin, before := time.Now(), c.Stats().Captured
			for time.Since(begin) < time.Second {
				next(t, c, time.Second).Release()
			}
			s := c.Stats()
			t.Logf("%v %d×%d: promised %.1f frames/s, %.1f came; dropped %d, missed %d", s.Format, s.Width, s.Height, s.Rate,
				float64(s.Captured-before)/time.Since(begin).Seconds(), s.Dropped, s.Missed)
			if s.Faults.Total() > 0 || s.FPS < 3 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestVividMarksAFrameAsBroken(t *testing.T) {
	path := vivid(t)
	c := streaming(t, path, nil)
	next(t, c, 5*time.Second).Release()
	for range 5 {
		before := c.Stats().Faults[feed.FaultFlag]
		push(t, path, "Inject V4L2_BUF_FLAG_ERROR", 1)
		for begin := time.Now(); c.Stats().Faults[feed.FaultFlag] == before; time.Sleep(10 * time.Millisecond) {
			if time.Since(begin) > 2*time.Second {
				t.Fatalf("the broken frame passed: %+v", c.Stats())
			}
		}
		next(t, c, 2*time.Second).Release()
	}
	if s := c.Stats(); s.Opened != 1 || s.State != feed.Streaming {
		t.Errorf("a broken frame is no reason to open the camera anew: %+v", s)
	}
}

func TestVividFailsToStart(t *testing.T) {
	path := vivid(t)
	for _, fault := range []string{"Inject VIDIOC_REQBUFS Error", "Inject VIDIOC_QBUF Error", "Inject VIDIOC_STREAMON Error"} {
		push(t, path, fault, 1)
		c := streaming(t, path, nil)
		next(t, c, 5*time.Second).Release()
		if s := c.Stats(); s.Faults[feed.FaultOpen] != 1 {
			t.Errorf("%s: %+v", fault, s)
		}
		if err := c.Halt(); err != nil {
			t.Error(err)
		}
	}
	if maps, err := mapped(path); err != nil || len(maps) > 0 {
		t.Errorf("mappings left: %v, %v", maps, err)
	}
}

// usage is this process's processor time.
func usage(t *testing.T) time.Duration {
	t.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestVividGoesAwayAndComesBack disconnects the camera, lets it be away, and binds it again while its old node is held
// open, so that it comes under another number.
func TestVividGoesAwayAndComesBack(t *testing.T) {
	path := vivid(t)
	c := streaming(t, path, nil)
	next(t, c, 5*time.Second).Release()
	held, err := openNode(path)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(held)
	push(t, path, "Disconnect", 1)
	for begin := time.Now(); c.Stats().State == feed.Streaming; time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > 3*time.Second {
			t.Fatalf("nobody noticed: %+v", c.Stats())
		}
	}
	write(t, "/sys/bus/platform/drivers/vivid/unbind", "vivid.0")
	before, begin := usage(t), time.Now()
	time.Sleep(3 * time.Second)
	share := (usage(t) - before).Seconds() / time.Since(begin).Seconds()
	t.Logf("while the camera is away: %.1f %% of a core", 100*share)
	if share > 0.15 {
		t.Errorf("%.0f %% of a core while the camera is away: a busy loop", 100*share)
	}
	if s := c.Stats(); s.State != feed.Absent {
		t.Errorf("state %v, wanted absent", s.State)
	}
	write(t, "/sys/bus/platform/drivers/vivid/bind", "vivid.0")
	back := time.Now()
	again := theCamera(t)
	next(t, c, 5*time.Second).Release()
	took := time.Since(back)
	t.Logf("was %s, came back as %s; a frame %.2f s after binding", path, again, took.Seconds())
	if again == path {
		t.Errorf("it came back as %s, though that was held open", again)
	}
	if took > 2*time.Second {
		t.Errorf("a frame came only %v after the camera did, limit 2 s", took)
	}
}

// open counts this process's descriptors and its mappings of cameras.
func open(t *testing.T) (descriptors, mappings int) {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return len(list), strings.Count(string(maps), "/dev/video")
}

// TestVividFiftyTimes opens and closes the camera, every fifth time with a failing start, and takes it away in between.
func TestVividFiftyTimes(t *testing.T) {
	path := vivid(t)
	var descriptors, mappings int
	for i := range 51 {
		if i%5 == 4 {
			push(t, path, "Inject VIDIOC_STREAMON Error", 1)
		}
		c := streaming(t, path, nil)
		next(t, c, 5*time.Second).Release()
		if i%10 == 9 {
			write(t, "/sys/bus/platform/drivers/vivid/unbind", "vivid.0")
			time.Sleep(200 * time.Millisecond)
			write(t, "/sys/bus/platform/drivers/vivid/bind", "vivid.0")
			path = theCamera(t)
			next(t, c, 5*time.Second).Release()
		}
		if err := c.Halt(); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			descriptors, mappings = open(t)
		}
	}
	d, m := open(t)
	t.Logf("after 50 cycles: %d descriptors (%d before), %d mappings (%d before)", d, descriptors, m, mappings)
	if d > descriptors || m > 0 {
		t.Errorf("after 50 cycles: %d descriptors, %d before; %d mappings of cameras", d, descriptors, m)
	}
}

func TestVividControls(t *testing.T) {
	path := vivid(t)
	c := streaming(t, path, func(o *feed.Opts) {
		o.Controls = []feed.Setting{{Name: "brightness", Value: 77}, {Name: "no_such_control", Value: 1}, {Name: "contrast", Value: 4096}}
	})
	next(t, c, 5*time.Second).Release()
	if text := c.Stats().Unset; !strings.Contains(text, "no_such_control") || !strings.Contains(text, "contrast: 4096, limit 0 to 255") || strings.Contains(text, "brightness") {
		t.Errorf("unset: %q", text)
	}
	value := func(name string) int32 {
		t.Helper()
		info, err := Inspect(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range info.Controls {
			if c.Name == name {
				return c.Value
			}
		}
		t.Fatalf("no control %s in %+v", name, info.Controls)
		return 0
	}
	if v := value("brightness"); v != 77 {
		t.Errorf("brightness %d, wanted 77", v)
	}
	// While it streams.
	if err := Set(path, []feed.Setting{{Name: "brightness", Value: 200}, {Name: "hue", Value: -5}}); err != nil {
		t.Error(err)
	}
	if b, h := value("brightness"), value("hue"); b != 200 || h != -5 {
		t.Errorf("brightness %d, hue %d", b, h)
	}
	next(t, c, 2*time.Second).Release()
}

func TestVividConforms(t *testing.T) {
	path := vivid(t)
	cameratest.Conform(t, func(t *testing.T, o feed.Opts) cameratest.Source {
		c, err := New(path, o)
		if err != nil {
			t.Fatal(err)
		}
		return c
	})
}

func TestOtherNodesAreNoCameras(t *testing.T) {
	vivid(t)
	paths, err := filepath.Glob("/dev/video*")
	if err != nil {
		t.Fatal(err)
	}
	cameras, err := Cameras()
	if err != nil || len(cameras) != 1 || len(paths) < 2 {
		t.Errorf("cameras %v of nodes %v, %v", cameras, paths, err)
	}
}
