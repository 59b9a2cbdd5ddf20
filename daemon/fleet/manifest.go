package fleet

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A signed list can be larger than what a slow connection carries while it also has to acknowledge events in time. So a
// list lies at the broker in retained parts that a terminal takes one by one, beside a manifest that says which parts make
// it up. Parts stand under the hash of the whole, so that those of two lists never mix.

// Lists of the whole fleet, not of one terminal: te/fleet/all///list/<kind> and /list/<kind>/<hash>/<part>.
const ListRoot = "te/fleet/all///list/"

// Limits of lists.
const (
	MaxListBytes   = 2 << 20
	MaxListKinds   = 8
	PartBytes      = 32 << 10 // of a list; a third more in base64: 11 s on the slowest connection, which a ping can wait for
	MaxListMessage = 48 << 10
)

// Manifest says what a list consists of.
type Manifest struct {
	Schema   int    `json:"schema"`
	Kind     string `json:"kind"`
	Sequence uint64 `json:"sequence"`
	SHA256   string `json:"sha256"` // of the whole list, 64 hex digits
	Bytes    int    `json:"bytes"`
}

// Part is one piece of a list.
type Part struct {
	Schema int    `json:"schema"`
	Data   []byte `json:"data"` // partBytes of the list, fewer in the last part
}

func NewManifest(kind string, sequence uint64, b []byte) (Manifest, error) {
	m := Manifest{Schema: Schema, Kind: kind, Sequence: sequence, SHA256: HexDigest(sha256.Sum256(b)), Bytes: len(b)}
	return m, m.check()
}

func (m *Manifest) check() error {
	if !ValidLevel(m.Kind, MaxLevel) || m.Sequence == 0 || !validDigest(m.SHA256) || m.Bytes < 1 || m.Bytes > MaxListBytes {
		return fmt.Errorf("fleet: list %q number %d of %d bytes with the hash %q, allowed are 1 to %d bytes, numbers from 1, and 64 hex digits",
			Printable(m.Kind, 80), m.Sequence, m.Bytes, Printable(m.SHA256, 80), MaxListBytes)
	}
	return nil
}

// Parts is how many there are.
func (m *Manifest) Parts() int { return (m.Bytes + PartBytes - 1) / PartBytes }

// PartSize is the number of bytes in a part.
func (m *Manifest) PartSize(n int) int { return min(PartBytes, m.Bytes-n*PartBytes) }

func (m *Manifest) Topic() string { return ListRoot + m.Kind }

func (m *Manifest) PartTopic(n int) string {
	return ListRoot + m.Kind + "/" + m.SHA256[:32] + "/" + strconv.Itoa(n)
}

func ReadManifest(topic string, b []byte) (m Manifest, err error) {
	members, err := strictObject(b, "schema", "kind", "sequence", "sha256", "bytes")
	if err != nil {
		return m, err
	}
	err = errors.Join(
		member(members, "schema", &m.Schema), member(members, "kind", &m.Kind), member(members, "sequence", &m.Sequence),
		member(members, "sha256", &m.SHA256), member(members, "bytes", &m.Bytes),
	)
	switch {
	case err != nil:
		return Manifest{}, err
	case m.Schema != Schema:
		return Manifest{}, fmt.Errorf("schema %d, this program reads %d", m.Schema, Schema)
	}
	if err := m.check(); err != nil {
		return Manifest{}, err
	}
	if m.SHA256 != strings.ToLower(m.SHA256) || m.Topic() != topic {
		return Manifest{}, fmt.Errorf("a list %q on the topic %q", Printable(m.Kind, 80), Printable(topic, 80))
	}
	return m, nil
}

// ReadPart reads part n of a list.
func (m *Manifest) ReadPart(n int, b []byte) ([]byte, error) {
	members, err := strictObject(b, "schema", "data")
	if err != nil {
		return nil, err
	}
	var p Part
	if err := errors.Join(member(members, "schema", &p.Schema), base64Member(members, "data", &p.Data)); err != nil {
		return nil, err
	}
	if p.Schema != Schema || len(p.Data) != m.PartSize(n) {
		return nil, fmt.Errorf("part %d of schema %d, this program reads %d, has %d bytes, wanted %d", n, p.Schema, Schema, len(p.Data), m.PartSize(n))
	}
	return p.Data, nil
}

// IsListTopic tells manifests and parts from what belongs to terminals.
func IsListTopic(topic string) (list, isPart bool) {
	tail, list := strings.CutPrefix(topic, ListRoot)
	return list, strings.Contains(tail, "/")
}
