package main

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"umbral/daemon/desk"
	"umbral/daemon/local"
)

// endOf returns the instant at which a day has passed, zero for no day.
func endOf(day string) (time.Time, error) {
	if day == "" {
		return time.Time{}, nil
	}
	d, err := time.ParseInLocation(time.DateOnly, day, time.Local)
	if err != nil {
		return time.Time{}, fmt.Errorf("--until %q is no day, wanted one written 2006-01-02", day)
	}
	return d.AddDate(0, 0, 1), nil
}

// fileCommands are about a person's enrolment file: what was seen of them, and whether they may pass.
func fileCommands(s *settings, asJSON *bool) []*cobra.Command {
	show := func(cmd *cobra.Command, f local.File) error {
		if *asJSON {
			return writeJSON(cmd.OutOrStdout(), f)
		}
		printFile(cmd.OutOrStdout(), f)
		return nil
	}
	edit := func(cmd *cobra.Command, id string, e local.FileEdit) error {
		f, err := s.editFile(cmd, id, e)
		if err != nil {
			return err
		}
		return show(cmd, f)
	}
	by := func(cmd *cobra.Command) *string {
		return cmd.Flags().String("by", actor(), "who makes the change, for the journal")
	}

	checklist := &cobra.Command{
		Use: "checklist ID", Short: "show a person's enrolment file and what is missing in it", Args: exactly("ID"),
		Long: `checklist shows what the terminal knows of a person for the site's rules on who may pass, which items of the site's
checklist were seen to, by whom and when, and which are missing. An enrolment is complete when none is.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := s.file(cmd, args[0])
			if err != nil {
				return err
			}
			return show(cmd, f)
		},
	}

	tick := &cobra.Command{
		Use: "tick ID ITEM", Short: "record that an item of the checklist was seen to", Args: exactly("ID", "ITEM"),
		Long: `tick records who has seen to an item of the checklist, and when: a document, the fingerprints, or a consent, which is an
item for each purpose ("consent.face"). The journal has it; the note stays in the file.`,
		Example: `  umbral people tick 4711 household-register --note "copy filed"
  umbral people tick 4711 consent.face --by rita --until 2027-12-31`,
	}
	tickBy, note := by(tick), tick.Flags().String("note", "", "a remark for the file")
	until := tick.Flags().String("until", "", "the last day of a consent, as 2006-01-02; none where it has no end")
	tick.RunE = func(cmd *cobra.Command, args []string) error {
		end, err := endOf(*until)
		if err != nil {
			return err
		}
		return edit(cmd, args[0], local.FileEdit{Change: "tick", By: *tickBy, Item: args[1], Note: *note, Until: end})
	}

	untick := &cobra.Command{
		Use: "untick ID ITEM", Short: "take a tick back: a document was wrong, a consent is withdrawn", Args: exactly("ID", "ITEM"),
	}
	untickBy := by(untick)
	untick.RunE = func(cmd *cobra.Command, args []string) error {
		return edit(cmd, args[0], local.FileEdit{Change: "untick", By: *untickBy, Item: args[1]})
	}

	block := &cobra.Command{
		Use: "block ID --reason TEXT", Short: "keep a person out until further notice", Args: exactly("ID"),
	}
	blockBy, reason := by(block), block.Flags().String("reason", "", "why, without names or numbers: the journal has it")
	block.MarkFlagRequired("reason")
	block.RunE = func(cmd *cobra.Command, args []string) error {
		return edit(cmd, args[0], local.FileEdit{Change: "block", By: *blockBy, Reason: *reason})
	}

	unblock := &cobra.Command{Use: "unblock ID", Short: "let a blocked person pass again", Args: exactly("ID")}
	unblockBy := by(unblock)
	unblock.RunE = func(cmd *cobra.Command, args []string) error {
		return edit(cmd, args[0], local.FileEdit{Change: "unblock", By: *unblockBy})
	}

	occasion := &cobra.Command{
		Use: "occasion ID issue|renewal|replacement", Short: "begin an enrolment on another occasion: all ticks but consents are taken back",
		Args: exactly("ID", "OCCASION"),
	}
	occasionBy := by(occasion)
	occasion.RunE = func(cmd *cobra.Command, args []string) error {
		return edit(cmd, args[0], local.FileEdit{Change: "occasion", By: *occasionBy, Occasion: args[1]})
	}
	return []*cobra.Command{checklist, tick, untick, block, unblock, occasion, detailsCommand(s, edit, by), secretCommand(s, by)}
}

func detailsCommand(s *settings, edit func(*cobra.Command, string, local.FileEdit) error, by func(*cobra.Command) *string) *cobra.Command {
	cmd := &cobra.Command{
		Use: "details ID", Short: "set birth date, validity, guardians or schedule", Args: exactly("ID"),
		Long: `details sets what the site's rules on age, validity and time of day look at. What no flag names stays as it is; an empty
value forgets it.`,
		Example: `  umbral people details 4711 --born 2012-05-01 --guardian 4700 --guardian 4701
  umbral people details 4711 --valid-until ""`,
	}
	who := by(cmd)
	f := cmd.Flags()
	born := f.String("born", "", "day of birth, written 2006-01-02")
	from := f.String("valid-from", "", "first day of validity")
	until := f.String("valid-until", "", "last day of validity")
	schedule := f.String("schedule", "", "name of a schedule of the configuration")
	guardians := f.StringSlice("guardian", nil, "id of a guardian; can be given several times")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		d := &local.Details{}
		for name, t := range map[string]struct {
			to   **string
			from *string
		}{"born": {&d.Born, born}, "valid-from": {&d.ValidFrom, from}, "valid-until": {&d.ValidUntil, until}, "schedule": {&d.Schedule, schedule}} {
			if f.Changed(name) {
				*t.to = t.from
			}
		}
		if f.Changed("guardian") {
			named := slices.DeleteFunc(*guardians, func(g string) bool { return g == "" })
			d.Guardians = &named
		}
		if *d == (local.Details{}) {
			return errors.New("nothing to set: name --born, --valid-from, --valid-until, --guardian or --schedule")
		}
		return edit(cmd, args[0], local.FileEdit{Change: "details", By: *who, Details: d})
	}
	return cmd
}

// secretBytes is the length of a secret that secretCommand makes: that of the hash, as RFC 4226 section 4 recommends.
const secretBytes = 20

func secretCommand(s *settings, by func(*cobra.Command) *string) *cobra.Command {
	cmd := &cobra.Command{
		Use: "secret ID", Short: "make a new secret for the person's one-time passwords and print it once", Args: exactly("ID"),
		Long: `secret makes the secret of the bar code form: a bar code of the person's id, in digits, and a one-time password of
8 digits that changes every 30 seconds (RFC 6238, HMAC-SHA-1). It prints the address that authenticator apps take, as
text or in a QR code; it cannot be shown again. The earlier secret is void at once.`,
	}
	who := by(cmd)
	remove := cmd.Flags().Bool("remove", false, "remove the secret, and make none")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		e := local.FileEdit{Change: "secret", By: *who}
		if !*remove {
			e.Secret = make([]byte, secretBytes)
			rand.Read(e.Secret) // never fails, or ends the program
		}
		if _, err := s.editFile(cmd, args[0], e); err != nil {
			return err
		}
		if *remove {
			fmt.Fprintf(cmd.OutOrStdout(), "%s has no secret any more\n", args[0])
			return nil
		}
		key := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(e.Secret)
		fmt.Fprintf(cmd.OutOrStdout(), "otpauth://totp/Umbral:%s?secret=%s&issuer=Umbral&algorithm=SHA1&digits=8&period=30\n", url.PathEscape(args[0]), key)
		return nil
	}
	return cmd
}

// actor is who sits at the keyboard, as far as the system knows.
func actor() string {
	for _, name := range []string{"SUDO_USER", "USER", "LOGNAME"} {
		if who := os.Getenv(name); who != "" {
			return who
		}
	}
	return "technician"
}

func printFile(w io.Writer, f local.File) {
	fmt.Fprintf(w, "%s  %s\n", f.ID, printable(f.Name))
	for _, line := range []struct{ name, text string }{
		{"born", f.Born}, {"valid", validity(f)}, {"guardians", strings.Join(f.Guardians, ", ")}, {"schedule", f.Schedule}, {"occasion", f.Occasion},
	} {
		if line.text != "" {
			fmt.Fprintf(w, "%-10s %s\n", line.name, printable(line.text))
		}
	}
	if f.Secret {
		fmt.Fprintln(w, "one-time passwords are set up")
	}
	if b := f.Blocked; b != nil {
		fmt.Fprintf(w, "BLOCKED since %s by %s: %s\n", b.Since.Local().Format(time.DateTime), printable(b.By), printable(b.Reason))
	}
	for _, t := range f.Ticks {
		extra := ""
		if !slices.Contains(f.Wanted, t.Item) {
			extra = "  (not asked for)"
		}
		mark := "[x]"
		if !t.Until.IsZero() {
			extra += "  until " + t.Until.Local().Format(time.DateTime)
			if !time.Now().Before(t.Until) {
				mark = "[-]" // ended
			}
		}
		if t.Note != "" {
			extra += "  " + t.Note
		}
		fmt.Fprintf(w, "%s %-24s %s  %s%s\n", mark, t.Item, t.At.Local().Format(time.DateTime), printable(t.By), printable(extra))
	}
	for _, item := range f.Missing {
		fmt.Fprintf(w, "[ ] %s\n", item)
	}
	switch {
	case len(f.Wanted) == 0:
		fmt.Fprintln(w, "The site's checklist asks for nothing (eligibility.checklist).")
	case len(f.Missing) == 0:
		fmt.Fprintln(w, "The enrolment is complete.")
	default:
		fmt.Fprintf(w, "The enrolment is not complete: %d of %d missing.\n", len(f.Missing), len(f.Wanted))
	}
}

func validity(f local.File) string {
	switch {
	case f.ValidFrom != "" && f.ValidUntil != "":
		return f.ValidFrom + " to " + f.ValidUntil
	case f.ValidFrom != "":
		return "from " + f.ValidFrom
	case f.ValidUntil != "":
		return "until " + f.ValidUntil
	}
	return ""
}

func (s *settings) file(cmd *cobra.Command, id string) (local.File, error) {
	f, err := either(s, cmd, func(c *local.Client) (local.File, error) { return c.File(cmd.Context(), id) },
		func(d *desk.Offline) (local.File, error) { return d.File(id) })
	return f, notEnrolled(id, err)
}

func (s *settings) editFile(cmd *cobra.Command, id string, e local.FileEdit) (local.File, error) {
	f, err := either(s, cmd, func(c *local.Client) (local.File, error) { return c.EditFile(cmd.Context(), id, e) },
		func(d *desk.Offline) (local.File, error) { return d.EditFile(id, e) })
	return f, notEnrolled(id, err)
}
