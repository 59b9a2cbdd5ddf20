package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// print writes the report as a table.
func (all report) print(w io.Writer) error {
	fmt.Fprintf(w, "pipeline/nn with %s kernels against onnxruntime %s, both on one thread\n\n", all.Tier, all.Runtime)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "model\toutput\tinputs\tmax |Δ|\tof range\tlimit\tverdict\tcore ms\tonnxruntime ms")
	for _, r := range all.Rows {
		fmt.Fprintf(t, "%s\t%s\t%d %s\t%.2g\t%.2g\t%s\t%s\t%.2f\t%.2f\n",
			r.Model, r.Output, r.Count, r.Inputs, r.Absolute, r.Relative, r.Limit, verdict(r.Pass), r.Core, r.Reference)
	}
	fmt.Fprintf(t, "\nfaces after suppression\treference\tcore\tworst side\tlimit\tverdict\n")
	for _, d := range all.Detections {
		fmt.Fprintf(t, "%s\t%d\t%d\t%.2g px\t%g px\t%s\n", d.Picture, d.Reference, d.Core, d.WorstSide, boxTolerance, verdict(d.Same))
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("oracle: %w", err)
	}
	return nil
}

func verdict(pass bool) string {
	if pass {
		return "same"
	}
	return "DIFFERS"
}
