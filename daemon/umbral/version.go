package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"umbral/daemon/terminal"
	"umbral/pipeline/models"
)

// versionReport says which program this is and which models belong to it.
type versionReport struct {
	Version string            `json:"version"`
	Commit  string            `json:"commit,omitempty"` // as the toolchain recorded it; empty where it was built outside a checkout
	Changed bool              `json:"changed"`          // the checkout had changes that are not in the commit
	Go      string            `json:"go"`
	Arch    string            `json:"arch"`
	Models  map[string]string `json:"models"` // SHA-256 by role
}

func versionCommand() *cobra.Command {
	var manifest string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "print the version, the commit, and the hashes of the models",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			m := models.Default()
			if manifest != "" {
				var err error
				if m, err = models.LoadManifest(manifest); err != nil {
					return err
				}
			}
			r := versionOf(m)
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), r)
			}
			out := cmd.OutOrStdout()
			commit := r.Commit
			switch {
			case commit == "":
				commit = "unknown"
			case r.Changed:
				commit += " and changes"
			}
			fmt.Fprintf(out, "umbral       %s\ncommit       %s\nbuilt by     %s for %s\n", r.Version, commit, r.Go, r.Arch)
			for _, model := range m.Models {
				fmt.Fprintf(out, "%-12s %s  %s\n", model.Role, model.SHA256, model.File)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&manifest, "manifest", "", "another set of models than the program's own")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func versionOf(m models.Manifest) versionReport {
	r := versionReport{Version: terminal.Version, Go: runtime.Version(), Arch: runtime.GOOS + "/" + runtime.GOARCH, Models: map[string]string{}}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				r.Commit = s.Value
			case "vcs.modified":
				r.Changed = s.Value == "true"
			}
		}
	}
	for _, model := range m.Models {
		r.Models[string(model.Role)] = model.SHA256
	}
	return r
}
