// Command umbrald is the program inside an identity gate. It runs one terminal from one configuration until it is told
// to stop.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"umbral/config"
	"umbral/daemon/terminal"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "umbrald:", err)
		os.Exit(1)
	}
}

func run() error {
	path := flag.String("config", "/etc/umbral/umbral.toml", "configuration file")
	models := flag.String("models", "", "folder of the model files, instead of models.dir")
	camera := flag.String("camera", "", "source of frames, instead of camera.source (v4l2:/dev/video0, replay:FILE)")
	version := flag.Bool("version", false, "print the version and end")
	flag.Parse()
	if *version {
		fmt.Println(terminal.Version)
		return nil
	}
	if flag.NArg() > 0 {
		return fmt.Errorf("argument %q is not understood (see --help)", flag.Arg(0))
	}
	cfg, err := config.Load(*path)
	if err != nil {
		return err
	}
	if *models != "" {
		cfg.Models.Dir = *models
	}
	if *camera != "" {
		cfg.Camera.Source = *camera
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		return fmt.Errorf("log.level: %w", err)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	digest, err := digestOf(cfg)
	if err != nil {
		return err
	}
	t, err := terminal.New(cfg, digest, log)
	if err != nil {
		return err
	}
	announce(&cfg, t)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return t.Run(ctx)
}

// digestOf names the configuration in force, so that an operator sees which terminals differ.
func digestOf(cfg config.Config) (string, error) {
	text, err := json.Marshal(cfg)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), nil
}

// announce says where to look, since ports may be others than those configured.
func announce(cfg *config.Config, t *terminal.Terminal) {
	if page := t.Page(); page != "" {
		technician, screen := "http://"+page+"/", "http://"+page+"/screen"
		if interactive(os.Stdout) {
			technician, screen = t.Links() // whoever starts it by hand may see everything; a log must not hold tokens
		}
		fmt.Printf("technician's page  %s\ngate's screen      %s\n", technician, screen)
	}
	if cfg.Fleet.Enabled {
		fmt.Printf("MQTT broker        %s\n", cfg.Fleet.Broker)
	}
}

// interactive reports whether a file is a terminal that a person looks at.
func interactive(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
