package journal

import (
	"encoding/json"
	"time"

	"umbral/daemon/passage"
	"umbral/daemon/store"
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

// public returns the content of an entry that may leave the terminal, nil where nothing may.
func public(e store.Entry, pseudonym func(string) string) []byte {
	var public any
	switch e.Kind {
	case passage.EntryPassage, passage.EntryCommand, passage.EntryExit, passage.EntryReview:
		record, err := passage.DecodeRecord(e.Payload)
		if err != nil {
			return nil
		}
		public = publicPassageOf(record, pseudonym)
	case store.KindErase, EntryEnrol:
		var who struct {
			Person     string `json:"person"`
			References int    `json:"references"`
		}
		if json.Unmarshal(e.Payload, &who) != nil {
			return nil
		}
		who.Person = pseudonym(who.Person)
		public = who
	case store.KindFile:
		var f store.FileEntry
		if json.Unmarshal(e.Payload, &f) != nil {
			return nil
		}
		f.Person, f.Reason = pseudonym(f.Person), "" // a reason in a clerk's words may name the person
		public = f
	case store.KindReview, store.KindList, store.KindGap, store.KindRecovery, store.KindDoubt, store.KindClock, passage.EntryAlert,
		EntryStart, EntryStop, EntryCommandRefused, EntryCommandStatus, EntryOutage:
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

func publicPassageOf(p *passage.Record, pseudonym func(string) string) publicPassage {
	public := publicPassage{
		Passage: p.Passage.String(), Verdict: p.Verdict, Reasons: p.Reasons, Person: pseudonym(p.Person), Command: p.Command,
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
