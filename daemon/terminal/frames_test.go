package terminal

import (
	"log/slog"
	"math"
	"os"
	"testing"
	"time"

	"umbral/config/paths/pathstest"
	"umbral/daemon/passage"
	"umbral/drivers/camera"
	"umbral/pipeline/vision"
)

// yuyv turns a region of a picture into a frame as a camera gives it (BT.601, limited range).
func yuyv(t *testing.T, picture string, region vision.Rect, width, height int) *camera.Frame {
	t.Helper()
	f, err := os.Open(pathstest.Picture(t, picture))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	whole, err := vision.ReadPicture(f, vision.DefaultPictureLimits())
	if err != nil {
		t.Fatal(err)
	}
	img := vision.NewImage(width, height)
	vision.Resize(img, whole, region)
	data := make([]byte, 0, 2*width*height)
	for y := range height {
		row := img.Row(y)
		for x := 0; x < width; x += 2 {
			r, g, b := float32(row[3*x]), float32(row[3*x+1]), float32(row[3*x+2])
			luma := func(i int) byte {
				return byte(16 + 0.257*float32(row[3*i]) + 0.504*float32(row[3*i+1]) + 0.098*float32(row[3*i+2]))
			}
			data = append(data, luma(x), byte(128-0.148*r-0.291*g+0.439*b), luma(x+1), byte(128+0.439*r-0.368*g-0.071*b))
		}
	}
	return &camera.Frame{Format: camera.YUYV, Width: width, Height: height, Stride: 2 * width, Data: data}
}

// The steady path from the camera's bytes to the decision allocates nothing: with nobody there, with somebody whose
// evidence is computed on every frame, and with somebody who was decided.
func TestSteadyFrameAllocatesNothing(t *testing.T) {
	cfg := loneConfig(t, gateScene) // a broker allocates, too
	enrolAna(t, cfg)
	term, err := New(cfg, "digest", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer term.close()
	everything := func(*passage.Frame) (w [passage.MaxFaces]passage.Wants) {
		for i := range w {
			w[i] = passage.Wants{Match: true, Live: true}
		}
		return w
	}
	person := yuyv(t, "sample3.jpg", vision.Rect{X0: 830, Y0: 100, X1: 1510, Y1: 610}, 640, 480)
	nobody := yuyv(t, "sample3.jpg", vision.Rect{X0: 0, Y0: 0, X1: 300, Y1: 225}, 640, 480)
	for name, c := range map[string]struct {
		frame *camera.Frame
		wants func(*passage.Frame) [passage.MaxFaces]passage.Wants
		faces bool
	}{
		"nobody":              {nobody, term.decider.wants, false},
		"somebody, undecided": {person, everything, true},
		"somebody":            {person, term.decider.wants, true},
	} {
		t.Run(name, func(t *testing.T) {
			seen := 0
			step := func() {
				c.frame.Sequence++
				c.frame.Captured = time.Now()
				f, err := term.frames.Look(c.frame, c.wants)
				if err != nil {
					t.Fatal(err)
				}
				seen = f.Count
				term.decider.observe(passage.Observation{Kind: passage.ObserveFrame, Frame: *f})
			}
			for range 20 { // a decision made here is journalled once, which may allocate
				step()
				for len(term.decider.commits) > 0 {
					term.decider.commit(<-term.decider.commits)
				}
			}
			if (seen > 0) != c.faces {
				t.Fatalf("%d faces on the frame", seen)
			}
			// Goroutines of the parts beside it are counted, too, and on a machine under load the time may come round for another
			// decision meanwhile. The steady path is the least of several counts.
			n := math.Inf(1)
			for range 10 {
				counted := testing.AllocsPerRun(20, step)
				if len(term.decider.commits) == 0 {
					n = min(n, counted)
				}
				for len(term.decider.commits) > 0 {
					term.decider.commit(<-term.decider.commits)
				}
				if n == 0 {
					break
				}
			}
			if s := term.decider.machine.Screen(); s.Code == passage.ScreenOutOfOrder {
				t.Errorf("the machine has seen no frame: the screen is %+v", s)
			}
			if n != 0 {
				t.Errorf("%v allocations a frame", n)
			}
		})
	}
}
