// Command subject runs a model a number of times on one thread and is otherwise still, as a program to count
// instructions of: subject MODEL RUNS.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"

	"umbral/pipeline/nn"
)

func main() {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1) // a run allocates nothing; collections of the start would come at any time
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "subject:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: subject MODEL RUNS, got %d arguments", len(args))
	}
	runs, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	model, err := nn.Open(args[0], nn.DefaultLimits())
	if err != nil {
		return err
	}
	program, err := model.Compile(nn.Options{})
	if err != nil {
		return err
	}
	for _, info := range model.Inputs() {
		in, err := program.Input(info.Name)
		if err != nil {
			return err
		}
		for i := range in {
			in[i] = float32(i%17)/17 - 0.5
		}
	}
	for range runs {
		if err := program.Run(); err != nil {
			return err
		}
	}
	return nil
}
