// Command umbral-clock publishes whether a time daemon keeps this machine's clock, for umbrald, whose unit forbids it to ask
// the kernel (see package ntpstate). It runs until it is told to stop.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"umbral/daemon/ntpstate"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := ntpstate.Publish(ctx, ntpstate.Path); err != nil {
		fmt.Fprintln(os.Stderr, "umbral-clock:", err)
		os.Exit(1)
	}
}
