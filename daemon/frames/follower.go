package frames

import (
	"errors"
	"time"

	"umbral/pipeline/face"
)

// Follower looks at each frame beside the decision, such as to enrol the person whom it shows.
type Follower interface {
	// Offer is called with each frame when it was analysed; an error costs the frame. What it learns from the analyzer's
	// methods is of this frame.
	Offer(s *Analyzer, captured time.Time) error
}

// errFollowed is returned by follow while another follower looks.
var errFollowed = errors.New("frames: another follower looks at the frames")

// Follow shows f the frames until unfollow.
func (s *Analyzer) Follow(f Follower) error {
	s.models.mu.Lock()
	defer s.models.mu.Unlock()
	if s.follower != nil {
		return errFollowed
	}
	s.follower = f
	return nil
}

// Unfollow ends what follow began; when it returns, no call of offer is under way.
func (s *Analyzer) Unfollow() {
	s.models.mu.Lock()
	defer s.models.mu.Unlock()
	s.follower = nil
}

// Count returns the number of faces on the frame.
func (s *Analyzer) Count() int { return s.frame.Count }

// Track returns the track of a face, the tallest being the first.
func (s *Analyzer) Track(i int) uint64 { return s.pairs[i].ID }

// Quality returns the quality of a face.
func (s *Analyzer) Quality(i int) face.Quality { return s.looked[i].quality }

// Live returns how much a face looks like a living person's, by this frame alone.
func (s *Analyzer) Live(i int) (float32, error) {
	return s.models.passive.Score(s.image, s.pairs[i].Detection.Box)
}

// Embed returns the template of a face.
func (s *Analyzer) Embed(i int) (face.Template, error) {
	return s.models.Analyzer.Embed(s.image, s.looked[i].points)
}
