package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// exactly wants one argument for each name, in this order; without names, none.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return fmt.Errorf("%s needs %s: %s is missing", cmd.CommandPath(), strings.Join(names, " "), strings.Join(names[len(args):], " "))
		case len(args) > len(names) && len(names) == 0:
			return fmt.Errorf("%s takes no arguments, found %q", cmd.CommandPath(), args[0])
		case len(args) > len(names):
			return fmt.Errorf("%s takes %s and nothing else, found %q", cmd.CommandPath(), strings.Join(names, " "), args[len(names)])
		}
		for i, a := range args {
			if a == "" {
				return fmt.Errorf("%s: %s is empty", cmd.CommandPath(), names[i])
			}
		}
		return nil
	}
}

// atMost wants nothing, or one argument.
func atMost(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return exactly(name)(cmd, args)
	}
}

// chooses runs a command that only holds others. Without it, Cobra prints the help for a misspelt command and reports
// success, which a script takes for done.
func chooses(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	var known []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			known = append(known, c.Name())
		}
	}
	return fmt.Errorf("%s has no command %q, only %s", cmd.CommandPath(), args[0], strings.Join(known, ", "))
}
