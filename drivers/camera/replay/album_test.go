package replay

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"umbral/config/paths/pathstest"
	"umbral/drivers/camera/feed"
)

func TestAlbumShowsEachPictureAndCountsTheBroken(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"1.png":     encodePNG(t, texture(40, 30)),
		"2.JPG":     encodeJPEG(t, texture(30, 90)),
		"3.jpeg":    []byte("no picture"),
		"4.png":     hugePNG(60000, 60000),
		"5.png":     hugePNG(1, 1),
		"6.jpg":     encodeJPEG(t, texture(640, 20))[:300],
		"7.png":     encodePNG(t, texture(2, 2)),
		"notes.txt": []byte("not looked at"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "8.png"), 0o700); err != nil {
		t.Fatal(err)
	}
	o := feed.DefaultOpts()
	o.Width, o.Height, o.Once, o.Pace = 64, 48, true, feed.AsTaken
	s := must(New(dir, o))
	var notes []string
	take(t, s, func(b *feed.Frame) { notes = append(notes, s.Stats().Note) })
	if got := strings.Join(notes, " "); got != "1.png 2.JPG 7.png" {
		t.Errorf("shown are %s", got)
	}
	if st := s.Stats(); st.Faults[feed.FaultDecode] != 4 || st.State != feed.Ended || st.Captured != 3 {
		t.Errorf("%+v", st)
	}
}

// hugePNG is a PNG that claims a size; there is nothing behind the header.
func hugePNG(w, h uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, w), h)
	b = append(b, 8, 2, 0, 0, 0)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[12:]))
}

func TestAlbumOfBrokenPicturesEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jpg")
	if err := os.WriteFile(path, []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := must(New(path, feed.DefaultOpts()))
	if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "no frame that can be shown") {
		t.Error(err)
	}
}

func TestAlbumKeepsProportions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	if err := os.WriteFile(path, encodePNG(t, ramp(40, 80)), 0o600); err != nil {
		t.Fatal(err)
	}
	o := feed.DefaultOpts()
	o.Width, o.Height, o.Once, o.Pace = 160, 80, true, feed.AsTaken
	take(t, must(New(path, o)), func(b *feed.Frame) {
		// The picture stands in the middle, from 60 to 100, pixel by pixel.
		for _, at := range [][2]int{{62, 2}, {80, 40}, {97, 77}} {
			got, want := float64(b.Data[at[1]*b.Stride+2*at[0]]), limited(float64(2*(at[0]-60)+at[1]))
			if got < want-1.5 || got > want+1.5 {
				t.Errorf("%v is %v, wanted %.1f", at, got, want)
			}
		}
	})
}

// TestHostilePictures plays the broken pictures of the test data: none may do harm.
func TestHostilePictures(t *testing.T) {
	for _, name := range []string{"camera/jpeg_odd", "camera/jpeg_crashtest", "camera/jpeg_crashtest/imagetestsuite"} {
		dir := pathstest.Data(t, name)
		o := feed.DefaultOpts()
		o.Width, o.Height, o.Once, o.Pace = 64, 48, true, feed.AsTaken
		o.Stall = time.Minute // broken ones in a row give no frame, and the race detector makes them slow
		s, err := New(dir, o)
		if err != nil {
			t.Error(err)
			continue
		}
		err = played(t, s, func(b *feed.Frame) {
			if len(b.Data) != 2*64*48 {
				t.Errorf("%d bytes", len(b.Data))
			}
		})
		st := s.Stats()
		t.Logf("%s: %d shown, %d broken, %v", name, st.Captured, st.Faults[feed.FaultDecode], err)
		if st.Captured+st.Faults[feed.FaultDecode] == 0 {
			t.Errorf("%s: nothing was looked at", name)
		}
	}
}

func FuzzPicture(f *testing.F) {
	f.Add(encodePNG(f, texture(9, 7)))
	f.Add(encodeJPEG(f, texture(9, 7)))
	f.Add(hugePNG(60000, 60000))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		img, err := decodePicture(data)
		if err != nil {
			return
		}
		b := img.Bounds()
		if b.Dx()*b.Dy() > maxPixels {
			t.Fatalf("%v", b)
		}
		if b.Dx()*b.Dy() > 1<<20 {
			return
		}
		if c, h := cut(img, b.Sub(b.Min), 0.5, 8), haze(img); c.bytes() == 0 || h.bytes() == 0 {
			t.Errorf("%v has no level", b)
		}
	})
}
