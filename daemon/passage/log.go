package passage

import (
	"encoding/binary"
	"errors"
	"fmt"

	"umbral/config/policy"
)

// The log of a passage: one entry an observation.
//
//	entry = time since the entry before, uvarint nanoseconds
//	        kind, 1 byte
//	        content by kind; numbers that may be negative are zigzag varints, names are uvarint length and bytes
//	person = 0 none, 1…n the nth person named in this log, 255 a new one, whose name follows
//
// What later versions added is announced by bits that were zero before, so that older logs still read.
//
// Only what can change the outcome is in it: frames, evidence and clock while the passage collects; the camera's loss;
// a commit that failed; and a tick where nothing but time ended the passage. Everything else (ticks, door, exit,
// commands) leaves the passage as it was, so that leaving it out changes nothing.
const (
	maxLog         = 32 << 10 // bytes
	maxObservation = 512      // bytes; a test holds the largest one against it
	maxPersons     = 15       // named by number; a further one is written out each time
	newPerson      = 255
)

// recorder writes a log into a buffer of fixed size.
type recorder struct {
	buf      []byte
	last     Instant
	sequence uint64
	count    int
	people   people
}

// people numbers the persons of a log in the order in which they appear.
type people struct {
	names [maxPersons]string
	n     int
}

func (p *people) find(person string) (code byte, found bool) {
	if person == "" {
		return 0, true
	}
	for i := range p.n {
		if p.names[i] == person {
			return byte(i + 1), true
		}
	}
	return newPerson, false
}

func (p *people) add(person string) {
	if p.n < maxPersons {
		p.names[p.n] = person
		p.n++
	}
}

func newRecorder(size int) recorder { return recorder{buf: make([]byte, 0, size)} }

func (r *recorder) reset() { *r = recorder{buf: r.buf[:0]} }

// full reports whether the log may have no room for another observation, and one more that says how it ended.
func (r *recorder) full() bool { return len(r.buf)+2*maxObservation > cap(r.buf) }

// add appends an observation made at an instant since the passage's begin.
func (r *recorder) add(at Instant, o *Observation) {
	b := binary.AppendUvarint(r.buf, uint64(at-r.last))
	r.last = at
	r.count++
	b = append(b, byte(o.Kind))
	switch o.Kind {
	case ObserveFrame:
		b = r.frame(b, &o.Frame)
	case ObserveEvidence:
		e := &o.Evidence
		b = append(b, byte(e.Kind), byte(e.Outcome)|bit(e.Reference, logReference))
		b = binary.AppendVarint(b, int64(e.Score))
		b = appendName(appendName(b, e.Subject), e.Detail)
	case ObserveClock:
		b = binary.AppendVarint(append(b, byte(o.Clock.Trust)|bit(o.Clock.Offset != 0, logOffset)), o.Clock.Wall)
		if o.Clock.Offset != 0 {
			b = binary.AppendVarint(b, int64(o.Clock.Offset))
		}
	case ObserveCamera, ObserveInterlock:
		b = append(b, bit(o.Up, 1))
	case ObserveStanding:
		b = appendStanding(b, &o.Standing)
	case ObserveReviewed:
		v := &o.Reviewed
		b = binary.AppendUvarint(binary.AppendUvarint(b, v.Passage.Boot), v.Passage.Number)
		b = appendName(append(b, bit(v.Approve, 1)), v.Reviewer)
	case ObserveCommitted, ObserveCommitFailed:
		b = binary.AppendUvarint(b, o.Commit)
	case ObserveCommand:
		c := &o.Command
		b = appendName(appendName(appendName(b, c.Name), c.ID), c.Key)
	}
	r.buf = b
}

func (r *recorder) frame(b []byte, f *Frame) []byte {
	b = binary.AppendVarint(b, int64(f.Sequence-r.sequence))
	r.sequence = f.Sequence
	b = append(b, byte(f.Count))
	for i := range f.Count {
		face := &f.Faces[i]
		b = binary.AppendUvarint(b, uint64(face.Track))
		for _, v := range [...]int16{face.Box.X0, face.Box.Y0, face.Box.X1, face.Box.Y1, face.Pose.Yaw, face.Pose.Pitch, face.Pose.Roll} {
			b = binary.AppendVarint(b, int64(v))
		}
		b = binary.AppendUvarint(b, uint64(face.Problems))
		b = append(b, bit(face.Live.Known, 1)|bit(face.Match.Known, 2)|bit(face.Match.Claimed, logClaimed)|bit(face.Match.References != 0, logReferences)|bit(face.Match.Barred != 0, logBarred))
		if face.Live.Known {
			b = binary.AppendVarint(b, int64(face.Live.Score))
		}
		if face.Match.Known {
			code, found := r.people.find(face.Match.Person)
			b = append(b, code)
			if !found {
				b = appendName(b, face.Match.Person)
				r.people.add(face.Match.Person)
			}
			b = binary.AppendVarint(b, int64(face.Match.Score))
			b = binary.AppendVarint(b, int64(face.Match.Second))
			if face.Match.References != 0 {
				b = binary.AppendUvarint(b, uint64(face.Match.References))
			}
			if face.Match.Barred != 0 {
				b = binary.AppendVarint(b, int64(face.Match.Barred))
			}
		}
	}
	return b
}

func bit(v bool, b byte) byte {
	if v {
		return b
	}
	return 0
}

func appendName(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// logReader reads a log back. After an error it returns zero values only.
type logReader struct {
	rest     []byte
	at       Instant
	sequence uint64
	people   people
	err      error
}

var errShort = errors.New("it ends within an observation")

// next reads one observation; ok is false at the end and after an error.
func (r *logReader) next() (at Instant, o Observation, ok bool) {
	if len(r.rest) == 0 || r.err != nil {
		return 0, o, false
	}
	r.at += Instant(r.uvarint(uint64(maxInstant)))
	if r.at > maxInstant {
		r.fail(fmt.Errorf("instant %d, limit %d", r.at, maxInstant))
	}
	o.Kind = ObservationKind(r.byte(byte(observationKinds) - 1))
	switch o.Kind {
	case ObserveTick, ObserveExit, ObserveChange:
	case ObserveFrame:
		r.frame(&o.Frame)
	case ObserveEvidence:
		o.Evidence.Kind = policy.Kind(r.byte(byte(policy.Kinds) - 1))
		o.Evidence.Outcome, o.Evidence.Reference = r.outcome()
		o.Evidence.Score = r.score()
		o.Evidence.Subject, o.Evidence.Detail = r.name(), r.name()
	case ObserveClock:
		r.clock(&o.Clock)
	case ObserveStanding:
		r.standing(&o.Standing)
	case ObserveReviewed:
		o.Reviewed = Reviewed{ID{r.uvarint(1<<64 - 1), r.uvarint(1<<64 - 1)}, r.byte(1) == 1, r.name()}
	case ObserveCamera, ObserveInterlock:
		o.Up = r.byte(1) == 1
	case ObserveCommitted, ObserveCommitFailed:
		o.Commit = r.uvarint(1 << 62)
	case ObserveCommand:
		o.Command = Command{r.name(), r.name(), r.name()}
	default:
		r.fail(fmt.Errorf("observations of kind %d are not logged", o.Kind))
	}
	return r.at, o, r.err == nil
}

func (r *logReader) frame(f *Frame) {
	r.sequence += uint64(r.varint(1<<63 - 1))
	f.Sequence = r.sequence
	f.Count = int(r.byte(MaxFaces))
	for i := range f.Count {
		face := &f.Faces[i]
		face.Track = uint32(r.uvarint(1<<32 - 1))
		for _, v := range [...]*int16{&face.Box.X0, &face.Box.Y0, &face.Box.X1, &face.Box.Y1, &face.Pose.Yaw, &face.Pose.Pitch, &face.Pose.Roll} {
			*v = int16(r.varint(1<<15 - 1))
		}
		face.Problems = Problems(r.uvarint(1<<problemCount - 1))
		flags := r.byte(1 | 2 | logClaimed | logReferences | logBarred)
		if flags&2 == 0 && flags > 3 {
			r.fail(fmt.Errorf("flags %d of a face without comparison", flags))
		}
		if flags&1 != 0 {
			face.Live = Live{true, r.score()}
		}
		if flags&2 != 0 {
			face.Match = Match{Known: true, Person: r.person(), Score: r.score(), Second: r.score(), Claimed: flags&logClaimed != 0}
			if flags&logReferences != 0 {
				face.Match.References = uint32(r.uvarint(1<<32 - 1))
			}
			if flags&logBarred != 0 {
				face.Match.Barred = r.score()
			}
		}
	}
}

func (r *logReader) person() string {
	code := r.byte(newPerson)
	switch {
	case code == 0:
		return ""
	case code == newPerson:
		person := r.name()
		r.people.add(person)
		return person
	case int(code) > r.people.n:
		r.fail(fmt.Errorf("person %d of %d", code, r.people.n))
		return ""
	}
	return r.people.names[code-1]
}

func (r *logReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.rest = nil
}

func (r *logReader) byte(most byte) byte {
	if len(r.rest) == 0 {
		r.fail(errShort)
		return 0
	}
	v := r.rest[0]
	r.rest = r.rest[1:]
	if v > most {
		r.fail(fmt.Errorf("byte %d, limit %d", v, most))
		return 0
	}
	return v
}

func (r *logReader) uvarint(most uint64) uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail(errShort)
		return 0
	}
	r.rest = r.rest[n:]
	if v > most {
		r.fail(fmt.Errorf("number %d, limit %d", v, most))
		return 0
	}
	return v
}

// varint reads a number from -most-1 to most.
func (r *logReader) varint(most int64) int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail(errShort)
		return 0
	}
	r.rest = r.rest[n:]
	if v > most || v < -most-1 {
		r.fail(fmt.Errorf("number %d, limit %d", v, most))
		return 0
	}
	return v
}

func (r *logReader) score() Score { return Score(r.varint(int64(MaxScore))).clamp() }

func (r *logReader) name() string {
	n := int(r.uvarint(MaxName))
	if n > len(r.rest) {
		r.fail(errShort)
		return ""
	}
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	if !validName(s) {
		r.fail(fmt.Errorf("name %q is no UTF-8", s))
		return ""
	}
	return s
}
