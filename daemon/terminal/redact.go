package terminal

import (
	"encoding/json"
	"time"

	"umbral/daemon/passage"
	"umbral/daemon/store"
)

// Kinds of journal entries that the terminal itself writes, beside those of passage and store.
const (
	entryStart   = "start"           // the program started
	entryStop    = "stop"            // and was told to stop
	entryCommand = "command-refused" // a command was not carried out
	entryStatus  = "command-status"  // somebody asked how the terminal is
	entryEnrol   = "enrol"           // somebody was enrolled
	entryOutage  = "journal-outage"  // entries could not be written for a while
)

// publicPassage is what leaves the terminal of a decision: no template, no score, no name, no number. Person is a
// pseudonym.
type publicPassage struct {
	Passage    string           `json:"passage"`
	Verdict    passage.Verdict  `json:"verdict"`
	Reasons    []passage.Reason `json:"reasons"`
	Text       string           `json:"text"`
	Person     string           `json:"person,omitempty"`
	Command    string           `json:"command,omitempty"`
	DurationMS int64            `json:"duration_ms"`
	Policy     string           `json:"policy"`
	Frames     int              `json:"frames_matched,omitempty"`
	LiveFrames int              `json:"frames_live,omitempty"`
}

// publish gives the content of an entry that may leave the terminal; nil where nothing may.
func (r *register) publish(e store.Entry) []byte {
	var public any
	switch e.Kind {
	case passage.EntryPassage, passage.EntryCommand, passage.EntryExit, passage.EntryReview:
		record, err := passage.DecodeRecord(e.Payload)
		if err != nil {
			return nil
		}
		public = r.publicPassage(record)
	case store.KindErase, entryEnrol:
		var who struct {
			Person     string `json:"person"`
			References int    `json:"references"`
		}
		if json.Unmarshal(e.Payload, &who) != nil {
			return nil
		}
		who.Person = r.pseudonymOf(who.Person)
		public = who
	case store.KindFile:
		var f store.FileEntry
		if json.Unmarshal(e.Payload, &f) != nil {
			return nil
		}
		f.Person, f.Reason = r.pseudonymOf(f.Person), "" // a reason in a clerk's words may name the person
		public = f
	case store.KindReview, store.KindList, passage.EntryAlert, entryStart, entryStop, entryCommand, entryStatus, entryOutage, store.KindGap, store.KindRecovery, store.KindDoubt, store.KindClock:
		return e.Payload
	default:
		return nil
	}
	payload, err := json.Marshal(public)
	if err != nil {
		return nil
	}
	return payload
}

func (r *register) publicPassage(p *passage.Record) publicPassage {
	public := publicPassage{
		Passage: p.Passage.String(), Verdict: p.Verdict, Reasons: p.Reasons, Person: r.pseudonymOf(p.Person), Command: p.Command,
		DurationMS: int64(p.Duration / time.Millisecond), Policy: p.Rules.Policy.String(),
	}
	if len(p.Reasons) > 0 {
		public.Text = p.Reasons[0].Text()
	}
	if p.Face != nil {
		public.Frames = p.Face.Matched
	}
	if p.Live != nil {
		public.LiveFrames = p.Live.Frames
	}
	return public
}
