package passage

import "fmt"

// Rename returns a record of a decision with every person in it renamed: the one it names, and those of its observations,
// whether enrolled or not. It replays to the same verdict as before, as long as name keeps different people apart. The
// record itself is returned where no name changes. A record whose log is all but full is refused: when a passage ends as
// ReasonRecordFull depends on how long the names are.
func Rename(record []byte, name func(person string) string) ([]byte, error) {
	r, err := DecodeRecord(record)
	if err != nil {
		return nil, err
	}
	changed := false
	rename := func(person *string) {
		if *person == "" {
			return
		}
		to := name(*person)
		changed = changed || to != *person
		*person = to
	}
	rename(&r.Person)
	rename(&r.Guardian)
	rename(&r.Start.Person)
	log := newRecorder(len(r.Log) + maxObservation)
	for at, o := range r.Observations() {
		for i := range o.Frame.Count {
			rename(&o.Frame.Faces[i].Match.Person)
		}
		rename(&o.Evidence.Subject)
		rename(&o.Standing.Person)
		for i := range o.Standing.Guardians {
			rename(&o.Standing.Guardians[i])
		}
		log.add(at, &o)
	}
	if !changed {
		return record, nil
	}
	if n, limit := max(len(r.Log), len(log.buf)), maxLog-2*maxObservation; n > limit {
		return nil, fmt.Errorf("passage: rename: log of %d bytes, limit %d", n, limit)
	}
	r.Log = log.buf
	if out := r.encode(); len(out) <= MaxRecord {
		return out, nil
	}
	return nil, fmt.Errorf("passage: rename: record longer than %d bytes", MaxRecord)
}
