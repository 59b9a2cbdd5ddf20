package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"umbral/daemon/local"
	"umbral/daemon/store"
)

func peopleCommand(s *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "people", Short: "list, show, export or erase who is enrolled; their enrolment files, checklists and blocks", RunE: chooses}
	var asJSON bool
	cmd.PersistentFlags().BoolVar(&asJSON, "json", false, "print JSON")
	list := &cobra.Command{
		Use: "list", Short: "list who is enrolled", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			people, err := s.people(cmd)
			if err != nil && !errors.Is(err, errNoStore) {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), people)
			}
			switch {
			case err != nil:
				fmt.Fprintf(cmd.OutOrStdout(), "Nobody is enrolled: %v.\n", err)
			case len(people) == 0:
				fmt.Fprintln(cmd.OutOrStdout(), "Nobody is enrolled.")
			}
			for _, p := range people {
				fmt.Fprintf(cmd.OutOrStdout(), "%-24s %-30s %-13s  %s  %s\n", p.ID, printable(p.Name), references(len(p.References)), p.Status, p.Alias)
			}
			return nil
		},
	}
	show := &cobra.Command{
		Use: "show ID", Short: "show one person", Args: exactly("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := s.person(cmd, args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), p)
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "%s\nname     %s\nstatus   %s\nenrolled %s\nin MQTT  %s\n", p.ID, printable(p.Name), p.Status, p.Created.Local().Format(time.DateTime), p.Alias)
			for _, r := range p.References {
				note := ""
				if !r.Current {
					note = "  of another model: not searched"
				}
				if r.Kind != "" && r.Kind != "face" {
					note += "  (" + strings.TrimSpace(r.Kind+" "+r.Position) + ")"
				}
				fmt.Fprintf(out, "reference %d: %s, quality %.2f, %s%s\n", r.Number, printable(r.Source), r.Quality, r.Created.Local().Format(time.DateTime), note)
			}
			return nil
		},
	}
	cmd.AddCommand(list, show, eraseCommand(s, &asJSON), exportCommand(s, &asJSON), receiptCommand(&asJSON))
	cmd.AddCommand(fileCommands(s, &asJSON)...)
	return cmd
}

// The three below ask the running terminal, and read the store where none runs.

func (s *settings) people(cmd *cobra.Command) ([]local.Person, error) {
	c, err := s.client()
	if err != nil {
		return nil, err
	}
	list, err := c.People(cmd.Context())
	if !errors.Is(err, local.ErrNotRunning) {
		return list, err
	}
	desk, err := s.desk(cmd)
	if err != nil {
		return []local.Person{}, err
	}
	defer desk.Close()
	return desk.People()
}

func (s *settings) person(cmd *cobra.Command, id string) (local.Person, error) {
	c, err := s.client()
	if err != nil {
		return local.Person{}, err
	}
	p, err := c.Person(cmd.Context(), id)
	if !errors.Is(err, local.ErrNotRunning) {
		return p, notEnrolled(id, err)
	}
	desk, err := s.desk(cmd)
	if err != nil {
		return p, notEnrolled(id, err)
	}
	defer desk.Close()
	p, err = desk.Person(id)
	return p, notEnrolled(id, err)
}

func (s *settings) erase(cmd *cobra.Command, id, reason string) (local.Erased, error) {
	c, err := s.client()
	if err != nil {
		return local.Erased{}, err
	}
	e, err := c.Erase(cmd.Context(), id, reason)
	if !errors.Is(err, local.ErrNotRunning) {
		return e, notEnrolled(id, err)
	}
	desk, err := s.desk(cmd)
	if err != nil {
		return e, notEnrolled(id, err)
	}
	defer desk.Close()
	e, err = desk.Erase(id, reason)
	return e, notEnrolled(id, err)
}

// notEnrolled says what it means for a person that something was not found.
func notEnrolled(id string, err error) error {
	switch {
	case errors.Is(err, errNoStore):
		return fmt.Errorf("nobody is enrolled, so %q is not: %w", id, err)
	case errors.Is(err, store.ErrNotFound), errors.Is(err, local.ErrUnknown):
		return fmt.Errorf("%q is not enrolled (umbral people list shows who is)", id)
	}
	return err
}
