package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"umbral/drivers/door"
	"umbral/drivers/door/gpio"
)

// showDoor runs the GPIO door with all its lines and the signs that are named, one after the other; it tells of events.
func showDoor(args []string) error {
	o := gpio.DefaultOpts()
	o.Chip = "/dev/gpiochip0"
	// Line 3 is the board's power button.
	for offset, line := range map[string]*gpio.Line{"0": &o.Relay, "1": &o.Contact, "2": &o.Button, "4": &o.Tamper, "5": &o.Lamp, "6": &o.Buzzer, "7": &o.Interlock} {
		line.Spec, line.ActiveLow, line.Bias = offset, false, gpio.AsIs
	}
	d, err := gpio.New(o)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	signs := make(chan os.Signal, 1)
	signal.Notify(signs, syscall.SIGUSR1)
	go func() {
		for {
			e, err := d.Event(ctx)
			if err != nil {
				return
			}
			fmt.Println("event", e.Kind, e.Text)
		}
	}()
	go func() {
		for d.State().Fault != "" {
			time.Sleep(10 * time.Millisecond)
		}
		fmt.Println("ready")
		for _, name := range args {
			<-signs
			for s := door.Rest; s <= door.Alarm; s++ {
				if s.String() == name {
					d.Show(s)
				}
			}
		}
	}()
	return d.Run(ctx)
}
