package replay

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"umbral/drivers/camera/feed"
)

// What another program writes into a pipe is played as it comes; Run ends while nobody writes.
func TestPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "camera.mjpeg")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 64, 48)), nil); err != nil {
		t.Fatal(err)
	}
	o := feed.DefaultOpts()
	o.FPS = 60
	s, err := New(path, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	w, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	// The first picture tells the size and is not shown.
	if _, err := w.Write(picture.Bytes()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := w.Write(picture.Bytes()); err != nil {
			t.Fatal(err)
		}
		f, err := s.Frame(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if f.Width != 64 || f.Height != 48 || !bytes.Equal(f.Data, picture.Bytes()) {
			t.Errorf("frame of %d×%d, %d bytes", f.Width, f.Height, len(f.Data))
		}
		f.Release()
	}
	w.Close()
	time.Sleep(50 * time.Millisecond)
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Run waits for a writer although it was called off")
	}
}
