package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"umbral/config"
	"umbral/drivers/board"
	"umbral/drivers/door/gpio"
)

func boardCommand(s *settings) *cobra.Command {
	var asJSON bool
	var profile string
	cmd := &cobra.Command{
		Use:   "board",
		Short: "show the board, its headers and its buses, and how to wire the terminal's parts to it",
		Long: `board looks at the machine that it runs on: model, buses, GPIO chips, temperatures, and each pin of the headers with its
present use and the configuration's. It works without a terminal, without a configuration, and without any bus.`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := lookAtBoard(s, profile)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), m.board)
			}
			return m.print(cmd.OutOrStdout())
		},
	}
	cmd.PersistentFlags().StringVar(&profile, "profile", "", "profile of the board, instead of board.profile")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.AddCommand(boardWiringCommand(s, &profile))
	return cmd
}

func boardWiringCommand(s *settings, profile *string) *cobra.Command {
	return &cobra.Command{
		Use:   "wiring",
		Short: "say how to wire door, contacts, lamp, buzzer and sensor for this board and this configuration",
		Long: `wiring lays the configuration on the board's headers. It fails where two parts use one pin, or where an output would be
active from power-on until the daemon starts. For another board than this one, name its --profile.`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := lookAtBoard(s, *profile)
			if err != nil {
				return err
			}
			return m.printWiring(cmd.OutOrStdout())
		},
	}
}

// mounted is a board with a configuration on it.
type mounted struct {
	board   board.Board
	profile *board.Profile
	chips   []gpio.ChipState
	plan    board.Wiring
	without string // the configuration that is not there; empty where one is
}

// lookAtBoard reads the board, and the configuration where there is one.
func lookAtBoard(s *settings, profile string) (m mounted, err error) {
	cfg, err := s.load()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		cfg, m.without = config.Default(), s.config
	case err != nil:
		return m, err
	}
	if profile == "" {
		profile = cfg.Board.Profile
	}
	if m.board, m.profile, err = board.Read(profile); err != nil {
		return m, err
	}
	m.chips = gpio.List()
	m.plan = m.profile.Plan(usesOf(&cfg, m.label(cfg.Door.Chip)))
	return m, nil
}

// label returns the label of the chip that a configuration names by path or label. A chip that cannot be read is taken for the
// first one of the profile.
func (m *mounted) label(chip string) string {
	for _, c := range m.chips {
		if c.Path == chip && c.Label != "" {
			return c.Label
		}
	}
	if strings.HasPrefix(chip, "/dev/") && len(m.profile.Headers) > 0 {
		if first := m.profile.Headers[0].Chip; first != "" {
			return first
		}
	}
	return chip
}

// usesOf returns the lines and devices that a configuration takes.
func usesOf(cfg *config.Config, chip string) (uses []board.Use) {
	d := &cfg.Door
	for _, u := range []struct {
		what, how string
		line      int
		output    bool
		low       bool
	}{
		{"relay", "to the input of the relay module; the relay's contact to the strike", d.RelayLine, true, d.RelayActiveLow},
		{"contact", contactText(d.ContactActiveLow, "closed while the door is closed"), d.ContactLine, false, d.ContactActiveLow},
		{"exit", contactText(d.ExitActiveLow, "closed while the button is pressed"), d.ExitLine, false, d.ExitActiveLow},
		{"tamper", contactText(d.TamperActiveLow, "closed while the housing is open"), d.TamperLine, false, d.TamperActiveLow},
		{"interlock", contactText(d.InterlockActiveLow, "closed while the other door is open"), d.InterlockLine, false, d.InterlockActiveLow},
		{"lamp", "to the driver of the lamp; a pin gives a few milliamperes", d.LampLine, true, d.LampActiveLow},
		{"buzzer", "to the driver of the buzzer", d.BuzzerLine, true, d.BuzzerActiveLow},
	} {
		if d.Kind == "gpio" && u.line >= 0 {
			uses = append(uses, board.Use{What: u.what, How: u.how, Chip: chip, Line: u.line, Output: u.output, ActiveLow: u.low})
		}
	}
	switch cfg.Finger.Sensor {
	case "r503":
		uses = append(uses, board.Use{What: "finger sensor", How: "TX to the sensor's RXD, RX to its TXD, 3.3 V", Device: cfg.Finger.Device})
	case "fpc1011":
		uses = append(uses, board.Use{What: "finger sensor", How: "to the pin of the same name, 3.3 V", Device: cfg.Finger.Device})
	}
	return uses
}

// contactText says how a contact is wired. An active-low line is pulled up, so its contact pulls it down.
func contactText(low bool, closed string) string {
	if low {
		return "contact to ground, " + closed
	}
	return "contact to ground, open instead of " + closed
}

// print shows the board.
func (m *mounted) print(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	b := &m.board
	fmt.Fprintf(w, "board\t%s (profile %s: %s)\n", printable(b.Model), m.profile.ID, m.profile.Name)
	if soc := b.SoC(); soc != "" {
		fmt.Fprintf(w, "soc\t%s\n", printable(soc))
	}
	fmt.Fprintf(w, "memory\t%.1f GiB\n", float64(b.Memory)/(1<<30))
	fmt.Fprintf(w, "kernel\t%s %s\n", b.Kernel, b.Arch)
	if m.without != "" {
		fmt.Fprintf(w, "config\tnone at %s\n", m.without)
	}
	for _, t := range b.Temperatures {
		fmt.Fprintf(w, "temperature\t%.1f °C %s\n", t.Celsius, printable(t.Name))
	}
	if b.Throttled != nil {
		fmt.Fprintf(w, "throttled\t%s\n", orNone(b.Throttled))
	}
	fmt.Fprintf(w, "leds\t%s\n", printable(orNone(b.LEDs)))
	for _, c := range m.chips {
		if c.Err != nil {
			fmt.Fprintf(w, "gpio\t%s: %v\n", c.Path, c.Err)
			continue
		}
		fmt.Fprintf(w, "gpio\t%s %s, %d lines, %d in use\n", c.Path, printable(c.Label), len(c.Lines), used(c.Lines))
	}
	if len(m.chips) == 0 {
		fmt.Fprintf(w, "gpio\tnone\n")
	}
	for _, bus := range b.Buses {
		fmt.Fprintf(w, "%s\t%s %s\n", bus.Kind, printable(bus.Name), printable(bus.What))
	}
	if len(b.Buses) == 0 {
		fmt.Fprintf(w, "buses\tnone\n")
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for i := range m.profile.Headers {
		if err := m.printHeader(to, &m.profile.Headers[i]); err != nil {
			return err
		}
	}
	return nil
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

func used(lines []gpio.LineState) (n int) {
	for _, l := range lines {
		if l.Consumer != "" {
			n++
		}
	}
	return n
}

// printHeader draws a header as it lies on the board: odd pins on the left, even ones on the right.
func (m *mounted) printHeader(to io.Writer, h *board.Header) error {
	fmt.Fprintf(to, "\nheader %s\n", h.Name)
	side := func(p *board.Pin) string { return strings.TrimSpace(m.useOf(h, p) + " " + p.Name) }
	wide := 0
	for i := 0; i < len(h.Pins); i += 2 {
		wide = max(wide, utf8.RuneCountInString(side(&h.Pins[i])))
	}
	for i := 0; i+1 < len(h.Pins); i += 2 {
		left, right := &h.Pins[i], &h.Pins[i+1]
		text := fmt.Sprintf("%*s %2d | %-2d %s %s", wide, side(left), left.Number, right.Number, right.Name, m.useOf(h, right))
		if _, err := fmt.Fprintln(to, strings.TrimRight(text, " ")); err != nil {
			return err
		}
	}
	return nil
}

// useOf returns what uses a pin of a header: the configuration, whoever holds its line, or what it usually is.
func (m *mounted) useOf(h *board.Header, p *board.Pin) string {
	var list []string
	for _, w := range m.plan.Wires {
		if w.Header == h.Name && w.Pin == p.Number {
			list = append(list, "umbral "+w.Use)
		}
	}
	for _, c := range m.chips {
		if p.Chip != "" && c.Label == p.Chip && p.Line < len(c.Lines) && c.Lines[p.Line].Consumer != "" {
			list = append(list, "held by "+printable(c.Lines[p.Line].Consumer))
		}
	}
	if len(list) == 0 && p.Usual != "" {
		list = append(list, "("+p.Usual+")")
	}
	return strings.Join(list, ", ")
}

// printWiring shows what to connect to what.
func (m *mounted) printWiring(to io.Writer) error {
	plan := &m.plan
	fmt.Fprintf(to, "wiring for %s, %s\n", m.profile.ID, m.profile.Name)
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, wire := range plan.Wires {
		where := "-"
		if wire.Header != "" {
			where = fmt.Sprintf("%s pin %d", wire.Header, wire.Pin)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", wire.Use, where, printable(wire.Name), wire.How)
	}
	if m.without != "" {
		fmt.Fprintf(w, "there is no configuration at %s\n", m.without)
	}
	if len(plan.Wires) == 0 {
		fmt.Fprintln(w, "the configuration uses no line and no device")
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, text := range plan.Warnings {
		fmt.Fprintln(to, "note:", printable(text))
	}
	for _, text := range plan.Conflicts {
		fmt.Fprintln(to, "conflict:", printable(text))
	}
	fmt.Fprintln(to, "pins from:", m.profile.Source)
	if len(plan.Conflicts) > 0 {
		return errors.New("this cannot be wired so")
	}
	return nil
}
