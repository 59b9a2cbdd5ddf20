package v4l2

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"umbral/drivers/camera/feed"
)

// TestAsOffered picks a format among what a camera offers, by the order of what is wanted.
func TestAsOffered(t *testing.T) {
	for name, c := range map[string]struct {
		wanted, offered []feed.FourCC
		want            feed.FourCC
	}{
		"as it is":              {[]feed.FourCC{feed.YUYV}, []feed.FourCC{codeUYVY, feed.YUYV}, feed.YUYV},
		"turned":                {[]feed.FourCC{feed.YUYV}, []feed.FourCC{codeUYVY, feed.MJPG}, codeUYVY},
		"turned before another": {[]feed.FourCC{feed.YUYV, feed.MJPG}, []feed.FourCC{codeUYVY, feed.MJPG}, codeUYVY},
		"another before turned": {[]feed.FourCC{feed.MJPG, feed.YUYV}, []feed.FourCC{codeUYVY, feed.MJPG}, feed.MJPG},
		"fewest bits":           {[]feed.FourCC{feed.GREY}, []feed.FourCC{codeY16, codeY12, codeY10}, codeY10},
		"packed":                {[]feed.FourCC{feed.GREY}, []feed.FourCC{codeY12P}, codeY12P},
		"none":                  {[]feed.FourCC{feed.GREY}, []feed.FourCC{codeUYVY}, 0},
	} {
		got, found := asOffered(c.wanted, c.offered)
		if got != c.want || found != (c.want != 0) {
			t.Errorf("%s: %v, %v, wanted %v", name, got, found, c.want)
		}
	}
}

// TestLinesAreTurned turns a line of each format.
func TestLinesAreTurned(t *testing.T) {
	for _, c := range []struct {
		code     feed.FourCC
		from, to []byte
	}{
		{codeUYVY, []byte{1, 2, 3, 4}, []byte{2, 1, 4, 3}},
		{codeUYVY, []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, []byte{2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11}},
		{codeY10, []byte{0xFF, 0x03, 0x03, 0x00, 0x04, 0x02, 0xFF, 0xFF}, []byte{255, 0, 129, 255}},
		{codeY12, []byte{0xFF, 0x0F, 0x0F, 0x00, 0x10, 0x08}, []byte{255, 0, 129}},
		{codeY16, []byte{0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x81}, []byte{255, 0, 129}},
		{codeY10P, []byte{1, 2, 3, 4, 0xFF, 5, 6, 7, 8, 0xFF}, []byte{1, 2, 3, 4, 5, 6, 7, 8}},
		{codeY12P, []byte{1, 2, 0xFF, 3, 4, 0xFF}, []byte{1, 2, 3, 4}},
	} {
		to := make([]byte, len(c.to))
		r := rawOf(c.code)
		r.line(to, c.from)
		if !bytes.Equal(to, c.to) {
			t.Errorf("%v: % x became % x, wanted % x", c.code, c.from, to, c.to)
		}
		if n := len(c.to) / map[feed.FourCC]int{feed.YUYV: 2, feed.GREY: 1}[r.as]; r.stride(n) != len(c.from) {
			t.Errorf("%v: a line of %d pixels has %d bytes, wanted %d", c.code, n, r.stride(n), len(c.from))
		}
	}
	if rawOf(feed.YUYV) != nil || rawOf(feed.MJPG) != nil {
		t.Error("a format that consumers read is turned")
	}
	if rawOf(codeY10P).stride(18) != 0 {
		t.Error("18 pixels make whole groups of four")
	}
}

// TestUsableRaw negotiates turned formats: what is given on has no padding, and what comes may have.
func TestUsableRaw(t *testing.T) {
	for name, c := range map[string]struct {
		p     pixFormat
		n     feed.Format
		bytes int
		err   string
	}{
		"UYVY":            {pixFormat{code: codeUYVY, width: 32, height: 16, stride: 64, size: 1024}, feed.Format{Format: feed.YUYV, Width: 32, Height: 16, Stride: 64, Bytes: 1024}, 1024, ""},
		"padded UYVY":     {pixFormat{code: codeUYVY, width: 32, height: 16, stride: 80, size: 1280}, feed.Format{Format: feed.YUYV, Width: 32, Height: 16, Stride: 64, Bytes: 1024}, 1280, ""},
		"Y10":             {pixFormat{code: codeY10, width: 32, height: 16, size: 1024}, feed.Format{Format: feed.GREY, Width: 32, Height: 16, Stride: 32, Bytes: 512}, 1024, ""},
		"padded Y10P":     {pixFormat{code: codeY10P, width: 32, height: 16, stride: 48, size: 768}, feed.Format{Format: feed.GREY, Width: 32, Height: 16, Stride: 32, Bytes: 512}, 768, ""},
		"no whole groups": {pixFormat{code: codeY10P, width: 34, height: 16, stride: 48, size: 768}, feed.Format{}, 0, "bytes a line"},
		"short lines":     {pixFormat{code: codeUYVY, width: 32, height: 16, stride: 63, size: 1024}, feed.Format{}, 0, "bytes a line"},
		"short frame":     {pixFormat{code: codeY12, width: 32, height: 16, stride: 64, size: 1023}, feed.Format{}, 0, "in 1023 bytes"},
		"unknown":         {pixFormat{code: 'R' | 'G'<<8, width: 32, height: 16, stride: 64, size: 1024}, feed.Format{}, 0, "pixel format"},
	} {
		n, from, err := usable(c.p)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, wanted %q", name, err, c.err)
			}
			continue
		}
		if err != nil || n != c.n || from.bytes != c.bytes {
			t.Errorf("%s: %+v in %d bytes, %v", name, n, from.bytes, err)
		}
	}
}

// TestPaddedFramesAreTurned runs a camera whose frames have padded lines, the padding filled with other bytes.
func TestPaddedFramesAreTurned(t *testing.T) {
	const width, height, stride = 32, 16, 80
	data := make([]byte, stride*height)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	_, from, err := usable(pixFormat{code: codeUYVY, width: width, height: height, stride: stride, size: len(data)})
	if err != nil {
		t.Fatal(err)
	}
	to := make([]byte, 2*width*height)
	if n := from.copy(to, data, 2*width); n != len(to) {
		t.Fatalf("%d bytes, wanted %d", n, len(to))
	}
	for i, v := range to {
		if y, x := i/(2*width), i%(2*width); v != data[y*stride+(x^1)] {
			t.Fatalf("byte %d of line %d is %d", x, y, v)
		}
	}
	if n := testing.AllocsPerRun(10, func() { from.copy(to, data, 2*width) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

// TestRawCamera plays a camera that offers UYVY only.
func TestRawCamera(t *testing.T) {
	uyvy := pixFormat{code: codeUYVY, width: 32, height: 16, stride: 64, size: 1024}
	c := run(t, "/dev/video0", []step{{call: "open /dev/video0", who: front}, {call: "formats", codes: []feed.FourCC{feed.MJPG, codeUYVY}}, {call: "setFormat UYVY 64×48"},
		{call: "format", format: uyvy}, {call: "setRate 30"}, {call: "rate", rate: 25}, {call: "start 4"},
		{call: "wait"}, {call: "get", shot: shot{data: bytes.Repeat([]byte{7, 9}, 512), known: true, seq: 1}}, {call: "release 0"},
		{call: "wait"}, {call: "get", shot: shot{data: make([]byte, 1023), index: 1, known: true, seq: 2}}, {call: "release 1"}})
	f, err := c.Frame(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Release()
	if f.Format != feed.YUYV || f.Stride != 64 || !bytes.Equal(f.Data, bytes.Repeat([]byte{9, 7}, 512)) {
		t.Errorf("%v, %d bytes a line, % x…", f.Format, f.Stride, f.Data[:4])
	}
	if n := c.Stats().Faults[feed.FaultLength]; n != 1 {
		t.Errorf("%d frames were too short, wanted 1", n)
	}
}

func BenchmarkSwapPairs(b *testing.B) {
	from, to := make([]byte, 1280*720*2), make([]byte, 1280*720*2)
	b.SetBytes(int64(len(from)))
	for b.Loop() {
		swapPairs(to, from)
	}
}
