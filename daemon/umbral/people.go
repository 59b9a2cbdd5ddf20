package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"umbral/daemon/desk"
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
				return writeJSON(cmd.OutOrStdout(), append([]local.Person{}, people...)) // nobody is [], not null
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

func (s *settings) people(cmd *cobra.Command) ([]local.Person, error) {
	return either(s, cmd, func(c *local.Client) ([]local.Person, error) { return c.People(cmd.Context()) }, (*desk.Offline).People)
}

func (s *settings) person(cmd *cobra.Command, id string) (local.Person, error) {
	p, err := either(s, cmd, func(c *local.Client) (local.Person, error) { return c.Person(cmd.Context(), id) },
		func(d *desk.Offline) (local.Person, error) { return d.Person(id) })
	return p, notEnrolled(id, err)
}

func (s *settings) erase(cmd *cobra.Command, id, reason string) (local.Erased, error) {
	e, err := either(s, cmd, func(c *local.Client) (local.Erased, error) { return c.Erase(cmd.Context(), id, reason) },
		func(d *desk.Offline) (local.Erased, error) { return d.Erase(id, reason) })
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
