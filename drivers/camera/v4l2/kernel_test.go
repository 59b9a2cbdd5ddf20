package v4l2

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
	"unsafe"

	"github.com/blackjack/webcam"
	"golang.org/x/sys/unix"

	"umbral/drivers/camera/feed"
)

// The numbers of the requests hold the structures' sizes; these are from the kernel's headers.
func TestRequestsAreTheKernels(t *testing.T) {
	wide := strconv.IntSize == 64
	for _, c := range []struct {
		name           string
		got            uintptr
		bits64, bits32 uintptr
	}{
		{"VIDIOC_QUERYCAP", vidiocQueryCap, 0x80685600, 0x80685600},
		{"VIDIOC_G_FMT", vidiocGetFmt, 0xc0d05604, 0xc0cc5604},
		{"VIDIOC_G_CTRL", vidiocGetCtrl, 0xc008561b, 0xc008561b},
		{"VIDIOC_S_CTRL", vidiocSetCtrl, 0xc008561c, 0xc008561c},
		{"VIDIOC_QUERYCTRL", vidiocQueryCtrl, 0xc0445624, 0xc0445624},
		{"VIDIOC_QUERYMENU", vidiocQueryMenu, 0xc02c5625, 0xc02c5625},
		{"VIDIOC_QUERYBUF", vidiocQueryBuf, 0xc0585609, 0xc0445609},
		{"VIDIOC_ENUM_FMT", vidiocEnumFmt, 0xc0405602, 0xc0405602},
		{"VIDIOC_S_FMT", vidiocSetFmt, 0xc0d05605, 0xc0cc5605},
		{"VIDIOC_REQBUFS", vidiocReqBufs, 0xc0145608, 0xc0145608},
		{"VIDIOC_QBUF", vidiocQBuf, 0xc058560f, 0xc044560f},
		{"VIDIOC_DQBUF", vidiocDQBuf, 0xc0585611, 0xc0445611},
		{"VIDIOC_STREAMON", vidiocStreamOn, 0x40045612, 0x40045612},
		{"VIDIOC_STREAMOFF", vidiocStreamOff, 0x40045613, 0x40045613},
		{"VIDIOC_G_PARM", vidiocGetParm, 0xc0cc5615, 0xc0cc5615},
		{"VIDIOC_S_PARM", vidiocSetParm, 0xc0cc5616, 0xc0cc5616},
	} {
		want := c.bits32
		if wide {
			want = c.bits64
		}
		if c.got != want {
			t.Errorf("%s is %#x, wanted %#x", c.name, c.got, want)
		}
	}
	if vidiocQueryCap != webcam.VIDIOC_QUERYCAP || vidiocQueryBuf != webcam.VIDIOC_QUERYBUF {
		t.Error("the library has other requests than we do")
	}
	var f formatRequest
	if at := unsafe.Offsetof(f.width); at != unsafe.Sizeof(uintptr(0)) {
		t.Errorf("the format begins at %d", at)
	}
	if at := unsafe.Offsetof(f.size); at != unsafe.Sizeof(uintptr(0))+20 {
		t.Errorf("sizeimage is at %d", at)
	}
	var b bufferRequest
	sequence, length := uintptr(56), uintptr(72)
	if !wide {
		sequence, length = 44, 56
	}
	if unsafe.Offsetof(b.sequence) != sequence || unsafe.Offsetof(b.length) != length {
		t.Errorf("sequence is at %d, length at %d", unsafe.Offsetof(b.sequence), unsafe.Offsetof(b.length))
	}
}

func TestWhatIsNoCamera(t *testing.T) {
	file := filepath.Join(t.TempDir(), "video0")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/dev/null", file} {
		if _, _, err := (kernel{}).open(path); !errors.Is(err, errNotCamera) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, _, err := (kernel{}).open(file + "0"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a node that is not there: %v", err)
	}
}

func TestOpenLeavesNoDescriptor(t *testing.T) {
	count := func() int {
		all, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	before := count()
	for range 50 {
		if _, _, err := (kernel{}).open("/dev/null"); err == nil {
			t.Fatal("/dev/null opened as a camera")
		}
	}
	if now := count(); now > before+2 {
		t.Errorf("%d descriptors, before %d", now, before)
	}
}

func TestUnmapTakesWhatIsNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "buffers")
	const size = 1 << 16
	if err := os.WriteFile(path, make([]byte, 3*size), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m := func(offset int64) []byte {
		data, err := unix.Mmap(int(f.Fd()), offset, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	// Not neighbours in the file in either order, or the kernel would join them into one mapping.
	kept := m(2 * size)
	before, err := mapped(path)
	if err != nil || len(before) != 1 {
		t.Fatalf("mappings %v, %v", before, err)
	}
	m(0)
	if now, err := mapped(path); err != nil || len(now) != 2 {
		t.Fatalf("mappings %v, %v", now, err)
	}
	if err := unmap(path, before); err != nil {
		t.Fatal(err)
	}
	if now, err := mapped(path); err != nil || !slices.Equal(now, before) {
		t.Errorf("left are %v, wanted %v, %v", now, before, err)
	}
	kept[0] = 1 // it would end the process if it were gone
	if err := unix.Munmap(kept); err != nil {
		t.Error(err)
	}
}

func TestMappingLines(t *testing.T) {
	for _, c := range []struct {
		line string
		want span
		ok   bool
	}{
		{"7f001000-7f002000 rw-s 00000000 00:05 123  /dev/video0", span{0x7f001000, 0x7f002000}, true},
		{"7f001000-7f002000 rw-s 00000000 00:05 123  /dev/video0 (deleted)", span{0x7f001000, 0x7f002000}, true},
		{"7f001000-7f002000 rw-s 00000000 00:05 123  /dev/video01", span{}, false},
		{"7f001000-7f002000 rw-s 00000000 00:05 123", span{}, false},
		{"7f002000-7f001000 rw-s 00000000 00:05 123  /dev/video0", span{}, false},
		{"-", span{}, false},
		{"x-y rw-s 0 0 0 /dev/video0", span{}, false},
	} {
		got, ok := mapping(c.line, "/dev/video0")
		if got != c.want || ok != c.ok {
			t.Errorf("%q: %x, %v", c.line, got, ok)
		}
	}
}

// TestRealCamera runs where there is one.
func TestRealCamera(t *testing.T) {
	paths, err := kernel{}.nodes()
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Skip("no /dev/video*")
	}
	c, err := New("", feed.DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	for range 10 {
		b, err := c.Frame(ctx)
		if errors.Is(err, feed.ErrStalled) {
			continue
		}
		if err != nil {
			t.Skipf("no frame from %v: %+v", paths, c.Stats())
		}
		if _, size := b.Format.Size(b.Width, b.Height); b.Format != feed.MJPG && len(b.Data) < size {
			t.Errorf("%v %d×%d of %d bytes", b.Format, b.Width, b.Height, len(b.Data))
		}
		b.Release()
	}
	if err := c.Halt(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
