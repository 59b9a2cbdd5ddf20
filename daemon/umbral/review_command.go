package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/operator"
	"umbral/daemon/fleet/reviewer"
)

func reviewCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "review", Short: "judge passages that terminals are unsure of", RunE: chooses,
		Long: `review shows the passages that terminals refer to people, and answers them. An answer is signed, counts for the one
passage that it names and what its statement says, and reaches the terminal while the person still waits there.`,
	}
	cmd.AddCommand(reviewListCommand(), reviewShowCommand(), answerCommand(fleet.Approve), answerCommand(fleet.Deny), keypairCommand(
		"make a reviewer's keys; prints their public halves for the terminals' configuration",
		`keygen makes a key that signs a reviewer's answers, whose public half belongs into fleet.keys with the command
"review.answer", and a key that reads pictures, whose public half belongs into review.readers.`))
	return cmd
}

// reviewFlags are what all commands about reviews need.
type reviewFlags struct {
	broker  brokerFlags
	keys    []string
	timeout time.Duration
}

func (r *reviewFlags) add(cmd *cobra.Command) {
	r.broker.add(cmd)
	f := cmd.Flags()
	f.StringArrayVar(&r.keys, "terminal-key", nil, "NAME=KEY of a terminal, to verify that the review is the terminal's own; can be given several times")
	f.DurationVar(&r.timeout, "timeout", 15*time.Second, "how long to wait for the broker and the terminal")
}

// open returns the reviewer, the terminals' keys, and a context that ends with the timeout.
func (r *reviewFlags) open(cmd *cobra.Command) (*reviewer.Reviewer, []fleet.NamedKey, context.Context, context.CancelFunc, error) {
	if r.timeout <= 0 {
		return nil, nil, nil, nil, fmt.Errorf("--timeout %v: it has to be longer than 0s", r.timeout)
	}
	keys, err := terminalKeys(r.keys)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	o, err := r.broker.read()
	if err != nil {
		return nil, nil, nil, nil, err
	}
	desk, err := reviewer.New(o)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	ctx, cancel := contextWithTimeout(cmd, r.timeout)
	return desk, keys, ctx, cancel, nil
}

func reviewListCommand() *cobra.Command {
	var flags reviewFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list [TERMINAL]", Short: "list the passages that wait, the most urgent first", Args: atMost("TERMINAL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			desk, keys, ctx, cancel, err := flags.open(cmd)
			if err != nil {
				return err
			}
			defer cancel()
			list, refused, err := desk.Reviews(ctx, strings.Join(args, ""), func(t string) ed25519.PublicKey { return keyOf(keys, t) })
			if err != nil {
				return err
			}
			for _, r := range refused {
				fmt.Fprintln(cmd.ErrOrStderr(), "left out:", printable(r.Error()))
			}
			if asJSON {
				if list == nil {
					list = []fleet.PublishedReview{}
				}
				return writeJSON(cmd.OutOrStdout(), list)
			}
			out := cmd.OutOrStdout()
			if len(list) == 0 {
				fmt.Fprintln(out, "No passage waits for a review.")
			}
			for _, r := range list {
				fmt.Fprintf(out, "%-16s %-16s %-12s %d of %d  %s%s\n", r.Terminal, r.Passage, timeLeft(r.Deadline), r.Answers, r.Needed, strings.Join(r.Reasons, ", "), pictureNote(r))
			}
			return nil
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// timeLeft says how long a reviewer has, by this machine's clock.
func timeLeft(deadline time.Time) string {
	left := time.Until(deadline).Round(time.Second)
	if left <= 0 {
		return "over"
	}
	return left.String() + " left"
}

func pictureNote(r fleet.PublishedReview) string {
	if r.Pictures == "" {
		return ""
	}
	return "  (pictures)"
}

func reviewShowCommand() *cobra.Command {
	var flags reviewFlags
	var readKey, out string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show TERMINAL PASSAGE", Short: "show one passage, with its pictures where the site sends them",
		Long: `show prints what the terminal says of a passage. With --read-key and --out it also decrypts the pictures into a new folder,
beside a page (index.html) that shows all of it. They are the person's face: delete the folder when the passage is decided.`,
		Example: `  umbral review show gate-1 7-12 --read-key rita.read.pem --out review-7-12`,
		Args:    exactly("TERMINAL", "PASSAGE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (readKey == "") != (out == "") {
				return errors.New("--read-key and --out belong together: the key opens the pictures, the folder takes them")
			}
			desk, keys, ctx, cancel, err := flags.open(cmd)
			if err != nil {
				return err
			}
			defer cancel()
			r, err := desk.Review(ctx, args[0], args[1], keyOf(keys, args[0]))
			if err != nil {
				return noReview(args, err)
			}
			if out != "" {
				n, err := fetchPictures(ctx, desk, r, readKey, out)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "%d pictures and index.html are in %s; delete it when the passage is decided\n", n, out)
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), r)
			}
			printReview(cmd.OutOrStdout(), r)
			return nil
		},
	}
	flags.add(cmd)
	f := cmd.Flags()
	f.StringVar(&readKey, "read-key", "", "private key that opens the pictures, as keygen makes it")
	f.StringVar(&out, "out", "", "new folder for the pictures")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// fetchPictures takes the pictures from the broker, holds them against the statement's hash, and decrypts them into a new
// folder.
func fetchPictures(ctx context.Context, desk *reviewer.Reviewer, r fleet.PublishedReview, keyFile, dir string) (n int, err error) {
	if r.Pictures == "" {
		return 0, errors.New("the passage has no pictures: the site does not send any (review.pictures)")
	}
	key, err := readerKey(keyFile)
	if err != nil {
		return 0, err
	}
	sealed, err := desk.Pictures(ctx, r.Terminal, r.Passage)
	if err != nil {
		return 0, noReview([]string{r.Terminal, r.Passage}, err)
	}
	if fleet.StatementHash(sealed) != r.Pictures {
		return 0, errors.New("the pictures at the broker are not those that the terminal speaks of")
	}
	pictures, err := fleet.OpenPictures(key, r.Terminal, r.Passage, sealed)
	if err != nil {
		return 0, err
	}
	return len(pictures), writeReviewFolder(dir, r, pictures)
}

func printReview(w io.Writer, r fleet.PublishedReview) {
	signed := "not verified (--terminal-key)"
	if r.Verified {
		signed = "the terminal's own"
	}
	for _, line := range []struct{ name, text string }{
		{"passage", r.Passage + " at " + r.Terminal}, {"reasons", strings.Join(r.Reasons, ", ")}, {"person", r.Person},
		{"opened", r.Opened.Local().Format(time.DateTime) + " (clock: " + r.Clock + ")"},
		{"deadline", r.Deadline.Local().Format(time.DateTime) + ", " + timeLeft(r.Deadline)},
		{"answers", fmt.Sprintf("%d; %d different reviewers have to approve", r.Answers, r.Needed)},
		{"statement", r.Hash + ", " + signed},
	} {
		if line.text != "" {
			fmt.Fprintf(w, "%-9s %s\n", line.name, line.text)
		}
	}
	for _, e := range r.Evidence {
		detail := ""
		if e.Detail != "" {
			detail = " (" + e.Detail + ")"
		}
		fmt.Fprintf(w, "evidence  %s: %s%s\n", e.Kind, e.Outcome, detail)
	}
	if r.Pictures != "" {
		fmt.Fprintln(w, "pictures  encrypted to the reviewers (--read-key and --out)")
	}
}

// noReview says what it means that the broker has no such review.
func noReview(args []string, err error) error {
	if errors.Is(err, reviewer.ErrNoReview) {
		return fmt.Errorf("no review of passage %s waits at %s: it is decided, its time is over, or there never was one (umbral review list shows which there are)", args[1], args[0])
	}
	return err
}

func answerCommand(answer string) *cobra.Command {
	var flags reviewFlags
	var signer signerFlags
	var seen string
	short := "let the person pass who waits at the terminal"
	if answer == fleet.Deny {
		short = "keep the person out who waits at the terminal"
	}
	cmd := &cobra.Command{
		Use: answer + " TERMINAL PASSAGE --key FILE", Short: short,
		Long: "The command " + answer + ` signs the answer to a review and waits until the terminal has taken it. Where two reviewers have to approve, the
passage waits for the other one; one denial decides. With --statement the answer is given only if the statement is still
the one that was looked at.`,
		Example: "  umbral review " + answer + " gate-1 7-12 --key rita.sign.pem --key-name rita",
		Args:    exactly("TERMINAL", "PASSAGE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := signer.signer()
			if err != nil {
				return err
			}
			desk, keys, ctx, cancel, err := flags.open(cmd)
			if err != nil {
				return err
			}
			defer cancel()
			r, err := desk.Review(ctx, args[0], args[1], keyOf(keys, args[0]))
			if err != nil {
				return noReview(args, err)
			}
			if seen != "" && seen != r.Hash {
				return fmt.Errorf("the statement of passage %s is now %s, not %s: look at it again (umbral review show)", args[1], r.Hash, printable(seen))
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s, %s\n", r.Passage, strings.Join(r.Reasons, ", "), timeLeft(r.Deadline))
			order := operator.Order{
				Terminal: args[0], Command: fleet.CommandReview, Valid: min(flags.timeout, time.Minute),
				Args: fleet.ReviewArgs{Passage: r.Passage, Review: r.Hash, Answer: answer},
			}
			office, err := flags.broker.operator()
			if err != nil {
				return err
			}
			a, err := office.Send(ctx, order, key, func(a fleet.Answer) { fmt.Fprintln(cmd.ErrOrStderr(), printable(string(a.Status))) })
			if err != nil {
				return err
			}
			if a.Status != fleet.StatusSuccessful {
				return fmt.Errorf("the answer does not count: %s: %s", printable(string(a.Reason)), printable(a.Detail))
			}
			return writeJSON(cmd.OutOrStdout(), a.Result)
		},
	}
	flags.add(cmd)
	signer.add(cmd, "reviewer")
	cmd.Flags().StringVar(&seen, "statement", "", "hash of the statement that was looked at, as show prints it")
	return cmd
}
