package passage

import (
	"encoding/binary"
	"fmt"

	"umbral/config/policy"
)

// Bits in the log that announce what the first version did not have.
const (
	logReference  = 0x80 // of an outcome: the evidence brings a reference
	logOffset     = 0x80 // of a trust: the time zone's offset follows the wall clock
	logClaimed    = 4    // of a face's flags: it was compared with a document's reference
	logReferences = 8    // the number of references follows the scores
	logBarred     = 16   // the similarity to somebody who is barred follows
)

func (r *logReader) outcome() (o Outcome, reference bool) {
	v := r.byte(byte(Doubtful) | logReference)
	o, reference = Outcome(v&^logReference), v&logReference != 0
	if o > Doubtful {
		r.fail(fmt.Errorf("outcome %d, limit %d", o, Doubtful))
	}
	return o, reference
}

func (r *logReader) clock(c *Clock) {
	v := r.byte(byte(policy.TrustNTP) | logOffset)
	if c.Trust = policy.Trust(v &^ logOffset); c.Trust > policy.TrustNTP {
		r.fail(fmt.Errorf("trust %d, limit %d", c.Trust, policy.TrustNTP))
	}
	c.Wall = r.varint(maxSetWall)
	if v&logOffset != 0 {
		c.Offset = int16(r.varint(int64(maxOffset)))
	}
}

func appendStanding(b []byte, s *Standing) []byte {
	b = append(appendName(b, s.Person), byte(s.Marks), bit(s.BornKnown, 1))
	for _, v := range []int64{int64(s.Born), s.From, s.Until} {
		b = binary.AppendVarint(b, v)
	}
	for _, g := range s.Guardians {
		b = appendName(b, g)
	}
	b = append(b, byte(s.WindowCount))
	for _, w := range s.Windows[:s.WindowCount] {
		b = binary.AppendUvarint(binary.AppendUvarint(append(b, w.Days), uint64(w.From)), uint64(w.Until))
	}
	return b
}

func (r *logReader) standing(s *Standing) {
	s.Person = r.name()
	s.Marks, s.BornKnown = Marks(r.byte(1<<markCount-1)), r.byte(1) == 1
	s.Born, s.From, s.Until = int32(r.varint(1<<31-1)), r.varint(maxSetWall), r.varint(maxSetWall)
	for i := range s.Guardians {
		s.Guardians[i] = r.name()
	}
	s.WindowCount = int(r.byte(MaxWindows))
	for i := range s.WindowCount {
		s.Windows[i] = policy.Window{Days: r.byte(1<<7 - 1), From: uint16(r.uvarint(policy.MinutesOfDay)), Until: uint16(r.uvarint(policy.MinutesOfDay))}
	}
}
