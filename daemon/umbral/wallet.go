package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"umbral/daemon/local"
	"umbral/daemon/umbral/wallet"
	"umbral/pipeline/credential"
)

func walletCommand() *cobra.Command {
	o := wallet.DefaultOpts()
	var audiences, identities []string
	var key, socket string
	var valid time.Duration
	cmd := &cobra.Command{
		Use:   "wallet",
		Short: "serve a page that turns a phone into the holder of an electronic credential",
		Long: `wallet serves a page for phones. The page makes a key that cannot leave the browser, receives a credential bound to it, and
shows a code that is renewed every few seconds, also without a network. With --key and --identity it issues credentials: for
each identity it prints a link with a one-time code. It serves this device; for others give a certificate, since browsers
make keys only for pages that come over HTTPS.`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, a := range audiences {
				id, name, _ := strings.Cut(a, "=")
				o.Audiences = append(o.Audiences, wallet.Audience{ID: id, Name: name})
			}
			if (key == "") != (len(identities) == 0) {
				return errors.New("--key and --identity belong together: who issues, and to whom")
			}
			o.Log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			if socket != "" {
				if key != "" {
					return errors.New("--terminal and --key: one of them issues, not both")
				}
				o.Issuer = terminalIssuer{local.NewClient(socket)}
			}
			type offer struct{ path, code string }
			var offers []offer
			if key != "" {
				signing, err := readFile(key, maxIdentityFile, credential.ParseSigningKey)
				if err != nil {
					return err
				}
				office, err := credential.NewIssuanceDesk(signing, valid)
				if err != nil {
					return err
				}
				o.Issuer = office
				for _, path := range identities {
					id, err := readFile(path, maxIdentityFile, parseIdentity)
					if err != nil {
						return err
					}
					code, err := office.Offer(*id, "", time.Now())
					if err != nil {
						return err
					}
					offers = append(offers, offer{path, code})
				}
			}
			server, err := wallet.New(o)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "The wallet is at %s\n", server.URL())
			for _, of := range offers {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %s#claim=%s\n", printable(of.path), server.URL(), of.code)
			}
			return server.Run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Listen, "listen", o.Listen, "address; port 0 takes a free one")
	flags.StringVar(&o.CertFile, "tls-cert", "", "certificate file, to serve other devices")
	flags.StringVar(&o.KeyFile, "tls-key", "", "key file of the certificate")
	flags.StringArrayVar(&audiences, "audience", nil, "a terminal or site to choose, as ID or ID=NAME; may be repeated")
	flags.DurationVar(&o.Period, "period", o.Period, "how often the code is renewed")
	flags.StringVar(&key, "key", "", "issue credentials with this private key (see umbral credential keygen)")
	flags.StringVar(&socket, "terminal", "", "let the terminal at this socket issue, to people whom it has proofed (see issue.key in umbral.toml)")
	flags.StringArrayVar(&identities, "identity", nil, "JSON file of an identity to issue (see umbral credential issue); may be repeated")
	flags.DurationVar(&valid, "valid", 365*24*time.Hour, "how long issued credentials are valid")
	return cmd
}

// terminalIssuer hands enrolments to a terminal, which has the issuer's key and knows whom it has proofed.
type terminalIssuer struct{ gate *local.Client }

// Issue is wallet.Issuer's.
func (t terminalIssuer) Issue(enrolment string, _ time.Time) (string, *credential.Key, error) {
	e, err := credential.ParseEnrolment(enrolment)
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), issueTimeout)
	defer cancel()
	text, err := t.gate.Issue(ctx, enrolment)
	return text, e.Key, err
}

// issueTimeout is how long a terminal may take.
const issueTimeout = 10 * time.Second
