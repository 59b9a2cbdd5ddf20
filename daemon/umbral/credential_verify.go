package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"umbral/pipeline/credential"
)

// trustFlags say what a code is checked against.
type trustFlags struct {
	issuers, decrypt, audience []string
	at                         string
	maxAge                     time.Duration
	asJSON                     bool
}

func (f *trustFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.issuers, "issuer", nil, "trust this issuer: a file as keygen prints it, or ID=FILE for a JWK, PEM or COSE key; may be repeated")
	flags.StringArrayVar(&f.decrypt, "decrypt", nil, "file of a key that opens encrypted credentials; may be repeated")
	flags.StringArrayVar(&f.audience, "audience", nil, "the terminal or site that a presentation must be for; may be repeated")
	flags.StringVar(&f.at, "at", "", "instant to check for; default: now")
	flags.DurationVar(&f.maxAge, "max-age", credential.DefaultMaxAge, "how old the time stamp of a presentation may be")
	flags.BoolVar(&f.asJSON, "json", false, "print JSON")
}

func (f *trustFlags) verifier() (*credential.Verifier, time.Time, error) {
	o := credential.DefaultVerifierOpts()
	o.MaxAge, o.Audience, o.SharedReplays = f.maxAge, f.audience, true // there is no memory of what was shown
	now := time.Now()
	for _, arg := range f.issuers {
		id, path, named := strings.Cut(arg, "=")
		if !named {
			id, path = "", arg
		}
		issuer, err := readFile(path, maxIdentityFile, func(data []byte) (credential.Issuer, error) { return credential.ParseIssuer(data, id, "") })
		if err != nil {
			return nil, now, err
		}
		o.Issuers = append(o.Issuers, issuer)
	}
	for _, path := range f.decrypt {
		key, err := readFile(path, maxIdentityFile, credential.ParseSymmetricKey)
		if err != nil {
			return nil, now, err
		}
		o.DecryptionKeys = append(o.DecryptionKeys, key)
	}
	if f.at != "" {
		var err error
		if now, err = parseInstant(f.at); err != nil {
			return nil, now, err
		}
	}
	v, err := credential.NewVerifier(o)
	return v, now, err
}

func credentialShowCommand() *cobra.Command {
	var f trustFlags
	cmd := &cobra.Command{
		Use:   "show CODE",
		Short: "explain a code in words: every field, and every step of the check",
		Args:  exactly("CODE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, step, why, err := f.check(cmd, args[0])
			if err != nil {
				return err
			}
			if f.asJSON {
				return writeJSON(cmd.OutOrStdout(), newCredentialReport(c, step, why))
			}
			printCredential(cmd.OutOrStdout(), c, step, why)
			return nil
		},
	}
	f.add(cmd)
	return cmd
}

func credentialVerifyCommand() *cobra.Command {
	var f trustFlags
	cmd := &cobra.Command{
		Use:   "verify CODE",
		Short: "check a code as a terminal would; fails with the step that refuses it",
		Args:  exactly("CODE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, step, why, err := f.check(cmd, args[0])
			if err != nil {
				return err
			}
			if step != credential.Passed {
				return fmt.Errorf("refused: %s: %s (%s)", step, step.Words(), printable(why))
			}
			if f.asJSON {
				return writeJSON(cmd.OutOrStdout(), newCredentialReport(c, step, why))
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s of %s is valid%s.\n", printable(c.Person()), printable(c.Issuer), validUntil(c.Expires))
			return nil
		},
	}
	f.add(cmd)
	return cmd
}

// check gives the step of refusal as a value: to show it is no failure.
func (f *trustFlags) check(cmd *cobra.Command, arg string) (c *credential.Credential, step credential.Step, why string, err error) {
	v, now, err := f.verifier()
	if err != nil {
		return nil, 0, "", err
	}
	text, err := readCode(cmd, arg)
	if err != nil {
		return nil, 0, "", err
	}
	c, err = v.Verify(text, now)
	var refusal *credential.Refusal
	if errors.As(err, &refusal) {
		return c, refusal.Step, refusal.Err.Error(), nil
	}
	return c, credential.Passed, "", err
}

func validUntil(t time.Time) string {
	if t.IsZero() {
		return ", without a date of expiry"
	}
	return " until " + t.Local().Format(time.DateTime)
}
