package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"umbral/daemon/terminal"
	"umbral/daemon/umbral/bench"
	"umbral/pipeline/models"
	"umbral/pipeline/nn/kernel"
)

func benchCommand(s *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "measure how fast this machine looks at faces, beside onnxruntime where it is installed",
		Long: `bench measures speed on this machine: of each model against what the processor can do at most and, where node and
onnxruntime are installed (scripts/oracle/run brings it), beside onnxruntime, the two taking turns in one run; of the
whole frame loop; and of the search among many people. It needs no terminal. Other work on the machine shows in the
spread of the turns: measure when it is quiet.`,
		RunE: chooses,
	}
	cmd.AddCommand(benchModelsCommand(s), benchFrameCommand(s), benchSearchCommand(), benchLoadCommand(s))
	return cmd
}

func benchModelsCommand(s *settings) *cobra.Command {
	o := bench.DefaultOpts()
	var asJSON, layers, alone bool
	var plot string
	var only []string
	cmd := &cobra.Command{
		Use:   "models",
		Short: "time of each model, its share of the processor's peak, and beside onnxruntime",
		Long: `models times each model with one thread and, by --threads, with several. GFLOP/s counts a multiply-add as two; the peak is
measured in the same turns. A ratio below 1 means that Umbral is faster than onnxruntime. --layers shows where the time
goes, and --plot draws the layers under the processor's two limits.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := bench.Subjects(models.Default(), s.modelsDir())
			if err != nil {
				return err
			}
			if o.Subjects, err = bench.Pick(all, only); err != nil {
				return err
			}
			if plot != "" {
				if err := o.CheckPlot(plot); err != nil {
					return err
				}
			}
			if !alone {
				if o.Runtime, err = runtimeFolder(); err != nil {
					return err
				}
			}
			if len(only) == 0 {
				o.Child = []string{"bench", "load", "--models", s.modelsDir(), "--tier", o.Tier}
			}
			o.Progress = cmd.ErrOrStderr()
			report, err := bench.Models(cmd.Context(), o)
			if err != nil {
				return err
			}
			if plot != "" {
				if err := report.PlotRoofline(plot); err != nil {
					return err
				}
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), report)
			}
			report.Print(cmd.OutOrStdout())
			if layers {
				report.PrintLayers(cmd.OutOrStdout())
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.BoolVar(&asJSON, "json", false, "print one JSON object, layers included")
	f.BoolVar(&layers, "layers", false, "also print each model's layers")
	f.BoolVar(&alone, "alone", false, "don't measure onnxruntime")
	f.StringVar(&plot, "plot", "", "write the layers under the roofline to this file (png, svg, pdf)")
	f.StringSliceVar(&only, "model", nil, "only these models")
	f.IntSliceVar(&o.Threads, "threads", o.Threads, "numbers of threads, one after another")
	f.IntVar(&o.Rounds, "rounds", o.Rounds, "turns of each side")
	f.StringVar(&o.Tier, "tier", "", "kernels to use instead of the best, as "+kernel.Variable+" names them")
	return cmd
}

// runtimeFolder is where scripts/oracle/run installs onnxruntime.
func runtimeFolder() (string, error) {
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "umbral/oracle"), err
}

// benchLoadCommand is what bench models starts to measure the memory of a process of its own.
func benchLoadCommand(s *settings) *cobra.Command {
	var tier string
	cmd := &cobra.Command{
		Use: "load SET", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			subjects, err := bench.Subjects(models.Default(), s.modelsDir())
			if err != nil {
				return err
			}
			f, err := bench.Load(subjects, args[0], tier)
			if err != nil {
				return err
			}
			return writeJSON(cmd.OutOrStdout(), f)
		},
	}
	cmd.Flags().StringVar(&tier, "tier", "", "kernels to use instead of the best")
	return cmd
}

func benchFrameCommand(s *settings) *cobra.Command {
	var asJSON bool
	duration := 20 * time.Second
	cmd := &cobra.Command{
		Use:   "frame",
		Short: "time of each stage of the frame loop, with the configured camera",
		Long: `frame runs a terminal of the given configuration for a while, with a state of its own that is thrown away, without door
and network, and prints how long each stage of the frame loop takes. Nobody is enrolled in it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := s.load()
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), duration)
			defer cancel()
			r, err := terminal.MeasureFrames(ctx, cfg)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), r)
			}
			fmt.Fprint(cmd.OutOrStdout(), r)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.Flags().DurationVar(&duration, "duration", duration, "how long to measure")
	return cmd
}

func benchSearchCommand() *cobra.Command {
	var asJSON bool
	references, rounds := 100_000, 15
	cmd := &cobra.Command{
		Use:   "search",
		Short: "time of a search among many people, as a share of what memory gives",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			r, err := bench.Search(cmd.Context(), references, rounds)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), r)
			}
			r.Print(cmd.OutOrStdout())
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.Flags().IntVar(&references, "references", references, "how many references the gallery holds")
	cmd.Flags().IntVar(&rounds, "rounds", rounds, "searches")
	return cmd
}
