package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"go.etcd.io/bbolt"
)

// Reference is one stored biometric template of a person: Template for a face, Data for anything else.
type Reference struct {
	Number   uint32    // given by the store, from 1, unique for the person
	Kind     Kind      // empty means KindFace
	Template []float32 // of a face: 1 to MaxTemplate finite values
	Data     []byte    // of another kind: 1 to MaxData bytes in the format that Model names
	Position uint8     // which finger, by ISO/IEC 19794-2 table 2: 1 right thumb to 10 left little finger; 0 unknown
	Model    string    // which model made it (its hash), or the format and its version: 1 to 64 bytes
	Source   string    // where the sample came from: up to 128 bytes
	Quality  float32   // finite; higher is better
	Created  time.Time
	Ended    bool // set by References: the consent to it has ended, and it must not be used
}

// Kind is what a reference is a template of.
type Kind string

// The kinds.
const (
	KindFace   Kind = "face"
	KindFinger Kind = "finger"
)

// Limits of a reference.
const (
	MaxTemplate = 4096    // values
	MaxData     = 8 << 10 // bytes
	MaxPosition = 10
	MaxModel    = 64  // bytes
	MaxSource   = 128 // bytes
)

func (r *Reference) validate() error {
	r.Kind = cmp.Or(r.Kind, KindFace)
	switch {
	case r.Kind != KindFace && r.Kind != KindFinger:
		return fmt.Errorf("store: %w: reference of kind %.20q, allowed %q, %q",
			ErrInvalid, r.Kind, KindFace, KindFinger)
	case r.Kind == KindFace && (len(r.Template) == 0 || len(r.Template) > MaxTemplate || len(r.Data) > 0 || r.Position != 0):
		return fmt.Errorf("store: %w: face template of %d values, limit 1 to %d, with %d bytes of data and position %d, limit 0",
			ErrInvalid, len(r.Template), MaxTemplate, len(r.Data), r.Position)
	case r.Kind != KindFace && (len(r.Data) == 0 || len(r.Data) > MaxData || len(r.Template) > 0 || r.Position > MaxPosition):
		return fmt.Errorf("store: %w: %s template of %d bytes, limit 1 to %d, with %d values, limit 0, at position %d, limit %d",
			ErrInvalid, r.Kind, len(r.Data), MaxData, len(r.Template), r.Position, MaxPosition)
	case len(r.Model) == 0 || len(r.Model) > MaxModel:
		return fmt.Errorf("store: %w: model of %d bytes, limit 1 to %d", ErrInvalid, len(r.Model), MaxModel)
	case len(r.Source) > MaxSource:
		return fmt.Errorf("store: %w: source of %d bytes, limit %d", ErrInvalid, len(r.Source), MaxSource)
	case !finite(r.Quality):
		return fmt.Errorf("store: %w: quality %v", ErrInvalid, r.Quality)
	}
	for i, v := range r.Template {
		if !finite(v) {
			return fmt.Errorf("store: %w: template value %d is %v", ErrInvalid, i, v)
		}
	}
	return nil
}

func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

// Versions of a stored reference.
const (
	referenceFace  = 1
	referenceOther = 2
)

// encode: version byte, created i64 ns, quality f32, model and source each behind a length byte; then of a face the u32
// count and the values f32, of another kind the kind behind a length byte, the position byte, the u32 length and the
// data; big-endian.
func (r *Reference) encode() []byte {
	b := make([]byte, 1, 64+len(r.Model)+len(r.Source)+4*len(r.Template)+len(r.Data))
	b = binary.BigEndian.AppendUint64(b, uint64(nanoseconds(r.Created)))
	b = binary.BigEndian.AppendUint32(b, math.Float32bits(r.Quality))
	b = append(append(b, byte(len(r.Model))), r.Model...)
	b = append(append(b, byte(len(r.Source))), r.Source...)
	if r.Kind != KindFace {
		b[0] = referenceOther
		b = append(append(b, byte(len(r.Kind))), r.Kind...)
		b = append(b, r.Position)
		b = binary.BigEndian.AppendUint32(b, uint32(len(r.Data)))
		return append(b, r.Data...)
	}
	b[0] = referenceFace
	b = binary.BigEndian.AppendUint32(b, uint32(len(r.Template)))
	for _, v := range r.Template {
		b = binary.BigEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// decodeReference reads what encode wrote and holds it to the same limits. Arbitrary bytes give an error.
func decodeReference(b []byte) (Reference, error) {
	bad := func(what string) (Reference, error) {
		return Reference{}, fmt.Errorf("store: %w: reference: %s", ErrDamaged, what)
	}
	const fixed = 1 + 8 + 4
	if len(b) < fixed || b[0] != referenceFace && b[0] != referenceOther {
		return bad("unknown version")
	}
	version, created := b[0], int64(binary.BigEndian.Uint64(b[1:]))
	if created < 0 {
		return bad("time before 1970")
	}
	r := Reference{Kind: KindFace, Created: instant(created), Quality: math.Float32frombits(binary.BigEndian.Uint32(b[9:]))}
	b = b[fixed:]
	var kind string
	fields := []*string{&r.Model, &r.Source, &kind}
	if version == referenceFace {
		fields = fields[:2]
	}
	for _, to := range fields {
		if len(b) < 1 || len(b) < 1+int(b[0]) {
			return bad("cut off")
		}
		*to, b = string(b[1:1+int(b[0])]), b[1+int(b[0]):]
	}
	size := uint64(4)
	if version == referenceOther {
		if len(b) < 1 || kind == "" || Kind(kind) == KindFace {
			return bad("kind")
		}
		r.Kind, r.Position, b, size = Kind(kind), b[0], b[1:], 1
	}
	if len(b) < 4 || uint64(len(b)-4) != size*uint64(binary.BigEndian.Uint32(b)) || len(b)-4 > max(4*MaxTemplate, MaxData) {
		return bad("template length")
	}
	b = b[4:]
	if version == referenceOther {
		r.Data = bytes.Clone(b)
	} else {
		r.Template = make([]float32, len(b)/4)
		for i := range r.Template {
			r.Template[i] = math.Float32frombits(binary.BigEndian.Uint32(b[4*i:]))
		}
	}
	if err := r.validate(); err != nil {
		return bad(err.Error())
	}
	return r, nil
}

func referenceKey(tag []byte, number uint32) []byte {
	return binary.BigEndian.AppendUint32(bytes.Clone(tag), number)
}

// referenceKeys are the keys of a person's references, by number.
func referenceKeys(b *bbolt.Bucket, tag []byte) [][]byte {
	var keys [][]byte
	c := b.Cursor()
	for k, _ := c.Seek(tag); bytes.HasPrefix(k, tag); k, _ = c.Next() {
		keys = append(keys, bytes.Clone(k))
	}
	return keys
}

func (c *change) putReference(b box, tag []byte, r Reference) error {
	if err := c.spare(4*len(r.Template) + len(r.Data)); err != nil {
		return err
	}
	key := referenceKey(tag, r.Number)
	return c.tx.Bucket([]byte(bucketReferences)).Put(key, b.seal(bucketReferences, key, r.encode()))
}

func openReferences(tx *bbolt.Tx, k *keys, tag []byte) ([]Reference, error) {
	own, err := personBox(tx, k, tag)
	if err != nil {
		return nil, err
	}
	bucket := tx.Bucket([]byte(bucketReferences))
	var out []Reference
	for _, key := range referenceKeys(bucket, tag) {
		if len(key) != tagSize+4 {
			return nil, fmt.Errorf("store: %w: reference key of %d bytes", ErrDamaged, len(key))
		}
		plain, err := own.open(bucketReferences, key, bucket.Get(key))
		if err != nil {
			return nil, err
		}
		r, err := decodeReference(plain)
		if err != nil {
			return nil, err
		}
		r.Number = binary.BigEndian.Uint32(key[tagSize:])
		out = append(out, r)
	}
	return out, nil
}

// AddReference adds a reference to a person and returns its number; r.Number is not used. ErrNotFound if there is no
// such person, ErrFull at Opts.ReferencesPerPerson or when the file is needed for the journal.
func (s *Store) AddReference(id string, r Reference) (uint32, error) {
	if err := r.validate(); err != nil {
		return 0, err
	}
	err := s.commit(func(c *change) error {
		tag := s.keys.tag(id)
		own, err := personBox(c.tx, s.keys, tag)
		if err != nil {
			return fmt.Errorf("%w (%q)", err, id)
		}
		have := referenceKeys(c.tx.Bucket([]byte(bucketReferences)), tag)
		if len(have) >= s.opts.ReferencesPerPerson {
			return fmt.Errorf("store: %w: person %q has %d references, limit %d",
				ErrFull, id, len(have), s.opts.ReferencesPerPerson)
		}
		if r.Kind == KindFace && s.opts.Faces < s.opts.People {
			refs, err := openReferences(c.tx, s.keys, tag)
			if err != nil {
				return err
			}
			if err := c.admitFaces(refs, []Reference{r}); err != nil {
				return err
			}
		}
		r.Number = 1
		if n := len(have); n > 0 {
			r.Number = binary.BigEndian.Uint32(have[n-1][tagSize:]) + 1
		}
		c.done = append(c.done, s.peopleChanged)
		return c.putReference(own, tag, r)
	})
	if err != nil {
		return 0, err
	}
	return r.Number, nil
}

// RemoveReference removes one reference of a person, or gives ErrNotFound. The bytes stay in freed pages, sealed, until
// they are reused; erasing the person is what destroys them.
func (s *Store) RemoveReference(id string, number uint32) error {
	return s.commit(func(c *change) error {
		b := c.tx.Bucket([]byte(bucketReferences))
		key := referenceKey(s.keys.tag(id), number)
		if b.Get(key) == nil {
			return fmt.Errorf("store: %w: person %q has no reference %d", ErrNotFound, id, number)
		}
		c.done = append(c.done, s.peopleChanged, s.forgetFaces)
		return b.Delete(key)
	})
}

// References returns a person's references by number, also those whose consent has ended, which must not be used; none
// is not an error, an unknown person is ErrNotFound.
func (s *Store) References(id string) ([]Reference, error) {
	now, _, err := s.reading()
	if err != nil {
		return nil, err
	}
	var out []Reference
	err = s.read(func(tx *bbolt.Tx) (err error) {
		tag := s.keys.tag(id)
		if out, err = openReferences(tx, s.keys, tag); err != nil || len(out) == 0 {
			return err
		}
		f, err := openFile(tx, s.keys, tag)
		if err != nil {
			return err
		}
		for i := range out {
			out[i].Ended = f.consentEnded(out[i].Kind, now)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w (%q)", err, id)
	}
	return out, nil
}

// EachReference calls fn for every reference of a kind of every person, person by person, to fill a gallery; it leaves
// out those whose consent has ended. An error of fn ends it and is returned. People whose record or references are
// damaged are left out and named in the error at the end.
func (s *Store) EachReference(kind Kind, fn func(p Person, r Reference) error) error {
	people, err := s.People()
	damaged := []error{err}
	for _, p := range people {
		refs, err := s.References(p.ID)
		if errors.Is(err, ErrNotFound) {
			continue // erased meanwhile
		}
		if err != nil {
			damaged = append(damaged, err)
		}
		for _, r := range refs {
			if r.Kind != kind || r.Ended {
				continue
			}
			if err := fn(p, r); err != nil {
				return err
			}
		}
	}
	return errors.Join(damaged...)
}
