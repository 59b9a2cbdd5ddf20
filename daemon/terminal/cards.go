package terminal

import (
	"fmt"
	"os"
	"time"

	"umbral/config"
	"umbral/config/policy"
	"umbral/daemon/passage"
	"umbral/daemon/store"
	"umbral/pipeline/document"
	"umbral/pipeline/document/idnumber"
	"umbral/pipeline/face"
	"umbral/pipeline/models"
	"umbral/pipeline/vision"
)

// cards read the printed card that a person shows, over several frames, and tell the decision what came of it.
type cards struct {
	reader   *document.Reader
	rules    document.Rules
	both     bool // the back is wanted too
	readings int
	timeout  time.Duration
	store    *store.Store
	people   *people
	claims   *claims
	face     func(*vision.Image) (face.Template, error)
	needFace bool
	issues   bool // the site issues credentials
	reviewed bool // reviewers may see the portrait
	now      func() time.Time
	observe  func(passage.Observation)

	settled       passage.ID // a card was accepted, refused or given up in this passage
	passage       passage.ID
	since         time.Time // the first reading of the passage
	fronts, backs []*document.Reading
}

// cardWorkers is how many lines of a card are read at a time, where there are as many threads.
const cardWorkers = 2

// maxReadings of a side are kept; the oldest make room.
const maxReadings = 8

// Hints for the screen.
const (
	hintHoldCard = "hold-the-card-still"
	hintTurnCard = "turn-the-card-over"
	hintFront    = "show-the-front"
)

// openCards loads the models of text. It returns nil where the policy knows no card.
func openCards(cfg *config.Config, m models.Manifest, tier string) (*cards, error) {
	if !cfg.Passage.Policy.Needs().Has(policy.Card) {
		return nil, nil
	}
	text, err := models.Load(ModelsDir(cfg), m, document.Roles()...)
	if err != nil {
		return nil, err
	}
	text.Tier = tier
	o := document.DefaultOpts()
	o.MaxCards, o.Workers = 1, min(cardWorkers, threads(cfg.Models.Threads))
	c := &cards{both: cfg.Card.Sides == "both", readings: cfg.Card.Readings, timeout: cfg.Card.Timeout}
	if c.reader, err = document.New(text, o); err != nil {
		return nil, err
	}
	c.rules.Sure = float32(cfg.Card.MinConfidence)
	if name := cfg.Card.Regions; name != "" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("terminal: card.regions: %w", err)
		}
		defer f.Close()
		if c.rules.Regions, err = idnumber.LoadRegions(f); err != nil {
			return nil, fmt.Errorf("terminal: card.regions: %s: %w", name, err)
		}
	}
	return c, nil
}

// read looks for the card in a frame of a passage. It returns a hint for the screen.
func (c *cards) read(id passage.ID, img *vision.Image, at time.Time) (hint string, err error) {
	if c.settled == id {
		return "", nil
	}
	if c.passage != id {
		c.forget()
		c.passage = id
	}
	if !c.since.IsZero() && at.Sub(c.since) > c.timeout {
		c.settle(passage.Evidence{Outcome: passage.Doubtful, Detail: string(passage.ReasonCardUnreadable)})
		return "", nil
	}
	if !document.Likely(img) {
		return "", nil
	}
	found, err := c.reader.Read(img)
	if err != nil || len(found) == 0 {
		return "", err
	}
	if c.since.IsZero() {
		c.since = at
	}
	if r := found[0]; r.Side == document.Front {
		c.fronts = keep(c.fronts, r)
	} else {
		c.backs = keep(c.backs, r)
	}
	return c.judge(), nil
}

func keep(list []*document.Reading, r *document.Reading) []*document.Reading {
	if len(list) == maxReadings {
		list = append(list[:0], list[1:]...)
	}
	return append(list, r)
}

// judge settles the card once there are enough readings of what is wanted.
func (c *cards) judge() (hint string) {
	front, frontDone := c.side(c.fronts)
	back, backDone := c.side(c.backs)
	switch {
	case !frontDone && len(c.fronts) == 0:
		return hintFront
	case !frontDone:
		return hintHoldCard
	case c.both && !backDone && len(c.backs) == 0:
		return hintTurnCard
	case c.both && !backDone:
		return hintHoldCard
	}
	rules := c.rules
	rules.Today = document.DateOf(c.now())
	problems := document.Validate(front, back, rules)
	if len(problems) == 0 {
		c.settle(c.accept(front, back))
		return ""
	}
	for _, p := range problems {
		if !p.Doubt() {
			c.settle(refusedFor(problemReason(p)))
			return ""
		}
	}
	return hintHoldCard
}

// side combines the readings of a side; done says that enough of them agree and every field is sure.
func (c *cards) side(readings []*document.Reading) (r *document.Reading, done bool) {
	if r = document.Combine(readings); r == nil {
		return nil, false
	}
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
		if f.Text == "" || f.Confidence < c.rules.Sure {
			return r, false
		}
	}
	return r, agree >= c.readings
}

// accept makes the claim of an accepted card.
func (c *cards) accept(front, back *document.Reading) passage.Evidence {
	number := front.Number.Text
	d := claim{passage: c.passage, subject: c.subjectOf(number), number: number, name: front.Name.Text}
	d.standing.Person = d.subject
	if born, ok := document.ParseBirth(front.Birth.Text); ok {
		d.standing.Born, d.standing.BornKnown = int32(dayOf(born)), true
	} else {
		d.standing.Marks = d.standing.Marks.With(passage.BirthUnreadable) // every card shows one
	}
	if back != nil {
		d.standing.From, d.standing.Until = validity(back.Validity.Text)
	}
	e := passage.Evidence{Outcome: passage.Accepted, Score: passage.ScoreOf(float64(front.Number.Confidence)), Subject: d.subject}
	if front.Portrait = portraitOf(c.fronts, number); front.Portrait != nil {
		if template, err := c.face(front.Portrait); err == nil {
			d.references[0], d.count, e.Reference = template, 1, true
		}
		if c.reviewed {
			d.portrait = jpegWithin(front.Portrait, front.Portrait.Bounds(), maxReference)
		}
	}
	if !e.Reference && c.needFace && !c.people.gallery.Has(d.subject) {
		return refusedFor(passage.ReasonCardNoPortrait)
	}
	if c.issues {
		d.identity = identityOf(front)
	}
	c.claims.add(d)
	return e
}

// portraitOf is the portrait of the reading that is surest of the number: should another card have been held up in between,
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

// validity bounds when a card is valid, in local time and with its last day: Unix milliseconds, 0 for no bound.
func validity(text string) (from, until int64) {
	first, last, ok := document.ParseValidity(text)
	if !ok {
		return 0, 0
	}
	from = time.Date(first.Year, time.Month(first.Month), first.Day, 0, 0, 0, 0, time.Local).UnixMilli()
	if last != (document.Date{}) {
		until = time.Date(last.Year, time.Month(last.Month), last.Day+1, 0, 0, 0, 0, time.Local).UnixMilli()
	}
	return from, until
}

// forget drops what was read for a passage that is over.
func (c *cards) forget() {
	c.passage, c.since, c.fronts, c.backs = passage.ID{}, time.Time{}, nil, nil
}

// dayOf counts the days since 1970-01-01.
func dayOf(d document.Date) int64 {
	return time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC).Unix() / 86_400
}

// subjectOf names whom a number belongs to: an enrolled person of that id, or a pseudonym.
func (c *cards) subjectOf(number string) string {
	if _, err := c.store.Person(number); err == nil {
		return number
	}
	return c.people.pseudonym("", number)
}

func (c *cards) settle(e passage.Evidence) {
	c.settled, c.fronts, c.backs = c.passage, nil, nil
	e.Kind, e.Passage = policy.Card, c.passage
	c.observe(passage.Observation{Kind: passage.ObserveEvidence, Evidence: e})
}

// problemReason puts what is wrong with a card into the decision's words.
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
