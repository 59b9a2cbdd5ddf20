package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"umbral/daemon/fleet"
	"umbral/pipeline/credential"
	"umbral/pipeline/trustlist"
)

func revocationCommand(s *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use: "revocation", Short: "make, sign, publish and look into lists of revoked credentials and people", RunE: chooses,
		Long: `A revocation list names credentials, everything that an issuer gave to one subject, or people by the ids under which
terminals know them. It is signed, dated and numbered; terminals never take an older one than they have.`,
	}
	cmd.AddCommand(
		makeListCommand("make ENTRIES --sequence N --out LIST", "make a list of a text file with an entry a line", "ENTRIES",
			`make reads lines of the form "person ID", "subject ISSUER SUBJECT" or "credential ISSUER TOKEN" (the token id cti in hex);
empty lines and lines that begin with # are left out. The list has only hashes of them. Without --key it is yet to be signed.`,
			func(data []byte, sequence uint64, issued time.Time) (*trustlist.List, error) {
				entries, err := readEntries(data)
				if err != nil {
					return nil, err
				}
				return trustlist.NewRevocations(sequence, issued, entries)
			}),
		signListCommand(), showListCommand(trustlist.KindRevocation), publishListCommand(trustlist.KindRevocation), installListCommand(s, trustlist.KindRevocation),
	)
	return cmd
}

func issuersCommand(s *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use: "issuers", Short: "make, sign, publish and look into lists of trusted issuers", RunE: chooses,
		Long: `A list of issuers says whose credentials terminals trust beside those of their configuration. It is signed, dated and
numbered; terminals never take an older one than they have.`,
	}
	cmd.AddCommand(
		makeListCommand("make KEYS… --sequence N --out LIST", "make a list of issuers' key files", "KEYS",
			`make reads issuers' public key files, as "umbral credential keygen" makes them: JSON with the issuer beside its keys. For
HCERT it also reads a trust list, a JSON array of signers' certificates as the EU's gateway publishes them, and COUNTRY=FILE
with certificates in PEM. Without --key the list is yet to be signed.`, nil),
		signListCommand(), showListCommand(trustlist.KindIssuers), publishListCommand(trustlist.KindIssuers), installListCommand(s, trustlist.KindIssuers),
	)
	return cmd
}

// maxEntriesFile bounds the text of a list, in bytes.
const maxEntriesFile = 64 << 20

func readEntries(data []byte) (entries []trustlist.Entry, err error) {
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		e, err := trustlist.ParseEntry(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		entries = append(entries, e)
	}
	return entries, lines.Err()
}

// readIssuers makes a list of key files. All together must be what a terminal can use, and no file may hold a private key.
func readIssuers(args []string, sequence uint64, issued time.Time) (*trustlist.List, error) {
	var list []json.RawMessage
	o := credential.DefaultVerifierOpts()
	for _, arg := range args {
		issuers, err := readIssuerFile(arg)
		if err != nil {
			return nil, err
		}
		for _, i := range issuers {
			data, err := credential.MarshalIssuer(i)
			if err != nil {
				return nil, err
			}
			var content bytes.Buffer
			if err := json.Compact(&content, data); err != nil {
				return nil, err
			}
			list = append(list, content.Bytes())
		}
		o.Issuers = append(o.Issuers, issuers...)
	}
	if _, err := credential.NewVerifier(o); err != nil {
		return nil, err
	}
	return trustlist.NewIssuers(sequence, issued, list)
}

// readIssuerFile reads the issuer of a key file, all signers of a trust list of HCERT, or those of a country from
// COUNTRY=FILE.
func readIssuerFile(arg string) ([]credential.Issuer, error) {
	if id, _, named := strings.Cut(arg, "="); named && isCountry(id) {
		issuer, err := readIssuer(arg)
		return []credential.Issuer{issuer}, err
	}
	return readFile(arg, maxTrustFile, func(data []byte) ([]credential.Issuer, error) {
		if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
			return credential.ParseHCERTTrust(data)
		}
		if err := publicOnly(data); err != nil {
			return nil, err
		}
		issuer, err := credential.ParseIssuer(data, "", "")
		return []credential.Issuer{issuer}, err
	})
}

// publicOnly refuses a key file with a private half in it (RFC 7517: "d" of a key pair, "k" of a symmetric key).
func publicOnly(data []byte) error {
	var file struct {
		Keys []map[string]json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return fmt.Errorf("%w (wanted JSON with the issuer beside its keys)", err)
	}
	for _, k := range file.Keys {
		if k["d"] != nil || k["k"] != nil {
			return errors.New("it holds a private key, which must not leave the issuer: name the file of the public keys")
		}
	}
	return nil
}

// makeListCommand makes a list of one text file with build, or, without it, of issuers' files.
func makeListCommand(use, short, argument, long string, build func([]byte, uint64, time.Time) (*trustlist.List, error)) *cobra.Command {
	var sequence uint64
	var out, key string
	cmd := &cobra.Command{Use: use, Short: short, Long: long}
	if build != nil {
		cmd.Args = exactly(argument)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("%s needs %s: %s is missing", cmd.CommandPath(), argument, argument)
		}
		var l *trustlist.List
		now := time.Now().UTC().Truncate(time.Second)
		if build == nil {
			var err error
			if l, err = readIssuers(args, sequence, now); err != nil {
				return err
			}
		} else {
			data, err := readUpTo(args[0], maxEntriesFile)
			if err != nil {
				return err
			}
			if l, err = build(data, sequence, now); err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
		}
		b, err := l.Encode()
		if err != nil {
			return err
		}
		if key != "" {
			if b, err = signList(b, key); err != nil {
				return err
			}
		}
		if err := writeNew(out, b); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: list %d of %s, %s, %d bytes\n", out, l.Sequence, l.Kind, amount(l), len(b))
		return nil
	}
	f := cmd.Flags()
	f.Uint64Var(&sequence, "sequence", 0, "number of the list, higher than that of every earlier one")
	f.StringVar(&out, "out", "", "new file for the list")
	f.StringVar(&key, "key", "", "private key that signs it, as umbral fleet keygen makes it")
	cmd.MarkFlagRequired("sequence")
	cmd.MarkFlagRequired("out")
	return cmd
}

func signList(b []byte, keyFile string) ([]byte, error) {
	signer, err := (&signerFlags{file: keyFile}).signer()
	if err != nil {
		return nil, err
	}
	return trustlist.Sign(b, signer.Private)
}

func signListCommand() *cobra.Command {
	var key, out string
	cmd := &cobra.Command{
		Use: "sign LIST --key FILE --out SIGNED", Short: "sign a list, for instance on a machine that is on no network", Args: exactly("LIST"),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := readUpTo(args[0], trustlist.MaxBytes)
			if err != nil {
				return err
			}
			if b, err = signList(b, key); err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return writeNew(out, b)
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "private key, as umbral fleet keygen makes it")
	cmd.Flags().StringVar(&out, "out", "", "new file for the signed list")
	cmd.MarkFlagRequired("key")
	cmd.MarkFlagRequired("out")
	return cmd
}

// openList reads a list and, with a public key, verifies it.
func openList(path, kind, public string) (l trustlist.List, b []byte, verified bool, err error) {
	if b, err = readUpTo(path, trustlist.MaxBytes); err != nil {
		return l, nil, false, err
	}
	if public == "" {
		if l, err = trustlist.Read(b); err == nil && l.Kind != kind {
			err = fmt.Errorf("it is a list of %s, not of %s", printable(l.Kind), kind)
		}
	} else {
		var k ed25519.PublicKey
		if k, err = fleet.ParsePublicKey(public); err != nil {
			return l, nil, false, err
		}
		l, err = trustlist.Open(b, kind, k)
		verified = err == nil
	}
	if err != nil {
		return l, nil, false, fmt.Errorf("%s: %w", path, err)
	}
	return l, b, verified, nil
}

// shownList is a list as show prints it.
type shownList struct {
	Kind     string    `json:"kind"`
	Sequence uint64    `json:"sequence"`
	Issued   time.Time `json:"issued"`
	Entries  int       `json:"entries"`
	Bytes    int       `json:"bytes"`
	Verified bool      `json:"verified"`
	Issuers  []string  `json:"issuers,omitempty"`
	Holds    *bool     `json:"holds,omitempty"`
}

func showListCommand(kind string) *cobra.Command {
	var public, holds string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show LIST", Short: "show what a list says of itself, and verify it with --public", Args: exactly("LIST"),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, b, verified, err := openList(args[0], kind, public)
			if err != nil {
				return err
			}
			s := shownList{Kind: l.Kind, Sequence: l.Sequence, Issued: l.Issued, Bytes: len(b), Verified: verified}
			if s.Entries, s.Issuers, err = contentOf(&l); err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			if holds != "" {
				e, err := trustlist.ParseEntry(holds)
				if err != nil {
					return err
				}
				r, err := l.Revocations()
				if err != nil {
					return err
				}
				found := r.Holds(e)
				s.Holds = &found
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), s)
			}
			printList(cmd.OutOrStdout(), &s)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&public, "public", "", "public key that has to have signed it (base64)")
	f.BoolVar(&asJSON, "json", false, "print one JSON object")
	if kind == trustlist.KindRevocation {
		f.StringVar(&holds, "holds", "", "an entry to look for, such as \"person 4711\"")
	}
	return cmd
}

func contentOf(l *trustlist.List) (entries int, issuers []string, err error) {
	if l.Kind == trustlist.KindRevocation {
		r, err := l.Revocations()
		if err != nil {
			return 0, nil, err
		}
		return r.Len(), nil, nil
	}
	files, err := l.Issuers()
	if err != nil {
		return 0, nil, err
	}
	for _, f := range files {
		issuer, err := credential.ParseIssuer(f, "", "")
		if err != nil {
			return 0, nil, err
		}
		issuers = append(issuers, issuer.ID)
	}
	return len(files), issuers, nil
}

// amount is how much a list holds, in words.
func amount(l *trustlist.List) string {
	entries, issuers, err := contentOf(l)
	switch {
	case err != nil:
		return err.Error()
	case l.Kind == trustlist.KindIssuers:
		return fmt.Sprintf("%d issuers", len(issuers))
	}
	return fmt.Sprintf("%d entries", entries)
}

func printList(w io.Writer, s *shownList) {
	signed := "not verified (--public)"
	if s.Verified {
		signed = "signed with that key"
	}
	fmt.Fprintf(w, "list %d of %s, made %s (%s ago), %d entries, %d bytes, %s\n",
		s.Sequence, s.Kind, s.Issued.Local().Format(time.DateTime), time.Since(s.Issued).Round(time.Second), s.Entries, s.Bytes, signed)
	for _, i := range s.Issuers {
		fmt.Fprintln(w, "issuer", printable(i))
	}
	if s.Holds != nil {
		fmt.Fprintf(w, "holds the entry: %v\n", *s.Holds)
	}
}

func publishListCommand(kind string) *cobra.Command {
	var broker brokerFlags
	var public string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "publish LIST --public KEY", Short: "put a signed list where every terminal of the fleet takes it from", Args: exactly("LIST"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if timeout <= 0 {
				return fmt.Errorf("--timeout %v: it has to be longer than 0s", timeout)
			}
			l, b, _, err := openList(args[0], kind, public)
			if err != nil {
				return err
			}
			office, err := broker.operator()
			if err != nil {
				return err
			}
			ctx, cancel := contextWithTimeout(cmd, timeout)
			defer cancel()
			err = office.PublishList(ctx, kind, l.Sequence, b, func(done, of int) { fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d parts\n", done, of) })
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "list %d of %s is published\n", l.Sequence, kind)
			return nil
		},
	}
	broker.add(cmd)
	f := cmd.Flags()
	f.StringVar(&public, "public", "", "public key that the terminals trust (credential.list_key): a list that it has not signed is not published")
	f.DurationVar(&timeout, "timeout", 5*time.Minute, "how long it may take")
	cmd.MarkFlagRequired("public")
	return cmd
}

func installListCommand(s *settings, kind string) *cobra.Command {
	return &cobra.Command{
		Use: "install LIST", Short: "give a signed list to the terminal on this machine while it does not run", Args: exactly("LIST"),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, b, _, err := openList(args[0], kind, "")
			if err != nil {
				return err
			}
			desk, err := s.desk(cmd)
			if err != nil {
				return err
			}
			defer desk.Close()
			sequence, err := desk.InstallList(kind, b)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "list %d of %s is installed\n", sequence, kind)
			return nil
		},
	}
}
