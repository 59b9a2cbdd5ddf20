package gpio

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"
	"unsafe"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestLinesReadEvents gives lines a pipe in the place of the kernel's descriptor: what is read, and how a wait ends.
func TestLinesReadEvents(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	l := lines{r}
	var events [4]LineEvent
	if _, err := l.Read(events[:], 0); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a look at nothing: %v", err)
	}
	if _, err := l.Read(events[:], time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a wait for nothing: %v", err)
	}
	sent := []LineEvent{{Timestamp: 7, ID: eventRising, Offset: 3, Seq: 1, LineSeq: 1}, {Timestamp: 9, ID: eventFalling, Offset: 3, Seq: 2, LineSeq: 2}}
	if _, err := w.Write(unsafe.Slice((*byte)(unsafe.Pointer(&sent[0])), 2*eventSize)); err != nil {
		t.Fatal(err)
	}
	n, err := l.Read(events[:], -1)
	if err != nil || !slices.Equal(events[:n], sent) {
		t.Errorf("read %+v, %v", events[:n], err)
	}
	if _, err := w.Write(make([]byte, eventSize-1)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Read(events[:], -1); err == nil {
		t.Error("a part of an event is taken for one")
	}
	done := make(chan error, 1)
	go func() {
		_, err := l.Read(events[:], -1)
		done <- err
	}()
	time.Sleep(10 * time.Millisecond)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, os.ErrClosed) {
		t.Errorf("a wait that Close ended: %v", err)
	}
}
