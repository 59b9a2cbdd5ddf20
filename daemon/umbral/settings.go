package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"umbral/config"
	"umbral/config/paths"
	"umbral/daemon/desk"
	"umbral/daemon/local"
	"umbral/daemon/store"
)

// settings are the flags that all commands share.
type settings struct {
	config string
	models string
}

func (s *settings) flags(f *pflag.FlagSet) {
	f.StringVar(&s.config, "config", "/etc/umbral/umbral.toml", "the terminal's configuration file")
	f.StringVar(&s.models, "models", "", "folder of the model files, instead of models.dir")
}

// load reads the configuration.
func (s *settings) load() (config.Config, error) {
	cfg, err := config.Load(s.config)
	if errors.Is(err, fs.ErrNotExist) {
		return cfg, fmt.Errorf("%w (--config names the terminal's configuration; umbral config example prints one)", err)
	}
	if err != nil {
		return cfg, err
	}
	if s.models != "" {
		cfg.Models.Dir = s.models
	}
	return cfg, nil
}

// modelsDir is where the models are for commands that need no terminal.
func (s *settings) modelsDir() string {
	if s.models != "" {
		return s.models
	}
	return paths.Models()
}

// errNoStore means that there is nothing to look at yet.
var errNoStore = errors.New("holds no store: no terminal has started with this configuration, or it names another terminal.state_dir")

// desk opens the store while no terminal runs. It makes none: a store that a command made while it only looked would
// belong to whoever gave the command, and the terminal could not open it.
func (s *settings) desk(cmd *cobra.Command) (*desk.Offline, error) {
	cfg, err := s.load()
	if err != nil {
		return nil, err
	}
	if !store.Exists(cfg.Terminal.StateDir) {
		return nil, fmt.Errorf("%s %w", cfg.Terminal.StateDir, errNoStore)
	}
	return openDesk(cmd, cfg)
}

// either asks the running terminal, and works on the store where none runs.
func either[T any](s *settings, cmd *cobra.Command, running func(*local.Client) (T, error), alone func(*desk.Offline) (T, error)) (T, error) {
	var none T
	c, err := s.client()
	if err != nil {
		return none, err
	}
	answer, err := running(c)
	if !errors.Is(err, local.ErrNotRunning) {
		return answer, err
	}
	d, err := s.desk(cmd)
	if err != nil {
		return none, err
	}
	defer d.Close()
	return alone(d)
}

// newDesk is desk, and makes the store where there is none.
func (s *settings) newDesk(cmd *cobra.Command) (*desk.Offline, error) {
	cfg, err := s.load()
	if err != nil {
		return nil, err
	}
	return openDesk(cmd, cfg)
}

// openDesk tells when the store was damaged: its mending leaves nothing to see for whoever comes later.
func openDesk(cmd *cobra.Command, cfg config.Config) (*desk.Offline, error) {
	desk, err := desk.Open(cfg)
	if err != nil {
		return nil, err
	}
	if text := desk.Recovery(); text != "" {
		fmt.Fprintln(cmd.ErrOrStderr(), "umbral:", text)
	}
	return desk, nil
}

// writeJSON prints v in lines that a screen can show.
func writeJSON(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text) + "\n") {
		if _, err := fmt.Fprintln(w, printable(strings.TrimSuffix(line, "\n"))); err != nil {
			return err
		}
	}
	return nil
}

func contextWithTimeout(cmd *cobra.Command, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(cmd.Context(), d)
}

// readUpTo reads a file of at most limit bytes, whatever its size claims to be.
func readUpTo(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s: more than %d bytes (is this the right file?)", path, limit)
	}
	return data, err
}

// maxSecret bounds a file that holds a password or a key, in bytes.
const maxSecret = 64 << 10

// readSecret reads a file that holds one line.
func readSecret(path string) (string, error) {
	text, err := readUpTo(path, maxSecret)
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if strings.ContainsAny(secret, "\r\n") {
		return "", fmt.Errorf("%s: more than one line, wanted the password and nothing else", path)
	}
	return secret, nil
}
