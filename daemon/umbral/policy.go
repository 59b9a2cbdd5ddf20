package main

import (
	"fmt"
	"io"
	"strings"

	"umbral/config/policy"
	"umbral/daemon/frames"
	"umbral/daemon/rules"

	"github.com/spf13/cobra"
)

func policyCommand(s *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "explain a policy and estimate its error rates", RunE: chooses}
	cmd.AddCommand(policyCheckCommand(s))
	return cmd
}

func policyCheckCommand(s *settings) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check [POLICY]",
		Short: "say in words what a policy admits, and estimate its FMR and FNMR",
		Long: `check explains a policy, that of the configuration or the one given: every way through the gate that it leaves, and for each
how many strangers would pass it although they hold everything that can be held. Where there is no comparison of the
person, or a threshold has no known rate, it says so instead of a number.`,
		Example: `  umbral policy check
  umbral policy check "(credential or card) and face and live and fmr = 5e-5"`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := s.load()
			if err != nil {
				return err
			}
			rule := cfg.Passage.Policy
			if len(args) == 1 {
				if rule, err = policy.Parse(args[0]); err != nil {
					return err
				}
			}
			m, err := frames.Manifest(&cfg)
			if err != nil {
				return err
			}
			e, err := rules.EstimatePolicy(cfg, m.Calibrations, rule)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), e)
			}
			printEstimate(cmd.OutOrStdout(), e)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func printEstimate(w io.Writer, e *rules.Estimate) {
	fmt.Fprintf(w, "%s\n\n", e.Policy)
	for i, way := range e.Ways {
		fmt.Fprintf(w, "way %d: %s\n       somebody passes when %s.\n", i+1, strings.Join(way.Evidence, " and "), way.Words)
		for _, note := range way.Notes {
			fmt.Fprintf(w, "       %s\n", note)
		}
		if way.Estimated {
			fmt.Fprintf(w, "       FMR at most %.2g\n", way.FMR)
		}
		if way.FNMR > 0 {
			fmt.Fprintf(w, "       FNMR about %.2g for one comparison\n", way.FNMR)
		}
	}
	if e.FMR > 0 {
		fmt.Fprintf(w, "\nall ways together: FMR at most %.2g\n", e.FMR)
	} else {
		fmt.Fprint(w, "\nall ways together: the FMR can't be estimated, since a way has no comparison of the person\n")
	}
	if len(e.Unproven) > 0 {
		fmt.Fprint(w, "\nnot covered by these numbers:\n")
		for _, text := range e.Unproven {
			fmt.Fprintf(w, "- %s\n", text)
		}
	}
}
