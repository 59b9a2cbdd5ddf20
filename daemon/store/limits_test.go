package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt/errors"
)

// accepts checks that each call named ok succeeds, and each other is refused as invalid.
func accepts(t *testing.T, calls map[string]func() error) {
	t.Helper()
	for name, call := range calls {
		switch err := call(); {
		case strings.HasPrefix(name, "ok") && err != nil:
			t.Errorf("%s: %v", name, err)
		case !strings.HasPrefix(name, "ok") && !errors.Is(err, ErrInvalid):
			t.Errorf("%s: %v, want it refused", name, err)
		}
	}
}

func TestKindsAreOfAFewCharacters(t *testing.T) {
	for c := range 256 {
		allowed := bytes.ContainsRune([]byte("abcdefghijklmnopqrstuvwxyz0123456789.-_"), rune(c)) && c < 128
		if err := checkKind(string([]byte{byte(c)})); (err == nil) != allowed {
			t.Errorf("kind %q: %v", rune(c), err)
		}
		if err := checkID(string([]byte{byte(c)})); (err == nil) != (c < 128 && strings.ContainsRune(
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:@+-", rune(c))) {
			t.Errorf("id %q: %v", rune(c), err)
		}
		if ok := validItem(string([]byte{byte(c)})); ok != (c < 128 && strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789.-", rune(c))) {
			t.Errorf("item %q: %t", rune(c), ok)
		}
	}
	for _, f := range []struct {
		name  string
		max   int
		check func(string) bool
	}{
		{"kind", MaxKind, func(s string) bool { return checkKind(s) == nil }},
		{"id", MaxID, func(s string) bool { return checkID(s) == nil }},
		{"item", MaxItem, validItem},
	} {
		if f.check("") || !f.check("a") || !f.check(strings.Repeat("a", f.max)) || f.check(strings.Repeat("a", f.max+1)) {
			t.Errorf("%s: the limits are not 1 to %d", f.name, f.max)
		}
	}
}

func TestLimitsOfPeopleAndFiles(t *testing.T) {
	o := testOpts()
	o.ReferencesPerPerson = 2
	s := opened(t, t.TempDir(), o)
	now, _ := s.clock()
	if err := s.Enrol(person(1), nil); err != nil {
		t.Fatal(err)
	}
	text := func(n int) string { return strings.Repeat("x", n) }
	put := func(p Person) func() error { return func() error { return s.PutPerson(p) } }
	field := func(n int) json.RawMessage { return json.RawMessage(`"` + text(n-2) + `"`) }
	secret := func(n int) func() error {
		return func() error { return s.SetSecret("p-001", "clerk", make([]byte, n)) }
	}
	block := func(reason string) func() error { return func() error { return s.Block("p-001", "clerk", reason) } }
	note := func(n string) func() error {
		return func() error { return s.Tick("p-001", Tick{Item: "a", By: "clerk", Note: n}) }
	}
	eligible := func(e Eligibility) func() error { return func() error { return s.SetEligibility("p-001", "clerk", e) } }
	ref := func(change func(*Reference)) func() error {
		return func() error {
			r := reference(1, 4)
			change(&r)
			return r.validate()
		}
	}
	other := func(change func(*Reference)) func() error {
		return func() error {
			r := fingerReference(1)
			change(&r)
			return r.validate()
		}
	}
	accepts(t, map[string]func() error{
		"ok name":                 put(Person{ID: "p-001", Name: text(MaxName)}),
		"name too long":           put(Person{ID: "p-001", Name: text(MaxName + 1)}),
		"name not UTF-8":          put(Person{ID: "p-001", Name: "\xff"}),
		"status":                  put(Person{ID: "p-001", Status: "gone"}),
		"ok status":               put(Person{ID: "p-001", Status: StatusSuspended}),
		"ok fields":               put(Person{ID: "p-001", Fields: field(MaxFields)}),
		"fields too long":         put(Person{ID: "p-001", Fields: field(MaxFields + 1)}),
		"fields no JSON":          put(Person{ID: "p-001", Fields: json.RawMessage("{")}),
		"dots":                    put(Person{ID: "..."}),
		"ok dots and more":        put(Person{ID: ".a."}),
		"ok no secret":            secret(0),
		"short secret":            secret(MinSecret - 1),
		"ok shortest secret":      secret(MinSecret),
		"ok longest secret":       secret(MaxSecret),
		"long secret":             secret(MaxSecret + 1),
		"no reason":               block(""),
		"ok reason":               block(text(MaxWhy)),
		"reason too long":         block(text(MaxWhy + 1)),
		"reason not UTF-8":        block("\xff"),
		"ok note":                 note(text(MaxNote)),
		"note too long":           note(text(MaxNote + 1)),
		"note not UTF-8":          note("\xff"),
		"no item":                 func() error { return s.Tick("p-001", Tick{By: "clerk"}) },
		"nobody's tick":           func() error { return s.Tick("p-001", Tick{Item: "a"}) },
		"ok only from":            eligible(Eligibility{ValidFrom: "2026-01-02"}),
		"ok only until":           eligible(Eligibility{ValidUntil: "2026-01-02"}),
		"ok one day":              eligible(Eligibility{ValidFrom: "2026-01-02", ValidUntil: "2026-01-02"}),
		"until before from":       eligible(Eligibility{ValidFrom: "2026-01-02", ValidUntil: "2026-01-01"}),
		"ok born in 1850":         eligible(Eligibility{Born: "1850-01-01"}),
		"born in 1849":            eligible(Eligibility{Born: "1849-12-31"}),
		"no day":                  eligible(Eligibility{Born: "2026-02-30"}),
		"ok guardians":            eligible(Eligibility{Guardians: []string{"a", "b", "c", "d"}}),
		"too many guardians":      eligible(Eligibility{Guardians: []string{"a", "b", "c", "d", "e"}}),
		"guardian of themselves":  eligible(Eligibility{Guardians: []string{"p-001"}}),
		"guardian twice":          eligible(Eligibility{Guardians: []string{"a", "a"}}),
		"guardian without name":   eligible(Eligibility{Guardians: []string{""}}),
		"ok schedule":             eligible(Eligibility{Schedule: "day"}),
		"schedule":                eligible(Eligibility{Schedule: "Day"}),
		"occasion":                func() error { return s.SetOccasion("p-001", "clerk", "party") },
		"ok issue":                func() error { return s.SetOccasion("p-001", "clerk", Issue) },
		"ok renewal":              func() error { return s.SetOccasion("p-001", "clerk", Renewal) },
		"ok replacement":          func() error { return s.SetOccasion("p-001", "clerk", Replacement) },
		"too many references":     func() error { return s.Enrol(person(2), make([]Reference, 3)) },
		"bad reference":           func() error { return s.Enrol(person(2), []Reference{{}}) },
		"reason of erasure":       func() error { _, err := s.Erase("p-001", text(MaxName+1)); return err },
		"ok template":             ref(func(r *Reference) { r.Template = make([]float32, MaxTemplate) }),
		"template too long":       ref(func(r *Reference) { r.Template = make([]float32, MaxTemplate+1) }),
		"no template":             ref(func(r *Reference) { r.Template = nil }),
		"face with data":          ref(func(r *Reference) { r.Data = []byte{1} }),
		"face at a position":      ref(func(r *Reference) { r.Position = 1 }),
		"ok kind by default":      ref(func(r *Reference) { r.Kind = "" }),
		"kind":                    ref(func(r *Reference) { r.Kind = "iris" }),
		"ok model":                ref(func(r *Reference) { r.Model = text(MaxModel) }),
		"model too long":          ref(func(r *Reference) { r.Model = text(MaxModel + 1) }),
		"no model":                ref(func(r *Reference) { r.Model = "" }),
		"ok source":               ref(func(r *Reference) { r.Source = text(MaxSource) }),
		"source too long":         ref(func(r *Reference) { r.Source = text(MaxSource + 1) }),
		"quality":                 ref(func(r *Reference) { r.Quality = float32(math.NaN()) }),
		"quality without end":     ref(func(r *Reference) { r.Quality = float32(math.Inf(1)) }),
		"value":                   ref(func(r *Reference) { r.Template[3] = float32(math.Inf(-1)) }),
		"ok finger":               other(func(r *Reference) { r.Data, r.Position = make([]byte, MaxData), MaxPosition }),
		"finger too long":         other(func(r *Reference) { r.Data = make([]byte, MaxData+1) }),
		"finger without data":     other(func(r *Reference) { r.Data = nil }),
		"finger with a template":  other(func(r *Reference) { r.Template = []float32{1} }),
		"finger beyond the hand":  other(func(r *Reference) { r.Position = MaxPosition + 1 }),
		"nonce":                   func() error { return s.UseNonce(nil, now.Add(time.Minute)) },
		"nonce too long":          func() error { return s.UseNonce(make([]byte, MaxNonce+1), now.Add(time.Minute)) },
		"ok nonce":                func() error { return s.UseNonce(make([]byte, MaxNonce), now.Add(time.Minute)) },
		"ok code at its life":     func() error { return s.UseCode(code(1), now.Add(o.ReplayLife)) },
		"code beyond its life":    func() error { return s.UseCode(code(2), now.Add(o.ReplayLife+1)) },
		"ok payload":              func() error { _, err := s.Append("e", make([]byte, MaxPayload)); return err },
		"payload too long":        func() error { _, err := s.Append("e", make([]byte, MaxPayload+1)); return err },
		"list without bytes":      func() error { return s.PutList(List{Kind: "k", Sequence: 1}) },
		"list without number":     func() error { return s.PutList(List{Kind: "k", Bytes: []byte{1}}) },
		"list of a bad kind":      func() error { return s.PutList(List{Kind: "K", Sequence: 1, Bytes: []byte{1}}) },
		"ok list":                 func() error { return s.PutList(List{Kind: "k", Sequence: 1, Bytes: make([]byte, MaxList)}) },
		"list too long":           func() error { return s.PutList(List{Kind: "k", Sequence: 2, Bytes: make([]byte, MaxList+1)}) },
		"setting without name":    func() error { return s.SetSetting("", []byte{1}) },
		"ok setting":              func() error { return s.SetSetting(text(MaxSettingName), make([]byte, MaxSetting)) },
		"setting name too long":   func() error { return s.SetSetting(text(MaxSettingName+1), nil) },
		"setting too long":        func() error { return s.SetSetting("a", make([]byte, MaxSetting+1)) },
		"outcome of nobody":       func() error { _, err := s.CloseReview("1-1", Approved); return err },
		"reviewer without a key":  func() error { _, err := s.AnswerReview("1-1", ReviewAnswer{Name: "ana"}); return err },
		"reviewer without a name": func() error { _, err := s.AnswerReview("1-1", ReviewAnswer{Reviewer: "k"}); return err },
	})
}

func TestLimitsOfReviews(t *testing.T) {
	s := opened(t, t.TempDir(), testOpts())
	now, _ := s.clock()
	n := 0
	open := func(pictures int, change func(*Review)) func() error {
		return func() error {
			n++
			r := Review{ID: fmt.Sprintf("1-%d", n), Deadline: now.Add(time.Minute), Needed: 1}
			change(&r)
			return s.OpenReview(r, make([]byte, pictures))
		}
	}
	reasons := func(n, length int) func(*Review) {
		return func(r *Review) {
			for range n {
				r.Reasons = append(r.Reasons, strings.Repeat("x", length))
			}
		}
	}
	accepts(t, map[string]func() error{
		"ok pictures":           open(MaxPictures, func(*Review) {}),
		"pictures too long":     open(MaxPictures+1, func(*Review) {}),
		"ok life":               open(0, func(r *Review) { r.Deadline = now.Add(ReviewLife) }),
		"too far ahead":         open(0, func(r *Review) { r.Deadline = now.Add(ReviewLife + 1) }),
		"over":                  open(0, func(r *Review) { r.Deadline = now }),
		"ok two reviewers":      open(0, func(r *Review) { r.Needed = MaxReviewers }),
		"too many reviewers":    open(0, func(r *Review) { r.Needed = MaxReviewers + 1 }),
		"no reviewer":           open(0, func(r *Review) { r.Needed = 0 }),
		"ok statement":          open(0, func(r *Review) { r.Statement = make([]byte, MaxStatement) }),
		"statement too long":    open(0, func(r *Review) { r.Statement = make([]byte, MaxStatement+1) }),
		"ok reasons":            open(0, reasons(MaxReasons, MaxReason)),
		"too many reasons":      open(0, reasons(MaxReasons+1, 1)),
		"reason too long":       open(0, reasons(1, MaxReason+1)),
		"reason without letter": open(0, reasons(1, 0)),
		"id":                    open(0, func(r *Review) { r.ID = "" }),
		"person":                open(0, func(r *Review) { r.Person = "two words" }),
		"ok person":             open(0, func(r *Review) { r.Person = "ana" }),
	})
}

// TestEntriesAreReadWithinTheirLimits changes each field of a stored entry.
func TestEntriesAreReadWithinTheirLimits(t *testing.T) {
	k, err := deriveKeys(testKey)
	if err != nil {
		t.Fatal(err)
	}
	make1 := func(kind, clock string, payload int) []byte {
		e := Entry{Kind: kind, Clock: clock, Payload: make([]byte, payload), Told: instant(5), Wall: instant(6)}
		e.Hash = e.Sum()
		return e.encode(k)
	}
	long := func(n int) string { return strings.Repeat("k", n) }
	p := Position{}
	for name, c := range map[string]struct {
		b  []byte
		ok bool
	}{
		"shortest":          {make1("k", "c", 0), true},
		"longest":           {make1(long(MaxKind), long(MaxClock), MaxPayload), true},
		"no kind":           {make1("", "c", 0), false},
		"no clock":          {make1("k", "", 0), false},
		"kind too long":     {make1(long(MaxKind+1), "c", 0), false},
		"clock too long":    {make1("k", long(MaxClock+1), 0), false},
		"payload too long":  {make1("k", "c", MaxPayload+1), false},
		"payload too short": {make1("k", "c", 0)[:85+sealOverhead-1], false},
		"other version":     {append([]byte{3}, make1("k", "c", 0)[1:]...), false},
		"wall before 1970":  {patched(make1("k", "c", 0), 65, 0x80), false},
		"told before 1970":  {patched(make1("k", "c", 0), 73, 0x80), false},
		"hash":              {patched(make1("k", "c", 0), 1, 1), false},
	} {
		if _, err := decodeEntry(k, p, c.b); (err == nil) != c.ok || err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	whole := make1("kind", "clock", 10)
	for n := range whole {
		if _, err := decodeEntry(k, p, whole[:n]); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut off at %d: %v", n, err)
		}
	}
}

// patched returns b with a bit of a byte turned.
func patched(b []byte, at int, x byte) []byte {
	out := bytes.Clone(b)
	out[at] ^= x
	return out
}

// TestReferencesAreReadWithinTheirLimits changes each field of a stored reference.
func TestReferencesAreReadWithinTheirLimits(t *testing.T) {
	face, finger := reference(1, 4), fingerReference(1)
	for _, r := range []Reference{face, finger} {
		whole := r.encode()
		if _, err := decodeReference(whole); err != nil {
			t.Errorf("whole: %v", err)
		}
		for n := range whole {
			if _, err := decodeReference(whole[:n]); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s cut off at %d: %v", r.Kind, n, err)
			}
		}
		for name, b := range map[string][]byte{
			"longer": append(bytes.Clone(whole), 0), "version": patched(whole, 0, 0x80), "time": patched(whole, 1, 0x80),
		} {
			if _, err := decodeReference(b); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s %s: %v", r.Kind, name, err)
			}
		}
	}
	finger.Kind = KindFace // a face in the form of others
	if _, err := decodeReference(finger.encode()); err == nil {
		t.Error("a face with data is read")
	}
}

func TestErrorsAreClassified(t *testing.T) {
	for _, c := range []struct{ err, want error }{
		{fs.ErrPermission, ErrReadOnly},
		{syscall.EROFS, ErrReadOnly},
		{bolt.ErrDatabaseReadOnly, ErrReadOnly},
		{syscall.ENOSPC, ErrFull},
		{syscall.EDQUOT, ErrFull},
		{syscall.EFBIG, ErrFull},
		{bolt.ErrMaxSizeReached, ErrFull},
		{errors.New("grow: no space left on device"), ErrFull},
		{bolt.ErrDatabaseNotOpen, ErrClosed},
		{fmt.Errorf("x: %w", ErrKey), ErrKey},
		{io.EOF, io.EOF},
	} {
		if got := classify(c.err); !errors.Is(got, c.want) || !errors.Is(got, c.err) {
			t.Errorf("%v is %v, want %v", c.err, got, c.want)
		}
	}
	if classify(nil) != nil || named(nil) != nil {
		t.Error("no error became one")
	}
	if got := named(os.ErrExist).Error(); got != "store: "+os.ErrExist.Error() || named(named(os.ErrExist)).Error() != got {
		t.Errorf("named %q", got)
	}
	if isAny(io.EOF, ErrFull, ErrKey) || !isAny(ErrKey, ErrFull, ErrKey) {
		t.Error("isAny")
	}
}

// TestKeysFollowFromTheTerminalKey compares what is derived from two terminal keys.
func TestKeysFollowFromTheTerminalKey(t *testing.T) {
	a, errA := deriveKeys(Key{1})
	b, errB := deriveKeys(Key{2})
	again, errC := deriveKeys(Key{1})
	if err := errors.Join(errA, errB, errC); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(a.tag("x"), b.tag("x")) || !bytes.Equal(a.tag("x"), again.tag("x")) || bytes.Equal(a.tag("x"), a.tag("y")) || len(a.tag("x")) != tagSize {
		t.Error("tags do not follow from the key and the id")
	}
	if a.id == b.id || a.id != again.id || a.id == [16]byte{} {
		t.Error("the key's name does not follow from it")
	}
	for _, boxes := range [][2]box{{a.values, a.journal}, {a.journal, a.wrap}, {a.wrap, a.values}, {a.values, b.values}} {
		if _, err := boxes[1].open("b", nil, boxes[0].seal("b", nil, []byte("x"))); err == nil {
			t.Error("one key opens what another sealed")
		}
	}
}

func TestInstants(t *testing.T) {
	for _, c := range []struct {
		t    time.Time
		want int64
	}{
		{time.Time{}, 0},
		{time.Unix(-1, 999), 0},
		{time.Unix(0, 0), 0},
		{time.Unix(0, 7), 7},
		{time.Unix(math.MaxInt64/int64(time.Second), 0), math.MaxInt64},
		{time.Unix(math.MaxInt64/int64(time.Second)-1, 5), (math.MaxInt64/int64(time.Second)-1)*int64(time.Second) + 5},
		{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), math.MaxInt64},
	} {
		if got := nanoseconds(c.t); got != c.want {
			t.Errorf("%v: %d, want %d", c.t, got, c.want)
		}
	}
}

func TestPositions(t *testing.T) {
	p := Position{2, 3}
	if got, ok := positionOf(p.key()); !ok || got != p || binary.BigEndian.Uint64(p.key()) != 2 {
		t.Errorf("%v, %t", got, ok)
	}
	for _, n := range []int{0, positionSize - 1, positionSize + 1} {
		if _, ok := positionOf(make([]byte, n)); ok {
			t.Errorf("a key of %d bytes is a position", n)
		}
	}
	if p.Compare(Position{2, 3}) != 0 || p.Compare(Position{1, 9}) != 1 || p.Compare(Position{2, 4}) != -1 || p.IsZero() || !(Position{}).IsZero() {
		t.Error("positions are not in order")
	}
}
