package terminal

import (
	"crypto/ed25519"
	"encoding/json"
	"strings"

	"umbral/daemon/fleet"
	"umbral/daemon/local"
)

// signReceipt signs the statement of an erasure with the terminal's own key.
func signReceipt(e local.Erased, identity ed25519.PrivateKey) local.Erased {
	if e.Statement != "" {
		e.Signature = ed25519.Sign(identity, []byte(e.Statement))
		e.Public = fleet.FormatPublicKey(identity.Public().(ed25519.PublicKey))
	}
	return e
}

// export collects everything that is held about a person.
func (p *people) export(id string) (local.Export, error) {
	e, err := p.store.Export(id)
	if err != nil {
		return local.Export{}, err
	}
	var text strings.Builder
	if err := e.WriteText(&text); err != nil {
		return local.Export{}, err
	}
	data, err := json.Marshal(e)
	return local.Export{Data: data, Text: text.String()}, err
}

// Export is local.Registry's.
func (d *localAPI) Export(id string) (local.Export, error) {
	e, err := d.t.people.export(id)
	return e, outward(err)
}

// Export collects everything that is held about a person.
func (d *Desk) Export(id string) (local.Export, error) { return d.people.export(id) }

// Erase destroys what a person is recognised by, and returns the signed receipt.
func (d *Desk) Erase(id, reason string) (local.Erased, error) {
	key, err := terminalKey(&d.cfg)
	if err != nil {
		return local.Erased{}, err
	}
	identity, err := identityKey(key)
	if err != nil {
		return local.Erased{}, err
	}
	e, err := d.people.erased(id, reason)
	return signReceipt(e, identity), err
}
