package desk

import (
	"crypto/ed25519"
	"encoding/json"
	"strings"

	"umbral/daemon/fleet"
	"umbral/daemon/local"
)

// Erase destroys what a person is recognised by, and returns the receipt, signed with the terminal's own key.
func (d *Desk) Erase(id, reason string) (local.Erased, error) {
	r, err := d.people.Erase(id, reason)
	if err != nil {
		return local.Erased{}, outward(err)
	}
	e := local.Erased{
		Person: r.Person, References: r.References, Position: r.Position.String(), Scrubbed: r.Scrubbed, Statement: string(r.Statement()),
	}
	if e.Statement != "" {
		e.Signature = ed25519.Sign(d.identity, []byte(e.Statement))
		e.Public = fleet.FormatPublicKey(d.identity.Public().(ed25519.PublicKey))
	}
	return e, nil
}

// Export returns everything that is held about a person.
func (d *Desk) Export(id string) (local.Export, error) {
	e, err := d.store.Export(id)
	if err != nil {
		return local.Export{}, outward(err)
	}
	var text strings.Builder
	if err := e.WriteText(&text); err != nil {
		return local.Export{}, err
	}
	data, err := json.Marshal(e)
	return local.Export{Data: data, Text: text.String()}, err
}
