package board

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestProfiles reads the tables as they are shipped.
func TestProfiles(t *testing.T) {
	list, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if last := list[len(list)-1]; last.ID != "generic" || len(last.Headers) != 0 {
		t.Errorf("the last profile is %s, with %d headers", last.ID, len(last.Headers))
	}
	for _, p := range list {
		seen := map[string]bool{}
		headers := map[string]*Header{}
		for i := range p.Headers {
			h := &p.Headers[i]
			headers[h.Name] = h
			if len(h.Pins) == 0 || len(h.Pins)%2 == 1 {
				t.Errorf("%s: header %s has %d pins", p.ID, h.Name, len(h.Pins))
			}
			for _, pin := range h.Pins {
				key := pin.Chip + ":" + pin.Name
				if pin.Chip != "" && seen[key] {
					t.Errorf("%s: %s is on two pins", p.ID, key)
				}
				seen[key] = true
			}
		}
		for _, b := range p.Buses {
			for name, n := range b.Pins {
				if h := headers[b.Header]; h == nil || n < 1 || n > len(h.Pins) || h.Pins[n-1].Chip == "" {
					t.Errorf("%s: %s has %s at pin %d of header %s, which is no line", p.ID, b.Devices[0], name, n, b.Header)
				}
			}
		}
		if p.Name == "" || p.Source == "" || len(p.Match) == 0 && p.ID != "generic" {
			t.Errorf("%s: name %q, source %q, %d matches", p.ID, p.Name, p.Source, len(p.Match))
		}
	}
}

// TestPinsOfTheRaspberryPi holds pins against the board's documentation.
func TestPinsOfTheRaspberryPi(t *testing.T) {
	p, err := Find("raspberry-pi-4", nil)
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[int]int{0: 27, 2: 3, 4: 7, 7: 26, 8: 24, 14: 8, 15: 10, 17: 11, 21: 40, 26: 37, 27: 13} {
		h, pin := p.Pin("pinctrl-bcm2711", line)
		if pin == nil || pin.Number != want || h.Name != "J8" {
			t.Errorf("line %d is at %+v, wanted pin %d", line, pin, want)
		}
	}
	var grounds []int
	for _, pin := range p.Headers[0].Pins {
		if pin.Name == "GND" {
			grounds = append(grounds, pin.Number)
		}
		if pin.Chip != "" && (pin.Boot == High) != (pin.Line <= 8) {
			t.Errorf("line %d has level %d after power-on", pin.Line, pin.Boot)
		}
	}
	if want := []int{6, 9, 14, 20, 25, 30, 34, 39}; !slices.Equal(grounds, want) {
		t.Errorf("ground at %v, wanted %v", grounds, want)
	}
	for _, c := range []struct {
		chip string
		line int
	}{{"pinctrl-bcm2711", 28}, {"pinctrl-rp1", 17}, {"", -1}} {
		if _, pin := p.Pin(c.chip, c.line); pin != nil {
			t.Errorf("line %d of %q is at pin %d", c.line, c.chip, pin.Number)
		}
	}
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		name       string
		compatible []string
		want       string
	}{
		{Auto, []string{"raspberrypi,4-model-b", "brcm,bcm2711"}, "raspberry-pi-4"},
		{Auto, []string{"raspberrypi,5-model-b", "brcm,bcm2712"}, "raspberry-pi-5"},
		{Auto, []string{"ti,am335x-bone-black-wireless", "ti,am335x-bone-black", "ti,am335x-bone", "ti,am33xx"}, "beaglebone-black"},
		{Auto, []string{"radxa,zero-3w", "rockchip,rk3566"}, "radxa-zero-3"},
		{Auto, []string{"linux,dummy-virt"}, "generic"},
		{Auto, nil, "generic"},
		{"raspberry-pi-3", []string{"raspberrypi,4-model-b"}, "raspberry-pi-3"},
		{"generic", []string{"raspberrypi,4-model-b"}, "generic"},
	} {
		p, err := Find(c.name, c.compatible)
		if err != nil || p.ID != c.want {
			t.Errorf("%s %q: %v, %v, wanted %s", c.name, c.compatible, p, err, c.want)
		}
	}
	if _, err := Find("amiga", nil); err == nil || !strings.Contains(err.Error(), "raspberry-pi-zero-2") {
		t.Errorf("no such profile: %v", err)
	}
}

func TestTablesOfPins(t *testing.T) {
	pins, err := parsePins("# a comment\n\n1 3V3\n2 GPIO7 7 high SDA\n3 X other:0 unknown\n4 Y 1023 low\n", "chip")
	want := []Pin{
		{1, "3V3", "", -1, Unknown, ""}, {2, "GPIO7", "chip", 7, High, "SDA"}, {3, "X", "other", 0, Unknown, ""}, {4, "Y", "chip", 1023, Low, ""},
	}
	if err != nil || !slices.Equal(pins, want) {
		t.Errorf("%+v, %v", pins, err)
	}
	for _, text := range []string{
		"1", "1 A 3", "1 A 3 low B C", "2 A", "1 A\n3 B", "x A", "1 A -1 low", "1 A 1024 low", "1 A x low", "1 A 3 lower", "1 A :3 low",
	} {
		if _, err := parsePins(text, "chip"); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
	if _, err := parsePins("1 A 3 low", ""); err == nil {
		t.Error("a line without a chip is accepted")
	}
}

func FuzzPins(f *testing.F) {
	f.Add("1 3V3\n2 GPIO7 chip:7 high SDA\n")
	f.Fuzz(func(t *testing.T, text string) {
		pins, err := parsePins(text, "chip")
		for i, p := range pins {
			if err == nil && (p.Number != i+1 || p.Line < -1 || p.Line > maxLine) {
				t.Fatalf("%+v", p)
			}
		}
	})
}

// plant writes files below a new root.
func plant(t *testing.T, list map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range list {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(text, "-> ") {
			if err := os.Symlink(text[3:], path); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// TestReadFrom looks at a board, a PC and a container by their files.
func TestReadFrom(t *testing.T) {
	b, err := readFrom(plant(t, map[string]string{
		"sys/firmware/devicetree/base/model":                  "Raspberry Pi 4 Model B Rev 1.4\x00",
		"sys/firmware/devicetree/base/compatible":             "raspberrypi,4-model-b\x00brcm,bcm2711\x00",
		"sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
		"sys/class/tty/ttyAMA0/device/driver":                 "-> ../../../bus/amba/drivers/uart-pl011",
		"sys/class/tty/ttyAMA0/type":                          "32\n",
		"sys/class/tty/ttyS0/device/driver":                   "-> ../../../bus/platform/drivers/serial8250",
		"sys/class/tty/ttyS0/type":                            "0\n",
		"sys/class/tty/tty1/dev":                              "4:1\n",
	}))
	want := []Bus{{"serial", "/dev/ttyAMA0", "uart-pl011"}}
	if err != nil || b.Model != "Raspberry Pi 4 Model B Rev 1.4" || b.SoC() != "brcm,bcm2711" || !slices.Equal(b.Buses, want) {
		t.Errorf("a board: %+v, %v", b, err)
	}
	if want := []string{"under-voltage now", "throttled now"}; !slices.Equal(b.Throttled, want) {
		t.Errorf("throttled: %q", b.Throttled)
	}
	b, err = readFrom(plant(t, map[string]string{"sys/class/dmi/id/sys_vendor": "ACME\n", "sys/class/dmi/id/product_name": "Rack 1\n"}))
	if err != nil || b.Model != "ACME Rack 1" || b.SoC() != "" || b.Throttled != nil {
		t.Errorf("a PC: %+v, %v", b, err)
	}
	b, err = readFrom(t.TempDir())
	if err != nil || b.Model != "unknown" || len(b.Buses) != 0 {
		t.Errorf("a container: %+v, %v", b, err)
	}
}

func TestThrottled(t *testing.T) {
	for text, want := range map[string]string{
		"0": "", "0x0": "", "1": "under-voltage now", "2": "frequency capped now", "8": "soft temperature limit now",
		"40000": "throttled since the boot", "40004": "throttled now", "10000": "under-voltage since the boot",
	} {
		if got := throttled(text); got == nil || strings.Join(got, ", ") != want {
			t.Errorf("%s: %q, wanted %q", text, got, want)
		}
	}
	for _, text := range []string{"", "x", "100000000"} {
		if got := throttled(text); got != nil {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// TestThisMachine looks at the machine that the test runs on, whatever it is.
func TestThisMachine(t *testing.T) {
	begin := time.Now()
	b, p, err := Read(Auto)
	if err != nil || p == nil || b.Profile != p.ID || b.Memory <= 0 || b.Kernel == "" || b.Arch == "" || b.Model == "" {
		t.Errorf("%+v, %v", b, err)
	}
	t.Logf("looked at in %v: %+v", time.Since(begin), b)
	if _, _, err := Read("amiga"); err == nil {
		t.Error("a profile that is none was found")
	}
}

func TestSPI(t *testing.T) {
	for name, want := range map[string][2]int{"/dev/spidev0.0": {0, 0}, "/dev/spidev10.2": {10, 2}} {
		if bus, cs, err := spidev(name); err != nil || [2]int{bus, cs} != want {
			t.Errorf("%s: %d, %d, %v", name, bus, cs, err)
		}
	}
	for _, name := range []string{"", "/dev/spidev0", "/dev/spidev0.0x", "/dev/spidev00.0", "/dev/spidev-1.0", "/dev/spidev0.256", "/dev/ttyS0", "spidev0.0"} {
		if _, err := SPI(name); err == nil || !strings.Contains(err.Error(), "wanted one such as") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := SPI("/dev/spidev99.0"); err == nil || !strings.Contains(err.Error(), "group spi") {
		t.Errorf("no such device: %v", err)
	}
}
