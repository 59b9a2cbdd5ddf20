package desk

import (
	"errors"
	"fmt"

	"umbral/daemon/local"
	"umbral/daemon/store"
	"umbral/pipeline/finger"
)

// card is a person as the tool and the page show them.
func (d *Desk) card(person store.Person) (local.Person, error) {
	c := local.Person{
		ID: person.ID, Name: person.Name, Status: d.status(person), Created: person.Created, Alias: d.people.AliasOf(person.ID),
		References: []local.Reference{},
	}
	refs, err := d.store.References(person.ID)
	if err != nil {
		return c, err
	}
	for _, r := range refs {
		current := r.Kind != store.KindFace || d.people.IsCurrent(&r)
		c.References = append(c.References, local.Reference{
			Number: r.Number, Source: r.Source, Quality: r.Quality, Created: r.Created, Current: current, Kind: string(r.Kind),
			Position: fingerPosition(&r),
		})
	}
	return c, nil
}

// statusBlocked is the status of somebody who is blocked, in capitals: nobody may overlook it in a list.
const statusBlocked = "BLOCKED"

// status is the status that is shown of a person. A file that can't be read keeps the person out as a block does.
func (d *Desk) status(person store.Person) string {
	if f, err := d.store.File(person.ID); f.Blocked != nil || err != nil && !errors.Is(err, store.ErrNotFound) {
		return statusBlocked
	}
	return person.Status
}

// fingerPosition is which finger a reference is of; empty for another kind.
func fingerPosition(r *store.Reference) string {
	if r.Kind != store.KindFinger {
		return ""
	}
	return finger.PositionName(r.Position)
}

// People returns everybody who is enrolled.
func (d *Desk) People() ([]local.Person, error) {
	list, err := d.store.People()
	if err != nil {
		return nil, err
	}
	cards := make([]local.Person, 0, len(list))
	for _, person := range list {
		c, err := d.card(person)
		if err != nil {
			return nil, err
		}
		cards = append(cards, c)
	}
	return cards, nil
}

// Person returns one of them.
func (d *Desk) Person(id string) (local.Person, error) {
	person, err := d.store.Person(id)
	if err != nil {
		return local.Person{}, outward(fmt.Errorf("%s: %w", id, err))
	}
	c, err := d.card(person)
	return c, outward(err)
}
