package passage

import (
	"testing"
	"time"

	"umbral/config/policy"
)

// FuzzRecord feeds hostile journal entries to the replay.
func FuzzRecord(f *testing.F) {
	seed := &testing.T{}
	g := newGate(seed, testRules())
	g.frames(10, known(1, "ann"))
	g.frames(30, known(1, "ann"), known(2, "bob"))
	g.see(Observation{Kind: ObserveCommand, Command: Command{Name: CommandOpen, ID: "c1", Key: "ops"}})
	g.see(Observation{Kind: ObserveExit})
	for _, e := range g.entries {
		f.Add(e.Record)
	}
	f.Add([]byte(`{"schema":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, reasons, err := Replay(data)
		if (err == nil) != (v != Undecided && len(reasons) > 0) {
			t.Fatalf("%v %v %v", v, reasons, err)
		}
		if err := Verify(data); err == nil {
			r, err := DecodeRecord(data)
			if err != nil || r.Verdict != v {
				t.Fatalf("a verified record says %v, its replay %v (%v)", r, v, err)
			}
		}
	})
}

// FuzzLog reads hostile logs; what can be read is written the same way again.
func FuzzLog(f *testing.F) {
	seed := &testing.T{}
	g := newGate(seed, testRules())
	g.frames(12, stranger(1), with(known(5, "bob"), func(f *Face) { f.Box = tall(100) }))
	for _, e := range g.entries {
		r, err := DecodeRecord(e.Record)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(r.Log)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > maxLog {
			return
		}
		first := Record{Log: data}
		if first.logError() != nil {
			return
		}
		w := newRecorder(2 * len(data))
		for at, o := range first.Observations() {
			w.add(at, &o)
		}
		if len(w.buf) > len(data) {
			t.Fatalf("%d bytes became %d", len(data), len(w.buf))
		}
		second := Record{Log: w.buf}
		if err := second.logError(); err != nil {
			t.Fatal(err)
		}
		var back []Observation
		for _, o := range second.Observations() {
			back = append(back, o)
		}
		i := 0
		for _, o := range first.Observations() {
			if o != back[i] {
				t.Fatalf("observation %d: %+v became %+v", i, o, back[i])
			}
			i++
		}
	})
}

// FuzzStep makes observations out of bytes, among them such as no terminal makes.
func FuzzStep(f *testing.F) {
	f.Add([]byte{})
	frame := append([]byte{1, 50, 1, 1}, 1, 0, 0, 0x80, 0x40, 0x80, 0x40, 0, 0, 0, 0, 3, 0x80, 0x80, 0x70, 255, 1, 'a', 0x80, 0x80, 0x60, 0)
	var many []byte
	for range 12 {
		many = append(many, frame...)
	}
	f.Add(many)
	f.Fuzz(func(t *testing.T, data []byte) {
		rules := testRules()
		rules.StartFrames, rules.MatchFrames, rules.LiveFrames = 1, 1, 2
		rules.Policy, rules.Available = policy.MustParse("face or live and card"), 1<<policy.Kinds-1
		rules.Eligibility = Eligibility{Ask: len(data)%2 == 0, MinAge: 16, GuardianTimeout: time.Second}
		rules.Review = Review{Timeout: time.Second, Leave: time.Second, Approvals: 1}
		m, err := New(rules, ID{1, 1})
		if err != nil {
			t.Fatal(err)
		}
		room := cap(m.effects)
		r := logReader{rest: data}
		var now Instant
		granted := map[uint64]bool{}
		for len(r.rest) > 0 {
			o := Observation{Kind: ObservationKind(r.byte(255))}
			now = now.Add(time.Duration(r.byte(255)) * time.Millisecond)
			switch o.Kind {
			case ObserveFrame:
				r.frame(&o.Frame)
				o.Frame.Count += int(now) % 3 // sometimes more than there are
			case ObserveEvidence:
				o.Evidence = Evidence{Kind: policy.Kind(r.byte(255)), Outcome: Outcome(r.byte(255)), Score: Score(r.varint(1<<31 - 1)), Subject: string(r.rest[:min(len(r.rest), 70)]), Reference: now%2 == 0}
			case ObserveClock:
				o.Clock = Clock{policy.Trust(r.byte(255)), r.varint(1<<63 - 1), int16(r.varint(1<<15 - 1))}
			case ObserveCamera:
				o.Up = r.byte(255)%2 == 1
			case ObserveCommitted, ObserveCommitFailed:
				o.Commit = uint64(r.byte(255))
			case ObserveDoor:
				d := r.byte(255)
				o.Door = Door{Contact(d % 4), d&4 != 0, d&8 != 0, d&16 != 0}
			case ObserveStanding:
				r.standing(&o.Standing)
				o.Standing.WindowCount += int(now) % 3
			case ObserveReviewed:
				o.Reviewed = Reviewed{ID{1, uint64(r.byte(255))}, r.byte(255)%2 == 0, r.name()}
			case ObserveInterlock:
				o.Up = r.byte(255)%2 == 1
			case ObserveCommand:
				o.Command = Command{CommandOpen, r.name(), r.name()}
			case 200:
				now = Instant(r.varint(1<<63 - 1))
			}
			for _, e := range m.Step(now, o) {
				switch {
				case e.Kind == EffectOpenDoor && !(o.Kind == ObserveCommitted && granted[o.Commit]):
					t.Fatalf("%v opens without a committed grant", e.Passage)
				case e.Kind == EffectOpenDoor:
					delete(granted, o.Commit)
				case e.Kind == EffectJournal && e.Verdict == Grant:
					granted[e.Commit] = true
				}
				if e.Kind == EffectJournal && e.Entry != EntryAlert {
					if err := Verify(e.Record); err != nil {
						t.Fatalf("%v\n%s", err, e.Record)
					}
				}
			}
			if cap(m.effects) != room {
				t.Fatalf("%d effects in one step", len(m.effects))
			}
		}
	})
}
