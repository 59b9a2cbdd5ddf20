package main

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"umbral/daemon/umbral/eval"
	"umbral/pipeline/liveness"
	"umbral/pipeline/models"
)

func evalCommand(s *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "eval",
		Short: "measure error rates on labelled pictures, as for the acceptance of a site",
		Long: `eval runs the models on labelled pictures and states error rates as ISO/IEC 19795-1 and ISO/IEC 30107-3 define them,
each with its exact 95 % bounds. It needs no terminal.`,
		RunE: chooses,
	}
	cmd.AddCommand(evalFacesCommand(s), evalPADCommand(s), evalCardsCommand(s), evalSpeechCommand(s), evalFingersCommand(), evalCodesCommand())
	return cmd
}

// evalFlags are what both evaluations share.
type evalFlags struct {
	opts     eval.Opts
	manifest string
	asJSON   bool
	progress progress
	missed   int      // files that gave nothing
	why      []string // of the first of them
}

func (f *evalFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.asJSON, "json", false, "print one JSON object")
	flags.BoolVar(&f.opts.Pad, "pad", false, "pictures are tight crops: put each in the middle of a grey 4:3 canvas before detection")
	flags.IntVar(&f.opts.Workers, "workers", 0, fmt.Sprintf("pictures looked at a time, at most %d; 0: one a processor", eval.MaxWorkers))
	flags.StringVar(&f.manifest, "manifest", "", "manifest of another model set")
}

// prepare completes the options: which models, and a line of progress.
func (f *evalFlags) prepare(s *settings, cmd *cobra.Command) (err error) {
	f.opts.Models = s.modelsDir()
	f.opts.Manifest = models.Default()
	if f.manifest != "" {
		if f.opts.Manifest, err = models.LoadManifest(f.manifest); err != nil {
			return err
		}
	}
	f.follow(cmd)
	return nil
}

// missedShown is how many of the files that gave nothing are named.
const missedShown = 20

// tellMissed names the files that gave nothing: a path that is wrong everywhere must not pass for bad pictures.
func (f *evalFlags) tellMissed(cmd *cobra.Command) {
	for _, line := range f.why {
		fmt.Fprintln(cmd.ErrOrStderr(), "not acquired:", line)
	}
	if more := f.missed - len(f.why); more > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "and %d more files\n", more)
	}
}

// progress tells how far an evaluation is, at most once a second, in one line that is written anew.
type progress struct {
	w     io.Writer
	mu    sync.Mutex
	begin time.Time
	told  time.Time // zero while nothing stands in the line
}

func (p *progress) tell(done, of int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); done < of && now.Sub(p.told) < time.Second {
		return
	}
	p.told = time.Now()
	left := time.Duration(float64(time.Since(p.begin)) / float64(done) * float64(of-done)).Round(time.Second)
	fmt.Fprintf(p.w, "\r%d of %d pictures, %d %%, %v left   ", done, of, 100*done/of, left)
}

// end leaves the line, also of an evaluation that was cut short.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.told.IsZero() {
		fmt.Fprintln(p.w)
	}
}

func evalFacesCommand(s *settings) *cobra.Command {
	var f evalFlags
	var people, plot string
	var at []float64
	cmd := &cobra.Command{
		Use:   "faces PAIRS.csv | --people DIR",
		Short: "compare pairs of pictures: accuracy, EER, FNMR at each FMR",
		Long: `faces compares the pictures of each pair of a CSV with the columns file_a, file_b, same (1 or 0) and, if it has one, fold;
paths are relative to the CSV. With --people each folder is one person, and all pairs are compared.

accuracy counts a pair of which a template could not be had as an error; its threshold for each fold comes from the other
folds. FMR, FNMR and EER are over the pairs that could be compared. An operating point is proven when the set holds at
least 3 ÷ FMR pairs of different people.`,
		Args: atMost("PAIRS.csv"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (people != "") == (len(args) == 1) {
				return errors.New("either PAIRS.csv or --people DIR is needed, and not both")
			}
			if err := eval.CheckPlot(plot); err != nil {
				return err
			}
			var pairs []eval.Pair
			var err error
			if people != "" {
				pairs, err = eval.AllPairs(people)
			} else {
				pairs, err = eval.ReadPairs(args[0])
			}
			if err != nil {
				return err
			}
			if err := f.prepare(s, cmd); err != nil {
				return err
			}
			comparisons, err := eval.Faces(cmd.Context(), pairs, f.opts)
			f.progress.end()
			if err != nil {
				return err
			}
			f.tellMissed(cmd)
			report, err := eval.Evaluate(comparisons, at...)
			if err != nil {
				return err
			}
			if f.asJSON {
				err = writeJSON(cmd.OutOrStdout(), report)
			} else {
				printFaces(cmd.OutOrStdout(), &report)
			}
			if err != nil || plot == "" {
				return err
			}
			curve, err := eval.NewCurve(comparisons)
			if err != nil {
				return err
			}
			return curve.PlotDET(plot, fmt.Sprintf("faces, %d pairs", report.Pairs))
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&people, "people", "", "folder of folders, one a person")
	cmd.Flags().Float64SliceVar(&at, "at", nil, "also give FMR and FNMR at these thresholds, for a calibration table")
	cmd.Flags().StringVar(&plot, "plot", "", "write the DET curve to this file (png, svg, pdf)")
	return cmd
}

func printFaces(w io.Writer, r *eval.Report) {
	fmt.Fprintf(w, "pairs      %d: %d of one person, %d of different people; %d could not be compared\n", r.Pairs, r.Mated, r.NonMated, r.FailedToAcquire)
	fmt.Fprintf(w, "accuracy   %.2f %% (%.2f to %.2f), %d folds\n", 100*r.Accuracy, 100*r.AccuracyLow, 100*r.AccuracyHigh, r.Folds)
	fmt.Fprintf(w, "EER        %.2f %% (%.2f to %.2f) at %.3f\n", 100*r.EER, 100*r.EERLow, 100*r.EERHigh, r.EERThreshold)
	fmt.Fprintf(w, "similarity %.3f for one person, %.3f for different people on average\n", r.GenuineMean, r.ImpostorMean)
	for _, p := range r.OperatingPoints {
		note := ""
		if !p.Proven {
			note = "  (too few pairs to prove this FMR)"
		}
		fmt.Fprintf(w, "FMR %-8g threshold %.3f, FNMR %.2f %% (%.2f to %.2f)%s\n", p.FMR, p.Threshold, 100*p.FNMR, 100*p.FNMRLow, 100*p.FNMRHigh, note)
	}
	for _, p := range r.Thresholds {
		fmt.Fprintf(w, "at %.3f    FMR %.3g %% (%.3g to %.3g), FNMR %.2f %% (%.2f to %.2f)\n", p.Threshold,
			100*p.FMR.Value, 100*p.FMR.Low, 100*p.FMR.High, 100*p.FNMR.Value, 100*p.FNMR.Low, 100*p.FNMR.High)
	}
}

func evalPADCommand(s *settings) *cobra.Command {
	var f evalFlags
	var split string
	var threshold float64
	cmd := &cobra.Command{
		Use:   "pad LABELS.csv",
		Short: "detect presentation attacks on labelled pictures and clips: APCER a species, BPCER",
		Long: `pad scores each file of a CSV with the columns file and label: live, or spoof-SPECIES (spoof where the species is not
known); paths are relative to the CSV, files are pictures or videos (these through ffmpeg, decided by a vote over frames).
apcer is that of the worst species. Files without a face are counted apart.`,
		Args: exactly("LABELS.csv"),
		RunE: func(cmd *cobra.Command, args []string) error {
			rows, err := eval.ReadLabels(args[0], split)
			if err != nil {
				return err
			}
			if err := f.prepare(s, cmd); err != nil {
				return err
			}
			rule := liveness.NewRule(f.opts.Manifest.PAD)
			if cmd.Flags().Changed("threshold") {
				rule.Threshold = float32(threshold)
				rule.Floor = min(rule.Floor, rule.Threshold)
			}
			if err := rule.Validate(); err != nil {
				return err
			}
			presentations, err := eval.Presentations(cmd.Context(), rows, rule, f.opts)
			f.progress.end()
			if err != nil {
				return err
			}
			f.tellMissed(cmd)
			report := eval.EvaluatePAD(presentations, rule.Threshold)
			if f.asJSON {
				return writeJSON(cmd.OutOrStdout(), report)
			}
			printPAD(cmd.OutOrStdout(), &report)
			return nil
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&split, "split", "", "only the lines whose column split says this")
	cmd.Flags().Float64Var(&threshold, "threshold", 0, "score from which a picture counts as live; default: the manifest's")
	return cmd
}

func printPAD(w io.Writer, r *eval.PADReport) {
	fmt.Fprintf(w, "threshold  %.2f; %d live, %d attacks, %d not acquired\n", r.Threshold, r.Live, r.Spoof, r.FailedToAcquire)
	fmt.Fprintf(w, "BPCER      %s\n", rateText(r.BPCER))
	for _, sp := range r.Species {
		fmt.Fprintf(w, "APCER      %s: %s\n", rateText(sp.APCER), printable(sp.Name))
	}
}

func rateText(r eval.Rate) string {
	if r.Trials == 0 {
		return "unknown, 0 of 0"
	}
	return fmt.Sprintf("%.2f %% (%.2f to %.2f), %d of %d", 100*r.Value, 100*r.Low, 100*r.High, r.Errors, r.Trials)
}
