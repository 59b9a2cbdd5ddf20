package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"umbral/config/policy"
	"umbral/daemon/passage"
)

// printExplanation prints why a decision came out as it did.
func printExplanation(w io.Writer, x *passage.Explanation) {
	reasons := make([]string, len(x.Reasons))
	for i, r := range x.Reasons {
		reasons[i] = string(r)
	}
	fmt.Fprintf(w, "%v  %s  %v  %s\n", x.Passage, x.Kind, x.Verdict, strings.Join(reasons, ", "))
	fmt.Fprintf(w, "why        %s\n", x.Why)
	for _, line := range x.Otherwise {
		fmt.Fprintf(w, "otherwise  %s\n", line)
	}
	fmt.Fprintf(w, "began      %s by a clock trusted as %v, took %.1f s\n",
		x.Clock.Time.Local().Format(time.DateTime), x.Clock.Trust, float64(x.Duration)/1000)
	if x.Person != "" {
		fmt.Fprintf(w, "person     %s\n", x.Person)
	}
	if x.Guardian != "" {
		fmt.Fprintf(w, "guardian   %s\n", x.Guardian)
	}
	fmt.Fprintf(w, "policy     %v\n", x.Policy)
	printEvidence(w, x)
	printFrames(w, x)
	for _, s := range x.Steps {
		fmt.Fprintf(w, "%6.1f s   %s\n", float64(s.At)/1000, s.Text)
	}
}

func printEvidence(w io.Writer, x *passage.Explanation) {
	if f := x.Face; f != nil {
		fmt.Fprintf(w, "face       %s: %d frames matched (%d needed), %d did not; best similarity %.3f (%.3f needed)",
			stateText(f.State), f.Matched, f.Needed, f.Unmatched, f.Best, f.Threshold)
		if f.RunnerUp != nil {
			fmt.Fprintf(w, ", the next person's %.3f (%.3f below needed)", *f.RunnerUp, f.Margin)
		}
		if f.Claimed {
			fmt.Fprint(w, ", with the document's photograph")
		}
		if f.Barred > 0 {
			fmt.Fprintf(w, "; %d frames fit somebody who is blocked", f.Barred)
		}
		fmt.Fprintln(w)
	}
	if l := x.Live; l != nil {
		fmt.Fprintf(w, "live       %s: %d frames (%d needed); mean %.3f (%.3f needed), lowest %.3f (%.3f "+
			"allowed), spread %.3f (%.3f allowed)\n",
			stateText(l.State), l.Frames, l.Needed, l.Mean, l.Threshold, l.Min, l.Lowest, l.Spread, l.Widest)
	}
	for _, o := range x.Evidence {
		fmt.Fprintf(w, "%-10s %s: outcome %s", o.Kind, stateText(o.State), o.Outcome)
		if o.Subject != "" {
			fmt.Fprintf(w, " for %s", o.Subject)
		}
		if o.Detail != "" {
			fmt.Fprintf(w, ", %s", o.Detail)
		}
		if o.Threshold != 0 && o.Score != 0 {
			fmt.Fprintf(w, ", score %.1f (%.1f needed)", o.Score, o.Threshold)
		}
		fmt.Fprintln(w)
	}
	if f := x.Fusion; f != nil {
		fmt.Fprintf(w, "together   false match rate %.1e (%.1e asked), log-likelihood ratio "+
			"%.2f\n", f.FMR, f.Asked, f.LLR)
	}
}

// stateText returns the state of a piece of evidence at the end in plain words.
func stateText(s policy.State) string {
	switch s {
	case policy.Satisfied:
		return "there"
	case policy.Impossible:
		return "failed"
	}
	return "not there yet"
}

func printFrames(w io.Writer, x *passage.Explanation) {
	f := &x.Frames
	if f.All == 0 {
		return
	}
	fmt.Fprintf(w, "frames     %d, of which %d counted", f.All, f.Counted)
	for _, problem := range slices.Sorted(maps.Keys(f.Problems)) {
		fmt.Fprintf(w, ", %d %s", f.Problems[problem], problem)
	}
	if f.Crowded > 0 {
		fmt.Fprintf(w, ", %d with somebody else near", f.Crowded)
	}
	if f.Absent > 0 {
		fmt.Fprintf(w, ", %d without the person", f.Absent)
	}
	fmt.Fprintln(w)
	printCourse(w, "similarity", x.Samples, func(s *passage.ExplainedSample) *float64 { return s.Similarity })
	printCourse(w, "liveness", x.Samples, func(s *passage.ExplainedSample) *float64 { return s.Live })
}

// courseWidth is how many values of a course are printed: as many as fit into a line.
const courseWidth = 16

// printCourse prints a figure over time; of many values, ones evenly spaced.
func printCourse(w io.Writer, name string, samples []passage.ExplainedSample, of func(*passage.ExplainedSample) *float64) {
	var values []string
	for i := range samples {
		if v := of(&samples[i]); v != nil {
			values = append(values, fmt.Sprintf("%.2f", *v))
		}
	}
	if len(values) == 0 {
		return
	}
	shown := values
	if n := len(values); n > courseWidth {
		shown = nil
		for i := range courseWidth {
			shown = append(shown, values[i*(n-1)/(courseWidth-1)])
		}
	}
	fmt.Fprintf(w, "%-10s %s\n", name, strings.Join(shown, " "))
}
