package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"umbral/daemon/local"
	fingers "umbral/pipeline/finger"
	"umbral/pipeline/vision"
)

func enrollCommand(s *settings) *cobra.Command {
	var r local.EnrolRequest
	var live, asJSON bool
	var finger string
	var face int
	cmd := &cobra.Command{
		Use:   "enroll --id ID --name NAME PHOTO… | --live | --finger FINGER",
		Short: "enrol a person from photographs, from the terminal's camera, or a finger at its sensor",
		Long: `enroll stores what a person is recognised by. Photographs are JPEG, PNG or WebP as phones, cameras and scanners make them:
passport photographs, selfies, scans. One that lies on its side or head is turned upright. One that is not good enough is
refused with the reason, and so is a person who is enrolled already under another id. Where a photograph shows several faces
the refusal says where each is, and --face says which one is meant. With --live the running terminal takes pictures from its camera.
Photographs are enrolled by the running terminal, or, when it does not run, directly in its store. With --finger the running
terminal's sensor takes several presses of one finger, of somebody who is enrolled already (then --name may be left out) or of
somebody new; what was enrolled of the same finger before is replaced. The gate's screen tells the person what to do.`,
		Example: `  umbral enroll --id 4711 --name "Ana García" ana-1.jpg ana-2.jpg
  umbral enroll --id 4711 --name "Ana García" --face 2 group.jpg
  umbral enroll --id 4711 --name "Ana García" --live
  umbral enroll --id 4711 --finger right-index`,
		RunE: func(cmd *cobra.Command, photos []string) error {
			switch {
			case finger != "" && (live || len(photos) > 0 || cmd.Flags().Changed("face")):
				return errors.New("--finger enrols at the fingerprint sensor: enrol the face first, then the finger under the same id")
			case finger != "":
			case live && len(photos) > 0:
				return fmt.Errorf("--live takes the pictures from the camera, but %s is named too", photos[0])
			case !live && len(photos) == 0:
				return errors.New("nothing to enrol from: name photographs, or use --live for the terminal's camera")
			case len(photos) > maxPhotos:
				return fmt.Errorf("%d photographs, at most %d are taken at once", len(photos), maxPhotos)
			case cmd.Flags().Changed("face") && (face < 1 || live):
				return fmt.Errorf("--face %d: wanted a face of the photographs, the first from the left being 1", face)
			}
			if printable(r.Name) != r.Name {
				return fmt.Errorf("--name %q holds characters that can't be shown", r.Name)
			}
			c, err := s.client()
			if err != nil {
				return err
			}
			advise := func(p local.Progress) { fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d: %s\n", p.Done, p.Of, p.Advice) }
			var e local.Enrolled
			switch {
			case finger != "":
				if _, err := fingers.ParsePosition(finger); err != nil {
					return fmt.Errorf("--finger: %w", err)
				}
				r.Finger = finger
				e, err = c.EnrolFinger(cmd.Context(), r, advise)
			case live:
				e, err = c.EnrolLive(cmd.Context(), r, advise)
			default:
				e, err = s.enrolPhotos(cmd, c, r, photos, face)
			}
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), e)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s (%s) is enrolled with %s; MQTT messages call them %s\n", e.ID, e.Name, references(e.References), e.Alias)
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
	f.StringVar(&finger, "finger", "", "enrol this finger at the terminal's sensor: right-thumb, right-index … left-little")
	f.IntVar(&face, "face", 0, "which face of the photographs is meant, counted from the left; needed where there are several")
	f.BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.MarkFlagRequired("id")
	return cmd
}

// maxPhotos limits an enrolment's photographs.
const maxPhotos = 10

// enrolPhotos asks the running terminal, and works on the store itself where none runs.
func (s *settings) enrolPhotos(cmd *cobra.Command, c *local.Client, r local.EnrolRequest, photos []string, face int) (local.Enrolled, error) {
	limits := vision.DefaultPictureLimits()
	for _, path := range photos {
		data, err := readUpTo(path, limits.MaxBytes)
		if err != nil {
			return local.Enrolled{}, err
		}
		r.Pictures = append(r.Pictures, local.Picture{Source: printable(filepath.Base(path)), Data: data, Face: face})
	}
	e, err := c.Enrol(cmd.Context(), r)
	if !errors.Is(err, local.ErrNotRunning) {
		return e, err
	}
	desk, err := s.newDesk(cmd)
	if err != nil {
		return e, err
	}
	defer desk.Close()
	return desk.Enrol(cmd.Context(), r)
}

// references counts them in words.
func references(n int) string {
	if n == 1 {
		return "1 reference"
	}
	return fmt.Sprintf("%d references", n)
}
