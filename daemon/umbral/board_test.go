package main

import (
	"os"
	"path/filepath"
	"testing"

	"umbral/config"
	"umbral/drivers/board"
)

// TestProfilesCanBeConfigured names each profile of the boards in a configuration.
func TestProfilesCanBeConfigured(t *testing.T) {
	for _, p := range append(board.Profiles(), board.Profile{ID: board.Auto}) {
		path := filepath.Join(t.TempDir(), "umbral.toml")
		if err := os.WriteFile(path, []byte("[board]\nprofile = \""+p.ID+"\"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if cfg, err := config.Load(path); err != nil || cfg.Board.Profile != p.ID {
			t.Errorf("%s: %v", p.ID, err)
		}
	}
}
