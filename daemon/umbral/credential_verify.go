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
	issuers, hcert, decrypt, audience []string
	at                                string
	maxAge                            time.Duration
	asJSON                            bool
}

func (f *trustFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.issuers, "issuer", nil, "trust this issuer: a file as keygen prints it, or ID=FILE for a JWK, PEM or COSE key; an ID of two capitals is a country whose certificates (PEM) sign HCERT; may be repeated")
	flags.StringArrayVar(&f.hcert, "hcert-trust", nil, "trust the signers of HCERT in this file, as credential.hcert_trust names it; may be repeated")
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
		issuer, err := readIssuer(arg)
		if err != nil {
			return nil, now, err
		}
		o.Issuers = append(o.Issuers, issuer)
	}
	for _, path := range f.hcert {
		signers, err := readFile(path, maxTrustFile, credential.ParseHCERTTrust)
		if err != nil {
			return nil, now, err
		}
		o.Issuers = append(o.Issuers, signers...)
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

// maxTrustFile is the size of a file of HCERT's signers.
const maxTrustFile = 8 << 20

// readIssuer reads an issuer from FILE or ID=FILE.
func readIssuer(arg string) (credential.Issuer, error) {
	id, path, named := strings.Cut(arg, "=")
	if !named {
		id, path = "", arg
	}
	return readFile(path, maxIdentityFile, func(data []byte) (credential.Issuer, error) {
		if isCountry(id) {
			return credential.ParseHCERTIssuer(data, id, "")
		}
		return credential.ParseIssuer(data, id, "")
	})
}

// isCountry reports whether an issuer's id has the form of a country's code (ISO 3166-1 alpha-2), as HCERT's issuers have.
func isCountry(id string) bool {
	return len(id) == 2 && id[0] >= 'A' && id[0] <= 'Z' && id[1] >= 'A' && id[1] <= 'Z'
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
