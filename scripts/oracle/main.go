// Command oracle compares the inference core with onnxruntime: every model, on seeded random inputs and on inputs made
// from photographs and rendered text by the real pre-processing, output by output; and the faces found after
// suppression. It exits with status 1 when one output is too far off.
//
// With --golden it writes the small set of onnxruntime's values that the tests of pipeline/nn compare with, so that they
// need no npm.
//
// Start it with scripts/oracle/run, which brings the runtime.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"umbral/config/paths"
	"umbral/pipeline/nn/kernel"
)

var errDiffers = errors.New("oracle: the inference core does not agree with onnxruntime")

func main() {
	runtime := flag.String("runtime", "", "folder that onnxruntime-node is installed in")
	asJSON := flag.Bool("json", false, "print JSON instead of a table")
	golden := flag.Bool("golden", false, "write the golden values for the tests instead of comparing")
	out := flag.String("out", filepath.Join("pipeline", "nn", "testdata", "golden"), "where --golden writes")
	tier := flag.String("tier", "", "kernels of the inference core: generic or a name of package kernel (default the fastest here)")
	flag.Parse()
	if err := run(*runtime, *out, *tier, *golden, *asJSON); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(runtime, out, tier string, golden, asJSON bool) error {
	if runtime == "" {
		return errors.New("oracle: no --runtime; start this with scripts/oracle/run")
	}
	work, err := os.MkdirTemp("", "umbral-oracle-")
	if err != nil {
		return fmt.Errorf("oracle: %w", err)
	}
	defer os.RemoveAll(work)
	reference := reference{runtime: runtime, work: work}

	if golden {
		return writeGolden(reference, out)
	}
	set, err := kernel.Choose(tier)
	if err != nil {
		return fmt.Errorf("oracle: %w", err)
	}
	core := newCore(paths.Models(), set.Name)
	runs, err := allRuns(core, paths.Pictures())
	if err != nil {
		return err
	}
	report, err := compare(core, reference, runs)
	if err != nil {
		return err
	}
	if asJSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(report)
	} else {
		err = report.print(os.Stdout)
	}
	if err == nil && !report.Pass {
		err = errDiffers
	}
	return err
}
