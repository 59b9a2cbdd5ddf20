package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"umbral/daemon/desk"
	"umbral/daemon/local"
	"umbral/daemon/passage"
)

func passagesCommand(s *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use: "passages", Short: "list the journal's decisions, and show why one came out as it did", RunE: chooses,
		Long: `passages reads the journal: from the running terminal through its socket, and from the store while none runs.`,
	}
	var asJSON bool
	cmd.PersistentFlags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.AddCommand(passagesList(s, &asJSON), passagesShow(s, &asJSON))
	return cmd
}

func passagesList(s *settings, asJSON *bool) *cobra.Command {
	var q local.PassageQuery
	var since, until string
	cmd := &cobra.Command{
		Use: "list", Short: "list the newest decisions, newest first", Args: exactly(),
		Example: `  umbral passages list --since 2h --verdict deny
  umbral passages list --since 2026-11-30 --reason not-live --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkQuery(&q, since, until, time.Now()); err != nil {
				return err
			}
			lines, err := s.passages(cmd, q)
			if err != nil {
				return err
			}
			if *asJSON {
				return writeJSON(cmd.OutOrStdout(), lines)
			}
			return printPassages(cmd, lines)
		},
	}
	f := cmd.Flags()
	f.StringVar(&since, "since", "", "only from a time on: a date, a time as in RFC 3339, or so long ago, such as 2h")
	f.StringVar(&until, "until", "", "only before a time, written as in --since")
	f.StringVar(&q.Verdict, "verdict", "", "only grant, deny, refer or abandoned")
	f.StringVar(&q.Reason, "reason", "", "only with this reason, such as not-live")
	f.StringVar(&q.Person, "person", "", "only about this person")
	f.IntVar(&q.Limit, "limit", 20, fmt.Sprintf("at most so many, up to %d", local.MaxPassages))
	return cmd
}

// checkQuery completes a query and refuses one that nothing could answer.
func checkQuery(q *local.PassageQuery, since, until string, now time.Time) (err error) {
	if q.Since, err = parseTime("--since", since, now); err != nil {
		return err
	}
	if q.Until, err = parseTime("--until", until, now); err != nil {
		return err
	}
	if q.Limit < 1 || q.Limit > local.MaxPassages {
		return fmt.Errorf("--limit is %d, allowed are 1 to %d", q.Limit, local.MaxPassages)
	}
	if verdicts := []string{"grant", "deny", "refer", "abandoned"}; q.Verdict != "" && !slices.Contains(verdicts, q.Verdict) {
		return fmt.Errorf("--verdict is %.60q, allowed are %s", q.Verdict, strings.Join(verdicts, ", "))
	}
	if q.Reason != "" && passage.Reason(q.Reason).Text() == q.Reason {
		return fmt.Errorf("--reason is %.60q, which is no reason of a decision (go doc umbral/daemon/fleet "+
			"lists them)", q.Reason)
	}
	return nil
}

// parseTime reads a date, a time, or how long ago something was.
func parseTime(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	if at, err := time.ParseInLocation(time.DateOnly, text, time.Local); err == nil {
		return at, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	return time.Time{}, fmt.Errorf("%s is %.60q, expected a date such as 2026-11-30, a time such as "+
		"2026-11-30T08:00:00Z, or a duration such as 2h", flag, text)
}

func printPassages(cmd *cobra.Command, lines []local.PassageLine) error {
	if len(lines) == 0 {
		_, err := fmt.Fprintln(cmd.OutOrStdout(), "The journal holds no such decisions.")
		return err
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TIME\tPASSAGE\tKIND\tVERDICT\tREASONS\tPERSON\tTOOK\t")
	for _, l := range lines {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%.1f s\t\n", l.Time.Local().Format(time.DateTime), printable(l.Passage),
			l.Kind, printable(l.Verdict), printable(strings.Join(l.Reasons, ",")), printable(l.Person), float64(l.Duration)/1000)
	}
	return w.Flush()
}

func passagesShow(s *settings, asJSON *bool) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "show why a passage came out as it did, and what would have had to be different", Args: exactly("ID"),
		Long: `show replays what the journal holds of a passage and puts each piece of evidence beside its threshold. A passage that
reviewers settled, or whose grant was taken back, has several decisions; they are shown in order.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := s.explain(cmd, args[0])
			if err != nil {
				return err
			}
			if *asJSON {
				return writeJSON(cmd.OutOrStdout(), all)
			}
			for i, text := range all {
				var x passage.Explanation
				if err := json.Unmarshal(text, &x); err != nil {
					return fmt.Errorf("the terminal's explanation: %w", err)
				}
				if i > 0 {
					fmt.Fprintln(cmd.OutOrStdout())
				}
				var b strings.Builder
				printExplanation(&b, &x)
				for line := range strings.Lines(b.String()) {
					fmt.Fprintln(cmd.OutOrStdout(), printable(strings.TrimSuffix(line, "\n")))
				}
			}
			return nil
		},
	}
}

func (s *settings) passages(cmd *cobra.Command, q local.PassageQuery) ([]local.PassageLine, error) {
	return either(s, cmd, func(c *local.Client) ([]local.PassageLine, error) { return c.Passages(cmd.Context(), q) },
		func(d *desk.Offline) ([]local.PassageLine, error) { return d.Passages(q) })
}

func (s *settings) explain(cmd *cobra.Command, id string) ([]json.RawMessage, error) {
	if _, err := passage.ParseID(id); err != nil {
		return nil, fmt.Errorf("%w (umbral passages list shows those that the journal holds)", err)
	}
	all, err := either(s, cmd, func(c *local.Client) ([]json.RawMessage, error) { return c.Explain(cmd.Context(), id) },
		func(d *desk.Offline) ([]json.RawMessage, error) { return d.Explain(id) })
	if errors.Is(err, local.ErrUnknown) {
		return nil, fmt.Errorf("the journal holds no decision of a passage %q (umbral passages list shows those "+
			"that it holds)", id)
	}
	return all, err
}
