package idcard

import (
	"testing"
	"testing/synctest"
	"time"

	"umbral/config/policy"
	"umbral/daemon/evidence"
	"umbral/daemon/passage"
	"umbral/pipeline/document"
	"umbral/pipeline/document/idnumber"
	"umbral/pipeline/face"
	"umbral/pipeline/vision"
)

// register knows one person.
type register struct{ id, name string }

func (r register) Enrolled(id string) bool            { return id == r.id }
func (r register) HasFace(id string) bool             { return id == r.id }
func (r register) Pseudonym(_, number string) string  { return "doc-" + number }
func (r register) nameOf(id string) (name string)     { return map[string]string{r.id: r.name}[id] }
func sure(text string) document.Field                 { return document.Field{Text: text, Confidence: 0.95} }
func noFace(*vision.Image) (_ face.Template, _ error) { return face.Template{}, nil }

var (
	now = time.Date(2020, 1, 1, 12, 0, 0, 0, time.UTC)
	id  = passage.ID{Boot: 7, Number: 42}
)

const digits = "11010519900307102"

// front is a reading of a card without a fault, from near.
func front() *document.Reading {
	return &document.Reading{
		Side: document.Front, Name: sure("陈赟"), Sex: sure("女"), Ethnicity: sure("汉"), Birth: sure("1990年3月7日"), Resolution: 12,
		Address: sure("北京市朝阳区样例路1号"), Number: sure(digits + string(idnumber.CheckDigit(digits))),
	}
}

func back() *document.Reading {
	return &document.Reading{Side: document.Back, Authority: sure("北京市公安局朝阳分局"), Validity: sure("2015.05.06-2025.05.06"), Resolution: 12}
}

func source(people register, both bool) *Source {
	s := New(Opts{
		Both: both, Readings: 2, Timeout: 20 * time.Second, Width: 8, Height: 8, Rules: document.Rules{Sure: document.DefaultSure},
		People: people, EnrolledName: people.nameOf, Claims: new(evidence.Claims), Portrait: noFace, Now: func() time.Time { return now },
	})
	s.passage = id
	return s
}

// show lets the source see readings a second apart.
func show(s *Source, list ...*document.Reading) (e passage.Evidence) {
	for i, r := range list {
		s.add(r, now.Add(time.Duration(i)*time.Second))
		if e = s.judge(r.TooSmall()); e.Outcome != 0 {
			break
		}
	}
	return e
}

func TestCardWithoutAFault(t *testing.T) {
	s := source(register{}, true)
	if e := show(s, front(), front(), back(), back()); e.Outcome != passage.Accepted || e.Passage != id {
		t.Errorf("%+v", e)
	}
	if c, ok := s.o.Claims.Of(id); !ok || c.Name != "陈赟" || !c.Standing.BornKnown {
		t.Errorf("claim %+v", c)
	}
}

// What is printed and cannot be right refuses at once, each with its reason; a doubt never does.
func TestHardProblems(t *testing.T) {
	for name, c := range map[string]struct {
		change func(f, b *document.Reading)
		want   passage.Reason
	}{
		"check digit":   {func(f, b *document.Reading) { f.Number.Text = digits + "0" }, passage.ReasonCardNumber},
		"17 digits":     {func(f, b *document.Reading) { f.Number.Text = digits }, passage.ReasonCardNumber},
		"sex":           {func(f, b *document.Reading) { f.Sex.Text = "男" }, passage.ReasonCardContradiction},
		"birth":         {func(f, b *document.Reading) { f.Birth.Text = "1990年3月8日" }, passage.ReasonCardContradiction},
		"expired":       {func(f, b *document.Reading) { b.Validity.Text = "2009.05.06-2019.05.06" }, passage.ReasonCardExpired},
		"not yet valid": {func(f, b *document.Reading) { b.Validity.Text = "2020.05.06-2040.05.06" }, passage.ReasonCardExpired},
		"term":          {func(f, b *document.Reading) { b.Validity.Text = "2015.05.06-2035.05.06" }, passage.ReasonCardContradiction},
		"sides differ":  {func(f, b *document.Reading) { b.Authority.Text = "武汉市公安局" }, ""},
		"unsure name":   {func(f, b *document.Reading) { f.Name.Confidence = 0.5 }, ""},
	} {
		f, b := front(), back()
		c.change(f, b)
		e := show(source(register{}, true), f, f, b, b)
		if c.want == "" {
			if e.Outcome != 0 {
				t.Errorf("%s: settled with %v %s", name, e.Outcome, e.Detail)
			}
			continue
		}
		if e.Outcome != passage.Refused || e.Detail != string(c.want) {
			t.Errorf("%s: %v %s, want %s", name, e.Outcome, e.Detail, c.want)
		}
	}
}

// Sides that were not before the camera within the same seconds may be of two cards.
func TestSidesAreSeenTogether(t *testing.T) {
	for wait, want := range map[time.Duration]passage.Outcome{together: passage.Accepted, together + time.Millisecond: 0} {
		s := source(register{}, true)
		s.add(front(), now)
		s.add(front(), now)
		s.add(back(), now.Add(wait))
		s.add(back(), now.Add(wait))
		if e := s.judge(false); e.Outcome != want {
			t.Errorf("the back %v after the front: %v, want %v", wait, e.Outcome, want)
		}
	}
}

func TestReadingsAreBounded(t *testing.T) {
	s := source(register{}, false)
	for range 3 * maxReadings {
		s.add(front(), now)
	}
	if n := len(s.fronts); n != maxReadings {
		t.Errorf("%d readings are kept, want %d", n, maxReadings)
	}
}

func TestHints(t *testing.T) {
	unsure, small := front(), front()
	unsure.Address.Confidence = 0.5
	small.Address.Confidence, small.Resolution = 0.5, 6
	for name, c := range map[string]struct {
		list []*document.Reading
		want string
	}{
		"unsure":      {[]*document.Reading{unsure}, HintHoldCard},
		"small":       {[]*document.Reading{small}, HintCloser},
		"front alone": {[]*document.Reading{front(), front()}, HintTurnCard},
		"back alone":  {[]*document.Reading{back(), back()}, HintFront},
		"small back": {[]*document.Reading{front(), front(), func() *document.Reading {
			b := back()
			b.Authority.Confidence, b.Resolution = 0.5, 6
			return b
		}()}, HintCloser},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := source(register{}, true)
			show(s, c.list...)
			if got := s.Hint(); got != "" {
				t.Errorf("%s: hint %q although no card is asked for", name, got)
			}
			s.Want(passage.Demand{Passage: passage.ID{Boot: 1, Number: 1}, Ask: policy.Set(0).With(policy.Card)})
			if got := s.Hint(); got != c.want {
				t.Errorf("%s: hint %q, want %q", name, got, c.want)
			}
		})
	}
}

// A name with a rare character is accepted where a signed credential of this passage, or the enrolment, gives the same person
// a name that is one of the candidates, and nowhere else.
func TestRareNameNeedsAVoucher(t *testing.T) {
	rare := func() *document.Reading {
		f := front()
		f.Name = document.Field{Text: "陈〓", Confidence: 0.2}
		f.Rare = []document.Rare{{Place: 1, Candidates: []string{"赟", "贇"}}}
		return f
	}
	number := front().Number.Text
	claim := func(issuer, subject, name string) *evidence.Claim {
		return &evidence.Claim{Passage: id, Subject: subject, Issuer: issuer, Name: name}
	}
	for name, c := range map[string]struct {
		people register
		claim  *evidence.Claim
		change func(*document.Reading)
		want   passage.Outcome
	}{
		"nobody":                   {want: 0},
		"enrolled":                 {people: register{number, "陈赟"}, want: passage.Accepted},
		"enrolled by another name": {people: register{number, "陈斌"}, want: 0},
		"another is enrolled":      {people: register{"somebody", "陈赟"}, want: 0},
		"credential":               {claim: claim("https://issuer", "doc-"+number, "陈赟"), want: passage.Accepted},
		"credential of another":    {claim: claim("https://issuer", "doc-1", "陈赟"), want: 0},
		"another card":             {claim: claim("", "doc-"+number, "陈赟"), want: 0},
		"another name":             {claim: claim("https://issuer", "doc-"+number, "陈斌"), want: 0},
		"unsure number":            {people: register{number, "陈赟"}, want: 0, change: func(r *document.Reading) { r.Number.Confidence = 0.5 }},
		"no rare character":        {people: register{number, "陈赟"}, want: 0, change: func(r *document.Reading) { r.Rare = nil }},
	} {
		s := source(c.people, false)
		if c.claim != nil {
			s.o.Claims.Add(*c.claim)
		}
		f, g := rare(), rare()
		if c.change != nil {
			c.change(f)
			c.change(g)
		}
		e := show(s, f, g)
		if e.Outcome != c.want {
			t.Errorf("%s: %v %s, want %v", name, e.Outcome, e.Detail, c.want)
		}
		if got, _ := s.o.Claims.Of(id); c.want == passage.Accepted && got.Name != "陈赟" {
			t.Errorf("%s: accepted as %q", name, got.Name)
		}
		if f.Name.Text != "陈〓" {
			t.Errorf("%s: a reading was changed to %q", name, f.Name.Text)
		}
	}
}
