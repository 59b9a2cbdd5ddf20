package main

import (
	"bufio"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"umbral/daemon/desk"
	"umbral/daemon/fleet"
	"umbral/daemon/local"
	"umbral/daemon/store"
)

// eraseCommand asks before it erases: nothing brings anybody back.
func eraseCommand(s *settings, asJSON *bool) *cobra.Command {
	var reason, receipt string
	var yes bool
	cmd := &cobra.Command{
		Use: "erase ID", Short: "destroy what a person is recognised by; the journal keeps a receipt", Args: exactly("ID"),
		Long: `erase destroys a person's key, references, enrolment file and name, and takes the id out of the journal. Nothing brings
them back, so it asks first; --yes answers for scripts. --receipt writes the receipt, signed by the terminal, to a file,
which "umbral people receipt" verifies.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !yes {
				if err := s.confirmErasure(cmd, args[0]); err != nil {
					return err
				}
			}
			e, err := s.erase(cmd, args[0], reason)
			if err != nil {
				return err
			}
			if receipt != "" {
				if err := writeReceipt(receipt, e); err != nil {
					return fmt.Errorf("%s is erased, but the receipt could not be written: %w", e.Person, err)
				}
			}
			if *asJSON {
				return writeJSON(cmd.OutOrStdout(), e)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is erased: %s; receipt %s\n", e.Person, references(e.References), e.Position)
			if !e.Scrubbed {
				fmt.Fprintln(cmd.OutOrStdout(), "The key is still in freed pages of the disk; the terminal rewrites them as soon as it can.")
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the receipt; the person's id and name are left out of it")
	cmd.Flags().StringVar(&receipt, "receipt", "", "a new file for the signed receipt")
	cmd.Flags().BoolVar(&yes, "yes", false, "erase without asking")
	return cmd
}

// confirmErasure shows who is meant and reads the answer. No answer is a no.
func (s *settings) confirmErasure(cmd *cobra.Command, id string) error {
	p, err := s.person(cmd, id)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "Erase %s (%s, %s)? Nothing brings them back. Type yes: ", p.ID, printable(p.Name), references(len(p.References)))
	line, err := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), 80)).ReadString('\n')
	fmt.Fprintln(cmd.ErrOrStderr())
	if strings.TrimSpace(line) == "yes" {
		return nil
	}
	if errors.Is(err, io.EOF) && line == "" {
		return errors.New("nobody answered, so nobody was erased (--yes erases without asking)")
	}
	return fmt.Errorf("%q is not yes, so nobody was erased", strings.TrimSpace(line))
}

// writeReceipt makes a new file, so that no receipt takes another's place.
func writeReceipt(path string, e local.Erased) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(writeJSON(f, e), f.Close())
}

// maxReceipt bounds the file of a receipt.
const maxReceipt = 256 << 10

// receiptCommand verifies the receipt of an erasure, with or without a terminal.
func receiptCommand(asJSON *bool) *cobra.Command {
	var public string
	cmd := &cobra.Command{
		Use: "receipt FILE", Short: "verify the signed receipt of an erasure", Args: exactly("FILE"),
		Long: `receipt verifies a file that "umbral people erase --receipt" wrote, and shows what was destroyed and when. --key is the
terminal's public key, as "umbral fleet identity" prints it; a receipt that another key signed is refused.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := fleet.ParsePublicKey(public)
			if err != nil {
				return fmt.Errorf("--key: %w", err)
			}
			r, err := readReceipt(args[0], key)
			if err != nil {
				return err
			}
			if *asJSON {
				return writeJSON(cmd.OutOrStdout(), r)
			}
			printReceipt(cmd.OutOrStdout(), r)
			return nil
		},
	}
	cmd.Flags().StringVar(&public, "key", "", "the terminal's public key (umbral fleet identity)")
	if err := cmd.MarkFlagRequired("key"); err != nil {
		panic(err) // the flag is the one above
	}
	return cmd
}

func readReceipt(path string, key ed25519.PublicKey) (store.Receipt, error) {
	f, err := os.Open(path)
	if err != nil {
		return store.Receipt{}, err
	}
	defer f.Close()
	var e local.Erased
	if err := json.NewDecoder(io.LimitReader(f, maxReceipt)).Decode(&e); err != nil {
		return store.Receipt{}, fmt.Errorf("%s is no receipt: %w", path, err)
	}
	if !ed25519.Verify(key, []byte(e.Statement), e.Signature) {
		return store.Receipt{}, fmt.Errorf("%s is not signed by %s", path, fleet.FormatPublicKey(key))
	}
	return store.ParseReceipt([]byte(e.Statement))
}

func printReceipt(w io.Writer, r store.Receipt) {
	fmt.Fprintf(w, "The signature is right.\nperson     %s\nin journal %s, entry %s\nerased     %s (clock: %s)\n",
		printable(r.Person), printable(r.Alias), r.Position, r.At.Local().Format(time.DateTime), printable(r.Clock))
	fmt.Fprintf(w, "destroyed  %s (%d of faces, %d of fingers), the key, the record", references(r.References), r.Faces, r.Fingers)
	if r.File {
		fmt.Fprint(w, ", the enrolment file")
	}
	fmt.Fprintf(w, "\nreviews    %d named the person, %d had pictures\n", r.Reviews, r.Pictures)
	if r.Reason != "" {
		fmt.Fprintf(w, "reason     %s\n", printable(r.Reason))
	}
	if r.Scrubbed {
		fmt.Fprintf(w, "files      rewritten; %d entries named the person in clear and no longer do\n", r.Entries)
		return
	}
	fmt.Fprintln(w, "files      not rewritten yet when this was signed")
}

// exportCommand gives a person what is held about them.
func exportCommand(s *settings, asJSON *bool) *cobra.Command {
	return &cobra.Command{
		Use: "export ID", Short: "show everything that is held about a person", Args: exactly("ID"),
		Long: `export shows everything that the terminal holds about a person: record, enrolment file, references, reviews and the
entries of the journal. The text is for the person; --json is the same for a program, with the templates. Treat both as
what they are: biometric data, without its encryption.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := s.export(cmd, args[0])
			if err != nil {
				return err
			}
			if *asJSON {
				return writeJSON(cmd.OutOrStdout(), e.Data)
			}
			_, err = io.WriteString(cmd.OutOrStdout(), e.Text)
			return err
		},
	}
}

func (s *settings) export(cmd *cobra.Command, id string) (local.Export, error) {
	e, err := either(s, cmd, func(c *local.Client) (local.Export, error) { return c.Export(cmd.Context(), id) },
		func(d *desk.Offline) (local.Export, error) { return d.Export(id) })
	return e, notEnrolled(id, err)
}
