package board

import (
	"slices"
	"strings"
	"testing"
)

// TestPlan lays each use that is wrong on a board alone, and one that is right.
func TestPlan(t *testing.T) {
	const chip = "pinctrl-bcm2711"
	line := func(what string, n int, output, low bool) Use {
		return Use{What: what, Chip: chip, Line: n, Output: output, ActiveLow: low}
	}
	serial := Use{What: "sensor", Device: "/dev/serial0"}
	for _, c := range []struct {
		name      string
		uses      []Use
		wires     []string
		conflicts []string
		warnings  []string
	}{
		{"nothing", nil, nil, nil, nil},
		{"a relay that rests", []Use{line("relay", 17, true, false)}, []string{"relay J8-11 GPIO17"}, nil, nil},
		{"a relay that is on", []Use{line("relay", 4, true, false)}, []string{"relay J8-7 GPIO4"}, []string{"relay: pin J8-7 (GPIO4) has its active level"}, nil},
		{"an inverted relay that is on", []Use{line("relay", 17, true, true)}, []string{"relay J8-11 GPIO17"}, []string{"relay: pin J8-11 (GPIO17) has its active level"}, nil},
		{"an inverted relay that rests", []Use{line("relay", 4, true, true)}, []string{"relay J8-7 GPIO4"}, nil, nil},
		{"an input that boots high", []Use{line("exit", 5, false, false)}, []string{"exit J8-29 GPIO5"}, nil, nil},
		{"two on one line", []Use{line("exit", 17, false, true), line("tamper", 17, false, true)}, []string{"exit J8-11 GPIO17", "tamper J8-11 GPIO17"},
			[]string{"exit and tamper both use pin J8-11"}, nil},
		{"a line on a bus in use", []Use{serial, line("exit", 15, false, true)}, []string{"sensor J8-8 TX", "sensor J8-10 RX", "exit J8-10 GPIO15"},
			[]string{"sensor and exit both use pin J8-10"}, []string{"exit: pin J8-10 (GPIO15) is also RXD0"}},
		{"a line on a bus that is not used", []Use{line("exit", 2, false, true)}, []string{"exit J8-3 GPIO2"}, nil, []string{"is also SDA1"}},
		{"a line on no header", []Use{line("exit", 45, false, true)}, []string{"exit - line 45 of pinctrl-bcm2711"}, nil, []string{"line 45 of pinctrl-bcm2711 is on no header"}},
		{"two on one line on no header", []Use{line("exit", 45, false, true), line("lamp", 45, true, false)},
			[]string{"exit - line 45 of pinctrl-bcm2711", "lamp - line 45 of pinctrl-bcm2711"}, []string{"exit and lamp both use line 45"}, []string{"on no header", "on no header"}},
		{"another chip", []Use{{What: "exit", Chip: "other", Line: 1}}, []string{"exit - line 1 of other"}, nil, []string{`carry lines of pinctrl-bcm2711, not of "other"`}},
		{"a device on no header", []Use{{What: "sensor", Device: "/dev/ttyUSB0"}}, []string{"sensor - /dev/ttyUSB0"}, nil, nil},
		{"one device twice", []Use{{What: "sensor", Device: "/dev/ttyUSB0"}, {What: "reader", Device: "/dev/ttyUSB0"}},
			[]string{"sensor - /dev/ttyUSB0", "reader - /dev/ttyUSB0"}, []string{"sensor and reader both use /dev/ttyUSB0"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Find("raspberry-pi-4", nil)
			if err != nil {
				t.Fatal(err)
			}
			w := p.Plan(c.uses)
			var wires []string
			for _, wire := range w.Wires {
				where := "-"
				if wire.Header != "" {
					where = pinKey(wire.Header, wire.Pin)[4:]
				}
				wires = append(wires, wire.Use+" "+where+" "+wire.Name)
			}
			if !slices.Equal(wires, c.wires) {
				t.Errorf("wires %q, wanted %q", wires, c.wires)
			}
			like(t, "conflicts", w.Conflicts, c.conflicts)
			like(t, "warnings", w.Warnings, c.warnings)
		})
	}
}

// like holds each text against a part of it.
func like(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s %q, wanted %q", what, got, want)
		return
	}
	for i := range got {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("%s: %q, wanted %q", what, got[i], want[i])
		}
	}
}

// TestPlanOnOtherBoards has pins whose level after power-on is not known, and a board without a profile.
func TestPlanOnOtherBoards(t *testing.T) {
	relay := Use{What: "relay", Chip: "gpio-32-63", Line: 28, Output: true}
	bone, err := Find("beaglebone-black", nil)
	if err != nil {
		t.Fatal(err)
	}
	w := bone.Plan([]Use{relay})
	like(t, "warnings", w.Warnings, []string{"relay: pin P9-12 (GPIO1_28): its level after power-on is not known"})
	generic, err := Find("generic", nil)
	if err != nil {
		t.Fatal(err)
	}
	w = generic.Plan([]Use{relay, {What: "exit", Chip: "gpio-32-63", Line: 28}})
	like(t, "conflicts", w.Conflicts, []string{"relay and exit both use line 28 of gpio-32-63"})
	like(t, "warnings", w.Warnings, nil)
}
