package idcard

import (
	"slices"
	"time"

	"umbral/config/policy"
	"umbral/daemon/evidence"
	"umbral/daemon/passage"
	"umbral/pipeline/document"
	"umbral/pipeline/face"
	"umbral/pipeline/vision"
)

// read looks for the card in a frame of a passage, and returns the outcome once there is one.
func (s *Source) read(id passage.ID, img *vision.Image, at time.Time) (e passage.Evidence, err error) {
	if s.settled == id {
		return e, nil
	}
	if s.passage != id {
		s.forget()
		s.passage = id
	}
	if !s.since.IsZero() && at.Sub(s.since) > s.o.Timeout {
		return s.settle(evidence.Doubtful(passage.ReasonCardUnreadable)), nil
	}
	if !document.Likely(img) {
		return e, nil
	}
	found, err := s.o.Reader.Read(img)
	if err != nil || len(found) == 0 {
		return e, err
	}
	if s.since.IsZero() {
		s.since = at
	}
	s.add(found[0], at)
	if r := found[0]; len(r.Rare) > 0 && s.o.Picture != nil {
		const scale = 10 // pixels a millimetre
		s.o.Claims.AddDoubt(evidence.NameDoubt{Passage: id, Picture: s.o.Picture(r.Cut(img, r.Name.Box, scale)), Pattern: r.Pattern()})
	}
	return s.judge(found[0].TooSmall()), nil
}

// add keeps a reading beside those of either side that are not too old to be of the same card.
func (s *Source) add(r *document.Reading, at time.Time) {
	for _, list := range []*[]sighting{&s.fronts, &s.backs} {
		*list = slices.DeleteFunc(*list, func(old sighting) bool { return at.Sub(old.at) > together })
	}
	list := &s.fronts
	if r.Side == document.Back {
		list = &s.backs
	}
	if len(*list) == maxReadings {
		*list = slices.Delete(*list, 0, 1)
	}
	*list = append(*list, sighting{r, at})
}

// readings returns the readings of sightings.
func readings(list []sighting) []*document.Reading {
	out := make([]*document.Reading, len(list))
	for i := range list {
		out[i] = list[i].Reading
	}
	return out
}

// judge settles the card once there are enough readings of what is wanted. small says that the last one is of small print.
func (s *Source) judge(small bool) (e passage.Evidence) {
	front, frontDone := s.side(readings(s.fronts))
	back, backDone := s.side(readings(s.backs))
	wait := HintHoldCard
	if small {
		wait = HintCloser
	}
	switch {
	case !frontDone && len(s.fronts) == 0:
		s.Say(HintFront)
		return e
	case !frontDone:
		s.Say(wait)
		return e
	case s.o.Both && !backDone && len(s.backs) == 0:
		s.Say(HintTurnCard)
		return e
	case s.o.Both && !backDone:
		s.Say(wait)
		return e
	}
	rules := s.o.Rules
	rules.Today = document.DateOf(s.o.Now())
	problems := document.Validate(front, back, rules)
	if len(problems) == 0 {
		return s.settle(s.accept(front, back))
	}
	for _, p := range problems {
		if !p.Doubt() {
			return s.settle(evidence.Refused(problemReason(p)))
		}
	}
	s.Say(wait)
	return e
}

// side combines the readings of a side; done says that enough of them agree and every field is sure, or is a name that
// somebody else vouches for.
func (s *Source) side(readings []*document.Reading) (r *document.Reading, done bool) {
	if r = document.Combine(readings); r == nil {
		return nil, false
	}
	s.vouch(r)
	agree := 0
	for _, one := range readings {
		if one.Number.Text == r.Number.Text && one.Validity.Text == r.Validity.Text {
			agree++
		}
	}
	fields := []*document.Field{&r.Name, &r.Sex, &r.Ethnicity, &r.Birth, &r.Address, &r.Number}
	if r.Side == document.Back {
		fields = []*document.Field{&r.Authority, &r.Validity}
	}
	for _, f := range fields {
		if f.Text == "" || f.Confidence < s.o.Rules.Sure {
			return r, false
		}
	}
	return r, agree >= s.o.Readings
}

// vouch completes a name with rare characters by that which a signed credential of this passage, or the enrolment, gives the
// holder of the same number, if it is one of the candidates.
func (s *Source) vouch(r *document.Reading) {
	if len(r.Rare) == 0 || !(r.Number.Confidence >= s.o.Rules.Sure) {
		return
	}
	subject := s.subject(r.Number.Text)
	names := []string{s.o.EnrolledName(subject)}
	if c, ok := s.o.Claims.Of(s.passage); ok && c.Issuer != "" && c.Subject == subject {
		names = append(names, c.Name)
	}
	for _, name := range names {
		if r.Admits(name) {
			r.Name.Text, r.Name.Confidence, r.Rare = name, 1, nil
			return
		}
	}
}

// accept makes the claim of an accepted card.
func (s *Source) accept(front, back *document.Reading) passage.Evidence {
	number := front.Number.Text
	d := evidence.Claim{Passage: s.passage, Subject: s.subject(number), Number: number, Name: front.Name.Text}
	d.Standing.Person = d.Subject
	if born, ok := document.ParseBirth(front.Birth.Text); ok {
		d.Standing.Born, d.Standing.BornKnown = int32(dayOf(born)), true
	} else {
		d.Standing.Marks = d.Standing.Marks.With(passage.BirthUnreadable) // every card shows one
	}
	if back != nil {
		d.Standing.From, d.Standing.Until = validity(back.Validity.Text)
	}
	e := passage.Evidence{Outcome: passage.Accepted, Score: passage.ScoreOf(float64(front.Number.Confidence)), Subject: d.Subject}
	if front.Portrait = portraitOf(readings(s.fronts), number); front.Portrait != nil {
		if template, err := s.o.Portrait(front.Portrait); err == nil {
			d.References, e.Reference = []face.Template{template}, true
		}
		if s.o.Picture != nil {
			d.Portrait = s.o.Picture(front.Portrait)
		}
	}
	if !e.Reference && s.o.NeedFace && !s.o.People.HasFace(d.Subject) {
		return evidence.Refused(passage.ReasonCardNoPortrait)
	}
	if s.o.Identity != nil {
		d.Identity = s.o.Identity(front)
	}
	s.o.Claims.Add(d)
	return e
}

// portraitOf returns the portrait of the reading that is surest of the number: should another card have been held up in between,
// its portrait is not this card's.
func portraitOf(fronts []*document.Reading, number string) *vision.Image {
	var surest *document.Reading
	for _, r := range fronts {
		if r.Number.Text == number && r.Portrait != nil && (surest == nil || r.Number.Confidence > surest.Number.Confidence) {
			surest = r
		}
	}
	if surest == nil {
		return nil
	}
	return surest.Portrait
}

// validity returns the bounds of when a card is valid, in local time and with its last day: Unix milliseconds, 0 for no bound.
func validity(text string) (from, until int64) {
	first, last, ok := document.ParseValidity(text)
	if !ok {
		return 0, 0
	}
	from = evidence.DayBegins(first.Year, time.Month(first.Month), first.Day, time.Local).UnixMilli()
	if last != (document.Date{}) {
		until = evidence.DayBegins(last.Year, time.Month(last.Month), last.Day+1, time.Local).UnixMilli()
	}
	return from, until
}

// forget drops what was read for a passage that is over.
func (s *Source) forget() {
	s.passage, s.since, s.fronts, s.backs = passage.ID{}, time.Time{}, nil, nil
}

// dayOf returns the days since 1970-01-01.
func dayOf(d document.Date) int64 {
	return time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC).Unix() / 86_400
}

// subject returns whom a number belongs to: an enrolled person of that id, or a pseudonym.
func (s *Source) subject(number string) string {
	if s.o.People.Enrolled(number) {
		return number
	}
	return s.o.People.Pseudonym("", number)
}

// settle ends the reading of cards in the passage with an outcome.
func (s *Source) settle(e passage.Evidence) passage.Evidence {
	s.settled, s.fronts, s.backs = s.passage, nil, nil
	e.Kind, e.Passage = policy.Card, s.passage
	return e
}

// problemReason returns the decision's reason for what is wrong with a card.
func problemReason(p document.Problem) passage.Reason {
	switch p {
	case document.NumberLength, document.NumberForm, document.NumberCheck, document.RegionUnknown, document.RegionYears, document.BirthImpossible:
		return passage.ReasonCardNumber
	case document.Expired, document.NotYetValid:
		return passage.ReasonCardExpired
	case document.Unsure, document.Missing:
		return passage.ReasonCardUnreadable
	}
	return passage.ReasonCardContradiction
}
