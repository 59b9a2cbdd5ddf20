package replay

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"umbral/drivers/camera/feed"
)

// pictures splits a stream and returns the good pictures, and how many were broken.
func pictures(t testing.TB, r io.Reader, limit int) (good [][]byte, broken int) {
	t.Helper()
	s := splitter{bufio.NewReaderSize(r, 16)}
	dst := make([]byte, limit)
	for {
		n, w, h, err := s.next(dst)
		switch {
		case err == nil:
			if n < 4 || n > limit || w < 2 || h < 2 {
				t.Fatalf("%d bytes, %d×%d", n, w, h)
			}
			good = append(good, bytes.Clone(dst[:n]))
		case errors.Is(err, errPicture):
			broken++
		case err == io.EOF:
			return good, broken
		default:
			t.Fatal(err)
		}
	}
}

func TestSplitting(t *testing.T) {
	a, b := encodeJPEG(t, texture(32, 16)), encodeJPEG(t, texture(16, 48))
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	// A comment that holds a whole picture must not end the picture that it is in.
	comment := join([]byte{0xff, 0xfe, byte((len(b) + 2) >> 8), byte(len(b) + 2)}, b)
	nested := join(a[:2], comment, a[2:])
	for _, c := range []struct {
		name   string
		stream []byte
		want   [][]byte
		broken int
	}{
		{"two", join(a, b), [][]byte{a, b}, 0},
		{"with boundaries", join([]byte("--frame\r\nContent-Type: image/jpeg\r\n\r\n"), a, []byte("\r\n--frame\r\n"), b), [][]byte{a, b}, 0},
		{"fill bytes", join([]byte{0xff, 0xff}, a, []byte{0xff, 0xff, 0xff}, b), [][]byte{a, b}, 0},
		{"nested", join(nested, b), [][]byte{nested, b}, 0},
		{"cut short", join(a[:len(a)-20], b), [][]byte{b}, 0},
		{"cut at the end", join(a, b[:len(b)-1]), [][]byte{a}, 0},
		{"no frame header", join([]byte{0xff, 0xd8, 0xff, 0xd9}, a), [][]byte{a}, 1},
		{"bad segment", join([]byte{0xff, 0xd8, 0xff, 0xe0, 0, 1}, a), [][]byte{a}, 1},
		{"bad size", join([]byte{0xff, 0xd8, 0xff, 0xc0, 0, 7, 8, 0, 0, 0, 0}, a), [][]byte{a}, 1},
		{"nothing", []byte("nothing at all"), nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range []io.Reader{bytes.NewReader(c.stream), iotest.OneByteReader(bytes.NewReader(c.stream))} {
				got, broken := pictures(t, r, 1<<16)
				if len(got) != len(c.want) || broken != c.broken {
					t.Fatalf("%d pictures and %d broken, wanted %d and %d", len(got), broken, len(c.want), c.broken)
				}
				for i := range got {
					if !bytes.Equal(got[i], c.want[i]) {
						t.Errorf("picture %d differs: %d bytes, wanted %d", i, len(got[i]), len(c.want[i]))
					}
				}
			}
		})
	}
	if got, broken := pictures(t, bytes.NewReader(join(a, b)), len(a)-1); len(got) != 0 && broken == 0 {
		t.Errorf("a picture that is too long: %d good, %d broken", len(got), broken)
	}
}

func TestMotionJPEGPlays(t *testing.T) {
	a, b := encodeJPEG(t, texture(32, 16)), encodeJPEG(t, texture(16, 48))
	path := filepath.Join(t.TempDir(), "a.mjpeg")
	huge := append([]byte{0xff, 0xd8}, bytes.Repeat([]byte{1}, 100<<10)...)
	if err := os.WriteFile(path, bytes.Join([][]byte{a, huge, b, {0xff, 0xd8, 0xff, 0xd9}, a}, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	o := feed.DefaultOpts()
	o.Once, o.Pace = true, feed.AsTaken
	s, err := New(path, o)
	if err != nil {
		t.Fatal(err)
	}
	var sizes []int
	take(t, s, func(f *feed.Frame) {
		if f.Format != feed.MJPG || f.Stride != 0 {
			t.Errorf("%v, stride %d", f.Format, f.Stride)
		}
		sizes = append(sizes, f.Width)
	})
	if st := s.Stats(); len(sizes) != 3 || sizes[1] != 16 || st.Faults[feed.FaultDecode] != 1 || st.State != feed.Ended {
		t.Errorf("widths %v, %+v", sizes, st)
	}
}

func TestMotionJPEGWithoutAPicture(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.mjpeg")
	if err := os.WriteFile(path, []byte{0xff, 0xd8, 0xff, 0xd9}, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := New(path, feed.DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "no whole JPEG") {
		t.Error(err)
	}
}

func FuzzMotionJPEG(f *testing.F) {
	a := encodeJPEG(f, texture(32, 16))
	f.Add(a)
	f.Add(append(a, a...))
	f.Add(a[:len(a)/2])
	f.Add([]byte{0xff, 0xd8, 0xff, 0xe0, 0, 1, 0xff, 0xd8, 0xff, 0xd9})
	f.Fuzz(func(t *testing.T, stream []byte) {
		good, broken := pictures(t, bytes.NewReader(stream), 1<<10)
		total := 0
		for _, p := range good {
			total += len(p)
			if p[0] != 0xff || p[1] != markSOI || p[len(p)-1] != markEOI {
				t.Errorf("a picture from %x to %x", p[:2], p[len(p)-2:])
			}
		}
		if total > len(stream) || broken > len(stream) {
			t.Errorf("%d bytes of pictures and %d broken ones in %d bytes", total, broken, len(stream))
		}
	})
}
