package desk

import (
	"umbral/daemon/passage"
	"umbral/daemon/store"
)

// Replayed is one journalled decision and what deciding it again gave.
type Replayed struct {
	Position store.Position   `json:"position"`
	Kind     string           `json:"kind"`
	Passage  string           `json:"passage"`
	Verdict  passage.Verdict  `json:"verdict"`
	Reasons  []passage.Reason `json:"reasons"`
	Person   string           `json:"person,omitempty"`
	Count    int              `json:"observations"`
	Again    passage.Verdict  `json:"again"`
	Same     bool             `json:"same"` // every byte of the record came out again
	Error    string           `json:"error,omitempty"`
}

// replay decides every journalled passage of a store again and shows each to fn.
func replay(s *store.Store, fn func(Replayed) error) error {
	return decisions(s, func(e store.Entry) error { return fn(Again(e)) })
}

// Again decides a journalled passage again.
func Again(e store.Entry) Replayed {
	r := Replayed{Position: e.Position, Kind: e.Kind}
	record, err := passage.DecodeRecord(e.Payload)
	if err != nil {
		r.Error = err.Error()
		return r
	}
	r.Passage, r.Verdict, r.Reasons, r.Person, r.Count = record.Passage.String(), record.Verdict, record.Reasons, record.Person, record.Count
	if r.Again, _, err = passage.Replay(e.Payload); err == nil {
		err = passage.Verify(e.Payload)
	}
	r.Same = err == nil
	if err != nil {
		r.Error = err.Error()
	}
	return r
}
