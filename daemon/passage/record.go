package passage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"umbral/config/policy"
)

// RecordSchema is the version of Record, of the log in it, and of Alert.
const RecordSchema = 1

// MaxRecord bounds a record's JSON, in bytes: 32 KiB of log are 43 KiB of
// base64, and rules and names take at most 18 KiB when each of their characters has to be escaped.
const MaxRecord = 64 << 10

// Record is the journal's entry for one decision: what was decided, by which rules, from which observations. Its fields
// up to Live are for readers; a replay uses Rules, Start and Log, and has to come to the same bytes.
//
// The log is bounded: a passage whose log is full (after some 700 frames with one face, or 200 with four) is denied
// with the reason record-full.
type Record struct {
	Schema   int           `json:"schema"`
	Passage  ID            `json:"passage"`
	Verdict  Verdict       `json:"verdict"`
	Reasons  []Reason      `json:"reasons"`
	Person   string        `json:"person,omitempty"`    // granted, or recognised although denied
	Guardian string        `json:"guardian,omitempty"`  // who vouched for a minor
	LLR      Score         `json:"llr,omitempty"`       // of the comparisons together, where the policy asks for a total FMR
	TotalFMR float64       `json:"total_fmr,omitempty"` // that they prove
	Command  string        `json:"command,omitempty"`   // id of the fleet's command
	Clock    RecordClock   `json:"clock"`               // at the begin
	Duration time.Duration `json:"duration"`            // from begin to verdict, nanoseconds
	Face     *RecordFace   `json:"face,omitempty"`
	Live     *RecordLive   `json:"live,omitempty"`
	Rules    Rules         `json:"rules"`
	Start    Start         `json:"start"`
	Count    int           `json:"observations"`
	Log      []byte        `json:"log"` // see the comment on logs in log.go; base64 in JSON
}

// RecordClock is what the terminal's wall clock said.
type RecordClock struct {
	Trust policy.Trust `json:"trust"`
	Wall  int64        `json:"wall"` // Unix time in microseconds
	// Offset is that of the local time zone, in minutes.
	Offset int16 `json:"offset,omitempty"`
}

// RecordFace sums up the comparisons.
type RecordFace struct {
	Matched   int   `json:"matched"`   // frames that matched Person
	Unmatched int   `json:"unmatched"` // frames that matched nobody
	Best      Score `json:"best"`      // highest similarity with Person, millionths
}

// RecordLive sums up the liveness scores, in millionths.
type RecordLive struct {
	Frames int   `json:"frames"`
	Mean   Score `json:"mean"`
	Min    Score `json:"min"`
	Spread Score `json:"spread"` // standard deviation
}

// Start is what the machine knew at the begin and needs in order to decide the same again.
type Start struct {
	Cause string `json:"cause"`           // the kind of entry
	Track uint32 `json:"track,omitempty"` // the subject's
	// Regrant is until when Person was not to be let through again, in nanoseconds since the begin; 0 where nothing stood
	// against it.
	Regrant Instant `json:"regrant,omitempty"`
	// Interlock says that another door was open.
	Interlock bool `json:"interlock,omitempty"`
	// Person is whom a review is about; Claimed says that they were recognised by a document's reference.
	Person  string `json:"person,omitempty"`
	Claimed bool   `json:"claimed,omitempty"`
}

// record returns the description of an opening's decision.
func (m *Machine) record(now Instant, cause int, v Verdict, reasons []Reason) *Record {
	o := &m.openings[cause]
	r := &Record{
		Schema: RecordSchema, Passage: o.id, Verdict: v, Reasons: reasons, Command: o.command,
		Clock: RecordClock{o.clock.trust, o.clock.wall, o.clock.offset}, Duration: now.Sub(o.began),
		Rules: m.rules, Start: Start{Cause: o.entry, Interlock: o.interlocked}, Count: o.log.count, Log: o.log.buf,
	}
	if cause == forReview {
		r.Start.Track, r.Start.Person, r.Person = m.review.track, m.review.person, m.review.person
		r.Start.Claimed = m.review.claimed
		return r
	}
	if cause != forPassage {
		return r
	}
	a := &m.now
	r.Start.Track = a.track
	r.Person = m.subject()
	if len(reasons) > 1 && reasons[1] == ReasonGuardianPresent {
		r.Guardian = a.guardian.person
	}
	if _, asked := m.policy.TotalFMR(); asked {
		e, _, _ := m.evidences()
		s := m.fuse(&e)
		r.LLR, r.TotalFMR = s.LLR, s.FMR
	}
	if until := m.grantedUntil(r.Person); until > o.began {
		r.Start.Regrant = until - o.began
	}
	if a.matched+a.unmatched > 0 {
		r.Face = &RecordFace{a.matched, a.unmatched, a.best}
	}
	if a.live.frames > 0 {
		r.Live = &RecordLive{a.live.frames, a.live.mean(), a.live.min, a.live.spread()}
	}
	return r
}

func (r *Record) encode() []byte {
	data, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("passage: a record of plain values cannot be encoded: %v", err))
	}
	return data
}

// DecodeRecord returns the record of its JSON, read strictly: unknown fields, another schema, rules that New would
// refuse and a log that cannot be read are errors.
func DecodeRecord(data []byte) (*Record, error) {
	r, err := decodeRecord(data)
	if err != nil {
		return nil, fmt.Errorf("passage: record: %w", err)
	}
	return r, nil
}

func decodeRecord(data []byte) (*Record, error) {
	if len(data) > MaxRecord {
		return nil, fmt.Errorf("%d bytes, limit %d", len(data), MaxRecord)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var r Record
	if err := d.Decode(&r); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, errors.New("something follows the JSON object")
	}
	if r.Schema != RecordSchema {
		return nil, fmt.Errorf("schema %d, this program reads %d", r.Schema, RecordSchema)
	}
	if err := r.Rules.Check(); err != nil {
		return nil, err
	}
	if len(r.Log) > maxLog {
		return nil, fmt.Errorf("log of %d bytes, limit %d", len(r.Log), maxLog)
	}
	if w := r.Clock.Wall; w > maxWall || w < -maxWall {
		return nil, fmt.Errorf("wall clock %d, limit %d", w, maxWall)
	}
	if o := r.Clock.Offset; o > maxOffset || o < -maxOffset {
		return nil, fmt.Errorf("time zone of %d minutes, limit %d", o, maxOffset)
	}
	if !validName(r.Start.Person) || r.Start.Cause == EntryReview && !r.Rules.Review.on() {
		return nil, errors.New("a review that the rules do not know, or whose person has no valid name")
	}
	if r.Start.Regrant < 0 || r.Start.Regrant > maxInstant {
		return nil, fmt.Errorf("regrant %d, allowed 0 to %d", r.Start.Regrant, maxInstant)
	}
	n := 0
	for range r.Observations() {
		n++
	}
	if err := r.logError(); err != nil {
		return nil, err
	}
	if n != r.Count {
		return nil, fmt.Errorf("%d observations in the log, %d announced", n, r.Count)
	}
	return &r, nil
}

// Observations returns each observation of the log with its time since the passage's begin, up to the first that cannot
// be read.
func (r *Record) Observations() func(yield func(Instant, Observation) bool) {
	return func(yield func(Instant, Observation) bool) {
		l := logReader{rest: r.Log}
		for {
			at, o, ok := l.next()
			if !ok || !yield(at, o) {
				return
			}
		}
	}
}

func (r *Record) logError() error {
	l := logReader{rest: r.Log}
	for {
		if _, _, ok := l.next(); !ok {
			if l.err != nil {
				return fmt.Errorf("log: %w", l.err)
			}
			return nil
		}
	}
}
