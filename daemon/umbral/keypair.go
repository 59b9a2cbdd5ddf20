package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"umbral/daemon/fleet"
)

// keypairCommand makes the two keys of somebody who signs and reads: reviewers and authorities.
func keypairCommand(short, long string) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "keygen --out NAME", Short: short, Long: long, Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			sign, public, err := fleet.GenerateKey()
			if err != nil {
				return err
			}
			read, sealTo, err := fleet.GenerateRecipientKey()
			if err != nil {
				return err
			}
			if err := writeNew(out+signSuffix, sign); err != nil {
				return err
			}
			if err := writeNew(out+readSuffix, read); err != nil {
				return errors.Join(err, os.Remove(out+signSuffix))
			}
			fmt.Fprintf(cmd.OutOrStdout(), "public = %q\nseal_to = %q\n", public, sealTo)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "beginning of the files' names: NAME"+signSuffix+" signs, NAME"+readSuffix+" reads (mode 0600)")
	cmd.MarkFlagRequired("out")
	return cmd
}

// Endings of the files that keypairCommand makes.
const (
	signSuffix = ".sign.pem"
	readSuffix = ".read.pem"
)

// readerKey reads a private key for reading.
func readerKey(path string) (fleet.RecipientKey, error) {
	pem, err := readUpTo(path, maxSecret)
	if err != nil {
		return fleet.RecipientKey{}, err
	}
	k, err := fleet.ParseRecipientKey(pem)
	if err != nil {
		return k, fmt.Errorf("%s: %w", path, err)
	}
	return k, nil
}

// terminalKeys reads flags of the form NAME=KEY: the public keys with which terminals sign.
func terminalKeys(flags []string) ([]fleet.NamedKey, error) {
	var out []fleet.NamedKey
	for _, text := range flags {
		name, key, ok := strings.Cut(text, "=")
		if !ok || key == "" { // a key alone ends in "="
			return nil, fmt.Errorf("terminal key %q, wanted NAME=KEY (the key is in the terminal's twin \"identity\")", text)
		}
		if err := fleet.CheckTerminal(name); err != nil {
			return nil, fmt.Errorf("terminal key %q, wanted NAME=KEY: %w", text, err)
		}
		public, err := fleet.ParsePublicKey(key)
		if err != nil {
			return nil, fmt.Errorf("terminal key of %s: %w", name, err)
		}
		out = append(out, fleet.NamedKey{Name: name, Public: public})
	}
	return out, nil
}

// keyOf finds a terminal's key, nil for one that is not known.
func keyOf(keys []fleet.NamedKey, terminal string) ed25519.PublicKey {
	for _, k := range keys {
		if k.Name == terminal {
			return k.Public
		}
	}
	return nil
}
