package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/mqtt"
	"umbral/daemon/fleet/operator"
)

func fleetCommand(s *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "fleet", Short: "command and watch terminals over MQTT", RunE: chooses}
	cmd.AddCommand(keygenCommand(), sendCommand(), watchCommand(), fleetIdentityCommand(s))
	return cmd
}

func keygenCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "keygen --out FILE",
		Short: "make a key that signs commands; prints the public half for the terminals' configuration",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			private, public, err := fleet.GenerateKey()
			if err != nil {
				return err
			}
			if err := writeNew(out, private); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), public)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "file for the private key (mode 0600)")
	cmd.MarkFlagRequired("out")
	return cmd
}

// writeNew writes a key. An existing one is never replaced: the terminals that trust it could no longer be commanded.
func writeNew(path string, key []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists and is not replaced: terminals may trust the key in it (--out names a new file)", path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(key)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// brokerFlags are what both sides of the link to a broker need.
type brokerFlags struct {
	opts         mqtt.Opts
	passwordFile string
}

func (b *brokerFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&b.opts.Broker, "broker", "tcp://127.0.0.1:1883", "address of the broker, tcp:// or tls://")
	f.StringVar(&b.opts.Username, "username", "", "user name at the broker")
	f.StringVar(&b.passwordFile, "password-file", "", "file that holds the password")
	f.StringVar(&b.opts.TLS.CA, "ca", "", "PEM file of the authorities that may vouch for the broker")
	f.StringVar(&b.opts.TLS.Certificate, "cert", "", "PEM file of the client certificate")
	f.StringVar(&b.opts.TLS.Key, "cert-key", "", "PEM file of the client certificate's key")
	f.StringVar(&b.opts.TLS.ServerName, "server-name", "", "name in the broker's certificate, where it is not that of the address")
}

// read gives the options with the password that the file holds.
func (b *brokerFlags) read() (mqtt.Opts, error) {
	o := b.opts
	if b.passwordFile != "" {
		secret, err := readSecret(b.passwordFile)
		if err != nil {
			return o, err
		}
		o.Password = secret
	}
	return o, nil
}

func (b *brokerFlags) operator() (*operator.Operator, error) {
	o, err := b.read()
	if err != nil {
		return nil, err
	}
	return operator.New(o)
}

// signerFlags name the key that signs commands.
type signerFlags struct{ file, name string }

func (s *signerFlags) add(cmd *cobra.Command, name string) {
	f := cmd.Flags()
	f.StringVar(&s.file, "key", "", "private key file, as keygen makes it")
	f.StringVar(&s.name, "key-name", name, "the name under which the terminals know the key")
	cmd.MarkFlagRequired("key")
}

func (s *signerFlags) signer() (fleet.Signer, error) {
	pem, err := readUpTo(s.file, maxSecret)
	if err != nil {
		return fleet.Signer{}, err
	}
	private, err := fleet.ParsePrivateKey(pem)
	if err != nil {
		return fleet.Signer{}, fmt.Errorf("%s: %w (umbral fleet keygen makes one)", s.file, err)
	}
	return fleet.Signer{Name: s.name, Private: private}, nil
}

func sendCommand() *cobra.Command {
	var (
		broker  brokerFlags
		signer  signerFlags
		valid   time.Duration
		timeout time.Duration
	)
	cmd := &cobra.Command{
		Use:   "send TERMINAL COMMAND",
		Short: "send a signed command (status, door.open) and wait for the answer",
		Example: `  umbral fleet send --key operator.pem --key-name operator demo-1 status
  umbral fleet send --key operator.pem --key-name operator demo-1 door.open`,
		Args: exactly("TERMINAL", "COMMAND"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if valid <= 0 || timeout <= 0 {
				return fmt.Errorf("--valid %v, --timeout %v: both have to be longer than 0s", valid, timeout)
			}
			key, err := signer.signer()
			if err != nil {
				return err
			}
			office, err := broker.operator()
			if err != nil {
				return err
			}
			ctx, cancel := contextWithTimeout(cmd, timeout)
			defer cancel()
			order := operator.Order{Terminal: args[0], Command: args[1], Valid: valid}
			answer, err := office.Send(ctx, order, key, func(a fleet.Answer) {
				fmt.Fprintln(cmd.ErrOrStderr(), printable(string(a.Status)))
			})
			if err != nil {
				return err
			}
			if err := writeJSON(cmd.OutOrStdout(), answer); err != nil {
				return err
			}
			if answer.Status != fleet.StatusSuccessful {
				return fmt.Errorf("%s %s: %s %s", args[1], answer.Status, printable(string(answer.Reason)), printable(answer.Detail))
			}
			return nil
		},
	}
	broker.add(cmd)
	signer.add(cmd, "operator")
	f := cmd.Flags()
	f.DurationVar(&valid, "valid", 30*time.Second, "how long the command may be obeyed")
	f.DurationVar(&timeout, "timeout", 40*time.Second, "how long to wait for the answer")
	return cmd
}

func watchCommand() *cobra.Command {
	var broker brokerFlags
	cmd := &cobra.Command{
		Use:   "watch [TERMINAL]",
		Short: "show what terminals report, one line a message",
		Args:  atMost("TERMINAL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			office, err := broker.operator()
			if err != nil {
				return err
			}
			terminal := ""
			if len(args) == 1 {
				terminal = args[0]
			}
			err = office.Watch(cmd.Context(), terminal,
				func(m operator.Message) error { return writeMessage(cmd.OutOrStdout(), m) },
				func(err error) { fmt.Fprintln(cmd.ErrOrStderr(), "connection lost:", err) })
			if cmd.Context().Err() != nil {
				return nil
			}
			return err
		},
	}
	broker.add(cmd)
	return cmd
}

// maxShown is the longest payload that watch prints, in bytes.
const maxShown = 8 << 10

func writeMessage(w io.Writer, m operator.Message) error {
	payload := m.Payload
	switch {
	case m.Oversized:
		payload = json.RawMessage("(too long)")
	case len(payload) == 0:
		payload = json.RawMessage("(cleared)")
	case len(payload) > maxShown: // encrypted pictures, questions to the authority
		payload = fmt.Appendf(nil, "(%d bytes)", len(payload))
	}
	line := fmt.Sprintf("%s %s %s %v %s", m.Time.Format(time.TimeOnly), m.Terminal, m.Channel, m.Rest, payload)
	_, err := fmt.Fprintln(w, printable(line))
	return err
}
