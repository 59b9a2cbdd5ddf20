package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"umbral/daemon/state"
	"umbral/daemon/store"
)

func storeCommand(s *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "store", Short: "look after the terminal's store", RunE: chooses}
	var asJSON bool
	check := &cobra.Command{
		Use:   "check",
		Short: "verify the store's pages, journal chain, references and copies; changes nothing",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := s.load()
			if err != nil {
				return err
			}
			if !store.Exists(cfg.Terminal.StateDir) {
				return fmt.Errorf("%s %w", cfg.Terminal.StateDir, errNoStore)
			}
			report, err := state.Check(cfg)
			inUse := errors.Is(err, store.ErrInUse)
			if err != nil && !inUse {
				return err
			}
			out := cmd.OutOrStdout()
			if asJSON {
				err = writeJSON(out, checked{Report: report, InUse: inUse})
			} else {
				printCheck(out, &report, inUse)
				err = nil
			}
			return errors.Join(err, verdict(&report))
		},
	}
	check.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.AddCommand(check)
	return cmd
}

// checked is the report as JSON. While the terminal runs, only what it says of the copies counts.
type checked struct {
	store.Report
	InUse bool `json:"in_use"`
}

// verdict is the error that a report amounts to.
func verdict(r *store.Report) error {
	damagedCopies, wrongKey := 0, false
	for _, one := range append([]store.Report{*r}, r.Copies...) {
		for _, p := range one.Problems {
			wrongKey = wrongKey || strings.Contains(p, store.ErrKey.Error())
		}
	}
	for _, c := range r.Copies {
		if !c.OK() {
			damagedCopies++
		}
	}
	switch {
	case wrongKey:
		return errors.New("the terminal key does not open the store; the terminal will not start until its own key is back (store.key_file, umbral.key in terminal.state_dir, or the credential that systemd passes)")
	case !r.OK() && damagedCopies < len(r.Copies):
		return fmt.Errorf("%s is damaged; the terminal goes on from a good copy at its next start", r.Path)
	case !r.OK():
		return fmt.Errorf("%s is damaged and there is no good copy; the terminal saves what it can at its next start (keep %s)", r.Path, filepath.Dir(r.Path))
	case damagedCopies > 0:
		return fmt.Errorf("%d of %d copies damaged; the terminal makes new ones while it runs", damagedCopies, len(r.Copies))
	}
	return nil
}

func printCheck(w io.Writer, r *store.Report, inUse bool) {
	if inUse {
		fmt.Fprintln(w, "The terminal is running: its live file can't be read now, only the copies.")
	} else {
		printReport(w, r)
	}
	for i := range r.Copies {
		printReport(w, &r.Copies[i])
	}
	for _, d := range r.Damaged {
		fmt.Fprintf(w, "%s: set aside as damaged\n", d)
	}
}

func printReport(w io.Writer, r *store.Report) {
	state := "sound"
	if !r.OK() {
		state = "NOT SOUND"
	}
	fmt.Fprintf(w, "%s: %s, %d pages (%d free), %d entries (%v to %v), %d people\n", r.Path, state, r.Pages, r.Free, r.Entries, r.First, r.Last, r.People)
	if r.Sealed {
		fmt.Fprintln(w, "  without the terminal key: sealed values were not verified")
	}
	for _, p := range r.Problems {
		fmt.Fprintln(w, "  "+p)
	}
}
