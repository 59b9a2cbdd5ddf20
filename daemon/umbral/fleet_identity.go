package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"umbral/daemon/state"
)

func fleetIdentityCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "identity", Short: "print the public key with which this terminal signs its questions and reviews", Args: exactly(),
		Long: `identity prints the terminal's own public key, which authorities and reviewers verify its messages with. It is made from the
key that everything stored is sealed with, so that it stays the same as long as the store does; the terminal also tells it
over MQTT (twin "identity").`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := s.load()
			if err != nil {
				return err
			}
			public, err := state.Identity(cfg)
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), public)
			}
			return err
		},
	}
}
