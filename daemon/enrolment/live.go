package enrolment

import (
	"context"
	"fmt"
	"sync"
	"time"

	"umbral/config"
	"umbral/daemon/frames"
	"umbral/pipeline/models"

	"umbral/daemon/store"
	"umbral/pipeline/face"
	"umbral/pipeline/liveness"
)

// What a live enrolment takes: pictures far enough apart that they differ, of a person who is living by the vote.
const (
	sessionShots   = 5
	sessionApart   = 300 * time.Millisecond
	sessionTimeout = 45 * time.Second
)

// session gathers pictures of one person from the live camera.
type session struct {
	people   *People
	rule     liveness.Rule
	vote     liveness.Vote
	progress func(done, of int, advice string)

	mu       sync.Mutex
	track    uint64
	last     time.Time
	refs     []store.Reference
	finished chan error
}

// EnrolLive enrols the person who stands before the camera. progress is told how far it is and what the person should do.
func (p *People) EnrolLive(ctx context.Context, id, name string, rule liveness.Rule, progress func(done, of int, advice string)) (Enrolled, error) {
	ctx, cancel := context.WithTimeout(ctx, sessionTimeout)
	defer cancel()
	s := &session{people: p, rule: rule, progress: progress, finished: make(chan error, 1)}
	if err := p.frames.Follow(s); err != nil {
		return Enrolled{}, refuse("another enrolment is under way")
	}
	defer p.frames.Unfollow()
	select {
	case err := <-s.finished:
		if err != nil {
			return Enrolled{}, err
		}
	case <-ctx.Done():
		return Enrolled{}, refuse("%d of %d good pictures were had in %v: is the person before the camera, alone, and looking at it?", s.count(), sessionShots, sessionTimeout)
	}
	return p.enrol(id, name, s.refs)
}

func (s *session) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.refs)
}

// Offer implements the frames' follower.
func (s *session) Offer(v *frames.Analyzer, captured time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.refs) == sessionShots {
		return nil
	}
	if v.Count() != 1 {
		advice := "stand before the camera"
		if v.Count() > 1 {
			advice = "one person only, please"
		}
		s.progress(len(s.refs), sessionShots, advice)
		return nil
	}
	if track := v.Track(0); track != s.track {
		// Somebody else may have stepped in: begin again.
		s.track, s.refs = track, nil
		s.vote.Reset()
	}
	quality := v.Quality(0)
	q := quality.Judge(face.EnrolLimits())
	if !q.Usable() {
		s.progress(len(s.refs), sessionShots, problemText(&q))
		return nil
	}
	if captured.Sub(s.last) < sessionApart {
		return nil
	}
	s.last = captured
	score, err := v.Live(0)
	if err != nil {
		return err
	}
	s.vote.Add(score)
	template, err := v.Embed(0)
	if err != nil {
		return err
	}
	s.refs = append(s.refs, s.people.reference(template, fmt.Sprintf("camera, %s", captured.UTC().Format(time.RFC3339)), q.Value))
	s.progress(len(s.refs), sessionShots, "hold still")
	if len(s.refs) == sessionShots {
		var result error
		if s.vote.Decide(s.rule) != liveness.Live {
			result = refuse("this does not look like a living person (score %.2f, lowest %.2f)", s.vote.Mean(), s.vote.Min())
		}
		s.finished <- result
	}
	return nil
}

// LivenessRule is the vote's rule for enrolment.
func LivenessRule(l *config.Liveness) liveness.Rule {
	r := liveness.NewRule(models.Default().PAD)
	r.Threshold, r.Floor, r.MaxSpread = float32(l.Threshold), float32(l.MinScore), float32(l.MaxSpread)
	return r
}
