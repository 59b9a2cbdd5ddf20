package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"umbral/daemon/local"
	"umbral/daemon/store"
	"umbral/daemon/terminal"
	"umbral/pipeline/vision"
)

func enrollCommand(s *settings) *cobra.Command {
	var r local.EnrolRequest
	var live, asJSON bool
	var face int
	cmd := &cobra.Command{
		Use:   "enroll --id ID --name NAME PHOTO… | --live",
		Short: "enrol a person from photographs or from the terminal's camera",
		Long: `enroll stores what a person is recognised by. A photograph that is not good enough is refused with the reason, and so is
a person who is enrolled already under another id. With --live the running terminal takes pictures from its camera.
Photographs are enrolled by the running terminal, or, when it does not run, directly in its store.`,
		Example: `  umbral enroll --id 4711 --name "Ana García" ana-1.jpg ana-2.jpg
  umbral enroll --id 4711 --name "Ana García" --face 2 group.jpg
  umbral enroll --id 4711 --name "Ana García" --live`,
		RunE: func(cmd *cobra.Command, photos []string) error {
			if live == (len(photos) > 0) {
				return errors.New("either photographs or --live is needed")
			}
			c, err := s.client()
			if err != nil {
				return err
			}
			var e local.Enrolled
			if live {
				e, err = c.EnrolLive(cmd.Context(), r, func(p local.Progress) {
					fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d: %s\n", p.Done, p.Of, p.Advice)
				})
			} else {
				e, err = s.enrolPhotos(cmd.Context(), c, r, photos, face)
			}
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), e)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s (%s) is enrolled with %d references; MQTT messages call them %s\n", e.ID, e.Name, e.References, e.Alias)
			for _, note := range e.Notes {
				fmt.Fprintln(cmd.OutOrStdout(), note)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&r.ID, "id", "", "the person's id: letters, digits and . _ : @ + -")
	f.StringVar(&r.Name, "name", "", "the person's name, shown on the gate's screen")
	f.BoolVar(&live, "live", false, "take the pictures from the terminal's camera")
	f.IntVar(&face, "face", 0, "which face of the photographs is meant, counted from the left; needed where there are several")
	f.BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.MarkFlagRequired("id")
	return cmd
}

// maxPhoto bounds a photograph's file.
const maxPhoto = 32 << 20

// enrolPhotos asks the running terminal, and works on the store itself where none runs.
func (s *settings) enrolPhotos(ctx context.Context, c *local.Client, r local.EnrolRequest, photos []string, face int) (local.Enrolled, error) {
	for _, path := range photos {
		info, err := os.Stat(path)
		if err != nil {
			return local.Enrolled{}, err
		}
		if info.Size() > maxPhoto {
			return local.Enrolled{}, fmt.Errorf("%s: %d MiB, at most %d are read", path, info.Size()>>20, maxPhoto>>20)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return local.Enrolled{}, err
		}
		r.Pictures = append(r.Pictures, local.Picture{Source: filepath.Base(path), Data: data, Face: face})
	}
	e, err := c.Enrol(ctx, r)
	if !errors.Is(err, local.ErrNotRunning) {
		return e, err
	}
	desk, err := s.desk()
	if err != nil {
		return e, err
	}
	defer desk.Close()
	var pictures []terminal.Picture
	for _, p := range r.Pictures {
		img, err := vision.ReadPicture(bytes.NewReader(p.Data), vision.DefaultPictureLimits())
		if err != nil {
			return e, fmt.Errorf("%s: %w", p.Source, err)
		}
		pictures = append(pictures, terminal.Picture{Source: p.Source, Image: img, Face: p.Face})
	}
	done, err := desk.Enrol(r.ID, r.Name, pictures)
	return local.Enrolled(done), err
}

func peopleCommand(s *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "people", Short: "list, show or erase who is enrolled"}
	var asJSON bool
	cmd.PersistentFlags().BoolVar(&asJSON, "json", false, "print JSON")
	list := &cobra.Command{
		Use: "list", Short: "list who is enrolled", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			people, err := s.people(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), people)
			}
			if len(people) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "Nobody is enrolled.")
			}
			for _, p := range people {
				fmt.Fprintf(cmd.OutOrStdout(), "%-24s %-30s %d references  %s  %s\n", p.ID, p.Name, len(p.References), p.Status, p.Alias)
			}
			return nil
		},
	}
	show := &cobra.Command{
		Use: "show ID", Short: "show one person", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := s.person(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), p)
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "%s\nname     %s\nstatus   %s\nenrolled %s\nin MQTT  %s\n", p.ID, p.Name, p.Status, p.Created.Local().Format(time.DateTime), p.Alias)
			for _, r := range p.References {
				note := ""
				if !r.Current {
					note = "  of another model: not searched"
				}
				fmt.Fprintf(out, "reference %d: %s, quality %.2f, %s%s\n", r.Number, r.Source, r.Quality, r.Created.Local().Format(time.DateTime), note)
			}
			return nil
		},
	}
	var reason string
	erase := &cobra.Command{
		Use: "erase ID", Short: "destroy what a person is recognised by; the journal keeps a receipt", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := s.erase(cmd.Context(), args[0], reason)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), e)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is erased: %d references; receipt %s\n", e.Person, e.References, e.Position)
			if !e.Scrubbed {
				fmt.Fprintln(cmd.OutOrStdout(), "The key is still in freed pages of the disk; the terminal rewrites them as soon as it can.")
			}
			return nil
		},
	}
	erase.Flags().StringVar(&reason, "reason", "", "why, for the receipt")
	cmd.AddCommand(list, show, erase)
	return cmd
}

// The three below ask the running terminal, and read the store where none runs.

func (s *settings) people(ctx context.Context) ([]local.Person, error) {
	c, err := s.client()
	if err != nil {
		return nil, err
	}
	list, err := c.People(ctx)
	if !errors.Is(err, local.ErrNotRunning) {
		return list, err
	}
	desk, err := s.desk()
	if err != nil {
		return nil, err
	}
	defer desk.Close()
	return desk.People()
}

func (s *settings) person(ctx context.Context, id string) (local.Person, error) {
	c, err := s.client()
	if err != nil {
		return local.Person{}, err
	}
	p, err := c.Person(ctx, id)
	if !errors.Is(err, local.ErrNotRunning) {
		return p, err
	}
	desk, err := s.desk()
	if err != nil {
		return p, err
	}
	defer desk.Close()
	p, err = desk.Person(id)
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("%s is not enrolled", id)
	}
	return p, err
}

func (s *settings) erase(ctx context.Context, id, reason string) (local.Erased, error) {
	c, err := s.client()
	if err != nil {
		return local.Erased{}, err
	}
	e, err := c.Erase(ctx, id, reason)
	if !errors.Is(err, local.ErrNotRunning) {
		return e, err
	}
	desk, err := s.desk()
	if err != nil {
		return e, err
	}
	defer desk.Close()
	return desk.Erase(id, reason)
}
