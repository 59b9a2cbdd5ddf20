// Command umbral is the tool for technicians and operators: it asks a running terminal, enrols people, measures error
// rates on labelled pictures and speed, checks the store and the configuration, and commands terminals over MQTT.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"umbral/daemon/terminal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := root().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "umbral:", err)
		os.Exit(1)
	}
}

func root() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "umbral",
		Short: "the tool for technicians and operators of Umbral gate terminals",
		Long: `umbral asks a running terminal what it sees and decides, enrols people, replays decisions, measures error
rates on labelled pictures and speed, checks the store and the configuration, and commands terminals over MQTT.

Commands that need a terminal find it through its configuration (--config), whether it runs or not.`,
		Version:       terminal.Version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	s.flags(cmd.PersistentFlags())
	cmd.AddCommand(
		statusCommand(&s), enrollCommand(&s), peopleCommand(&s), passagesCommand(&s), replayCommand(&s), storeCommand(&s),
		budgetCommand(&s), configCommand(), evalCommand(&s), credentialCommand(), walletCommand(), benchCommand(&s), fleetCommand(&s), cameraCommand(), boardCommand(&s),
		reviewCommand(), policyCommand(&s), pageCommand(&s), versionCommand(),
		authorityCommand(&s), revocationCommand(&s), issuersCommand(&s),
	)
	return cmd
}
