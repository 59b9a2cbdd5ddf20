package terminal

import (
	"context"
	"fmt"
	"time"

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
	people   *people
	rule     liveness.Rule
	vote     liveness.Vote
	progress func(done, of int, advice string)

	track    uint64
	last     time.Time
	refs     []store.Reference
	finished chan error
}

// enrolLive enrols the person who stands before the camera. progress is told how far it is and what the person should do.
func (p *people) enrolLive(ctx context.Context, id, name string, rule liveness.Rule, progress func(done, of int, advice string)) (Enrolled, error) {
	ctx, cancel := context.WithTimeout(ctx, sessionTimeout)
	defer cancel()
	s := &session{people: p, rule: rule, progress: progress, finished: make(chan error, 1)}
	p.models.mu.Lock()
	if p.frames.session != nil {
		p.models.mu.Unlock()
		return Enrolled{}, refuse("another enrolment is under way")
	}
	p.frames.session = s
	p.models.mu.Unlock()
	defer func() {
		p.models.mu.Lock()
		p.frames.session = nil
		p.models.mu.Unlock()
	}()
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
	s.people.models.mu.Lock()
	defer s.people.models.mu.Unlock()
	return len(s.refs)
}

// offer looks at the frame that v has just analysed, with the models' lock held.
func (s *session) offer(v *frameAnalyzer, captured time.Time) error {
	if len(s.refs) == sessionShots {
		return nil
	}
	if v.frame.Count != 1 {
		advice := "stand before the camera"
		if v.frame.Count > 1 {
			advice = "one person only, please"
		}
		s.progress(len(s.refs), sessionShots, advice)
		return nil
	}
	track, l := v.pairs[0].ID, &v.looked[0]
	if track != s.track {
		// Somebody else may have stepped in: begin again.
		s.track, s.refs = track, nil
		s.vote.Reset()
	}
	q := l.quality.Judge(face.EnrolLimits())
	if !q.Usable() {
		s.progress(len(s.refs), sessionShots, problemText(&q))
		return nil
	}
	if captured.Sub(s.last) < sessionApart {
		return nil
	}
	s.last = captured
	score, err := v.models.passive.Score(v.image, v.pairs[0].Detection.Box)
	if err != nil {
		return err
	}
	s.vote.Add(score)
	template, err := v.models.analyzer.Embed(v.image, l.points)
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
