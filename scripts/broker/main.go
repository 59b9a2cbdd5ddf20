// Command broker runs the MQTT broker of the demo, on loopback only and without access control.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"umbral/daemon/fleet/broker"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:1883", "loopback address")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *listen)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, listen string) error {
	b, err := broker.New(broker.Opts{Address: listen})
	if err != nil {
		return err
	}
	return b.Run(ctx)
}
