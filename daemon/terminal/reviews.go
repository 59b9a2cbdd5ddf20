package terminal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"sync"
	"time"

	"umbral/daemon/evidence"
	"umbral/daemon/fleet"
	"umbral/daemon/passage"
	"umbral/daemon/store"
)

// reviews keep what human reviewers are asked, and hand their answers to the decision. What is asked and answered is in
// the store; the passage itself waits in the machine, so that a review that outlives the program is withdrawn at its next
// start: nobody can know who stands at the gate by then.
type reviews struct {
	store    *store.Store
	terminal string
	needed   int
	readers  []fleet.Recipient // whom pictures are encrypted to; none: no pictures
	alias    func(string) string
	clock    func() (time.Time, string)
	closeup  *closeup
	claims   *evidence.Claims
	log      *slog.Logger

	steps chan reviewStep

	mu      sync.Mutex
	waiting []fleet.Review
}

// reviewStep is the opening or the end of a review.
type reviewStep struct {
	open    bool
	passage passage.ID
	person  string
	reasons []passage.Reason
	clues   []passage.EvidenceResult
	timeout time.Duration
}

// maxReviewSteps bounds the steps on their way to the store; the machine has one review at a time.
const maxReviewSteps = 8

// newReviews withdraws what an earlier run left, and returns nil where nobody reviews.
func newReviews(v *vitals, alias func(string) string, c *closeup, claims *evidence.Claims, log *slog.Logger) (*reviews, error) {
	if v.cfg.Review.Timeout == 0 {
		return nil, nil
	}
	r := &reviews{
		store: v.store, terminal: v.cfg.Terminal.ID, needed: v.cfg.Review.Approvals, alias: alias, clock: v.clock.forStore, closeup: c,
		claims: claims, log: log, steps: make(chan reviewStep, maxReviewSteps),
	}
	if v.cfg.Review.Pictures {
		for _, text := range v.cfg.Review.Readers {
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
func (r *reviews) withdraw() error {
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

// step takes what the decision wants done; it never blocks.
func (r *reviews) step(s reviewStep) {
	if r == nil {
		return // nobody reviews: the screen sends the person to the staff
	}
	select {
	case r.steps <- s:
	default:
		r.log.Error("a step of a review was left out: too many wait", "passage", s.passage)
	}
}

// run carries out the steps until ctx ends.
func (r *reviews) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case s := <-r.steps:
			var err error
			if s.open {
				err = r.open(s)
			} else {
				err = r.close(s)
			}
			if err != nil {
				r.log.Error("a review could not be kept", "passage", s.passage, "error", err)
			}
		}
	}
}

// open stores a review and lets the link publish it. Where that fails nobody can answer, and the passage is denied when its
// time is over.
func (r *reviews) open(s reviewStep) error {
	now, trust := r.clock()
	id := s.passage.String()
	statement := fleet.Statement{
		Terminal: r.terminal, Passage: id, Opened: now, Deadline: now.Add(s.timeout), Clock: trust,
		Person: r.alias(s.person), Needed: r.needed,
	}
	for _, reason := range s.reasons {
		statement.Reasons = append(statement.Reasons, string(reason))
	}
	for _, c := range s.clues {
		statement.Evidence = append(statement.Evidence, fleet.ReviewClue{Kind: c.Kind.String(), Outcome: c.Outcome.String(), Detail: c.Detail})
	}
	var pictures []byte
	if list := r.pictures(s.passage); len(list) > 0 {
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
	review := store.Review{ID: id, Deadline: statement.Deadline, Reasons: statement.Reasons, Person: s.person, Needed: r.needed, Statement: text}
	if err := r.store.OpenReview(review, pictures); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(r.waiting, fleet.Review{Passage: id, Statement: text, Pictures: pictures != nil})
	return nil
}

// maxReference is the most that a document's portrait takes, in bytes; the face before the camera has the rest.
const maxReference = fleet.MaxPictures / 3

// pictures are what reviewers compare: the face before the camera, and the document's portrait. None where the site sends none.
func (r *reviews) pictures(id passage.ID) (list []fleet.Picture) {
	if len(r.readers) == 0 {
		return nil
	}
	if jpeg := r.closeup.picture(id, fleet.MaxPictures-maxReference-maxReference/4); jpeg != nil {
		list = append(list, fleet.Picture{Name: "live", JPEG: jpeg})
	}
	if c, ok := r.claims.Of(id); ok && c.Portrait != nil {
		list = append(list, fleet.Picture{Name: "reference", JPEG: c.Portrait})
	}
	if d, ok := r.claims.DoubtOf(id); ok && len(d.Picture) > 0 && len(d.Picture) <= maxReference/4 {
		list = append(list, fleet.Picture{Name: "card-name", JPEG: d.Picture, Text: d.Pattern})
	}
	return list
}

// close ends a review that the reviewers did not end.
func (r *reviews) close(s reviewStep) error {
	id := s.passage.String()
	r.forget(id)
	outcome := store.Withdrawn
	if len(s.reasons) > 0 && s.reasons[0] == passage.ReasonReviewTimeout {
		outcome = store.Expired
	}
	_, err := r.store.CloseReview(id, outcome)
	if errors.Is(err, store.ErrDecided) || errors.Is(err, store.ErrNotFound) {
		return nil // by the reviewers, or never opened
	}
	return err
}

func (r *reviews) forget(id string) {
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
func (r *reviews) Pending() []fleet.Review {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]fleet.Review(nil), r.waiting...)
}

// Pictures is link.Reviews'.
func (r *reviews) Pictures(id string) ([]byte, error) { return r.store.ReviewPictures(id) }

// answer stores and journals a reviewer's signed answer, and returns it for the decision.
func (r *reviews) answer(c fleet.Command) (result any, a passage.Reviewed, err error) {
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
