package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// Review is a passage that the machine referred to human reviewers. It survives restarts until its outcome is known.
type Review struct {
	ID       string         `json:"id"`     // the passage's: 1 to MaxID bytes
	Opened   time.Time      `json:"opened"` // by the store's clock
	Deadline time.Time      `json:"deadline"`
	Reasons  []string       `json:"reasons"`          // codes, why the machine was unsure: up to MaxReasons
	Person   string         `json:"person,omitempty"` // id of whom it may be; empty where nobody is known
	Needed   int            `json:"needed"`           // approvals of different reviewers that an approval takes: 1 or 2
	Answers  []ReviewAnswer `json:"answers,omitempty"`
	Outcome  Outcome        `json:"outcome"`
	Closed   time.Time      `json:"closed,omitzero"`
	// Statement is what the reviewers are shown and sign for, as it was published: up to MaxStatement bytes.
	Statement []byte `json:"statement,omitempty"`
	// Pictures says how many bytes of pictures Pictures returns; 0 where there are none or the review is closed.
	Pictures int `json:"pictures,omitempty"`
}

// ReviewAnswer is one reviewer's answer.
type ReviewAnswer struct {
	Reviewer string    `json:"reviewer"` // fingerprint of the key, 1 to MaxID bytes: two names of one key are one
	Name     string    `json:"name"`     // of the key, for people
	Approve  bool      `json:"approve"`
	At       time.Time `json:"at"` // by the store's clock
}

// Outcome is what became of a review.
type Outcome string

// The outcomes.
const (
	Pending   Outcome = "pending"
	Approved  Outcome = "approved"
	Denied    Outcome = "denied"    // one reviewer's denial is enough
	Expired   Outcome = "expired"   // nobody, or not enough, answered in time
	Withdrawn Outcome = "withdrawn" // by the gate: the person went away, or the terminal can no longer act on it
)

// Limits of a review.
const (
	MaxReasons   = 16
	MaxReason    = 48        // bytes of one code
	MaxStatement = 8 << 10   // bytes
	MaxPictures  = 160 << 10 // bytes of encrypted pictures
	MaxReviewers = 2         // approvals that can be wanted
	ReviewLife   = 24 * time.Hour
	keptReviews  = 64 // closed reviews that are kept for looking at; the oldest go
)

// KindReview is the kind of entry that records each step of a review: ReviewEntry as JSON.
const KindReview = "review"

// ReviewEntry is the payload of KindReview.
type ReviewEntry struct {
	Passage  string   `json:"passage"`
	Step     string   `json:"step"` // "opened", "answered", or an outcome
	Reasons  []string `json:"reasons,omitempty"`
	Deadline string   `json:"deadline,omitempty"` // RFC 3339
	Needed   int      `json:"needed,omitempty"`
	Key      string   `json:"key,omitempty"`    // name of the key that answered
	Answer   string   `json:"answer,omitempty"` // "approve" or "deny"
}

func (r *Review) validate(now time.Time) error {
	if err := checkID(r.ID); err != nil {
		return err
	}
	switch {
	case r.Needed < 1 || r.Needed > MaxReviewers:
		return fmt.Errorf("store: %w: review needs %d approvals, limit 1 to %d", ErrInvalid, r.Needed, MaxReviewers)
	case !r.Deadline.After(now) || r.Deadline.After(now.Add(ReviewLife)):
		return fmt.Errorf("store: %w: review's deadline is %v ahead, limit %v",
			ErrInvalid, r.Deadline.Sub(now).Round(time.Second), ReviewLife)
	case len(r.Reasons) > MaxReasons || len(r.Statement) > MaxStatement:
		return fmt.Errorf("store: %w: review with %d reasons, limit %d, and a statement of %d bytes, limit %d",
			ErrInvalid, len(r.Reasons), MaxReasons, len(r.Statement), MaxStatement)
	}
	for _, code := range r.Reasons {
		if len(code) == 0 || len(code) > MaxReason {
			return fmt.Errorf("store: %w: reason of %d bytes, limit 1 to %d", ErrInvalid, len(code), MaxReason)
		}
	}
	if r.Person != "" {
		return checkID(r.Person)
	}
	return nil
}

// OpenReview stores a new review, with pictures that are already encrypted to the reviewers (nil for none), and
// journals it, in one commit; Opened, Answers, Outcome and Closed are set by the store. ErrExists if there is one for
// the passage, ErrFull while Opts.Reviews are pending: the caller then denies at once, which is what an unanswered
// review comes to.
func (s *Store) OpenReview(r Review, pictures []byte) error {
	now, _ := s.clock()
	if err := r.validate(now); err != nil {
		return err
	}
	if len(pictures) > MaxPictures {
		return fmt.Errorf("store: %w: pictures of %d bytes, limit %d", ErrInvalid, len(pictures), MaxPictures)
	}
	r.Opened, r.Answers, r.Outcome, r.Closed, r.Pictures = now.UTC(), nil, Pending, time.Time{}, len(pictures)
	return s.commit(func(c *change) error {
		all, err := openReviews(c.tx, s.keys)
		if err != nil {
			return err
		}
		pending := 0
		for _, other := range all {
			if other.ID == r.ID {
				return fmt.Errorf("store: %w: review of passage %q", ErrExists, r.ID)
			}
			if other.Outcome == Pending {
				pending++
			}
		}
		if pending >= s.opts.Reviews {
			return fmt.Errorf("store: %w: %d reviews pending, limit %d", ErrFull, pending, s.opts.Reviews)
		}
		if err := c.forgetReviews(all); err != nil {
			return err
		}
		if err := c.spare(len(r.Statement) + len(pictures)); err != nil {
			return err
		}
		if len(pictures) > 0 {
			key := []byte(r.ID)
			if err := c.tx.Bucket([]byte(bucketPictures)).Put(key, s.keys.values.seal(bucketPictures, key, pictures)); err != nil {
				return err
			}
		}
		if err := c.putReview(&r); err != nil {
			return err
		}
		return c.journal(KindReview, ReviewEntry{
			Passage: r.ID, Step: "opened", Reasons: r.Reasons, Deadline: r.Deadline.UTC().Format(time.RFC3339), Needed: r.Needed,
		})
	})
}

// AnswerReview adds a reviewer's answer, closes the review when that decides it, and journals both, in one commit. It
// returns the review as it is then. A denial decides at once; an approval when Needed different reviewers have
// approved.
//
// Errors: ErrNotFound for an unknown review, ErrDecided for one that is closed or past its deadline, ErrExists when
// this reviewer has answered already.
func (s *Store) AnswerReview(id string, a ReviewAnswer) (Review, error) {
	if err := errors.Join(checkID(a.Reviewer), checkID(a.Name)); err != nil {
		return Review{}, err
	}
	now, _ := s.clock()
	a.At = now.UTC()
	var r Review
	err := s.commit(func(c *change) (err error) {
		if r, err = openReview(c.tx, s.keys, id); err != nil {
			return err
		}
		switch {
		case r.Outcome != Pending:
			return fmt.Errorf("store: %w: the review of passage %q is %s", ErrDecided, id, r.Outcome)
		case !now.Before(r.Deadline):
			return fmt.Errorf("store: %w: the review of passage %q ended %v ago",
				ErrDecided, id, now.Sub(r.Deadline).Round(time.Second))
		}
		approvals := 0
		for _, other := range r.Answers {
			if other.Reviewer == a.Reviewer {
				return fmt.Errorf("store: %w: answer of %q to the review of passage %q", ErrExists, other.Name, id)
			}
			if other.Approve {
				approvals++
			}
		}
		r.Answers = append(r.Answers, a)
		answer := "deny"
		if a.Approve {
			approvals++
			answer = "approve"
		}
		if err := c.journal(KindReview, ReviewEntry{Passage: id, Step: "answered", Key: a.Name, Answer: answer}); err != nil {
			return err
		}
		switch {
		case !a.Approve:
			return c.closeReview(&r, Denied, now)
		case approvals >= r.Needed:
			return c.closeReview(&r, Approved, now)
		}
		return c.putReview(&r)
	})
	if err != nil {
		return Review{}, err
	}
	return r, nil
}

// CloseReview closes a pending review without a further answer: Withdrawn, or Expired before its deadline. ErrDecided
// for one that is closed.
func (s *Store) CloseReview(id string, o Outcome) (Review, error) {
	if o != Withdrawn && o != Expired {
		return Review{}, fmt.Errorf("store: %w: outcome %q, allowed %q, %q", ErrInvalid, o, Withdrawn, Expired)
	}
	now, _ := s.clock()
	var r Review
	err := s.commit(func(c *change) (err error) {
		if r, err = openReview(c.tx, s.keys, id); err != nil {
			return err
		}
		if r.Outcome != Pending {
			return fmt.Errorf("store: %w: the review of passage %q is %s", ErrDecided, id, r.Outcome)
		}
		return c.closeReview(&r, o, now)
	})
	if err != nil {
		return Review{}, err
	}
	return r, nil
}

// ExpireReviews closes the reviews whose deadline has passed, and returns them. It writes nothing when there are none.
func (s *Store) ExpireReviews() ([]Review, error) {
	now, _ := s.clock()
	all, err := s.Reviews()
	if err != nil {
		return nil, err
	}
	due := func(r Review) bool { return r.Outcome == Pending && !now.Before(r.Deadline) }
	if !slices.ContainsFunc(all, due) {
		return nil, nil
	}
	var out []Review
	err = s.commit(func(c *change) error {
		out = nil
		all, err := openReviews(c.tx, s.keys)
		if err != nil {
			return err
		}
		for _, r := range all {
			if !due(r) {
				continue
			}
			if err := c.closeReview(&r, Expired, now); err != nil {
				return err
			}
			out = append(out, r)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Reviews returns all reviews that are held, pending and closed, oldest first.
func (s *Store) Reviews() ([]Review, error) {
	var out []Review
	err := s.read(func(tx *bbolt.Tx) (err error) {
		out, err = openReviews(tx, s.keys)
		return err
	})
	return out, err
}

// Review returns one review, or ErrNotFound.
func (s *Store) Review(id string) (Review, error) {
	var r Review
	err := s.read(func(tx *bbolt.Tx) (err error) {
		r, err = openReview(tx, s.keys, id)
		return err
	})
	return r, err
}

// ReviewPictures returns the encrypted pictures of a pending review, or ErrNotFound.
func (s *Store) ReviewPictures(id string) ([]byte, error) {
	var out []byte
	err := s.read(func(tx *bbolt.Tx) (err error) {
		v := get(tx, bucketPictures, []byte(id))
		if v == nil {
			return fmt.Errorf("store: %w: pictures of the review of passage %q", ErrNotFound, id)
		}
		out, err = s.keys.values.open(bucketPictures, []byte(id), v)
		return err
	})
	return out, err
}

// closeReview decides a review and lets go of its pictures.
func (c *change) closeReview(r *Review, o Outcome, now time.Time) error {
	r.Outcome, r.Closed, r.Pictures = o, now.UTC(), 0
	if err := c.tx.Bucket([]byte(bucketPictures)).Delete([]byte(r.ID)); err != nil {
		return err
	}
	if err := c.putReview(r); err != nil {
		return err
	}
	return c.journal(KindReview, ReviewEntry{Passage: r.ID, Step: string(o)})
}

// forgetReviews makes room among the closed ones.
func (c *change) forgetReviews(all []Review) error {
	var closed []Review
	for _, r := range all {
		if r.Outcome != Pending {
			closed = append(closed, r)
		}
	}
	for _, r := range closed[:max(0, len(closed)-keptReviews)] {
		if err := c.tx.Bucket([]byte(bucketReviews)).Delete([]byte(r.ID)); err != nil {
			return err
		}
	}
	return nil
}

// eraseReviews takes a person's id out of the reviews; one that is pending is withdrawn. It returns how many named the
// person, and how many had pictures.
func (c *change) eraseReviews(person string) (named, pictures int, err error) {
	all, err := openReviews(c.tx, c.s.keys)
	if err != nil {
		return 0, 0, err
	}
	now, _ := c.s.clock()
	for _, r := range all {
		if r.Person != person {
			continue
		}
		named++
		if r.Pictures > 0 {
			pictures++
		}
		r.Person, r.Statement = "", nil
		if r.Outcome == Pending {
			err = c.closeReview(&r, Withdrawn, now)
		} else {
			err = c.putReview(&r)
		}
		if err != nil {
			return 0, 0, err
		}
	}
	return named, pictures, nil
}

func (c *change) putReview(r *Review) error {
	plain, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("store: %w: review %q: %w", ErrInvalid, r.ID, err)
	}
	key := []byte(r.ID)
	return c.tx.Bucket([]byte(bucketReviews)).Put(key, c.s.keys.values.seal(bucketReviews, key, plain))
}

func openReview(tx *bbolt.Tx, k *keys, id string) (Review, error) {
	v := get(tx, bucketReviews, []byte(id))
	if v == nil {
		return Review{}, fmt.Errorf("store: %w: review of passage %q", ErrNotFound, id)
	}
	return decodeReview(k, []byte(id), v)
}

func decodeReview(k *keys, key, v []byte) (Review, error) {
	plain, err := k.values.open(bucketReviews, key, v)
	if err != nil {
		return Review{}, err
	}
	var r Review
	if err := json.Unmarshal(plain, &r); err != nil {
		return Review{}, fmt.Errorf("store: %w: review: %w", ErrDamaged, err)
	}
	return r, nil
}

func openReviews(tx *bbolt.Tx, k *keys) (out []Review, err error) {
	err = forEach(tx, bucketReviews, func(key, v []byte) error {
		r, err := decodeReview(k, key, v)
		out = append(out, r)
		return err
	})
	slices.SortStableFunc(out, func(a, b Review) int { return a.Opened.Compare(b.Opened) })
	return out, err
}
