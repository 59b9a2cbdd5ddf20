package store

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// model is what the store should hold, in memory.
type model struct {
	people   map[string]Person
	refs     map[string][]Reference
	settings map[string]string
	nonces   map[string]time.Time
	codes    map[string]time.Time
	reviews  map[string]Outcome
	answers  map[string]int
	files    map[string]File
	lists    map[string]uint64
	cursor   Position
	entries  []Position // of the model's own appends and receipts, not yet dropped
	payloads map[Position]string
	boot     uint64
}

// TestRandomOperationsAgreeWithAModel runs random operations, with clean and unclean restarts between them, against the
// store and against maps, and compares what each answers.
func TestRandomOperationsAgreeWithAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "umbral-model")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		clock := newTestClock()
		o := testOpts()
		o.Clock, o.People, o.ReferencesPerPerson = clock.read, 5, 3
		m := &model{
			people: map[string]Person{}, refs: map[string][]Reference{}, settings: map[string]string{},
			nonces: map[string]time.Time{}, payloads: map[Position]string{}, codes: map[string]time.Time{},
			reviews: map[string]Outcome{}, answers: map[string]int{}, files: map[string]File{}, lists: map[string]uint64{},
		}
		var s *Store
		open := func(t *rapid.T) {
			var rec Recovery
			var err error
			if s, rec, err = Open(dir, o); err != nil || rec.Happened() {
				t.Fatalf("open: %+v, %v", rec, err)
			}
			m.boot++
		}
		open(t)
		defer func() { killed(s) }()
		expect := func(t *rapid.T, got, want error) bool {
			if want == nil && got != nil || !errors.Is(got, want) {
				t.Fatalf("error %v, want %v", got, want)
			}
			return got == nil
		}
		id := rapid.Custom(func(t *rapid.T) string { return person(rapid.IntRange(0, 7).Draw(t, "person")).ID })
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				payload := rapid.StringN(0, 200, 4000).Draw(t, "payload")
				p, err := s.Append("e", []byte(payload))
				expect(t, err, nil)
				m.entries, m.payloads[p] = append(m.entries, p), payload
			},
			"append much": func(t *rapid.T) {
				payload := string(make([]byte, rapid.IntRange(1000, MaxPayload).Draw(t, "size")))
				p, err := s.Append("e", []byte(payload))
				expect(t, err, nil)
				m.entries, m.payloads[p] = append(m.entries, p), payload
			},
			"ack": func(t *rapid.T) {
				if len(m.entries) > 0 {
					p := rapid.SampledFrom(m.entries).Draw(t, "position")
					expect(t, s.Ack(p), nil)
					if p.Compare(m.cursor) > 0 {
						m.cursor = p
					}
				}
			},
			"enrol": func(t *rapid.T) {
				p := Person{ID: id.Draw(t, "id"), Name: "N", Created: instant(3), Status: StatusActive}
				var refs []Reference
				for i := range rapid.IntRange(0, 3).Draw(t, "references") {
					refs = append(refs, reference(i, 16))
				}
				var want error
				if _, ok := m.people[p.ID]; ok {
					want = ErrExists
				} else if len(m.people) == o.People {
					want = ErrFull
				}
				if expect(t, s.Enrol(p, refs), want) {
					for i := range refs {
						refs[i].Number = uint32(i + 1)
					}
					m.people[p.ID], m.refs[p.ID] = p, refs
				}
			},
			"add reference": func(t *rapid.T) {
				who := id.Draw(t, "id")
				var want error
				if _, ok := m.people[who]; !ok {
					want = ErrNotFound
				} else if len(m.refs[who]) == o.ReferencesPerPerson {
					want = ErrFull
				}
				r := reference(9, 16)
				n, err := s.AddReference(who, r)
				if expect(t, err, want) {
					r.Number = n
					m.refs[who] = append(m.refs[who], r)
				}
			},
			"remove reference": func(t *rapid.T) {
				who, n := id.Draw(t, "id"), rapid.Uint32Range(1, 4).Draw(t, "number")
				at := slices.IndexFunc(m.refs[who], func(r Reference) bool { return r.Number == n })
				var want error
				if at < 0 {
					want = ErrNotFound
				}
				if expect(t, s.RemoveReference(who, n), want) {
					m.refs[who] = slices.Delete(slices.Clone(m.refs[who]), at, at+1)
				}
			},
			"erase": func(t *rapid.T) {
				who := id.Draw(t, "id")
				_, ok := m.people[who]
				var want error
				if !ok {
					want = ErrNotFound
				}
				r, err := s.Erase(who, "")
				if expect(t, err, want) {
					if r.References != len(m.refs[who]) || !r.Scrubbed {
						t.Fatalf("receipt %+v for %d references", r, len(m.refs[who]))
					}
					delete(m.people, who)
					delete(m.refs, who)
					delete(m.files, who)
					m.entries = append(m.entries, r.Position)
				}
			},
			"set": func(t *rapid.T) {
				name, value := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name"), rapid.String().Draw(t, "value")
				expect(t, s.SetSetting(name, []byte(value)), nil)
				m.settings[name] = value
			},
			"nonce": func(t *rapid.T) {
				nonce := rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "nonce")
				expires := clock.now.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "seconds")) * time.Second)
				var want error
				if end, used := m.nonces[nonce]; used && end.After(clock.now) {
					want = ErrReplayed
				}
				err := s.UseNonce([]byte(nonce), expires)
				if want == nil && errors.Is(err, ErrReplayed) && !m.nonces[nonce].IsZero() {
					return // an expired nonce may be remembered for longer, never for less
				}
				if expect(t, err, want) {
					m.nonces[nonce] = expires
				}
			},
			"code": func(t *rapid.T) {
				name := rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "code")
				until := clock.now.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "seconds")) * time.Second)
				var want error
				if end, used := m.codes[name]; used && end.After(clock.now) {
					want = ErrReplayed
				}
				err := s.UseCode([32]byte{name[0]}, until)
				if want == nil && errors.Is(err, ErrReplayed) && !m.codes[name].IsZero() {
					return // an expired code may be remembered for longer, never for less
				}
				if expect(t, err, want) {
					m.codes[name] = until
				}
			},
			"tick": func(t *rapid.T) {
				who, item := id.Draw(t, "id"), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "item")
				var want error
				if _, ok := m.people[who]; !ok {
					want = ErrNotFound
				}
				if expect(t, s.Tick(who, Tick{Item: item, By: "c"}), want) {
					f := m.files[who]
					f.Ticks = slices.DeleteFunc(slices.Clone(f.Ticks), func(k Tick) bool { return k.Item == item })
					f.Ticks = append(f.Ticks, Tick{Item: item, By: "c", At: clock.now})
					m.files[who] = f
				}
			},
			"block": func(t *rapid.T) {
				who := id.Draw(t, "id")
				var want error
				if _, ok := m.people[who]; !ok {
					want = ErrNotFound
				}
				if expect(t, s.Block(who, "c", "why"), want) {
					f := m.files[who]
					f.Blocked = &Block{By: "c", Reason: "why"}
					m.files[who] = f
				}
			},
			"list": func(t *rapid.T) {
				kind, n := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "kind"), rapid.Uint64Range(1, 9).Draw(t, "number")
				var want error
				if n < m.lists[kind] {
					want = ErrReplayed
				}
				if expect(t, s.PutList(List{Kind: kind, Sequence: n, Bytes: []byte{byte(n)}}), want) {
					m.lists[kind] = n
				}
			},
			"open review": func(t *rapid.T) {
				which := rapid.SampledFrom([]string{"r1", "r2", "r3"}).Draw(t, "review")
				var want error
				if m.reviews[which] != "" {
					want = ErrExists
				}
				err := s.OpenReview(Review{ID: which, Deadline: clock.now.Add(time.Hour), Needed: 2}, []byte("sealed"))
				if expect(t, err, want) {
					m.reviews[which] = Pending
				}
			},
			"answer review": func(t *rapid.T) {
				which := rapid.SampledFrom([]string{"r1", "r2", "r3"}).Draw(t, "review")
				approve := rapid.Bool().Draw(t, "approve")
				var want error
				switch {
				case m.reviews[which] == "":
					want = ErrNotFound
				case m.reviews[which] != Pending:
					want = ErrDecided
				}
				r, err := s.AnswerReview(which, ReviewAnswer{Reviewer: fmt.Sprint("k", m.answers[which]), Name: "n", Approve: approve})
				if expect(t, err, want) {
					m.answers[which]++
					switch {
					case !approve:
						m.reviews[which] = Denied
					case m.answers[which] == 2:
						m.reviews[which] = Approved
					}
					if r.Outcome != m.reviews[which] {
						t.Fatalf("review %s is %s, want %s", which, r.Outcome, m.reviews[which])
					}
				}
			},
			"time": func(t *rapid.T) { clock.add(time.Duration(rapid.IntRange(0, 40).Draw(t, "seconds")) * time.Second) },
			"copy": func(t *rapid.T) { expect(t, s.makeCopy(), nil) },
			"kill": func(t *rapid.T) { killed(s); open(t) },
			"restart": func(t *rapid.T) {
				expect(t, s.Close(), nil)
				open(t)
			},
			"": func(t *rapid.T) { m.compare(t, s) },
		})
	})
}

func (m *model) compare(t *rapid.T, s *Store) {
	people, err := s.People()
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Collect(maps.Values(m.people))
	slices.SortFunc(want, func(a, b Person) int { return slices.Compare([]byte(a.ID), []byte(b.ID)) })
	if diff := cmp.Diff(want, people); diff != "" && len(want)+len(people) > 0 {
		t.Fatalf("people (-want +got):\n%s", diff)
	}
	for who, want := range m.refs {
		got, err := s.References(who)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" && len(want)+len(got) > 0 {
			t.Fatalf("references of %s (-want +got):\n%s", who, diff)
		}
	}
	for name, want := range m.settings {
		if got, err := s.Setting(name); err != nil || string(got) != want {
			t.Fatalf("setting %s is %q, want %q (%v)", name, got, want, err)
		}
	}
	for who := range m.people {
		want := m.files[who]
		got, err := s.File(who)
		if err != nil || len(got.Ticks) != len(want.Ticks) || (got.Blocked == nil) != (want.Blocked == nil) {
			t.Fatalf("file of %s is %+v, want %+v (%v)", who, got, want, err)
		}
	}
	for kind, want := range m.lists {
		if got, err := s.List(kind); err != nil || got.Sequence != want {
			t.Fatalf("list %s has number %d, want %d (%v)", kind, got.Sequence, want, err)
		}
	}
	for which, want := range m.reviews {
		got, err := s.Review(which)
		if err != nil || got.Outcome != want || len(got.Answers) != m.answers[which] {
			t.Fatalf("review %s is %+v, want %s with %d answers (%v)", which, got, want, m.answers[which], err)
		}
		if _, err := s.ReviewPictures(which); (want == Pending) != (err == nil) {
			t.Fatalf("pictures of a review that is %s: %v", want, err)
		}
	}
	if err := m.compareJournal(s); err != nil {
		t.Fatal(err)
	}
}

// compareJournal expects every entry that was not dropped, in order, chained, and gaps for what was dropped too early.
func (m *model) compareJournal(s *Store) error {
	var got []Entry
	for after := (Position{}); ; after = got[len(got)-1].Position {
		some, err := s.Next(after, 50)
		if err != nil {
			return err
		}
		if len(some) == 0 {
			break
		}
		got = append(got, some...)
	}
	pending := 0
	own := map[Position]bool{}
	for i, e := range got {
		if i > 0 && (e.Previous != got[i-1].Hash || e.Position.Compare(got[i-1].Position) <= 0 || e.Wall.Before(got[i-1].Wall)) {
			return fmt.Errorf("entry %v does not follow %v", e.Position, got[i-1].Position)
		}
		if e.Kind == "e" {
			if m.payloads[e.Position] != string(e.Payload) {
				return fmt.Errorf("entry %v holds %.40q, want %.40q", e.Position, e.Payload, m.payloads[e.Position])
			}
		}
		own[e.Position] = true
		if e.Position.Compare(m.cursor) > 0 {
			pending++
		}
	}
	st := s.Status()
	switch {
	case st.Cursor != m.cursor:
		return fmt.Errorf("cursor %v, want %v", st.Cursor, m.cursor)
	case st.Pending != pending || st.Entries != len(got):
		return fmt.Errorf("%d pending of %d, want %d of %d", st.Pending, st.Entries, pending, len(got))
	case st.JournalBytes > minJournalBytes:
		return fmt.Errorf("journal of %d bytes, limit %d", st.JournalBytes, int64(minJournalBytes))
	case s.state.Boot != m.boot:
		return fmt.Errorf("boot %d, want %d", s.state.Boot, m.boot)
	}
	// What the model appended is there, but for the oldest.
	dropped := 0
	for i, p := range m.entries {
		if !own[p] {
			if dropped != i {
				return fmt.Errorf("entry %v is missing while an older one is there", p)
			}
			dropped++
		}
	}
	m.entries = m.entries[dropped:]
	return nil
}
