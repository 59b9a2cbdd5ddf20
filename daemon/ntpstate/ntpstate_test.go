package ntpstate

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// kernelSays is a kernel that answers so.
func kernelSays(synced bool, err error) func() (bool, error) {
	return func() (bool, error) { return synced, err }
}

func TestRead(t *testing.T) {
	minute := func() moment { return moment{time.Minute, time.Hour} }
	for name, c := range map[string]struct {
		kernel bool
		denied error
		file   string
		want   bool
		err    error
	}{
		"kernel, synchronized":    {kernel: true, file: "unsynchronized 60000 3600000\n", want: true},
		"kernel, unsynchronized":  {kernel: false, file: "synchronized 60000 3600000\n"},
		"file, synchronized":      {denied: unix.EPERM, file: "synchronized 60000 3600000\n", want: true},
		"file, unsynchronized":    {denied: unix.EPERM, file: "unsynchronized 60000 3600000\n"},
		"file, just fresh":        {denied: unix.EPERM, file: "synchronized 45000 3585000\n", want: true},
		"file, stale":             {denied: unix.EPERM, file: "synchronized 44999 3584999\n", err: ErrStale},
		"file, of another boot":   {denied: unix.EPERM, file: "synchronized 60001 3600001\n", err: ErrStale},
		"file, other word":        {denied: unix.EPERM, file: "synchronised 60000 3600000\n", err: unix.EPERM},
		"file, no number":         {denied: unix.EPERM, file: "synchronized soon 3600000\n", err: unix.EPERM},
		"file, one number":        {denied: unix.EPERM, file: "synchronized 60000\n", err: unix.EPERM},
		"file, ahead of a step":   {denied: unix.EPERM, file: "synchronized 60000 3599499\n"},
		"file, behind a step":     {denied: unix.EPERM, file: "synchronized 60000 3600501\n"},
		"file, a slew":            {denied: unix.EPERM, file: "synchronized 60000 3600500\n", want: true},
		"file, empty":             {denied: unix.EPERM, err: unix.EPERM},
		"neither kernel nor file": {denied: unix.EPERM, file: "none", err: fs.ErrNotExist},
	} {
		path := filepath.Join(t.TempDir(), "ntp")
		if c.file != "none" {
			if err := os.WriteFile(path, []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := read(path, kernelSays(c.kernel, c.denied), minute)
		if got != c.want || !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TestPublish follows a clock that is synchronized after a while, loses that again, and a publisher that stops.
func TestPublish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		now := func() moment { return moment{time.Since(begin), time.Since(begin)} }
		path := filepath.Join(t.TempDir(), "ntp")
		synced := false
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- publish(ctx, path, func() (bool, error) { return synced, nil }, now) }()
		denied := kernelSays(false, unix.EPERM)
		for _, want := range []bool{false, true, false} {
			synced = want
			time.Sleep(Every)
			synctest.Wait()
			if got, err := read(path, denied, now); got != want || err != nil {
				t.Errorf("published %v, %v, wanted %v", got, err, want)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, err := read(path, denied, now); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after the publisher ended: %v", err)
		}
	})
}

func TestPublishFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ntp")
	if err := publish(t.Context(), path, kernelSays(false, unix.EPERM), now); !errors.Is(err, unix.EPERM) {
		t.Errorf("forbidden: %v", err)
	}
	if err := publish(t.Context(), filepath.Join(path, "below"), kernelSays(true, nil), now); err == nil {
		t.Error("no folder: no error")
	}
}

// TestReal asks this machine.
func TestReal(t *testing.T) {
	if m := now(); m.up <= 0 || m.wall < m.up {
		t.Errorf("now is %+v", m)
	}
	path := filepath.Join(t.TempDir(), "ntp")
	if synced, err := Read(path); err != nil {
		t.Logf("adjtimex is forbidden here: %v", err)
	} else if again, err := Kernel(); err != nil || again != synced {
		t.Errorf("Read says %v, Kernel %v, %v", synced, again, err)
	}
}
