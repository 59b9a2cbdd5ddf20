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

	"github.com/google/go-cmp/cmp"

	"umbral/drivers/camera/feed"
)

func TestY4MLayouts(t *testing.T) {
	for _, c := range []struct {
		name   string
		header string
		data   []byte
		format feed.Format
		want   []byte
	}{
		{
			"4:2:0 becomes NV12", "W4 H2 F30000:1001 Ip A1:1 C420mpeg2",
			[]byte{1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 21, 22},
			feed.Format{Format: feed.NV12, Width: 4, Height: 2, Stride: 4, Bytes: 12, Rate: 30000.0 / 1001},
			[]byte{1, 2, 3, 4, 5, 6, 7, 8, 11, 21, 12, 22},
		},
		{
			"no C means 4:2:0", "W2 H2 F0:0",
			[]byte{1, 2, 3, 4, 5, 6},
			feed.Format{Format: feed.NV12, Width: 2, Height: 2, Stride: 2, Bytes: 6},
			[]byte{1, 2, 3, 4, 5, 6},
		},
		{
			"4:2:2 becomes YUYV", "W4 H2 F25:1 C422",
			[]byte{1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 21, 22, 23, 24},
			feed.Format{Format: feed.YUYV, Width: 4, Height: 2, Stride: 8, Bytes: 16, Rate: 25},
			[]byte{1, 11, 2, 21, 3, 12, 4, 22, 5, 13, 6, 23, 7, 14, 8, 24},
		},
		{
			"mono becomes GREY", "W3 H3 F1:1 Cmono XCOLORRANGE=FULL",
			[]byte{1, 2, 3, 4, 5, 6, 7, 8, 255},
			feed.Format{Format: feed.GREY, Width: 3, Height: 3, Stride: 3, Bytes: 9, Rate: 1},
			[]byte{1, 2, 3, 4, 5, 6, 7, 8, 255},
		},
		{
			"full range becomes limited", "W2 H2 F1:1 C420jpeg XCOLORRANGE=FULL",
			[]byte{0, 255, 128, 64, 0, 255},
			feed.Format{Format: feed.NV12, Width: 2, Height: 2, Stride: 2, Bytes: 6, Rate: 1},
			[]byte{16, 235, 126, 71, 16, 240},
		},
		{
			"full range becomes limited in 4:2:2", "W2 H1 XCOLORRANGE=FULL C422",
			nil, feed.Format{}, nil, // a single line is below the least size
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			stream := "YUV4MPEG2 " + c.header + "\nFRAME Ip\n" + string(c.data) + "FRAME\n" + string(c.data)
			p, err := newPlanes(bufio.NewReader(strings.NewReader(stream)), 1<<20)
			if c.data == nil {
				if err == nil {
					t.Fatal("accepted")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.format, p.format()); diff != "" {
				t.Fatal(diff)
			}
			for range 2 {
				got := make([]byte, c.format.Bytes)
				if err := p.frame(got, c.format); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Fatal(diff)
				}
			}
			if err := p.frame(make([]byte, c.format.Bytes), c.format); err != io.EOF {
				t.Errorf("after the last frame: %v", err)
			}
		})
	}
}

func TestY4MFaults(t *testing.T) {
	for _, c := range []struct{ stream, want string }{
		{"", "EOF"},
		{"YUV4MPEG2 W2 H2", "unexpected EOF"},
		{"RIFF....\n", "wanted YUV4MPEG2"},
		{"YUV4MPEG2 W2\n", "no width or no height"},
		{"YUV4MPEG2 W0 H2\n", `size "0"`},
		{"YUV4MPEG2 W-2 H2\n", `size "-2"`},
		{"YUV4MPEG2 W9999999999999999999 H2\n", "limit 2 to"},
		{"YUV4MPEG2 W3 H2\n", "even"},
		{"YUV4MPEG2 W2 H3 C420\n", "even"},
		{"YUV4MPEG2 W2 H2 C444\n", "colour space"},
		{"YUV4MPEG2 W2 H2 C420p10\n", "colour space"},
		{"YUV4MPEG2 W2 H2 F5000:1\n", "limit 0.01 to 1000"},
		{"YUV4MPEG2 W2 H2 F5\n", "F5"},
		{"YUV4MPEG2 W8000 H8000\n", "limit 1048576"},
		{"YUV4MPEG2 W2 H2" + strings.Repeat(" Xa", 1000) + "\n", "buffer full"},
	} {
		_, err := newPlanes(bufio.NewReader(strings.NewReader(c.stream)), 1<<20)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: %v, wanted %q", c.stream, err, c.want)
		}
	}
}

func TestY4MEndsWhereItWasCut(t *testing.T) {
	whole := y4mFile("W4 H4 F25:1", 2, 24)
	for cut := len("YUV4MPEG2 W4 H4 F25:1\n"); cut < len(whole); cut++ {
		p, err := newPlanes(bufio.NewReader(bytes.NewReader(whole[:cut])), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		n, data := 0, make([]byte, 24)
		for err == nil {
			if err = p.frame(data, p.format()); err == nil {
				n++
			}
		}
		if want := (cut - len("YUV4MPEG2 W4 H4 F25:1\n")) / 30; err != io.EOF || n != want {
			t.Fatalf("cut at %d: %d frames and %v, wanted %d and EOF", cut, n, err, want)
		}
	}
}

func TestY4MPlays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.y4m")
	if err := os.WriteFile(path, append(y4mFile("W4 H4 F25:1", 5, 24), "nonsense\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	o := feed.DefaultOpts()
	o.Once, o.Pace = true, feed.AsTaken
	s, err := New(path, o)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	err = played(t, s, func(b *feed.Frame) {
		if b.Data[0] != byte(n) || b.Format != feed.NV12 || b.Sequence != uint64(n) {
			t.Errorf("frame %d: %v, sequence %d, begins with %d", n, b.Format, b.Sequence, b.Data[0])
		}
		n++
	})
	if n != 5 || err == nil || !strings.Contains(err.Error(), `"nonsense"`) {
		t.Errorf("%d frames, %v", n, err)
	}
	if st := s.Stats(); st.State != feed.Failing || st.Text == "" {
		t.Errorf("%+v", st)
	}
}

func FuzzY4M(f *testing.F) {
	f.Add(y4mFile("W4 H4 F25:1 C420jpeg", 2, 24))
	f.Add(y4mFile("W4 H2 C422 XCOLORRANGE=FULL", 1, 16))
	f.Add(y4mFile("W3 H3 Cmono", 1, 9))
	f.Fuzz(func(t *testing.T, stream []byte) {
		const limit = 1 << 16
		p, err := newPlanes(bufio.NewReader(bytes.NewReader(stream)), limit)
		if err != nil {
			return
		}
		n := p.format()
		if n.Bytes > limit || n.Bytes <= 0 {
			t.Fatalf("%+v", n)
		}
		data := make([]byte, n.Bytes)
		for frames := 0; ; frames++ {
			if err := p.frame(data, n); err != nil {
				return
			}
			if frames*n.Bytes > len(stream) {
				t.Fatal("more frames than bytes")
			}
		}
	})
}

func TestErrorsOfFilesSayWhich(t *testing.T) {
	dir := t.TempDir()
	if _, err := New(filepath.Join(dir, "none.y4m"), feed.DefaultOpts()); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "none.y4m") {
		t.Errorf("%v", err)
	}
	if _, err := New(dir, feed.DefaultOpts()); err == nil || !strings.Contains(err.Error(), "no .jpg") {
		t.Errorf("%v", err)
	}
	bad := feed.DefaultOpts()
	bad.Buffers = 1
	if _, err := New(dir, bad); err == nil {
		t.Error("bad options accepted")
	}
}
