package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"umbral/daemon/local"
)

// client speaks to the running terminal.
func (s *settings) client() (*local.Client, error) {
	cfg, err := s.load()
	if err != nil {
		return nil, err
	}
	if cfg.Local.Socket == "" {
		return nil, fmt.Errorf("%s names no local.socket, so the tool can't reach the terminal", s.config)
	}
	return local.NewClient(cfg.Local.Socket), nil
}

func statusCommand(s *settings) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "show how the running terminal is",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			ctx, cancel := contextWithTimeout(cmd, 10*time.Second)
			defer cancel()
			state, err := c.State(ctx)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), state)
			}
			var b strings.Builder
			printState(&b, &state)
			for line := range strings.Lines(b.String()) {
				fmt.Fprintln(cmd.OutOrStdout(), printable(strings.TrimSuffix(line, "\n")))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func printState(w io.Writer, s *local.State) {
	fmt.Fprintf(w, "terminal   %s (site %s), version %s, boot %d, up %v\n", s.Terminal, s.Site, s.Version, s.Boot, time.Duration(s.Uptime)*time.Second)
	if len(s.Conditions) == 0 {
		fmt.Fprintln(w, "health     all is well")
	}
	for _, c := range s.Conditions {
		fmt.Fprintf(w, "%-10s %s (%s, since %s)\n", c.Severity, c.Text, c.Code, c.Since.Local().Format("15:04:05"))
	}
	fmt.Fprintf(w, "camera     %s: %s, %s %d×%d, %.1f frames/s, %d dropped, %d broken\n", s.Camera.Device, s.Camera.State, s.Camera.Format, s.Camera.Width, s.Camera.Height, s.Camera.FPS, s.Camera.Dropped, s.Camera.Broken)
	fmt.Fprintf(w, "analysis   %.1f frames/s on %s kernels\n", s.Frame.FPS, s.Memory.Kernels)
	for _, st := range s.Stages {
		fmt.Fprintf(w, "           %-10s p50 %7.2f ms  p95 %7.2f ms\n", st.Name, st.P50, st.P95)
	}
	fmt.Fprintf(w, "screen     %s\n", strings.TrimSpace(strings.Join([]string{s.Screen.Code, s.Screen.Problem, s.Screen.Reason}, " ")))
	fmt.Fprintf(w, "door       %s\n", s.Door.Text)
	if f := s.Finger; f != nil {
		how := "answers"
		if f.Fault != "" {
			how = f.Fault
		}
		fmt.Fprintf(w, "finger     %s: %s, %d presses, %d matched, %d exchanges, %d damaged, %d unanswered\n", f.Device, how, f.Presses, f.Matched, f.Exchanges, f.Damaged, f.Timeouts)
	}
	fmt.Fprintf(w, "store      %d people, %d references of %d, %d entries, %d waiting for the broker\n", s.Store.People, s.Store.References, s.Store.Capacity, s.Store.Entries, s.Store.Pending)
	if s.Fleet.Enabled {
		connection := "not connected"
		if s.Fleet.Connected {
			connection = "connected"
		}
		fmt.Fprintf(w, "fleet      %s to %s, %d entries delivered, %d commands obeyed, %d refused\n", connection, s.Fleet.Broker, s.Fleet.Delivered, s.Fleet.Executed, s.Fleet.Refused)
	}
	fmt.Fprintf(w, "memory     %.1f MiB resident, budget %.1f of %.0f MiB\n", mebibytes(s.Memory.RSS), mebibytes(s.Memory.Budget), mebibytes(s.Memory.Limit))
	fmt.Fprintf(w, "clock      %s, trust %s\n", s.Clock.Wall.Local().Format(time.DateTime), s.Clock.Trust)
	if len(s.Verdicts) > 0 {
		fmt.Fprintln(w, "latest decisions")
	}
	for i, v := range s.Verdicts {
		if i == 5 {
			break
		}
		fmt.Fprintf(w, "           %s  %s  %-9s %s %s\n", v.Time.Local().Format("15:04:05"), v.Passage, v.Verdict, v.Person, v.Text)
	}
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }
