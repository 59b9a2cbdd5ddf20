package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"umbral/daemon/umbral/eval"
)

func evalSpeechCommand(s *settings) *cobra.Command {
	var f evalFlags
	var plot string
	var pictures int
	cmd := &cobra.Command{
		Use:   "speech CLIPS.csv",
		Short: "see speech in clips, and put their people through simulated read-aloud challenges",
		Long: `speech looks at each clip of a CSV with the columns file, speech_start_s and speech_end_s (videos through ffmpeg; paths are
relative to the CSV). Where the times are empty they come from an alignment beside the clip (the same name, .align; 25,000
units are a second); clips without either only serve as attacks. Everything is measured at the clip's own frame rate
and with every other frame.

auc is how well the probability of speaking tells the time of speech from the rest, over all 40 ms of all clips. For a
challenge, the clip's beginning and end of speech are put together to answers of the length of a digit, with the clip's
silence between them, in the rhythm of a schedule and with a lag as people have it. The attacks are the same answers held
against other schedules, the clip in a loop, its silence, and a frame of it held still, panned, or moved, turned and
zoomed.`,
		Args: exactly("CLIPS.csv"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := eval.CheckPlot(plot); err != nil {
				return err
			}
			if pictures < 0 {
				return fmt.Errorf("--pictures %d, wanted 0 or more", pictures)
			}
			clips, err := eval.ReadSpeechClips(args[0])
			if err != nil {
				return err
			}
			if err := f.prepare(s, cmd); err != nil {
				return err
			}
			report, traces, err := eval.Speech(cmd.Context(), clips, pictures, f.opts)
			f.progress.end()
			f.tellMissed(cmd)
			if err != nil {
				return err
			}
			if f.asJSON {
				err = writeJSON(cmd.OutOrStdout(), report)
			} else {
				printSpeech(cmd.OutOrStdout(), &report)
			}
			if err != nil || plot == "" {
				return err
			}
			return eval.PlotSpeech(plot, traces)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&plot, "plot", "", "draw the traces of the first 48 clips to this file (png, svg, pdf)")
	cmd.Flags().IntVar(&pictures, "pictures", 9, "clips of which a frame is held before the camera, the slowest part")
	return cmd
}

func printSpeech(w io.Writer, r *eval.SpeechReport) {
	fmt.Fprintf(w, "clips      %d, %d of them labelled, %d not acquired\n", r.Clips, r.Labelled, r.FailedToAcquire)
	fmt.Fprintf(w, "challenge  %.1f s, p ≤ %g; %.1f bits of rhythm, %.1f of digits\n", r.ChallengeSeconds, r.MaxPValue, r.RhythmBits, r.SequenceBits)
	fmt.Fprintf(w, "same face  cosine %.2f at least\n", r.LowestSimilarity)
	if r.Digits.Spoken > 0 {
		fmt.Fprintf(w, "digits     the shape of the mouth puts the spoken one on place %.1f of 10 (by chance 5.5), AUC %.2f, over %d\n", r.Digits.Rank, r.Digits.AUC, r.Digits.Spoken)
	}
	for _, at := range []*eval.SpeechAtRate{&r.SpeechAtRate, &r.Half} {
		fmt.Fprintf(w, "\nat %g frames a second\n", at.FPS)
		if at.Area == nil {
			fmt.Fprintln(w, "  AUC      unknown: no clip with labels")
		} else {
			fmt.Fprintf(w, "  AUC      %.3f (%.3f to %.3f); mean of clips %.3f, worst %.3f\n", at.AUC, at.AUCLow, at.AUCHigh, at.AUCMean, at.AUCWorst)
		}
		for _, e := range []struct {
			name string
			eval.TimeError
		}{{"begin", at.Start}, {"end", at.End}} {
			fmt.Fprintf(w, "  %-8s off by %.2f s (median), %.2f s (90 %%), %+.2f s on the whole; not found %d of %d\n", e.name, e.Median, e.P90, e.MedianBias, e.NotFound, e.N+e.NotFound)
		}
		fmt.Fprintf(w, "  readers  rejected %s; %d of them inconclusive; median p %.4f; clips %s\n", rateText(at.Rejected), at.Inconclusive, at.MedianP, rateText(at.RejectedClips))
		fmt.Fprintf(w, "  attacks  accepted %s\n", rateText(at.Accepted))
		for _, a := range at.Attacks {
			fmt.Fprintf(w, "    %-32s %s; %d inconclusive\n", a.Name, rateText(a.Accepted), a.Inconclusive)
		}
	}
}
