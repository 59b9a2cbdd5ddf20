package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// modules is where the kernel's modules are; an image whose root file system was replaced has carried them over.
func modules() string {
	if _, err := os.Stat("/run/modules"); err == nil {
		return "/run/modules"
	}
	return "/modules"
}

// start is the device's set-up; whoever waits for it reads its last line on the console.
func start([]string) error {
	names, err := os.ReadFile(modules() + "/start")
	if err != nil {
		return err
	}
	for name := range strings.FieldsSeq(string(names)) {
		if err := modprobe([]string{name}); err != nil {
			return err
		}
	}
	os.Setenv("PATH", "/usr/bin:/bin:/sbin:/usr/sbin")
	for _, c := range [][]string{
		{"ip", "link", "set", "lo", "up"},
		{"ip", "link", "set", "eth0", "up"},
		{"ip", "addr", "add", "10.0.2.15/24", "dev", "eth0"},
		{"ip", "route", "add", "default", "via", "10.0.2.2"},
	} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(c, " "), err, out)
		}
	}
	return nil
}

// modprobe loads a module after those that it needs. Parameters are its own.
func modprobe(args []string) error {
	if len(args) == 0 {
		return errors.New("modprobe: no module named")
	}
	index, err := os.ReadFile(modules() + "/index")
	if err != nil {
		return err
	}
	name := strings.ReplaceAll(args[0], "-", "_")
	for line := range strings.Lines(string(index)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != name {
			continue
		}
		for _, other := range fields[1:] {
			if err := modprobe([]string{other}); err != nil {
				return err
			}
		}
		code, err := os.ReadFile(modules() + "/" + name + ".ko")
		if err != nil {
			return err
		}
		if err := unix.InitModule(code, strings.Join(args[1:], " ")); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("module %s: %w", name, err)
		}
		return nil
	}
	return fmt.Errorf("module %s is not in this image", name)
}

// attach gives the kernel's USB/IP driver a connection to an emulated device (Linux Documentation/usb/usbip_protocol.rst).
// The list of devices and the choice of one, which come first in that protocol, are left out at both ends.
func attach(args []string) error {
	if len(args) != 1 {
		return errors.New("attach: one HOST:PORT wanted")
	}
	if err := modprobe([]string{"vhci-hcd"}); err != nil {
		return err
	}
	c, err := net.Dial("tcp", args[0])
	if err != nil {
		return err
	}
	f, err := c.(*net.TCPConn).File()
	if err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	const highSpeed, device = 3, 0x10002 // enum usb_device_speed; bus 1, device 2, any
	order := fmt.Sprintf("%d %d %d %d", port, f.Fd(), device, highSpeed)
	if err := os.WriteFile("/sys/devices/platform/vhci_hcd.0/attach", []byte(order), 0); err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	fmt.Println(port)
	return nil
}

// freePort is a high-speed port of the driver that nothing is plugged into (state 004, VDEV_ST_NULL).
func freePort() (int, error) {
	text, err := os.ReadFile("/sys/devices/platform/vhci_hcd.0/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		var port, state int
		if n, _ := fmt.Sscanf(line, "hs %d %d", &port, &state); n == 2 && state == 4 {
			return port, nil
		}
	}
	return 0, errors.New("attach: no free port")
}
