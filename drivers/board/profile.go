package board

import (
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed profiles
var files embed.FS

// Auto is the profile that is found by the device tree.
const Auto = "auto"

// Profile is what is known of a kind of board.
type Profile struct {
	ID      string   `json:"profile"`
	Name    string   `json:"name"`
	Match   []string `json:"match"`  // names of the device tree that mean this board
	Source  string   `json:"source"` // of the tables
	Headers []Header `json:"headers"`
	Buses   []Wires  `json:"buses"`
}

// Header is a row or two of pins.
type Header struct {
	Name  string `json:"name"`
	Table string `json:"pins"` // file of the pins
	Chip  string `json:"chip"` // of lines that name none
	Pins  []Pin  `json:"-"`
}

// Wires are the pins that a bus's device uses while it is enabled.
type Wires struct {
	Devices []string       `json:"devices"`
	Header  string         `json:"header"`
	Pins    map[string]int `json:"pins"`
}

// Pin is one pin of a header.
type Pin struct {
	Number int
	Name   string
	Chip   string // label of the GPIO chip; empty for a pin that is no line
	Line   int    // offset on the chip
	Boot   Level  // after power-on
	Usual  string // what it usually is beside a line, such as "SDA1"
}

// Level is a line's level after power-on, until somebody drives it.
type Level uint8

// Values of Level.
const (
	Unknown Level = iota
	Low
	High
)

var levels = map[string]Level{"unknown": Unknown, "low": Low, "high": High}

// Profiles returns all profiles, the generic one last.
var Profiles = sync.OnceValue(func() []Profile {
	list, err := load()
	if err != nil {
		panic(err) // they are a part of the program, and a test reads them
	}
	return list
})

func load() (list []Profile, err error) {
	text, err := files.ReadFile("profiles/boards.json")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("board: boards.json: %w", err)
	}
	for i := range list {
		for j := range list[i].Headers {
			h := &list[i].Headers[j]
			text, err := files.ReadFile("profiles/" + h.Table + ".txt")
			if err != nil {
				return nil, err
			}
			if h.Pins, err = parsePins(string(text), h.Chip); err != nil {
				return nil, fmt.Errorf("board: %s.txt: %w", h.Table, err)
			}
		}
	}
	return list, nil
}

// Find returns the profile of that name, or for Auto the one that the device tree's names match.
func Find(name string, compatible []string) (*Profile, error) {
	list := Profiles()
	var names []string
	for i := range list {
		p := &list[i]
		if names = append(names, p.ID); p.ID == name {
			return p, nil
		}
		for _, match := range p.Match {
			for _, c := range compatible {
				if name == Auto && c == match {
					return p, nil
				}
			}
		}
	}
	if name == Auto {
		return &list[len(list)-1], nil
	}
	return nil, fmt.Errorf("board: no profile %q, there are %s and %s", name, Auto, strings.Join(names, ", "))
}

// parsePins reads a table of pins, one a line: number, name, and for a line of a GPIO chip its offset ("chip:offset" where
// the header has lines of several), its level after power-on, and what it usually is.
func parsePins(text, chip string) (pins []Pin, err error) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		f := strings.Fields(line)
		if len(f) != 2 && (len(f) < 4 || len(f) > 5) {
			return nil, fmt.Errorf("%q: %d words, wanted 2, 4 or 5", line, len(f))
		}
		p := Pin{Name: f[1], Line: -1}
		if p.Number, err = strconv.Atoi(f[0]); err != nil || p.Number != len(pins)+1 {
			return nil, fmt.Errorf("%q: wanted pin %d", line, len(pins)+1)
		}
		if len(f) > 2 {
			if err := p.setLine(f[2], chip); err != nil {
				return nil, fmt.Errorf("%q: %w", line, err)
			}
			level, known := levels[f[3]]
			if !known {
				return nil, fmt.Errorf("%q: level %q, allowed are low, high, unknown", line, f[3])
			}
			p.Boot = level
		}
		if len(f) == 5 {
			p.Usual = f[4]
		}
		pins = append(pins, p)
	}
	return pins, nil
}

// maxLine is the highest offset of a line on a chip.
const maxLine = 1023

func (p *Pin) setLine(text, chip string) (err error) {
	p.Chip = chip
	if i := strings.LastIndexByte(text, ':'); i >= 0 {
		p.Chip, text = text[:i], text[i+1:]
	}
	p.Line, err = strconv.Atoi(text)
	if err != nil || p.Line < 0 || p.Line > maxLine || p.Chip == "" {
		return fmt.Errorf("line %q of chip %q, allowed are 0 to %d", text, p.Chip, maxLine)
	}
	return nil
}

// Pin returns the pin that carries a line of a chip, and its header.
func (p *Profile) Pin(chip string, line int) (*Header, *Pin) {
	for i := range p.Headers {
		for j := range p.Headers[i].Pins {
			if pin := &p.Headers[i].Pins[j]; pin.Chip != "" && pin.Chip == chip && pin.Line == line {
				return &p.Headers[i], pin
			}
		}
	}
	return nil, nil
}

// chips returns the labels of the chips whose lines are on the headers.
func (p *Profile) chips() map[string]bool {
	set := map[string]bool{}
	for _, h := range p.Headers {
		for _, pin := range h.Pins {
			if pin.Chip != "" {
				set[pin.Chip] = true
			}
		}
	}
	return set
}
