package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"umbral/config"
	"umbral/config/paths"
	"umbral/daemon/terminal"
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

// desk opens the store while no terminal runs.
func (s *settings) desk() (*terminal.Desk, error) {
	cfg, err := s.load()
	if err != nil {
		return nil, err
	}
	return terminal.OpenDesk(cfg)
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func contextWithTimeout(cmd *cobra.Command, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(cmd.Context(), d)
}

// readSecret reads a file that holds one line.
func readSecret(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if strings.ContainsAny(secret, "\r\n") {
		return "", fmt.Errorf("%s: more than one line", path)
	}
	return secret, nil
}
