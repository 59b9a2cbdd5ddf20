// Command guest is the test's hand inside the emulated device: it sets the device up, serves package control, and does
// what busybox can't. It runs as root there and nowhere else.
package main

import (
	"fmt"
	"net/http"
	"os"
	"sort"
	"strconv"
	"strings"

	"umbral/scripts/device/control"
)

// commands are what guest can do, by name.
var commands = map[string]struct {
	does string
	run  func(args []string) error
}{
	"start":     {"load the first modules, set the network up, say that the device is ready", start},
	"serve":     {"serve package control", serve},
	"modprobe":  {"NAME [PARAMETER=VALUE ...]: load a module and what it needs", modprobe},
	"forward":   {"LISTEN TO: carry connections to an address of the device's own", forward},
	"watch":     {"[FORMAT ...] [CONTROL=VALUE ...]: take frames from the camera and tell of them", watch},
	"flakey":    {"make|break|mend|hang|wake DEVICE: a disk whose writes fail, or wait, when told to, as /dev/dm-0", flakey},
	"unflushed": {"FILE: commit to a bbolt file without the last flush", unflushed},
	"journal":   {"store|nosync DIR DEVICE OFFSET: append entries for ever, and note on the device which", journal},
	"door":      {"SIGN ...: run a door with all its lines, and show the next sign at each SIGUSR1", showDoor},
	"clock":     {"synced|unsynced|step SECONDS: what a time daemon does to the kernel's clock", setClock},
	"attach":    {"HOST:PORT: plug in the USB device that is emulated there", attach},
}

func main() {
	if len(os.Args) < 2 || commands[os.Args[1]].run == nil {
		var names []string
		for name, c := range commands {
			names = append(names, "  guest "+name+"  "+c.does)
		}
		sort.Strings(names)
		fmt.Fprintln(os.Stderr, "guest: commands are\n"+strings.Join(names, "\n"))
		os.Exit(2)
	}
	if err := commands[os.Args[1]].run(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "guest:", err)
		os.Exit(1)
	}
}

func serve([]string) error {
	os.Setenv("PATH", "/usr/bin:/bin:/sbin:/usr/sbin")
	os.Setenv("UMBRAL_MODELS", "/models")
	os.Setenv("HOME", "/root")
	return http.ListenAndServe(":"+strconv.Itoa(control.Port), control.Handler())
}
