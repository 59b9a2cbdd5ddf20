package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
)

func TestPeopleAndReferences(t *testing.T) {
	dir, o := t.TempDir(), testOpts()
	s := opened(t, dir, o)
	ada := Person{ID: "ada@example.org", Name: "Ada Löwe", Created: instant(5), Fields: json.RawMessage(`{"note":"x"}`)}
	if err := s.Enrol(ada, []Reference{reference(1, 512), reference(2, 512)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Enrol(ada, nil); !errors.Is(err, ErrExists) {
		t.Errorf("enrolled twice: %v", err)
	}
	if err := s.PutPerson(person(1)); err != nil {
		t.Fatal(err)
	}
	n, err := s.AddReference(ada.ID, reference(3, 4))
	if err != nil || n != 3 {
		t.Fatalf("third reference is %d, %v", n, err)
	}
	if err := s.RemoveReference(ada.ID, 2); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveReference(ada.ID, 2); !errors.Is(err, ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	ada.Status, ada.Name = StatusSuspended, "Ada"
	if err := s.PutPerson(ada); err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	s = opened(t, dir, o)
	people, err := s.People()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Person{ada, person(1)}, people); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	first, third := reference(1, 512), reference(3, 4)
	first.Number, third.Number = 1, 3
	var each []Reference
	err = s.EachReference(KindFace, func(p Person, r Reference) error {
		if p.ID != ada.ID {
			t.Errorf("reference of %v", p)
		}
		each = append(each, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Reference{first, third}, each); diff != "" {
		t.Errorf("references (-want +got):\n%s", diff)
	}
	stop := errors.New("stop")
	if err := s.EachReference(KindFace, func(Person, Reference) error { return stop }); err != stop {
		t.Errorf("an error of the caller's: %v", err)
	}
	if _, err := s.References("nobody"); !errors.Is(err, ErrNotFound) {
		t.Errorf("references of nobody: %v", err)
	}
	if _, err := s.Person("nobody"); !errors.Is(err, ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	if _, err := s.AddReference("nobody", reference(1, 1)); !errors.Is(err, ErrNotFound) {
		t.Errorf("reference for nobody: %v", err)
	}
}

func TestPeopleHaveLimits(t *testing.T) {
	o := testOpts()
	o.People, o.ReferencesPerPerson = 2, 2
	s := opened(t, t.TempDir(), o)
	for _, p := range []Person{
		{ID: ""}, {ID: strings.Repeat("i", MaxID+1)}, {ID: "a b"}, {ID: "a/b"}, {ID: "."}, {ID: ".."}, {ID: "é"},
		{ID: "a", Name: strings.Repeat("n", MaxName+1)}, {ID: "a", Name: "\xff"}, {ID: "a", Status: "gone"},
		{ID: "a", Fields: json.RawMessage("{")}, {ID: "a", Fields: make(json.RawMessage, MaxFields+1)},
	} {
		if err := s.PutPerson(p); !errors.Is(err, ErrInvalid) {
			t.Errorf("person %+v: %v", p, err)
		}
	}
	nan := float32(math.NaN())
	for _, r := range []Reference{
		{}, {Template: make([]float32, MaxTemplate+1), Model: "m"}, {Template: []float32{1}},
		{Template: []float32{nan}, Model: "m"}, {Template: []float32{1}, Model: "m", Quality: nan},
		{Template: []float32{1}, Model: strings.Repeat("m", MaxModel+1)},
		{Template: []float32{1}, Model: "m", Source: strings.Repeat("s", MaxSource+1)},
	} {
		if err := s.Enrol(person(1), []Reference{r}); !errors.Is(err, ErrInvalid) {
			t.Errorf("reference %+v: %v", r, err)
		}
	}
	if err := s.Enrol(person(1), make([]Reference, 3)); !errors.Is(err, ErrInvalid) {
		t.Errorf("too many references: %v", err)
	}
	for i := range 2 {
		if err := s.Enrol(person(i), []Reference{reference(i, 1), reference(i, 1)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.PutPerson(person(2)); !errors.Is(err, ErrFull) {
		t.Errorf("a third person: %v", err)
	}
	if _, err := s.AddReference(person(1).ID, reference(1, 1)); !errors.Is(err, ErrFull) {
		t.Errorf("a third reference: %v", err)
	}
	if st := s.Status(); st.People != 2 || st.Fault != nil {
		t.Errorf("status %+v", st)
	}
}

// TestPeopleLeaveRoomForTheJournal fills the file with people until it is full; the journal must still take its share.
// TestPeopleLeaveTwiceTheJournalsSize fills the file with people. Twice the journal's limit stays free, since bbolt
// writes a changed page to a new place before it frees the old one, and so does the room of every code and nonce.
func TestPeopleLeaveTwiceTheJournalsSize(t *testing.T) {
	o := testOpts()
	o.JournalBytes, o.FileBytes, o.Nonces, o.Replays = 4<<20, 14<<20, 1<<12, 1<<13
	s := opened(t, t.TempDir(), o)
	var full error
	for i := 0; full == nil; i++ {
		full = s.Enrol(person(i), []Reference{reference(i, MaxTemplate), reference(i, MaxTemplate), reference(i, MaxTemplate)})
	}
	var used int64
	err := s.read(func(tx *bbolt.Tx) error {
		used = tx.Size() - int64(s.db.Stats().FreePageN*tx.DB().Info().PageSize)
		return nil
	})
	codes := int64(o.Nonces+o.Replays) * (8 + 16 + sealOverhead + 16) * 2
	limit := o.FileBytes - 2*o.JournalBytes - codes - fileHeadroom/2
	if !errors.Is(full, ErrFull) || err != nil || used > limit || used < limit-200<<10 {
		t.Errorf("%v: people take %d bytes, limit %d (%v)", full, used, limit, err)
	}
}

func TestPeopleLeaveRoomForTheJournal(t *testing.T) {
	o := testOpts()
	o.JournalBytes, o.FileBytes = 1<<20, 8<<20
	s := opened(t, t.TempDir(), o)
	refs := make([]Reference, 16)
	for i := range refs {
		refs[i] = reference(i, MaxTemplate)
	}
	var err error
	n := 0
	for ; err == nil; n++ {
		err = s.Enrol(person(n), refs)
	}
	if !errors.Is(err, ErrFull) || n < 4 {
		t.Fatalf("person %d: %v", n, err)
	}
	payload := string(make([]byte, 2000))
	for range 1000 {
		appended(t, s, "e", payload)
	}
	if st := s.Status(); st.JournalBytes < o.JournalBytes*3/4 {
		t.Errorf("the journal holds %d bytes of %d", st.JournalBytes, o.JournalBytes)
	}
}

// wrapped returns the person's key as it lies in the file.
func wrapped(t *testing.T, s *Store, id string) []byte {
	t.Helper()
	var out []byte
	err := s.read(func(tx *bbolt.Tx) error {
		out = bytes.Clone(tx.Bucket([]byte(bucketKeys)).Get(s.keys.tag(id)))
		return nil
	})
	if err != nil || out == nil {
		t.Fatalf("no key: %v", err)
	}
	return out
}

// filesWith names the files of the directory that contain the bytes.
func filesWith(t *testing.T, dir string, needle []byte) (names []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, needle) {
			names = append(names, f.Name())
		}
	}
	return names
}

func TestEraseDestroysTheKeyInEveryFile(t *testing.T) {
	dir, o := t.TempDir(), testOpts()
	s := opened(t, dir, o)
	for i := range 3 {
		if err := s.Enrol(person(i), []Reference{reference(i, 512)}); err != nil {
			t.Fatal(err)
		}
	}
	key := wrapped(t, s, person(1).ID)
	if err := s.makeCopy(); err != nil {
		t.Fatal(err)
	}
	appended(t, s, "e", "")
	if err := s.makeCopy(); err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(dir, damagedStem+"x")
	if err := duplicate(filepath.Join(dir, copyNames[0]), damaged); err != nil {
		t.Fatal(err)
	}
	if got := filesWith(t, dir, key); len(got) != 4 {
		t.Fatalf("before erasing, the key is in %v", got)
	}
	alias, err := s.Alias(person(1).ID)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Erase(person(1).ID, "left")
	if err != nil {
		t.Fatal(err)
	}
	now, trust := o.Clock()
	want := Receipt{
		Person: person(1).ID, Alias: alias, At: now, Clock: trust, References: 1, Faces: 1, Reason: "left", Position: Position{1, 2}, Scrubbed: true,
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("receipt (-want +got):\n%s", diff)
	}
	if got := filesWith(t, dir, key); len(got) != 0 {
		t.Errorf("after erasing, the key is still in %v", got)
	}
	if _, err := s.Person(person(1).ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("erased person: %v", err)
	}
	if _, err := s.Erase(person(1).ID, ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("erased twice: %v", err)
	}
	all := entries(t, s)
	var got Receipt
	if last := all[len(all)-1]; last.Kind != KindErase || json.Unmarshal(last.Payload, &got) != nil || got.Person != alias {
		t.Errorf("the receipt in the journal is %+v", last)
	}
	appended(t, s, "e", "goes on")
	if refs, err := s.References(person(2).ID); err != nil || len(refs) != 1 {
		t.Errorf("another person's references: %v, %v", refs, err)
	}
	if s.Status().ScrubPending {
		t.Error("scrub is still pending")
	}
	closed(t, s)
	if st := opened(t, dir, o).Status(); st.People != 2 || st.ScrubPending {
		t.Errorf("after reopening: %+v", st)
	}
}

func TestRunFinishesAnErasureThatCouldNotRewriteTheFiles(t *testing.T) {
	dir, o := t.TempDir(), testOpts()
	o.CopyEvery = time.Second
	s := opened(t, dir, o)
	if err := s.Enrol(person(1), nil); err != nil {
		t.Fatal(err)
	}
	key := wrapped(t, s, person(1).ID)
	// A directory in the place of the temporary file keeps the live file from being rewritten.
	blocker := filepath.Join(dir, newName)
	if err := os.MkdirAll(filepath.Join(blocker, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	r, err := s.Erase(person(1).ID, "")
	if err != nil || r.Scrubbed || !s.Status().ScrubPending || s.Status().CopyFault == nil {
		t.Fatalf("receipt %+v, status %+v, %v", r, s.Status(), err)
	}
	if err := os.RemoveAll(blocker); err != nil {
		t.Fatal(err)
	}
	stop := running(t, s)
	eventually(t, func() bool { return !s.Status().ScrubPending })
	stop()
	if got := filesWith(t, dir, key); len(got) != 0 || s.Status().CopyFault != nil {
		t.Errorf("the key is in %v, %+v", got, s.Status())
	}
}

func TestDamagedPersonDoesNotHideTheOthers(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	for i := range 3 {
		if err := s.Enrol(person(i), []Reference{reference(i, 8)}); err != nil {
			t.Fatal(err)
		}
	}
	flip := func() {
		err := s.db.Update(func(tx *bbolt.Tx) error {
			b, tag := tx.Bucket([]byte(bucketPeople)), s.keys.tag(person(1).ID)
			v := bytes.Clone(b.Get(tag))
			v[20] ^= 1
			return b.Put(tag, v)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	flip()
	var got []string
	err := s.EachReference(KindFace, func(p Person, _ Reference) error { got = append(got, p.ID); return nil })
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("damage is not reported: %v", err)
	}
	if diff := cmp.Diff([]string{person(0).ID, person(2).ID}, got); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	appended(t, s, "e", "the journal goes on")
	flip() // back, for the check at the end
}

func FuzzReference(f *testing.F) {
	r := reference(1, 8)
	f.Add(r.encode())
	f.Add([]byte{referenceFace})
	finger := fingerReference(7)
	f.Add(finger.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeReference(b)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("unnamed error: %v", err)
			}
			return
		}
		if got := r.encode(); !bytes.Equal(got, b) {
			t.Fatalf("%x decodes to %+v, which encodes to %x", b, r, got)
		}
	})
}
