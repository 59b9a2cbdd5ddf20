package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"umbral/config"
)

func configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "check a configuration, or print one with every key explained", RunE: chooses}
	cmd.AddCommand(
		&cobra.Command{
			Use:   "check FILE",
			Short: "read a configuration as the terminal would and say what is wrong with it",
			Args:  exactly("FILE"),
			RunE: func(cmd *cobra.Command, args []string) error {
				cfg, err := config.Load(args[0])
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s: right (terminal %s, policy %q)\n", args[0], cfg.Terminal.ID, cfg.Passage.Policy)
				return nil
			},
		},
		&cobra.Command{
			Use:   "example",
			Short: "print a configuration with every key, its unit, range and default",
			Args:  exactly(),
			RunE: func(cmd *cobra.Command, _ []string) error {
				_, err := fmt.Fprint(cmd.OutOrStdout(), config.Example())
				return err
			},
		},
	)
	return cmd
}
