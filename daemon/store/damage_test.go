package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
)

// filled makes a store with a copy, and returns its directory, the newest position in the copy, and that in the live
// file. more puts further things into the store before the copy is made.
func filled(t testing.TB, o Opts, more ...func(testing.TB, *Store)) (dir string, inCopy, last Position) {
	t.Helper()
	dir = t.TempDir()
	s, _, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		if i%10 == 0 {
			if err := s.Enrol(person(i), []Reference{reference(i, 512)}); err != nil {
				t.Fatal(err)
			}
		}
		inCopy = appended(t, s, "e", strings.Repeat("x", 37*i))
	}
	for _, put := range more {
		put(t, s)
		inCopy, _ = s.Head()
	}
	if err := s.makeCopy(); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		last = appended(t, s, "e", fmt.Sprint(i))
	}
	killed(s)
	return dir, inCopy, last
}

// cloneDir copies a store's files to a new directory.
func cloneDir(t testing.TB, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestDamagedFileIsKeptAndTheStoreGoesOn damages the live file in many ways. Whatever the damage, Open must not panic
// nor hang, must leave the damaged bytes as they were, and must go on with a sound store that has at least what the
// copy has, or say nothing where the damage hit nothing in use.
func TestDamagedFileIsKeptAndTheStoreGoesOn(t *testing.T) {
	o := testOpts()
	template, inCopy, last := filled(t, o, fillKinds)
	whole, err := os.ReadFile(filepath.Join(template, liveName))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := verifyPages(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	whole = whole[:pages.pages*uint64(pages.pageSize)] // without what bbolt allocated ahead
	r := rand.New(rand.NewPCG(1, 2))
	damages := map[string][]byte{
		"empty":   {},
		"zeros":   make([]byte, len(whole)),
		"text":    []byte("not a database"),
		"a page":  whole[:4096],
		"doubled": append(bytes.Clone(whole), whole...),
	}
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	used := usedBytes(t, whole)
	for i := range rounds {
		at := used[r.IntN(len(used))]
		flip := bytes.Clone(whole)
		flip[at] ^= 1 << r.IntN(8)
		damages[fmt.Sprintf("bit flipped in byte %d", at)] = flip
		header := bytes.Clone(whole)
		at = r.IntN(len(whole)/4096)*4096 + r.IntN(64)
		header[at] ^= byte(1 + r.IntN(255))
		damages[fmt.Sprintf("header byte %d changed %d", at, i)] = header
		n := r.IntN(len(whole))
		damages[fmt.Sprintf("cut off at %d", n)] = whole[:n]
		torn := bytes.Clone(whole)
		at = r.IntN(len(whole)/4096) * 4096
		copy(torn[at:at+4096], whole[r.IntN(len(whole)/4096)*4096:])
		damages[fmt.Sprintf("page at %d replaced %d", at, i)] = torn
	}
	recovered := 0
	for name, bad := range damages {
		dir, err := os.MkdirTemp("", "umbral-damage")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(dir, os.DirFS(template)); err != nil {
			t.Fatal(err)
		}
		live := filepath.Join(dir, liveName)
		if err := os.WriteFile(live, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		s, rec, err := Open(dir, o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		head, _ := s.Head()
		if rec.Happened() {
			recovered++
			kept, err := os.ReadFile(rec.Damaged)
			if err != nil || !bytes.Equal(kept, bad) {
				t.Errorf("%s: the damaged file was changed (%v)", name, err)
			}
			if rec.LostAfter.Compare(inCopy) < 0 || rec.LostAfter.Compare(last) > 0 || rec.RestoredFrom == "" {
				t.Errorf("%s: %+v", name, rec)
			}
			e := entries(t, s)
			var told Recovery
			if got := e[len(e)-1]; got.Kind != KindRecovery || json.Unmarshal(got.Payload, &told) != nil || told.Reason != rec.Reason || got.Position.Boot <= last.Boot {
				t.Errorf("%s: the journal ends with %v %q %s", name, got.Position, got.Kind, got.Payload)
			}
		} else if head != last {
			t.Errorf("%s: nothing reported, but the newest entry is %v, want %v", name, head, last)
		}
		if people, err := s.People(); err != nil || len(people) != 4 {
			t.Errorf("%s: %d people, %v", name, len(people), err)
		}
		if diff := cmp.Diff(wantHeld, held(s)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		appended(t, s, "e", "goes on")
		killed(s)
		sound(t, dir, testKey)
		if t.Failed() {
			t.Fatalf("stopping at %q; its files are in %s", name, dir)
		}
		os.RemoveAll(dir)
	}
	if recovered < len(damages)/2 {
		t.Errorf("only %d of %d damages led to a recovery", recovered, len(damages))
	}
}

// usedBytes are the offsets that bbolt or the store reads: not free pages, not the rest of a page behind its elements.
func usedBytes(t testing.TB, file []byte) []int {
	t.Helper()
	var out []int
	for page := 0; page < len(file); page += 4096 {
		for i, b := range file[page:min(page+4096, len(file))] {
			if b != 0 {
				out = append(out, page+i)
			}
		}
	}
	return out
}

func TestWithoutACopyTheStoreBeginsAnew(t *testing.T) {
	o := testOpts()
	dir, _, last := filled(t, o)
	for _, name := range []string{copyNames[0], bootName} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(filepath.Join(dir, liveName), 10_000); err != nil {
		t.Fatal(err)
	}
	s, rec, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if !rec.Happened() || rec.RestoredFrom != "" || !rec.LostAfter.IsZero() || rec.Damaged == "" {
		t.Errorf("%+v", rec)
	}
	if p := appended(t, s, "e", ""); p.Compare(last) <= 0 {
		t.Errorf("position %v was given before (last %v)", p, last)
	}
	closed(t, s)
}

func TestMissingFileIsRestored(t *testing.T) {
	o := testOpts()
	dir, inCopy, last := filled(t, o)
	if err := os.Remove(filepath.Join(dir, liveName)); err != nil {
		t.Fatal(err)
	}
	s, rec, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if rec.LostAfter != inCopy || rec.Damaged != "" || rec.RestoredFrom != filepath.Join(dir, copyNames[0]) {
		t.Errorf("%+v", rec)
	}
	if p := appended(t, s, "e", ""); p.Compare(last) <= 0 {
		t.Errorf("position %v was given before", p)
	}
	closed(t, s)
	if s := opened(t, dir, o); s.state.people != 4 {
		t.Errorf("%d people", s.state.people)
	}
}

// TestDamagedMetaPageIsNotPassedOver damages the newest meta page: bbolt alone would go on from the older one without a
// word, and the newest commit would be gone.
func TestDamagedMetaPageIsNotPassedOver(t *testing.T) {
	o := testOpts()
	dir, _, last := filled(t, o)
	live := filepath.Join(dir, liveName)
	b, err := os.ReadFile(live)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := newestMeta(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	b[int(m.txid%2)*m.pageSize+30] ^= 1
	if err := os.WriteFile(live, b, 0o600); err != nil {
		t.Fatal(err)
	}
	s, rec, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	want := Position{last.Boot, last.Sequence - 1}
	if rec.LostAfter != want || rec.RestoredFrom != rec.Damaged || !strings.Contains(rec.Reason, "newest commit") {
		t.Errorf("lost after %v, want %v: %+v", rec.LostAfter, want, rec)
	}
	if kept, err := os.ReadFile(rec.Damaged); err != nil || !bytes.Equal(kept, b) {
		t.Errorf("the damaged file was changed (%v)", err)
	}
	closed(t, s)
}

func TestBothCopiesAreTried(t *testing.T) {
	o := testOpts()
	dir, _, _ := filled(t, o)
	s, _, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	closed(t, s) // which makes a second copy
	for _, name := range []string{liveName, copyNames[0]} {
		if err := os.Truncate(filepath.Join(dir, name), 9_000); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Check(dir, testKey)
	if err != nil || r.OK() || len(r.Copies) != 2 || r.Copies[0].OK() || !r.Copies[1].OK() {
		t.Errorf("check: %+v, %v", r, err)
	}
	s, rec, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if rec.RestoredFrom != filepath.Join(dir, copyNames[1]) {
		t.Errorf("%+v", rec)
	}
	closed(t, s)
	if r, err := Check(dir, testKey); err != nil || !r.OK() || len(r.Copies) != 2 || !r.Copies[1].OK() {
		t.Errorf("the bad copy pushed out the good one: %+v, %v", r, err)
	}
}

func TestDamagedFilesAreBounded(t *testing.T) {
	o := testOpts()
	dir, _, _ := filled(t, o)
	for range keptDamaged + 2 {
		if err := os.Truncate(filepath.Join(dir, liveName), 9_000); err != nil {
			t.Fatal(err)
		}
		s, rec, err := Open(dir, o)
		if err != nil || !rec.Happened() {
			t.Fatalf("%+v, %v", rec, err)
		}
		killed(s)
	}
	if r, err := Check(dir, testKey); err != nil || len(r.Damaged) != keptDamaged {
		t.Errorf("%d damaged files are kept, want %d (%v)", len(r.Damaged), keptDamaged, err)
	}
}

func TestCheckChangesNothing(t *testing.T) {
	dir, _, last := filled(t, testOpts())
	before := cloneDir(t, dir)
	for _, key := range [][]Key{{testKey}, nil} {
		r, err := Check(dir, key...)
		if err != nil || !r.OK() || r.Entries != 60 || r.Last != last || r.People != 4 || len(r.Copies) != 1 || r.Sealed != (key == nil) {
			t.Errorf("%+v, %v", r, err)
		}
	}
	if _, err := Check(filepath.Join(dir, "nothing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("check of nothing: %v", err)
	}
	for _, name := range []string{liveName, copyNames[0], bootName} {
		a, errA := os.ReadFile(filepath.Join(before, name))
		b, errB := os.ReadFile(filepath.Join(dir, name))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s was changed (%v, %v)", name, errA, errB)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	if diff := cmp.Diff([]string{bootName, headName, lockName, liveName, copyNames[0]}, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestFaultOnTheMapIsAnError cuts the file off under an open store: reading it is then a SIGBUS, like a sector that has
// gone bad.
func TestFaultOnTheMapIsAnError(t *testing.T) {
	o := testOpts()
	dir, _, _ := filled(t, o)
	s := opened(t, dir, o)
	if err := os.Truncate(s.path(liveName), 8192); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(Position{}, 10); !errors.Is(err, ErrDamaged) {
		t.Errorf("reading: %v", err)
	}
	for range 2 {
		if _, err := s.Append("e", nil); !errors.Is(err, ErrDamaged) {
			t.Errorf("appending: %v", err)
		}
	}
	if err := s.Status().Fault; !errors.Is(err, ErrDamaged) {
		t.Errorf("status: %v", err)
	}
	if err := s.Close(); !errors.Is(err, ErrDamaged) {
		t.Errorf("close: %v", err)
	}
	again, rec, err := Open(dir, o)
	if err != nil || !rec.Happened() {
		t.Fatalf("%+v, %v", rec, err)
	}
	closed(t, again)
}

// TestCommitThatFailedAndIsThereIsDoubted plays the failure that nobody can decide: the commit reports an error, the
// change is there.
func TestCommitThatFailedAndIsThereIsDoubted(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	before := appended(t, s, "e", "before")
	txid := 0
	var late Position
	s.write.Lock()
	c := &change{s: s, next: s.state}
	err := s.db.Update(func(tx *bbolt.Tx) (err error) {
		c.tx, txid = tx, tx.ID()
		late, err = c.append("e", []byte("in doubt"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.lookAgain(txid)
	s.write.Unlock()
	after := appended(t, s, "e", "after")
	all := entries(t, s)
	if len(all) != 4 || all[1].Position != late || all[2].Kind != KindDoubt || all[3].Position != after {
		t.Fatalf("journal: %+v", all)
	}
	var d Doubt
	if err := json.Unmarshal(all[2].Payload, &d); err != nil || d != (Doubt{After: before, Head: late}) {
		t.Errorf("doubt %+v, %v", d, err)
	}
}
