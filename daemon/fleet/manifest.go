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
const listRoot = "te/fleet/all///list/"

// Limits of lists.
const (
	MaxListBytes   = 2 << 20
	MaxListKinds   = 8
	partBytes      = 32 << 10 // of a list; a third more in base64: 11 s on the slowest connection, which a ping can wait for
	maxListMessage = 48 << 10
)

// manifest says what a list consists of.
type manifest struct {
	Schema   int    `json:"schema"`
	Kind     string `json:"kind"`
	Sequence uint64 `json:"sequence"`
	SHA256   string `json:"sha256"` // of the whole list, 64 hex digits
	Bytes    int    `json:"bytes"`
}

// part is one piece of a list.
type part struct {
	Schema int    `json:"schema"`
	Data   []byte `json:"data"` // partBytes of the list, fewer in the last part
}

func newManifest(kind string, sequence uint64, b []byte) (manifest, error) {
	m := manifest{Schema: Schema, Kind: kind, Sequence: sequence, SHA256: hexDigest(sha256.Sum256(b)), Bytes: len(b)}
	return m, m.check()
}

func (m *manifest) check() error {
	if !validLevel(m.Kind, maxLevel) || m.Sequence == 0 || !validDigest(m.SHA256) || m.Bytes < 1 || m.Bytes > MaxListBytes {
		return fmt.Errorf("fleet: list %q number %d of %d bytes with the hash %q, allowed are 1 to %d bytes, numbers from 1, and 64 hex digits",
			clip(m.Kind, 80), m.Sequence, m.Bytes, clip(m.SHA256, 80), MaxListBytes)
	}
	return nil
}

// parts is how many there are.
func (m *manifest) parts() int { return (m.Bytes + partBytes - 1) / partBytes }

// size is the number of bytes in a part.
func (m *manifest) size(n int) int { return min(partBytes, m.Bytes-n*partBytes) }

func (m *manifest) topic() string { return listRoot + m.Kind }

func (m *manifest) partTopic(n int) string {
	return listRoot + m.Kind + "/" + m.SHA256[:32] + "/" + strconv.Itoa(n)
}

func readManifest(topic string, b []byte) (m manifest, err error) {
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
		return manifest{}, err
	case m.Schema != Schema:
		return manifest{}, fmt.Errorf("schema %d, this program reads %d", m.Schema, Schema)
	}
	if err := m.check(); err != nil {
		return manifest{}, err
	}
	if m.SHA256 != strings.ToLower(m.SHA256) || m.topic() != topic {
		return manifest{}, fmt.Errorf("a list %q on the topic %q", clip(m.Kind, 80), clip(topic, 80))
	}
	return m, nil
}

// readPart reads part n of a list.
func (m *manifest) readPart(n int, b []byte) ([]byte, error) {
	members, err := strictObject(b, "schema", "data")
	if err != nil {
		return nil, err
	}
	var p part
	if err := errors.Join(member(members, "schema", &p.Schema), base64Member(members, "data", &p.Data)); err != nil {
		return nil, err
	}
	if p.Schema != Schema || len(p.Data) != m.size(n) {
		return nil, fmt.Errorf("part %d of schema %d, this program reads %d, has %d bytes, wanted %d", n, p.Schema, Schema, len(p.Data), m.size(n))
	}
	return p.Data, nil
}

// isListTopic tells manifests and parts from what belongs to terminals.
func isListTopic(topic string) (list, isPart bool) {
	tail, list := strings.CutPrefix(topic, listRoot)
	return list, strings.Contains(tail, "/")
}
