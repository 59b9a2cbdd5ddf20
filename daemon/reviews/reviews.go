// Package reviews keeps what human reviewers are asked, in the store and for the fleet's link, and hands their answers to the
// decision.
package reviews

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"sync"
	"time"

	"umbral/config"

	"umbral/daemon/evidence"
	"umbral/daemon/fleet"
	"umbral/daemon/passage"
	"umbral/daemon/store"
)

// Reviews keep what human reviewers are asked, and hand their answers to the decision. What is asked and answered is in
// the store; the passage itself waits in the machine, so that a review that outlives the program is withdrawn at its next
// start: nobody can know who stands at the gate by then.
type Reviews struct {
	store    *store.Store
	terminal string
	needed   int
	readers  []fleet.Recipient // whom pictures are encrypted to; none: no pictures
	alias    func(string) string
	clock    func() (time.Time, string)
	picture  func(id passage.ID, most int) []byte
	claims   *evidence.Claims
	log      *slog.Logger

	steps chan Step

	mu      sync.Mutex
	waiting []fleet.Review
}

// Step is the opening or the end of a review.
type Step struct {
	Open    bool
	Passage passage.ID
	Person  string
	Reasons []passage.Reason
	Clues   []passage.EvidenceResult
	Timeout time.Duration
}

// maxReviewSteps bounds the steps on their way to the store; the machine has one review at a time.
const maxReviewSteps = 8

// Opts is what reviews are made of.
type Opts struct {
	Config   *config.Review
	Terminal string // its id
	Store    *store.Store
	Alias    func(person string) string // what the fleet calls somebody
	Clock    func() (wall time.Time, trust string)
	// Picture returns the face that was compared last in a passage, as JPEG of at most so many bytes; nil for none.
	Picture func(id passage.ID, most int) []byte
	Claims  *evidence.Claims
	Log     *slog.Logger
}

// New withdraws what an earlier run left, and returns nil where nobody reviews.
func New(o Opts) (*Reviews, error) {
	if o.Config.Timeout == 0 {
		return nil, nil
	}
	r := &Reviews{
		store: o.Store, terminal: o.Terminal, needed: o.Config.Approvals, alias: o.Alias, clock: o.Clock, picture: o.Picture,
		claims: o.Claims, log: o.Log, steps: make(chan Step, maxReviewSteps),
	}
	if o.Config.Pictures {
		for _, text := range o.Config.Readers {
			reader, err := fleet.ParseRecipient(text)
			if err != nil {
				return nil, err
			}
			r.readers = append(r.readers, reader)
		}
	}
	return r, r.withdraw()
}

// withdraw ends the reviews of an earlier run.
func (r *Reviews) withdraw() error {
	list, err := r.store.Reviews()
	if err != nil {
		return err
	}
	for _, old := range list {
		if old.Outcome != store.Pending {
			continue
		}
		if _, err := r.store.CloseReview(old.ID, store.Withdrawn); err != nil && !errors.Is(err, store.ErrDecided) {
			r.log.Error("a review of an earlier run could not be withdrawn", "passage", old.ID, "error", err)
		}
	}
	return nil
}

// Take takes what the decision wants done; it never blocks.
func (r *Reviews) Take(s Step) {
	if r == nil {
		return // nobody reviews: the screen sends the person to the staff
	}
	select {
	case r.steps <- s:
	default:
		r.log.Error("a step of a review was left out: too many wait", "passage", s.Passage)
	}
}

// Run carries out the steps until ctx ends.
func (r *Reviews) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case s := <-r.steps:
			var err error
			if s.Open {
				err = r.open(s)
			} else {
				err = r.close(s)
			}
			if err != nil {
				r.log.Error("a review could not be kept", "passage", s.Passage, "error", err)
			}
		}
	}
}

// open stores a review and lets the link publish it. Where that fails nobody can answer, and the passage is denied when its
// time is over.
func (r *Reviews) open(s Step) error {
	now, trust := r.clock()
	id := s.Passage.String()
	statement := fleet.Statement{
		Terminal: r.terminal, Passage: id, Opened: now, Deadline: now.Add(s.Timeout), Clock: trust,
		Person: r.alias(s.Person), Needed: r.needed,
	}
	for _, reason := range s.Reasons {
		statement.Reasons = append(statement.Reasons, string(reason))
	}
	for _, c := range s.Clues {
		statement.Evidence = append(statement.Evidence, fleet.ReviewClue{Kind: c.Kind.String(), Outcome: c.Outcome.String(), Detail: c.Detail})
	}
	var pictures []byte
	if list := r.pictures(s.Passage); len(list) > 0 {
		var err error
		if pictures, err = fleet.SealPictures(r.readers, r.terminal, id, list); err != nil {
			return err
		}
		sum := sha256.Sum256(pictures)
		statement.Pictures = hex.EncodeToString(sum[:])
	}
	text, err := statement.Encode()
	if err != nil {
		return err
	}
	review := store.Review{ID: id, Deadline: statement.Deadline, Reasons: statement.Reasons, Person: s.Person, Needed: r.needed, Statement: text}
	if err := r.store.OpenReview(review, pictures); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(r.waiting, fleet.Review{Passage: id, Statement: text, Pictures: pictures != nil})
	return nil
}

// MaxReference is the most that a document's portrait takes, in bytes; the face before the camera has the rest.
const MaxReference = fleet.MaxPictures / 3

// pictures are what reviewers compare: the face before the camera, and the document's portrait. None where the site sends none.
func (r *Reviews) pictures(id passage.ID) (list []fleet.Picture) {
	if len(r.readers) == 0 {
		return nil
	}
	if jpeg := r.picture(id, fleet.MaxPictures-MaxReference-MaxReference/4); jpeg != nil {
		list = append(list, fleet.Picture{Name: "live", JPEG: jpeg})
	}
	if c, ok := r.claims.Of(id); ok && c.Portrait != nil {
		list = append(list, fleet.Picture{Name: "reference", JPEG: c.Portrait})
	}
	if d, ok := r.claims.DoubtOf(id); ok && len(d.Picture) > 0 && len(d.Picture) <= MaxReference/4 {
		list = append(list, fleet.Picture{Name: "card-name", JPEG: d.Picture, Text: d.Pattern})
	}
	return list
}

// close ends a review that the reviewers did not end.
func (r *Reviews) close(s Step) error {
	id := s.Passage.String()
	r.forget(id)
	outcome := store.Withdrawn
	if len(s.Reasons) > 0 && s.Reasons[0] == passage.ReasonReviewTimeout {
		outcome = store.Expired
	}
	_, err := r.store.CloseReview(id, outcome)
	if errors.Is(err, store.ErrDecided) || errors.Is(err, store.ErrNotFound) {
		return nil // by the reviewers, or never opened
	}
	return err
}

func (r *Reviews) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.waiting {
		if r.waiting[i].Passage == id {
			r.waiting = append(r.waiting[:i:i], r.waiting[i+1:]...)
			return
		}
	}
}

// Pending is link.Reviews'.
func (r *Reviews) Pending() []fleet.Review {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]fleet.Review(nil), r.waiting...)
}

// Pictures is link.Reviews'.
func (r *Reviews) Pictures(id string) ([]byte, error) { return r.store.ReviewPictures(id) }

// Answer stores and journals a reviewer's signed answer, and returns it for the decision.
func (r *Reviews) Answer(c fleet.Command) (result any, a passage.Reviewed, err error) {
	args, err := c.ReviewArgs()
	if err != nil {
		return nil, a, err
	}
	held, err := r.store.Review(args.Passage)
	if err != nil {
		return nil, a, &fleet.Failure{Reason: fleet.ReasonNoReview, Detail: "no review of passage " + args.Passage + " is held here"}
	}
	if fleet.StatementHash(held.Statement) != args.Review {
		return nil, a, &fleet.Failure{Reason: fleet.ReasonNoReview, Detail: "the answer is to another statement of passage " + args.Passage}
	}
	id, err := passage.ParseID(args.Passage)
	if err != nil {
		return nil, a, &fleet.Failure{Reason: fleet.ReasonArguments, Detail: err.Error()}
	}
	approve := args.Answer == fleet.Approve
	held, err = r.store.AnswerReview(args.Passage, store.ReviewAnswer{Reviewer: c.Fingerprint, Name: c.Key, Approve: approve})
	switch {
	case errors.Is(err, store.ErrDecided):
		return nil, a, &fleet.Failure{Reason: fleet.ReasonDecided, Detail: err.Error()}
	case errors.Is(err, store.ErrExists):
		return nil, a, &fleet.Failure{Reason: fleet.ReasonTwice, Detail: err.Error()}
	case err != nil:
		return nil, a, &fleet.Failure{Reason: fleet.ReasonFailed, Detail: err.Error()}
	}
	r.mu.Lock()
	for i := range r.waiting {
		if r.waiting[i].Passage == args.Passage {
			r.waiting[i].Answers = len(held.Answers)
		}
	}
	r.mu.Unlock()
	a = passage.Reviewed{Passage: id, Approve: approve, Reviewer: c.Fingerprint}
	return map[string]any{"passage": args.Passage, "answers": len(held.Answers), "needed": held.Needed, "outcome": held.Outcome}, a, nil
}
