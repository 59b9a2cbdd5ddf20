package challenge

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A schedule keeps the pauses, fits into the challenge with the latest answer, and shows each prompt as a change.
func TestScheduleInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := DefaultOpts()
		if rapid.Bool().Draw(t, "move") {
			o = DefaultMoveOpts()
		}
		o.Prompts = rapid.IntRange(3, MaxPrompts).Draw(t, "prompts")
		o.Slack = time.Duration(rapid.IntRange(10, 150).Draw(t, "units")) * step
		s, err := NewSchedule(o, rapid.SliceOfN(rapid.Byte(), MinNonce, MaxNonce).Draw(t, "nonce"))
		if err != nil {
			t.Fatal(err)
		}
		asked := s.Prompts()
		if len(asked) != o.Prompts {
			t.Fatalf("%d prompts, wanted %d", len(asked), o.Prompts)
		}
		earliest := o.Lead
		for i, a := range asked {
			if a.At < earliest || (a.At-o.Lead)%step != 0 {
				t.Fatalf("prompt %d at %v, wanted %v or later in whole steps", i, a.At, earliest)
			}
			if int(a.What) >= o.Kind.choices() || i > 0 && a.What == asked[i-1].What {
				t.Fatalf("prompt %d asks for %d after %d", i, a.What, asked[max(i-1, 0)].What)
			}
			earliest = a.At + o.Show + o.Pause
		}
		if end := asked[len(asked)-1].At + o.MaxLag + o.Answer; end > s.Length() {
			t.Fatalf("the latest answer ends at %v, the challenge at %v", end, s.Length())
		}
	})
}

// All rhythms and all sequences come up equally often, and there are as many as the entropy says.
func TestScheduleIsUniform(t *testing.T) {
	o := DefaultMoveOpts()
	o.Prompts, o.Slack = 3, time.Second
	rhythm, sequence := o.Entropy()
	rhythms, sequences := int(math.Round(math.Exp2(rhythm))), int(math.Round(math.Exp2(sequence)))
	if rhythms != 286 || sequences != 36 {
		t.Fatalf("%d rhythms and %d sequences, wanted 286 = C(13,3) and 36 = 4·3·3", rhythms, sequences)
	}
	s := Schedule{opts: o}
	d := drawOf(t, 5, "test")
	when, what := map[string]int{}, map[string]int{}
	for range 100 * rhythms {
		s.draw(d)
		a := s.Prompts()
		when[fmt.Sprint(a[0].At, a[1].At, a[2].At)]++
		what[fmt.Sprint(a[0].What, a[1].What, a[2].What)]++
	}
	if x := chiSquared(when, rhythms); len(when) != rhythms || math.Abs(x) > 4.5 {
		t.Errorf("%d of %d rhythms, chi squared %.1f deviations from its mean", len(when), rhythms, x)
	}
	if x := chiSquared(what, sequences); len(what) != sequences || math.Abs(x) > 4.5 {
		t.Errorf("%d of %d sequences, chi squared %.1f deviations from its mean", len(what), sequences, x)
	}
}

// The journal keeps nonces, so a schedule has to be the same for ever and on every processor.
func TestScheduleStaysAsItIs(t *testing.T) {
	s, err := NewSchedule(DefaultOpts(), nonceOf(9))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range s.Prompts() {
		got = append(got, fmt.Sprintf("%d@%v", a.What, a.At))
	}
	const want = "1@4s 0@7.8s 6@8.9s 8@9.9s 0@11.1s 4@12.5s"
	if text := strings.Join(got, " "); text != want {
		t.Errorf("%s, wanted %s", text, want)
	}
	if rhythm, digits := DefaultOpts().Entropy(); math.Abs(rhythm-26.44) > 0.01 || math.Abs(digits-19.17) > 0.01 {
		t.Errorf("%.2f bits of rhythm and %.2f of digits", rhythm, digits)
	}
}

func TestScreen(t *testing.T) {
	for _, o := range []Opts{DefaultOpts(), DefaultMoveOpts()} {
		s, err := NewSchedule(o, nonceOf(3))
		if err != nil {
			t.Fatal(err)
		}
		if p := s.At(-time.Second); p.Phase != GettingReady || p.Countdown != o.Lead || p.Of != o.Prompts || p.Share != 0 {
			t.Errorf("before the begin: %+v", p)
		}
		for i, a := range s.Prompts() {
			for _, c := range []struct {
				at    time.Duration
				phase Phase
			}{{a.At, Showing}, {a.At + o.Show - 1, Showing}, {a.At + o.Show, Waiting}} {
				p := s.At(c.at)
				if p.Phase != c.phase || p.Done != i+1 || c.phase == Showing && p.What != a.What || c.phase != Showing && p.What != 0 {
					t.Errorf("prompt %d at %v: %+v", i, c.at, p)
				}
			}
			if p := s.At(a.At - 1); p.Done != i || p.Phase == Showing {
				t.Errorf("just before prompt %d: %+v", i, p)
			}
		}
		if p := s.At(o.Length()); p.Phase != Over || p.Share != 1 {
			t.Errorf("at the end: %+v", p)
		}
		if p := s.At(math.MaxInt64); p.Phase != Over || p.Share != 1 {
			t.Errorf("for ever: %+v", p)
		}
	}
}

func TestTexts(t *testing.T) {
	prompts := []Prompt{{}, {Kind: Move}, {Phase: Waiting}, {Phase: Over}}
	for d := range uint8(10) {
		prompts = append(prompts, Prompt{Phase: Showing, What: d})
	}
	for m := range uint8(movements) {
		prompts = append(prompts, Prompt{Kind: Move, Phase: Showing, What: m})
	}
	for _, lang := range Languages() {
		seen := map[string]bool{}
		for _, p := range prompts {
			text := p.Text(lang)
			if text == "" || seen[text] {
				t.Errorf("%s: %+v shows %q, which is empty or not new", lang, p, text)
			}
			seen[text] = true
		}
	}
	if text := (Prompt{Phase: Over}).Text("tlh"); text != "thank you" {
		t.Errorf("an unknown language: %q", text)
	}
	for _, p := range []Prompt{{Phase: Showing, What: 10}, {Kind: Move, Phase: Showing, What: 4}, {Kind: 7, Phase: Showing}} {
		if text := p.Text("en"); text != "" {
			t.Errorf("%+v: %q", p, text)
		}
	}
}

func TestOptsAreChecked(t *testing.T) {
	for _, o := range []Opts{DefaultOpts(), DefaultMoveOpts()} {
		if err := o.Validate(); err != nil {
			t.Error(err)
		}
	}
	for name, spoil := range map[string]func(*Opts){
		"kind":       func(o *Opts) { o.Kind = 2 },
		"prompts":    func(o *Opts) { o.Prompts = 13 },
		"lead":       func(o *Opts) { o.Lead = -1 },
		"show":       func(o *Opts) { o.Show = time.Millisecond },
		"pause":      func(o *Opts) { o.Pause = 0 },
		"slack":      func(o *Opts) { o.Slack += time.Millisecond },
		"lags":       func(o *Opts) { o.MaxLag = 0 },
		"answer":     func(o *Opts) { o.Answer = 2 * time.Second },
		"tail":       func(o *Opts) { o.Tail = 0 },
		"decoys":     func(o *Opts) { o.Decoys = 10 },
		"p-value":    func(o *Opts) { o.MaxPValue = math.NaN() },
		"missed":     func(o *Opts) { o.MaxMissed = 3 },
		"rate":       func(o *Opts) { o.MinRate = 5 },
		"coverage":   func(o *Opts) { o.MinCoverage = 0.1 },
		"gap":        func(o *Opts) { o.MaxGap = 0 },
		"similarity": func(o *Opts) { o.MinSimilarity = float32(math.NaN()) },
		"language":   func(o *Opts) { o.Language = "" },
		"length": func(o *Opts) {
			o.Slack, o.Lead, o.Tail, o.Show = 30*time.Second, 10*time.Second, 10*time.Second, 5*time.Second
		},
	} {
		o := DefaultOpts()
		spoil(&o)
		if _, err := NewChallenge(o, nonceOf(1)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (Opts{}).Validate(); err == nil {
		t.Error("no options at all are valid")
	}
}

// Any number of options and bytes gives an error or a schedule of the stated length.
func FuzzSchedule(f *testing.F) {
	f.Add(uint8(0), 6, int64(5e9), []byte("0123456789abcdef"))
	f.Add(uint8(1), 3, int64(1e9), []byte{})
	f.Add(uint8(9), -1, int64(-1), make([]byte, 100))
	f.Fuzz(func(t *testing.T, kind uint8, prompts int, slack int64, nonce []byte) {
		o := DefaultMoveOpts()
		o.Kind, o.Prompts, o.Slack = Kind(kind), prompts, time.Duration(slack)
		s, err := NewSchedule(o, nonce)
		if err != nil {
			return
		}
		if last := s.Prompts()[o.Prompts-1].At; last+o.MaxLag+o.Answer > s.Length() || s.Length() > MaxLength {
			t.Errorf("last prompt at %v of %v", last, s.Length())
		}
		s.At(time.Duration(slack)).Text(string(nonce))
	})
}
