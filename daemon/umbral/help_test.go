package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// ran is what a command line printed and returned.
type ran struct {
	stdout, stderr string
	err            error
}

func run(args ...string) ran {
	var out, problems bytes.Buffer
	cmd := root()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&problems)
	err := cmd.Execute()
	return ran{out.String(), problems.String(), err}
}

// everyCommand calls fn for each command that help shows, with its words after "umbral".
func everyCommand(t *testing.T, fn func(t *testing.T, cmd *cobra.Command, words []string)) {
	var walk func(cmd *cobra.Command, words []string)
	walk = func(cmd *cobra.Command, words []string) {
		t.Run(strings.Join(append([]string{"umbral"}, words...), " "), func(t *testing.T) { fn(t, cmd, words) })
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() && c.Name() != "completion" {
				walk(c, append(words[:len(words):len(words)], c.Name()))
			}
		}
	}
	walk(root(), nil)
}

func TestHelpOfEveryCommand(t *testing.T) {
	everyCommand(t, func(t *testing.T, cmd *cobra.Command, words []string) {
		for _, args := range [][]string{append(words[:len(words):len(words)], "--help"), append([]string{"help"}, words...)} {
			r := run(args...)
			if r.err != nil || r.stderr != "" {
				t.Fatalf("%q: error %v, standard error %q", args, r.err, r.stderr)
			}
			wanted := []string{"Usage:\n  " + strings.Join(append([]string{"umbral"}, words...), " "), "--config"}
			if cmd.Long == "" {
				wanted = append(wanted, cmd.Short)
			} else {
				wanted = append(wanted, cmd.Long)
			}
			cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { wanted = append(wanted, "--"+f.Name, f.Usage) })
			for _, want := range wanted {
				if !strings.Contains(r.stdout, want) {
					t.Errorf("%q does not print %q:\n%s", args, want, r.stdout)
				}
			}
		}
		first, _ := utf8.DecodeRuneInString(cmd.Short)
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") || cmd.HasParent() && !unicode.IsLower(first) {
			t.Errorf("short help %q: wanted words in small letters without a full stop", cmd.Short)
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("--%s is not explained", f.Name)
			}
		})
	})
}

func TestEveryCommandRefusesWhatItDoesNotKnow(t *testing.T) {
	everyCommand(t, func(t *testing.T, cmd *cobra.Command, words []string) {
		r := run(append(words[:len(words):len(words)], "--nonsense")...)
		if r.err == nil || !strings.Contains(r.err.Error(), "unknown flag: --nonsense") {
			t.Errorf("--nonsense: %v", r.err)
		}
		if !cmd.HasAvailableSubCommands() {
			return
		}
		r = run(append(words[:len(words):len(words)], "nonsense")...)
		if r.err == nil || !strings.Contains(r.err.Error(), `"nonsense"`) {
			t.Errorf("nonsense: %v", r.err)
		}
		if r.stdout != "" {
			t.Errorf("nonsense prints help where a result would stand:\n%s", r.stdout)
		}
	})
}
