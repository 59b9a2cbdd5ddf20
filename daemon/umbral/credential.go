package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"umbral/pipeline/credential"
)

func credentialCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "credential",
		Short: "make, show and check electronic credentials, as an issuer or to find out why one was refused",
		Long: `credential is the issuer's side of electronic identities, and the technician's: it makes keys and credentials (claim 169 in
a QR code), explains a code field by field, and checks one as a terminal would. It needs no terminal.

A CODE is the text of a code, a picture or text file with it, or - for standard input.`,
		RunE: chooses,
	}
	cmd.AddCommand(credentialKeygenCommand(), credentialIssueCommand(), credentialShowCommand(), credentialVerifyCommand())
	return cmd
}

func credentialKeygenCommand() *cobra.Command {
	var out, public, issuer, name, algorithm, from, until string
	cmd := &cobra.Command{
		Use:   "keygen --issuer ID --out FILE",
		Short: "make an issuer's key; prints the public half for terminals",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			key, err := credential.NewSigningKey(algorithm, issuer, name)
			if err != nil {
				return err
			}
			for text, to := range map[string]*time.Time{from: &key.Public.From, until: &key.Public.Until} {
				if text != "" {
					if *to, err = parseInstant(text); err != nil {
						return err
					}
				}
			}
			side, err := credential.MarshalIssuer(credential.Issuer{ID: issuer, Name: name, Keys: []*credential.Key{key.Public}})
			if err != nil {
				return err
			}
			private, err := key.Marshal()
			if err != nil {
				return err
			}
			if err := writeNew(out, private); err != nil {
				return err
			}
			if public != "" {
				return os.WriteFile(public, side, 0o644)
			}
			_, err = cmd.OutOrStdout().Write(side)
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&out, "out", "", "file for the private key (mode 0600)")
	flags.StringVar(&public, "public", "", "file for the public half, rather than standard output")
	flags.StringVar(&issuer, "issuer", "", "who issues: the claim iss of all its credentials, such as https://id.example.org")
	flags.StringVar(&name, "name", "", "the issuer's name for people")
	flags.StringVar(&algorithm, "algorithm", "EdDSA", "EdDSA (Ed25519), ES256 (ECDSA P-256) or ES384 (ECDSA P-384)")
	flags.StringVar(&from, "from", "", "instant at which the key comes into force, such as 2027-01-01 or 2027-01-01T08:00:00Z")
	flags.StringVar(&until, "until", "", "instant from which terminals distrust the key and all credentials that it signed")
	cmd.MarkFlagRequired("out")
	cmd.MarkFlagRequired("issuer")
	return cmd
}

// parseInstant reads a day, which begins at midnight UTC, or an instant.
func parseInstant(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no instant, wanted such as 2027-01-01 or 2027-01-01T08:00:00Z", text)
}
