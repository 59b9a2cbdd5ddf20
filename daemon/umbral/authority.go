package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/authority"
	"umbral/daemon/umbral/population"
)

func authorityCommand(s *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use: "authority", Short: "answer terminals that ask who a person is: a small authority for demo, tests and integrators", RunE: chooses,
		Long: `authority plays the authority behind evidence "remote": terminals ask it over MQTT whether a face belongs to the person
that a passage is about. Questions and answers are signed, and what they say of the person is encrypted to the other side.`,
	}
	cmd.AddCommand(authorityServeCommand(s), keypairCommand(
		"make an authority's keys; prints their public halves for the terminals' configuration",
		`keygen makes a key that signs the authority's answers, whose public half is remote.public of the terminals, and a key that
reads their questions, whose public half is remote.seal_to.`))
	return cmd
}

func authorityServeCommand(s *settings) *cobra.Command {
	var (
		broker    brokerFlags
		signer    signerFlags
		readKey   string
		terminals []string
		gallery   string
		enrolled  bool
		skew      time.Duration
	)
	o := population.DefaultOpts()
	cmd := &cobra.Command{
		Use:   "serve --key FILE --read-key FILE --terminal-key NAME=KEY… --gallery DIR",
		Short: "answer questions until interrupted",
		Long: `serve compares the faces that terminals send with pictures in a folder: SUBJECT.jpg, or SUBJECT/anything.jpg for several
of one subject, where SUBJECT is what a claim calls the person; names.csv (subject,name) gives names. With --enrolled it
also compares with the references of the terminal's store on this machine, whose ids are the subjects; the terminal must not
run. It prints a line for each question it answers, which names the passage and nobody.`,
		Example: `  umbral authority keygen --out registry
  umbral authority serve --key registry.sign.pem --key-name registry --read-key registry.read.pem \
      --terminal-key gate-1=BASE64 --gallery pictures`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if gallery == "" && !enrolled {
				return fmt.Errorf("nobody to compare with: name a folder (--gallery), or use the terminal's people (--enrolled)")
			}
			key, err := signer.signer()
			if err != nil {
				return err
			}
			reader, err := readerKey(readKey)
			if err != nil {
				return err
			}
			known, err := terminalKeys(terminals)
			if err != nil {
				return err
			}
			o.Models = s.modelsDir()
			p, err := population.New(o)
			if err != nil {
				return err
			}
			if err := s.fill(cmd, p, gallery, enrolled); err != nil {
				return err
			}
			opts, err := broker.read()
			if err != nil {
				return err
			}
			var answered atomic.Uint64
			a, err := authority.New(authority.Opts{
				Broker: opts, Signer: key, Key: reader, Terminals: known, Skew: skew,
				Log: slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil)),
				Answer: func(ctx context.Context, a authority.Asked) (fleet.Finding, error) {
					f, err := p.Find(ctx, a)
					answered.Add(1)
					if err == nil {
						printAnswered(cmd.OutOrStdout(), a, f)
					}
					return f, err
				},
			})
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%d subjects, %d terminals; answering until interrupted\n", p.Len(), len(known))
			err = a.Run(cmd.Context())
			fmt.Fprintf(cmd.ErrOrStderr(), "%d questions answered\n", answered.Load())
			return err
		},
	}
	signer.add(cmd, "authority")
	broker.add(cmd)
	f := cmd.Flags()
	f.StringVar(&readKey, "read-key", "", "private key that opens questions, as keygen makes it")
	f.StringArrayVar(&terminals, "terminal-key", nil, "NAME=KEY of a terminal whose questions are answered (its twin \"identity\"); can be given several times")
	f.StringVar(&gallery, "gallery", "", "folder of pictures to compare with")
	f.BoolVar(&enrolled, "enrolled", false, "compare with the people of the terminal on this machine, too")
	f.DurationVar(&skew, "max-skew", 2*time.Minute, "how far a terminal's clock may be off")
	f.StringVar(&o.Population, "population", o.Population, "whose calibration says when two faces are the same person's")
	f.Float64Var(&o.FMR, "fmr", o.FMR, "false match rate at which a face is accepted")
	f.Float64Var(&o.DoubtFMR, "doubt-fmr", o.DoubtFMR, "false match rate up to which a face is doubtful instead of refused")
	f.BoolVar(&o.Known, "known-is-enough", false, "accept known subjects of terminals that send no face")
	cmd.MarkFlagRequired("read-key")
	cmd.MarkFlagRequired("terminal-key")
	return cmd
}

// fill reads the pictures and the enrolled references.
func (s *settings) fill(cmd *cobra.Command, p *population.Population, gallery string, enrolled bool) error {
	if gallery != "" {
		if info, err := os.Stat(gallery); err != nil || !info.IsDir() {
			return fmt.Errorf("--gallery %s: wanted a folder of pictures (%v)", gallery, err)
		}
		err := p.Read(gallery, func(path string, why error) {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %v: left out\n", printable(path), why)
		})
		if err != nil {
			return err
		}
	}
	if enrolled {
		desk, err := s.desk(cmd)
		if err != nil {
			return err
		}
		defer desk.Close()
		if err := desk.EachFace(p.Model(), p.Add); err != nil {
			return err
		}
	}
	if p.Len() == 0 {
		return fmt.Errorf("nobody to compare with: no usable picture in %q and no reference", gallery)
	}
	return nil
}

func printAnswered(w io.Writer, a authority.Asked, f fleet.Finding) {
	score := "     "
	if f.Score != nil {
		score = fmt.Sprintf("%.3f", *f.Score)
	}
	fmt.Fprintf(w, "%s %-16s %-16s %-8s %-8s %s %s\n", time.Now().Format(time.TimeOnly), a.Terminal, a.Passage, a.Purpose, f.Outcome, score, f.Detail)
}
