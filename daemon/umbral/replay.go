package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"umbral/daemon/desk"
)

func replayCommand(s *settings) *cobra.Command {
	var asJSON bool
	var only string
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "decide every journalled passage again and show that the verdict comes out the same",
		Long: `replay feeds the observations that the journal holds of each passage to a new machine with the journalled rules, and
compares every byte of the record that comes out. It needs neither camera nor models. The terminal must not be running.`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			offline, err := s.desk(cmd)
			if err != nil {
				return err
			}
			defer offline.Close()
			var all []desk.Replayed
			differ := 0
			err = offline.Replay(func(r desk.Replayed) error {
				if only != "" && r.Passage != only {
					return nil
				}
				if !r.Same {
					differ++
				}
				all = append(all, r)
				return nil
			})
			if err != nil {
				return err
			}
			if only != "" && len(all) == 0 {
				return fmt.Errorf("the journal holds no decision of a passage %q (umbral replay lists those that it holds)", only)
			}
			if asJSON {
				err = writeJSON(cmd.OutOrStdout(), map[string]any{"passages": all, "count": len(all), "differ": differ})
			} else {
				err = printReplay(cmd, all, differ)
			}
			if err == nil && differ > 0 {
				err = fmt.Errorf("%d of %d decisions came out differently", differ, len(all))
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.Flags().StringVar(&only, "passage", "", "only this passage, such as b12-000034")
	return cmd
}

func printReplay(cmd *cobra.Command, all []desk.Replayed, differ int) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(cmd.OutOrStdout(), "The journal holds no decisions.")
		return err
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PASSAGE\tKIND\tVERDICT\tREASONS\tPERSON\tOBSERVATIONS\tAGAIN\t")
	for _, r := range all {
		again := "same"
		if !r.Same {
			again = "DIFFERS: " + r.Error
		}
		fmt.Fprintf(w, "%s\t%s\t%v\t%v\t%s\t%d\t%s\t\n", r.Passage, r.Kind, r.Verdict, r.Reasons, r.Person, r.Count, again)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%d decisions, %d came out differently\n", len(all), differ)
	return err
}
