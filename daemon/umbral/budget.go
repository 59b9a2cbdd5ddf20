package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"umbral/daemon/terminal"
)

func budgetCommand(s *settings) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "budget",
		Short: "show the memory that the configuration takes, part by part",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := s.load()
			if err != nil {
				return err
			}
			b, err := terminal.BudgetOf(cfg)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), b)
			}
			fmt.Fprint(cmd.OutOrStdout(), b)
			if b.Sum > b.Limit {
				return fmt.Errorf("the terminal would refuse to start: more than terminal.memory_mib")
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}
