package camera

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"umbral/drivers/camera/feed"
)

func TestOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.y4m")
	if err := os.WriteFile(file, []byte("YUV4MPEG2 W16 H16 F25:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, spec := range []string{"v4l2:", "v4l2:/dev/video7", "replay:" + file} {
		s, err := Open(spec, DefaultOpts())
		if err != nil {
			t.Errorf("%s: %v", spec, err)
			continue
		}
		if s.String() != spec {
			t.Errorf("%s calls itself %s", spec, s)
		}
		if err := s.Halt(); err != nil {
			t.Errorf("%s: %v", spec, err)
		}
	}
	for _, spec := range []string{"", "v4l2", "replay:", "replay", "rtsp://camera/1", "/dev/video0", "V4L2:"} {
		if s, err := Open(spec, DefaultOpts()); err == nil || s != nil || !strings.Contains(err.Error(), "known are") {
			t.Errorf("%q: %v, %v", spec, s, err)
		}
	}
	if s, err := Open("replay:"+file+"0", DefaultOpts()); !errors.Is(err, os.ErrNotExist) || s != nil {
		t.Errorf("%v, %v", s, err)
	}
	if s, err := Open("v4l2:", Opts{}); err == nil || s != nil {
		t.Errorf("no options: %v, %v", s, err)
	}
}

// The names of this package must be those of package feed: a consumer imports this one only.
func TestNothingOfFeedIsMissing(t *testing.T) {
	for s := feed.Idle; s <= feed.Halted; s++ {
		if strings.HasPrefix(s.String(), "state ") {
			t.Errorf("state %d has no name", s)
		}
	}
	states := []State{Idle, Absent, Opening, Streaming, Stalled, Failing, Ended, Halted}
	kinds := []Fault{FaultOpen, FaultFormat, FaultRead, FaultFlag, FaultLength, FaultDecode, FaultStall, FaultLost}
	if len(states) != int(feed.Halted)+1 || len(kinds) != len(Faults{}) {
		t.Errorf("%d states of %d, %d faults of %d", len(states), feed.Halted+1, len(kinds), len(Faults{}))
	}
}
