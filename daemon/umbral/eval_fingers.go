package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"umbral/daemon/umbral/eval"
)

func evalFingersCommand() *cobra.Command {
	f := evalFlags{}
	o := eval.DefaultFingerOpts()
	var raw, plot string
	cmd := &cobra.Command{
		Use:   "fingers DIR",
		Short: "compare fingerprints by the protocol of the verification competitions: EER, FMR100, FMR1000",
		Long: `fingers extracts a template of each picture in a folder and compares them. The names say what they show: 12_3.png is
impression 3 of finger 12; the endings are tif, png, bmp and raw (grey, 8 bits, whose size --raw tells).

Rates are those of the Fingerprint Verification Competitions: all pairs of impressions of one finger are genuine, the first
impressions of all pairs of fingers are impostors. A picture that gives no template counts as refused in all its
comparisons. cross is the same over all pairs; --plot shows those.`,
		Args: exactly("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := eval.CheckPlot(plot); err != nil {
				return err
			}
			if raw != "" {
				var err error
				if o.RawWidth, o.RawHeight, err = size(raw); err != nil {
					return err
				}
			}
			list, err := eval.ReadImpressions(args[0])
			if err != nil {
				return err
			}
			f.follow(cmd)
			o.Progress, o.Missed = f.opts.Progress, f.opts.Missed
			report, _, cross, err := eval.Fingers(cmd.Context(), list, o)
			f.progress.end()
			f.tellMissed(cmd)
			if err != nil {
				return err
			}
			if f.asJSON {
				err = writeJSON(cmd.OutOrStdout(), report)
			} else {
				printFingers(cmd.OutOrStdout(), &report)
			}
			if err != nil || plot == "" {
				return err
			}
			curve, err := eval.NewCurve(cross)
			if err != nil {
				return err
			}
			return curve.PlotDET(plot, fmt.Sprintf("fingerprints, %d pictures, %d pairs", report.Images, len(cross)))
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.asJSON, "json", false, "print one JSON object")
	flags.IntVar(&o.DPI, "dpi", o.DPI, "resolution of the pictures")
	flags.StringVar(&raw, "raw", "", "size of raw pictures, such as 320x480")
	flags.IntVar(&o.Workers, "workers", 0, fmt.Sprintf("pictures looked at a time, at most %d; 0: one a processor", eval.MaxWorkers))
	flags.StringVar(&plot, "plot", "", "write the DET curve of all pairs to this file (png, svg, pdf)")
	return cmd
}

// size reads WIDTHxHEIGHT.
func size(text string) (width, height int, err error) {
	w, h, found := strings.Cut(text, "x")
	width, errW := strconv.Atoi(w)
	height, errH := strconv.Atoi(h)
	if !found || errW != nil || errH != nil || width < 1 || height < 1 || width > 10_000 || height > 10_000 {
		return 0, 0, fmt.Errorf("size %q, wanted one such as 320x480, at most 10000x10000", text)
	}
	return width, height, nil
}

// follow tells of progress and of what was missed.
func (f *evalFlags) follow(cmd *cobra.Command) {
	f.progress = progress{w: cmd.ErrOrStderr(), begin: time.Now()}
	f.opts.Progress = f.progress.tell
	f.opts.Missed = func(file string, why error) {
		if f.missed++; f.missed <= missedShown {
			f.why = append(f.why, printable(fmt.Sprintf("%s: %v", file, why)))
		}
	}
}

func printFingers(w io.Writer, r *eval.FingerReport) {
	fmt.Fprintf(w, "pictures   %d of %d fingers; %d gave no template\n", r.Images, r.Fingers, r.FailedToExtract)
	for _, set := range []struct {
		name  string
		rates *eval.FingerRates
	}{{"protocol", &r.FingerRates}, {"all pairs", &r.Cross}} {
		s := set.rates
		fmt.Fprintf(w, "%-10s %d pairs of one finger, %d of two\n", set.name, s.Genuine, s.Impostor)
		fmt.Fprintf(w, "  EER      %.2f %% (%.2f to %.2f) at %.2f\n", 100*s.EER, 100*s.EERLow, 100*s.EERHigh, s.EERThreshold)
		for _, p := range s.OperatingPoints {
			note := ""
			if !p.Proven {
				note = "  (too few pairs to prove this FMR)"
			}
			fmt.Fprintf(w, "  FMR %-8g threshold %.2f, FNMR %.2f %% (%.2f to %.2f)%s\n", p.FMR, p.Threshold, 100*p.FNMR, 100*p.FNMRLow, 100*p.FNMRHigh, note)
		}
	}
}
