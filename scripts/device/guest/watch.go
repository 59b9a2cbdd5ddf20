package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"umbral/drivers/camera"
	"umbral/drivers/camera/feed"
	"umbral/scripts/device/control"
)

// watch takes frames from the camera as the daemon does, without looking at them, and writes ten times a second what the
// source knows and what this process takes of the device.
func watch(args []string) error {
	o := camera.DefaultOpts()
	o.Stall, o.Formats = time.Second, nil
	for _, a := range args {
		if s, err := camera.ParseSetting(a); err == nil {
			o.Controls = append(o.Controls, s)
			continue
		}
		f, err := camera.ParseFourCC(a)
		if err != nil {
			return err
		}
		o.Formats = append(o.Formats, f)
	}
	source, err := camera.Open("v4l2:", o)
	if err != nil {
		return err
	}
	go source.Run(context.Background())
	go func() {
		for {
			f, err := source.Frame(context.Background())
			if err == nil {
				f.Release()
			} else if !errors.Is(err, camera.ErrStalled) {
				return
			}
		}
	}()
	out := json.NewEncoder(os.Stdout)
	for range time.Tick(100 * time.Millisecond) {
		s := source.Stats()
		r := control.CameraReport{
			Device: s.Device, State: s.State.String(), Text: s.Text, Unset: s.Unset, Format: s.Format.String(), FPS: s.FPS,
			Captured: s.Captured, Opened: s.Opened, Faults: map[string]uint64{},
		}
		for k, n := range s.Faults {
			if n > 0 {
				r.Faults[feed.Fault(k).String()] = n
			}
		}
		var u unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
			return err
		}
		r.CPU = time.Duration(u.Utime.Nano() + u.Stime.Nano())
		if list, err := os.ReadDir("/proc/self/fd"); err == nil {
			r.Descriptors = len(list)
		}
		if maps, err := os.ReadFile("/proc/self/maps"); err == nil {
			r.Mappings = strings.Count(string(maps), "/dev/video")
		}
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	return nil
}
