package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"umbral/daemon/umbral/eval"
	"umbral/pipeline/document"
	"umbral/pipeline/document/ideograph"
	"umbral/pipeline/document/idnumber"
)

func evalCardsCommand(s *settings) *cobra.Command {
	var f evalFlags
	var today, regions, debug, rare string
	var sure float64
	cmd := &cobra.Command{
		Use:   "cards LABELS.csv",
		Short: "read printed identity cards: exact fields, character errors, what is accepted and why not",
		Long: `cards reads each picture of a CSV with the columns file and side (front, back, front+back) and puts what was read beside
the columns name, sex, ethnicity, birth_year, birth_month, birth_day, address, id_number, authority, validity; paths are
relative to the CSV or to the folder above it. A field counts as exact when every character is the label's. Fields that
a stamp or another dark shape lies over, by the reader's own detector, are counted apart. Then the card is validated as
printed: refused where it contradicts itself, referred to a person where the reading is in doubt. Pictures are read one
after another, as at a gate.`,
		Args: exactly("LABELS.csv"),
		RunE: func(cmd *cobra.Command, args []string) error {
			labels, err := eval.ReadCardLabels(args[0])
			if err != nil {
				return err
			}
			if !(sure >= 0 && sure <= 1) {
				return fmt.Errorf("--sure is %v, wanted 0 to 1", sure)
			}
			rules := document.Rules{Today: document.DateOf(time.Now()), Sure: float32(sure)}
			if today != "" {
				t, err := time.Parse(time.DateOnly, today)
				if err != nil {
					return fmt.Errorf("--today is %q, wanted a day such as 2026-03-31", today)
				}
				rules.Today = document.DateOf(t)
			}
			if regions != "" {
				if rules.Regions, err = loadRegions(regions); err != nil {
					return err
				}
			}
			if rare == "" {
				rare = ideograph.Installed()
			}
			if debug != "" {
				if err := os.MkdirAll(debug, 0o700); err != nil {
					return err
				}
			}
			if err := f.prepare(s, cmd); err != nil {
				return err
			}
			results, err := eval.Cards(cmd.Context(), labels, eval.CardOpts{Opts: f.opts, Rules: rules, Debug: debug, RareFont: rare})
			f.progress.end()
			if err != nil {
				return err
			}
			f.tellMissed(cmd)
			report := eval.EvaluateCards(results, rules.Sure)
			if f.asJSON {
				return writeJSON(cmd.OutOrStdout(), report)
			}
			printCards(cmd.OutOrStdout(), &report)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.asJSON, "json", false, "print one JSON object")
	flags.IntVar(&f.opts.Workers, "workers", 0, fmt.Sprintf("lines of a card read at a time, at most %d; 0: one a processor", document.MaxWorkers))
	flags.StringVar(&f.manifest, "manifest", "", "manifest of another model set")
	flags.StringVar(&today, "today", "", "day that decides about expiry, YYYY-MM-DD; default: today")
	flags.StringVar(&regions, "regions", "", "table of region codes: lines of code,name,from,to (years); default: provinces alone")
	flags.StringVar(&debug, "debug", "", "write the level cards with the places that were read to this folder")
	flags.StringVar(&rare, "rare-font", "", "font in which rare characters of names are looked up; default: "+ideograph.DefaultFont+" where it is installed")
	flags.Float64Var(&sure, "sure", document.DefaultSure, "confidence that every field needs, 0 to 1")
	return cmd
}

func loadRegions(path string) (*idnumber.Regions, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	table, err := idnumber.LoadRegions(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return table, nil
}

func printCards(w io.Writer, r *eval.CardReport) {
	fmt.Fprintf(w, "%d pictures: %d accepted, %d refused, %d referred to a person; median %.0f ms a picture\n", r.Files, r.Accepted, r.Refused, r.Referred, r.MedianMS)
	for _, side := range []struct {
		what string
		eval.SideTime
	}{{"without a doubt at first look", r.ClearSide}, {"with a doubt", r.DoubtSide}} {
		if side.N > 0 {
			fmt.Fprintf(w, "%d sides %s: median %.0f ms, least %.0f ms\n", side.N, side.what, side.MedianMS, side.LeastMS)
		}
	}
	fmt.Fprintf(w, "%-10s %-34s %-34s %-34s %s\n", "field", "exact, all", "clean", "stamped", "CER")
	for _, f := range eval.CardFields {
		all := r.Fields[f.Name]
		if all == nil {
			continue
		}
		fmt.Fprintf(w, "%-10s %-34s %-34s %-34s %.2f %%\n", f.Name, scoreText(all), scoreText(r.Clean[f.Name]), scoreText(r.Stamped[f.Name]), 100*all.CER)
	}
	for _, c := range r.Results {
		codes := make([]string, len(c.Reasons))
		for i, reason := range c.Reasons {
			codes[i] = reason.Code
		}
		fmt.Fprintf(w, "%s  %s  %s\n", c.Decision, printable(c.File), strings.Join(codes, ", "))
	}
}

func scoreText(s *eval.FieldScore) string {
	if s == nil || s.N == 0 {
		return "none"
	}
	return fmt.Sprintf("%.1f %% (%.1f to %.1f), %d of %d", 100*s.Exact, 100*s.Low, 100*s.High, s.Correct, s.N)
}
