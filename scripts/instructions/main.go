// Command instructions prints how many instructions one inference takes on 64-bit ARM, and per multiply-accumulate, for
// our core and for onnxruntime. The numbers are differences between a program that runs a model 2·n times and one that
// runs it n times, so that starting up does not count; they are exact counts, not times.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"

	"umbral/config/paths"
	"umbral/pipeline/nn"
)

// runs is n: counts of more runs differ by less than 0.1 %.
const runs = 2

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "instructions:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	cpu := flag.String("cpu", "cortex-a72", "processor that QEMU plays")
	symbols := flag.Bool("symbols", false, "also print which functions the instructions are in")
	flag.Parse()
	models := flag.Args()
	if len(models) == 0 {
		models = []string{"fr_feature.onnx", "fr_detect.onnx"}
	}
	work, err := os.MkdirTemp("", "umbral-instructions-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	c := counter{cpu: *cpu, work: work}
	if err := c.build(ctx); err != nil {
		return err
	}
	runtime, why := c.buildRuntime(ctx)
	fmt.Printf("%-34s %-12s %14s %12s %8s %s\n", "model", "program", "instructions", "MACs", "per MAC", "of onnxruntime's")
	for _, name := range models {
		path := filepath.Join(paths.Models(), name)
		input, shape, macs, err := describe(path)
		if err != nil {
			return err
		}
		ours, err := c.perRun(ctx, nil, c.subject, path)
		if err != nil {
			return err
		}
		share := "–"
		var theirs profile
		if why == nil {
			if theirs, err = c.perRun(ctx, runtime[:2], runtime[2], runtime[3], path, input, shape); err != nil {
				return err
			}
			share = fmt.Sprintf("%.2f", float64(ours.total())/float64(theirs.total()))
		}
		row := func(program string, total int64, share string) {
			fmt.Printf("%-34s %-12s %14d %12d %8.3f %s\n", name, program, total, macs, float64(total)/float64(macs), share)
		}
		row("umbral", ours.total(), share)
		if why == nil {
			row("onnxruntime", theirs.total(), "1")
		}
		if *symbols {
			if err := ours.print(os.Stdout, c.subject); err != nil {
				return err
			}
		}
	}
	if why != nil {
		fmt.Printf("onnxruntime is not counted: %v\n", why)
	}
	return nil
}

// describe gives the model's first input, its dimensions with commas, and the multiply-accumulates of a run.
func describe(path string) (name, shape string, macs int64, err error) {
	model, err := nn.Open(path, nn.DefaultLimits())
	if err != nil {
		return "", "", 0, err
	}
	program, err := model.Compile(nn.Options{})
	if err != nil {
		return "", "", 0, err
	}
	for _, l := range program.Layers() {
		macs += l.MACs
	}
	in := model.Inputs()[0]
	var dimensions []string
	for _, d := range in.Shape {
		dimensions = append(dimensions, strconv.Itoa(d))
	}
	return in.Name, strings.Join(dimensions, ","), macs, nil
}

// counter runs programs for ARM and counts their instructions.
type counter struct {
	cpu, work       string
	plugin, subject string
}

// build makes the plugin in the version that this QEMU wants, and our program.
func (c *counter) build(ctx context.Context) error {
	c.subject = filepath.Join(c.work, "subject")
	build := exec.CommandContext(ctx, "go", "build", "-o", c.subject, "./scripts/instructions/subject")
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	if err := output(build); err != nil {
		return err
	}
	c.plugin = filepath.Join(c.work, "count.so")
	var last error
	for version := 1; version <= 6; version++ {
		if err := output(exec.CommandContext(ctx, "gcc", "-O2", "-Wall", "-shared", "-fPIC", "-fvisibility=hidden",
			fmt.Sprintf("-DPLUGIN_API=%d", version), "-o", c.plugin, "scripts/instructions/emulated/count.c")); err != nil {
			return err
		}
		probe := filepath.Join(c.work, "probe")
		// The program ends at once, for want of arguments; QEMU would end before it if it did not take the plugin.
		err := c.command(ctx, probe, nil, c.subject).Run()
		if _, missing := os.Stat(probe); missing == nil {
			return nil
		}
		last = err
	}
	return fmt.Errorf("qemu-aarch64 takes no version of the counting plugin: %w", last)
}

func (c *counter) command(ctx context.Context, out string, options []string, args ...string) *exec.Cmd {
	all := append([]string{"-cpu", c.cpu, "-plugin", c.plugin + ",out=" + out}, options...)
	return exec.CommandContext(ctx, "qemu-aarch64", append(all, args...)...)
}

// perRun is the profile of one run of a model; the number of runs is the program's last argument.
func (c *counter) perRun(ctx context.Context, options []string, args ...string) (profile, error) {
	var counts [2]profile
	for i := range counts {
		out := filepath.Join(c.work, "counts")
		n := strconv.Itoa(runs * (i + 1))
		if err := output(c.command(ctx, out, options, append(append([]string{}, args...), n)...)); err != nil {
			return nil, err
		}
		var err error
		if counts[i], err = readProfile(out); err != nil {
			return nil, err
		}
	}
	return counts[1].minus(counts[0], runs), nil
}

// output runs a command and returns what it said when it fails.
func output(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, out)
	}
	return nil
}
