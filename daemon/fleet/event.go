package fleet

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Schema is the version of every JSON payload this package writes. It grows when a field changes its
// meaning or goes; new fields alone do not change it.
const Schema = 1

// Event is a journal entry on the wire, topic te/device/<terminal>///e/<kind>.
//
// (Boot, Sequence) orders events and is the same for every delivery of an entry: a subscriber drops
// what it has seen. Previous equals Hash of the event before, so omission and reordering show.
type Event struct {
	Schema   int             `json:"schema"`
	Terminal string          `json:"terminal"`
	Boot     uint64          `json:"boot"`
	Sequence uint64          `json:"sequence"`
	Time     time.Time       `json:"time"`
	Clock    string          `json:"clock"`
	Kind     string          `json:"kind"`
	Previous string          `json:"previous"` // 64 hex digits
	Hash     string          `json:"hash"`     // 64 hex digits
	Data     json.RawMessage `json:"data,omitempty"`
	// Omitted says why Data is missing though the entry has content to send.
	Omitted string `json:"omitted,omitempty"`
}

// Position gives the event's place in its terminal's journal.
func (e Event) Position() Position { return Position{Boot: e.Boot, Sequence: e.Sequence} }

// NewEvent makes the event of an entry. An entry that cannot be sent as it is (payload that is no JSON
// or longer than limit bytes) must not block those behind it: it goes out with Omitted instead of Data.
func NewEvent(terminal string, e Entry, limit int) Event {
	ev := Event{
		Schema: Schema, Terminal: terminal, Boot: e.Boot, Sequence: e.Sequence,
		Time: e.Wall.UTC(), Clock: e.Clock, Kind: kindLevel(e.Kind),
		Previous: hex.EncodeToString(e.Previous[:]), Hash: hex.EncodeToString(e.Hash[:]),
	}
	switch {
	case len(e.Payload) == 0:
	case len(e.Payload) > limit:
		ev.Omitted = fmt.Sprintf("%d bytes, limit %d", len(e.Payload), limit)
	case !json.Valid(e.Payload):
		ev.Omitted = "not JSON"
	default:
		ev.Data = e.Payload
	}
	return ev
}

// Encode gives the event's JSON.
func (e Event) Encode() ([]byte, error) { return EncodeJSON(e) }

// DecodeEvent reads an event back, for subscribers.
func DecodeEvent(b []byte) (Event, error) {
	var e Event
	if err := json.Unmarshal(b, &e); err != nil {
		return Event{}, fmt.Errorf("fleet: event: %w", err)
	}
	if e.Schema != Schema {
		return Event{}, fmt.Errorf("fleet: event: schema %d, this program reads %d", e.Schema, Schema)
	}
	return e, nil
}

// kindLevel makes a kind fit to be the last level of a topic.
func kindLevel(kind string) string {
	if ValidLevel(kind, MaxLevel) {
		return kind
	}
	return "other"
}

// EncodeJSON is json.Marshal without the HTML escapes, which only lengthen what no browser reads raw.
func EncodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("fleet: encode: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Position is the place of an entry in the journal: the terminal's boot counter and the entry's
// number within the journal. Positions only grow; the zero Position stands before the first entry.
type Position struct {
	Boot     uint64
	Sequence uint64
}

// Compare orders positions: by boot, then by sequence.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Boot, q.Boot), cmp.Compare(p.Sequence, q.Sequence))
}

// String gives "boot/sequence".
func (p Position) String() string { return fmt.Sprintf("%d/%d", p.Boot, p.Sequence) }

// Entry is one journal entry as the fleet may see it.
type Entry struct {
	Position
	Wall  time.Time // the terminal's wall clock when the entry was committed
	Clock string    // trust in that clock, e.g. "ntp", "rtc", "unknown"
	Kind  string    // what happened, e.g. "passage"; also the last level of the topic
	// Payload is one JSON value, already without biometrics and identity numbers in clear; nil for an
	// entry whose content stays on the terminal (kind and hashes are still sent, so the chain stays whole).
	Payload  []byte
	Previous [32]byte // hash of the entry before this one
	Hash     [32]byte // hash of this entry, over content that may be richer than Payload
}
