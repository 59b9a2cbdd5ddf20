package main

import (
	"crypto/rand"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"umbral/scripts/device/footage"
	"umbral/scripts/device/image"
	"umbral/scripts/device/machine"
	"umbral/scripts/device/usbip"
)

// systemConfig is the terminal's configuration in the system: paths are those of the unit.
var systemConfig = strings.NewReplacer(
	"state_dir = \"/var/lib/umbral\"\n", "", "/run/umbral.sock", "/run/umbral/umbral.sock",
).Replace(gateConfig)

// system boots Debian's systemd with the terminal installed.
func system(t *testing.T, extra ...image.File) *site {
	t.Helper()
	full(t, "the unit under the real systemd")
	im := theImage(t)
	s := &site{t: t, fleet: subscribed(t)}
	key := make([]byte, 32)
	rand.Read(key)
	files := append([]image.File{
		{Name: "etc/umbral/umbral.toml", Text: systemConfig + s.fleet.config(), Perm: 0o644},
		{Name: "etc/credstore/umbral.key", Text: string(key), Perm: 0o600},
		{Name: "etc/systemd/system.conf.d/watchdog.conf", Text: "[Manager]\nRuntimeWatchdogSec=15s\n", Perm: 0o644},
	}, extra...)
	begin := time.Now()
	disk, err := image.System(t.Context(), im, filepath.Join("..", ".."), files...)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the system's disk is made in %.1f s", time.Since(begin).Seconds())
	s.Machine = booted(t, func(o *machine.Opts) {
		o.Boot = 5 * time.Minute
		o.Append = image.RootDisk + " panic=0"
		o.Args = []string{
			"-drive", "if=none,id=disk,format=raw,file=" + disk, "-device", "virtio-blk-pci,drive=disk",
			"-device", "i6300esb", "-action", "watchdog=poweroff",
		}
	})
	if s.gpio, err = s.QMP.Find("pl061"); err != nil {
		t.Fatal(err)
	}
	if err := s.QTest.Watch(s.gpio); err != nil {
		t.Fatal(err)
	}
	s.drive(contactLine, true)
	if s.camera, err = usbip.NewCamera(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.camera.Close() })
	return s
}

// property is what systemd says of the unit.
func (s *site) property(name string) string {
	out, err := s.Run(s.t.Context(), "systemctl", "show", "--value", "-p", name, "umbrald.service")
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(out)
}

// active waits until the unit is ready, and works with its devices.
func (s *site) active(limit time.Duration) time.Duration {
	s.t.Helper()
	begin := time.Now()
	until(s.t, limit, "umbrald.service active", func() (string, bool) {
		state := s.property("ActiveState")
		if state == "failed" {
			out, _ := s.Run(s.t.Context(), "journalctl", "-u", "umbrald", "-n", "30", "--no-pager")
			s.t.Fatal(out)
		}
		return state, state == "active"
	})
	return time.Since(begin)
}

// TestSystemd runs the unit under the real systemd, as its own user and hardened.
func TestSystemd(t *testing.T) {
	nobody, _ := people(t)
	s := system(t)
	s.camera.Show(footage.Loop(nobody))
	took := s.active(2 * time.Minute)
	up, _ := s.Run(t.Context(), "cut", "-d.", "-f1", "/proc/uptime")
	t.Logf("READY: active %.1f s after the device answered, uptime %s s; %s", took.Seconds(), strings.TrimSpace(up), s.property("StatusText"))
	run(t, s.Machine, "guest", "modprobe", "uvcvideo")
	s.plug()
	s.sub("devices by udev rules", func(t *testing.T) {
		until(t, time.Minute, "camera and door", func() (string, bool) {
			out := s.status()
			return out, strings.Contains(out, "streaming") && strings.Contains(out, "gpiochip0") && !strings.Contains(out, "does not answer")
		})
		t.Log(run(t, s.Machine, "ls", "-l", "/dev/gpiochip0", "/dev/video0"))
		pid := s.property("MainPID")
		t.Log(run(t, s.Machine, "sh", "-c", "grep -E '^(Uid|Gid|Groups|CapEff|NoNewPrivs|Seccomp):' /proc/"+pid+"/status"))
		if uid := run(t, s.Machine, "stat", "-c", "%U", "/proc/"+pid); uid != "umbral" {
			t.Errorf("it runs as %s", uid)
		}
	})
	s.sub("credential", func(t *testing.T) {
		if out, err := s.Run(t.Context(), "ls", "/var/lib/umbral/umbral.key"); err == nil {
			t.Errorf("a key was made beside the state: %s", out)
		}
		run(t, s.Machine, "test", "-s", "/var/lib/umbral/umbral.db")
	})
	s.sub("clock", func(t *testing.T) {
		trust := func(want string) {
			t.Helper()
			until(t, time.Minute, "trust in the clock: "+want, func() (string, bool) {
				out := s.status()
				return out, strings.Contains(out, "trust "+want) && !strings.Contains(out, "clock-unreadable")
			})
		}
		t.Log(run(t, s.Machine, "sh", "-c", "cat /run/umbral-clock/ntp; systemctl show -p ActiveState,MainPID umbral-clock"))
		for _, step := range []struct {
			do   []string
			want string
		}{
			{[]string{"synced"}, "ntp"}, {[]string{"unsynced"}, "rtc"}, {[]string{"synced"}, "ntp"},
			{[]string{"step", "60"}, "unknown"}, {[]string{"synced"}, "ntp"},
		} {
			run(t, s.Machine, append([]string{"guest", "clock"}, step.do...)...)
			trust(step.want)
		}
		run(t, s.Machine, "systemctl", "stop", "umbral-clock")
		until(t, 2*time.Minute, "the condition", func() (string, bool) {
			out := s.status()
			return out, strings.Contains(out, "clock-unreadable")
		})
		run(t, s.Machine, "systemctl", "start", "umbral-clock")
		trust("ntp")
	})
	s.sub("clean stop", func(t *testing.T) {
		begin := time.Now()
		run(t, s.Machine, "systemctl", "stop", "umbrald")
		took := time.Since(begin)
		t.Logf("stopped within %.2f s; result %s, exit %s", took.Seconds(), s.property("Result"), s.property("ExecMainStatus"))
		within(t, "a clean stop", took, 3*time.Second)
		if s.property("Result") != "success" || s.property("ExecMainStatus") != "0" {
			t.Error("not a clean stop")
		}
		s.quiet("at a stop")
		run(t, s.Machine, "systemctl", "start", "umbrald")
		s.quiet("at a start")
	})
	s.sub("killed", func(t *testing.T) {
		pid := s.property("MainPID")
		run(t, s.Machine, "kill", "-KILL", pid)
		begin := time.Now()
		until(t, time.Minute, "a new process", func() (string, bool) {
			now := s.property("MainPID")
			return now, now != pid && now != "0" && s.property("ActiveState") == "active"
		})
		t.Logf("active again %.1f s after SIGKILL", time.Since(begin).Seconds())
		s.quiet("at a crash and the start after it")
	})
	s.sub("killed in a pulse", func(t *testing.T) {
		s.drive(exitLine, true)
		if _, err := s.QTest.Wait(t.Context(), relayLine, true); err != nil {
			t.Fatal(err)
		}
		run(t, s.Machine, "systemctl", "kill", "-s", "KILL", "umbrald")
		died := time.Now()
		s.drive(exitLine, false)
		edges, err := s.QTest.Wait(t.Context(), relayLine, false)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("the relay fell %.2f s after the program died, brought to rest by its next start: %v", edges[len(edges)-1].At.Sub(died).Seconds(), edges)
		s.active(time.Minute)
	})
	s.sub("software watchdog", func(t *testing.T) {
		pid, restarts := s.property("MainPID"), s.property("NRestarts")
		run(t, s.Machine, "kill", "-STOP", pid)
		begin := time.Now()
		until(t, 90*time.Second, "a restart", func() (string, bool) {
			now := s.property("MainPID")
			return now, now != pid && now != "0" && s.property("ActiveState") == "active"
		})
		log := run(t, s.Machine, "sh", "-c", "journalctl -u umbrald --no-pager | grep -i watchdog | tail -n 3")
		t.Logf("a process that stands still is replaced after %.1f s (WatchdogSec=20; restarts %s, before %s):\n%s", time.Since(begin).Seconds(), s.property("NRestarts"), restarts, log)
		if !strings.Contains(strings.ToLower(log), "watchdog") {
			t.Error("it was not the watchdog")
		}
	})
	s.sub("hardware watchdog", func(t *testing.T) {
		if out := run(t, s.Machine, "sh", "-c", "journalctl -b --no-pager | grep -i 'hardware watchdog'"); !strings.Contains(out, "6300ESB") {
			t.Errorf("systemd does not pet it: %s", out)
		}
		begin := time.Now()
		go s.Run(t.Context(), "sh", "-c", "echo c > /proc/sysrq-trigger")
		select {
		case <-s.Done():
			t.Logf("a kernel that stands still is cut off after %.1f s (RuntimeWatchdogSec=15)", time.Since(begin).Seconds())
		case <-time.After(2 * time.Minute):
			t.Error("the hardware watchdog did nothing")
		}
	})
}

// TestSystemdDynamicUser runs the unit as a user that exists only while it runs.
func TestSystemdDynamicUser(t *testing.T) {
	s := system(t,
		image.File{Name: "usr/lib/sysusers.d/umbral.conf", Text: "g gpio -\ng video -\ng dialout -\ng spi -\n", Perm: 0o644},
		image.File{Name: "usr/lib/tmpfiles.d/umbral.conf", Text: "", Perm: 0o644},
		image.File{Name: "etc/systemd/system/umbrald.service.d/dynamic.conf", Text: "[Service]\nDynamicUser=yes\n", Perm: 0o644},
	)
	s.active(2 * time.Minute)
	run(t, s.Machine, "guest", "modprobe", "uvcvideo")
	s.plug()
	until(t, time.Minute, "camera and door", func() (string, bool) {
		out := s.status()
		return out, strings.Contains(out, "streaming") && !strings.Contains(out, "does not answer")
	})
	pid := s.property("MainPID")
	uid, err := strconv.Atoi(run(t, s.Machine, "stat", "-c", "%u", "/proc/"+pid))
	if err != nil || uid < 61184 || uid > 65519 {
		t.Errorf("uid %d, wanted one of systemd's dynamic users (61184 to 65519), %v", uid, err)
	}
	t.Logf("uid %d; %s", uid, run(t, s.Machine, "sh", "-c", "ls -ld /var/lib/umbral /var/lib/private/umbral"))
	begin := time.Now()
	run(t, s.Machine, "systemctl", "stop", "umbrald")
	within(t, "a clean stop", time.Since(begin), 3*time.Second)
}
