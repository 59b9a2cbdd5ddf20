package terminal

import (
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// watchdog speaks to the service manager (sd_notify(3)). Without one it does nothing.
type watchdog struct {
	interval time.Duration // between pets; 0 where there is no watchdog
	last     time.Time
}

func newWatchdog() *watchdog {
	w := new(watchdog)
	if limit, err := daemon.SdWatchdogEnabled(false); err == nil && limit > 0 {
		w.interval = limit / 3
	}
	return w
}

// A message that the manager does not take is no reason to stop working.

func (w *watchdog) ready() { daemon.SdNotify(false, daemon.SdNotifyReady) }

func (w *watchdog) stopping() { daemon.SdNotify(false, daemon.SdNotifyStopping) }

func (w *watchdog) pet() {
	if w.interval == 0 || time.Since(w.last) < w.interval {
		return
	}
	w.last = time.Now()
	daemon.SdNotify(false, daemon.SdNotifyWatchdog)
}
