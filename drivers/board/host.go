package board

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/conn/v3/i2c/i2creg"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
	"periph.io/x/conn/v3/spi/spireg"
	"periph.io/x/host/v3/sysfs"
)

// noLines stands for periph's driver of GPIO chips, which sysfs's own names as its prerequisite: without it no driver at all is
// initialised, and with this one, which refuses, the two of them are skipped.
type noLines struct{}

func (noLines) String() string          { return "ioctl-gpio" }
func (noLines) Prerequisites() []string { return nil }
func (noLines) After() []string         { return nil }
func (noLines) Init() (bool, error)     { return false, errors.New("kept out: lines are package gpio's") }

func init() { driverreg.MustRegister(noLines{}) }

// host initialises periph's drivers, once for the process.
var host = sync.OnceValue(func() error {
	state, err := driverreg.Init()
	if err != nil {
		return fmt.Errorf("board: %w", err)
	}
	for _, f := range state.Failed {
		// A bus that this board lacks, or that needs more rights, is none: whoever wants it gets the reason then.
		if strings.HasPrefix(f.D.String(), "sysfs-") {
			continue
		}
		return fmt.Errorf("board: %s: %w", f.D, f.Err)
	}
	return nil
})

// SPI opens an SPI device such as "/dev/spidev0.0". It need not have been there when the program started.
func SPI(name string) (spi.PortCloser, error) {
	bus, chipSelect, err := spidev(name)
	if err != nil {
		return nil, err
	}
	if err := host(); err != nil {
		return nil, err
	}
	port, err := sysfs.NewSPI(bus, chipSelect)
	if err != nil {
		return nil, fmt.Errorf("board: %s: %w (is SPI enabled in the device tree, and the user in group spi?)", name, err)
	}
	return port, nil
}

// spidev returns the numbers in an SPI device's name.
func spidev(name string) (bus, chipSelect int, err error) {
	if n, err := fmt.Sscanf(name, "/dev/spidev%d.%d", &bus, &chipSelect); n != 2 || err != nil || name != fmt.Sprintf("/dev/spidev%d.%d", bus, chipSelect) || bus < 0 || chipSelect < 0 || chipSelect > 255 {
		return 0, 0, fmt.Errorf("board: SPI device %q, wanted one such as /dev/spidev0.0", name)
	}
	return bus, chipSelect, nil
}

// Bus is one device of a bus.
type Bus struct {
	Kind string `json:"kind"` // "i2c", "spi" or "serial"
	Name string `json:"name"` // such as "/dev/i2c-1"
	What string `json:"what,omitempty"`
}

// Temperature is one sensor of the SoC's.
type Temperature struct {
	Name    string  `json:"name"`
	Celsius float64 `json:"celsius"`
}

// buses lists the devices of the buses, root being the folder that dev and sys are in.
func buses(root string) (all []Bus, err error) {
	if err := host(); err != nil {
		return nil, err
	}
	if root == "/" {
		for _, r := range i2creg.All() {
			all = append(all, Bus{"i2c", r.Name, strings.Join(r.Aliases, " ")})
		}
		for _, r := range spireg.All() {
			all = append(all, Bus{"spi", r.Name, strings.Join(r.Aliases, " ")})
		}
	}
	ttys, err := filepath.Glob(filepath.Join(root, "sys/class/tty/*/device/driver"))
	if err != nil {
		return nil, fmt.Errorf("board: %w", err)
	}
	for _, path := range ttys {
		driver, err := os.Readlink(path)
		if err != nil {
			continue
		}
		// A port of the 8250 without a chip behind it has the type 0.
		tty := filepath.Dir(filepath.Dir(path))
		if kind := read(filepath.Join(tty, "type")); kind != "0" {
			all = append(all, Bus{"serial", "/dev/" + filepath.Base(tty), filepath.Base(driver)})
		}
	}
	slices.SortStableFunc(all, func(a, b Bus) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	return all, nil
}

// temperatures reads the sensors that answer.
func temperatures() (all []Temperature) {
	for _, s := range sysfs.ThermalSensors {
		var e physic.Env
		if err := s.Sense(&e); err == nil {
			name := s.Type()
			if name == "" {
				name = s.String()
			}
			all = append(all, Temperature{name, e.Temperature.Celsius()})
		}
	}
	return all
}

func leds() (names []string) {
	for _, l := range sysfs.LEDs {
		names = append(names, l.String())
	}
	return names
}
