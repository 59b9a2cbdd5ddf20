package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"umbral/daemon/store"
	"umbral/daemon/terminal"
)

func storeCommand(s *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "store", Short: "look after the terminal's store"}
	var asJSON bool
	check := &cobra.Command{
		Use:   "check",
		Short: "verify the store's pages, journal chain, references and copies; changes nothing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := s.load()
			if err != nil {
				return err
			}
			report, err := terminal.CheckStore(cfg)
			inUse := errors.Is(err, store.ErrInUse)
			if err != nil && !inUse {
				return err
			}
			out := cmd.OutOrStdout()
			if asJSON {
				err = writeJSON(out, report)
			} else {
				if inUse {
					fmt.Fprintln(out, "The terminal is running: its live file can't be read now, only the copies.")
				} else {
					printReport(cmd, report)
				}
				for _, c := range report.Copies {
					printReport(cmd, c)
				}
				for _, d := range report.Damaged {
					fmt.Fprintf(out, "%s: set aside as damaged\n", d)
				}
				err = nil
			}
			if err == nil && !report.OK() {
				err = fmt.Errorf("%d problems; the next start of the terminal goes on from the last good copy", len(report.Problems))
			}
			return err
		},
	}
	check.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.AddCommand(check)
	return cmd
}

func printReport(cmd *cobra.Command, r store.Report) {
	out := cmd.OutOrStdout()
	state := "sound"
	if !r.OK() {
		state = "DAMAGED"
	}
	fmt.Fprintf(out, "%s: %s, %d pages (%d free), %d entries (%v to %v), %d people\n", r.Path, state, r.Pages, r.Free, r.Entries, r.First, r.Last, r.People)
	if r.Sealed {
		fmt.Fprintln(out, "  the terminal key was not found: sealed values were not verified")
	}
	for _, p := range r.Problems {
		fmt.Fprintln(out, "  "+p)
	}
}
