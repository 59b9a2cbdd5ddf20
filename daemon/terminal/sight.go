package terminal

import (
	"fmt"
	"sync"
	"time"

	"umbral/config/policy"
	"umbral/daemon/passage"
	"umbral/drivers/camera"
	"umbral/pipeline/face"
	"umbral/pipeline/gallery"
	"umbral/pipeline/liveness"
	"umbral/pipeline/vision"
)

// sight turns camera frames into observations. The models' memory is used by one frame, or one enrolment picture, at a
// time: mu says whose turn it is.
type sight struct {
	mu       sync.Mutex
	decoder  *vision.Decoder
	image    *vision.Image
	analyzer *face.Analyzer
	passive  *liveness.Passive
	tracker  *face.Tracker
	gallery  *gallery.Gallery
	watch    *stopwatch
	view     *view
	session  *session // a live enrolment, nil for none
	// What else the decision may ask for; nil where nothing does.
	documents *documents
	claims    *claims
	speaker   *speaker

	probe   face.Template // of the face that was compared last
	probeAt time.Time

	frame    passage.Frame
	looked   [passage.MaxFaces]looked
	pairs    [passage.MaxFaces]face.Track // the tracks of frame.Faces
	template face.Template                // of the face that is compared
}

// looked is what was found of one face.
type looked struct {
	points  face.Landmarks
	quality face.Quality
}

// look analyses a frame. wants says, once faces and their quality are known, which of them are worth more. The result is
// valid until the next call.
func (s *sight) look(f *camera.Frame, wants func(*passage.Frame) [passage.MaxFaces]passage.Wants) (*passage.Frame, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	begin := time.Now()
	at := begin
	lap := func(st stage) {
		now := time.Now()
		s.watch.add(st, now.Sub(at))
		at = now
	}
	picture := vision.Frame{Format: vision.PixelFormat(f.Format), Width: f.Width, Height: f.Height, Stride: f.Stride, Data: f.Data}
	if err := s.decoder.Decode(s.image, picture); err != nil {
		return nil, fmt.Errorf("terminal: frame %d: %w", f.Sequence, err)
	}
	lap(stageDecode)
	faces, err := s.analyzer.Detect(s.image)
	if err != nil {
		return nil, err
	}
	lap(stageDetect)
	tracks := s.tracker.Update(f.Captured, faces)
	lap(stageTrack)

	s.frame = passage.Frame{Sequence: f.Sequence}
	for _, t := range tracks {
		if t.Seen() {
			s.add(t)
		}
	}
	for i := range s.frame.Count {
		if err := s.examine(i, &at); err != nil {
			return nil, err
		}
	}
	wanted := wants(&s.frame)
	for i := range s.frame.Count {
		if err := s.compare(i, wanted[i], f.Captured, &at); err != nil {
			return nil, err
		}
	}
	if err := s.follow(f.Captured); err != nil {
		return nil, err
	}
	if s.session != nil {
		if err := s.session.offer(s, f.Captured); err != nil {
			return nil, err
		}
	}
	s.watch.add(stageFrame, time.Since(begin))
	s.view.show(s, f)
	return &s.frame, nil
}

// follow lets what the screen asks for be seen: codes, cards, the lips.
func (s *sight) follow(captured time.Time) error {
	id, asked := s.view.asked()
	if s.claims != nil {
		s.claims.keep(id)
	}
	if id.IsZero() && !s.probeAt.IsZero() {
		s.probe, s.probeAt = face.Template{}, time.Time{}
	}
	if s.documents != nil {
		s.documents.offer(id, asked, s.image, captured)
	}
	if s.speaker == nil {
		return nil
	}
	var box vision.Rect
	var track uint64
	seen := s.frame.Count > 0 && s.frame.Faces[0].Problems&^(1<<passage.TooDark|1<<passage.TooBright) == 0
	if seen {
		box, track = s.pairs[0].Detection.Box, s.pairs[0].ID
	}
	return s.speaker.look(id, asked.Has(policy.Speech), captured, s.image, box, track, seen)
}

// probeMaxAge is how old the face may be that an authority is asked about.
const probeMaxAge = 5 * time.Second

// lastProbe is the template of the face that was compared last; ok is false where that was too long ago.
func (s *sight) lastProbe() (face.Template, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.probe, time.Since(s.probeAt) <= probeMaxAge
}

// add puts a track's face into the frame, the tallest first, as passage.Frame.Add keeps them.
func (s *sight) add(t face.Track) {
	box := t.Detection.Box
	w, h := float32(s.image.Width), float32(s.image.Height)
	s.frame.Add(passage.Face{Track: uint32(t.ID), Box: passage.Box{
		X0: perMyriad(box.X0 / w), Y0: perMyriad(box.Y0 / h), X1: perMyriad(box.X1 / w), Y1: perMyriad(box.Y1 / h),
	}})
	for i := range s.frame.Count {
		if s.frame.Faces[i].Track == uint32(t.ID) {
			copy(s.pairs[i+1:], s.pairs[i:passage.MaxFaces-1])
			s.pairs[i] = t
			return
		}
	}
}

// perMyriad is a share in ten-thousandths, within what a Box holds.
func perMyriad(share float32) int16 {
	return int16(min(max(share*10_000, -30_000), 30_000))
}

// examine finds the landmarks of a face and says what is wrong with it.
func (s *sight) examine(i int, at *time.Time) error {
	d := s.pairs[i].Detection
	points, err := s.analyzer.Landmarks(s.image, d.Box)
	if err != nil {
		return err
	}
	now := time.Now()
	s.watch.add(stageLandmarks, now.Sub(*at))
	*at = now
	pose := points.Pose()
	q := s.analyzer.Quality(s.image, d, points, pose)
	s.looked[i] = looked{points, q}
	f := &s.frame.Faces[i]
	f.Problems = problemsOf(&q)
	f.Pose = passage.Pose{Yaw: tenths(pose.Yaw), Pitch: tenths(pose.Pitch), Roll: tenths(pose.Roll)}
	now = time.Now()
	s.watch.add(stageQuality, now.Sub(*at))
	*at = now
	return nil
}

func tenths(degrees float32) int16 { return int16(min(max(degrees*10, -3600), 3600)) }

// problemsOf translates what blocks a face into the decision's words.
func problemsOf(q *face.Quality) (set passage.Problems) {
	for _, p := range q.Problems() {
		if !p.Blocks() {
			continue
		}
		switch p {
		case face.CutOff:
			set = set.With(passage.CutOff)
		case face.TooClose:
			set = set.With(passage.TooClose)
		case face.TooFar:
			set = set.With(passage.TooSmall)
		case face.Turned:
			if abs(q.Pose.Yaw) >= max(abs(q.Pose.Pitch), abs(q.Pose.Roll)) {
				set = set.With(passage.TurnedAway)
			} else {
				set = set.With(passage.Tilted)
			}
		case face.Covered:
			set = set.With(passage.Covered)
		case face.TooDark:
			set = set.With(passage.TooDark)
		case face.TooBright:
			set = set.With(passage.TooBright)
		default:
			set = set.With(passage.Blurred)
		}
	}
	return set
}

func abs(x float32) float32 { return max(x, -x) }

// compare computes the evidence that is wanted of a face.
func (s *sight) compare(i int, w passage.Wants, captured time.Time, at *time.Time) error {
	f, l := &s.frame.Faces[i], &s.looked[i]
	lap := func(st stage) {
		now := time.Now()
		s.watch.add(st, now.Sub(*at))
		*at = now
	}
	if w.Live {
		score, err := s.passive.Score(s.image, s.pairs[i].Detection.Box)
		if err != nil {
			return err
		}
		f.Live = passage.Live{Known: true, Score: passage.ScoreOf(float64(score))}
		lap(stageLiveness)
	}
	if !w.Match {
		return nil
	}
	var err error
	if s.template, err = s.analyzer.Embed(s.image, l.points); err != nil {
		return err
	}
	lap(stageEmbed)
	s.probe, s.probeAt = s.template, time.Now()
	if s.claims != nil && !w.Gallery {
		if subject, score, claimed := s.claims.compare(s.view.passage(), &s.template); claimed {
			// Anybody can print a card with another's number: whoever is enrolled has to look like their own references, too.
			if own, enrolled := s.gallery.Similarity(subject, s.template[:]); enrolled {
				score = min(score, own)
			}
			f.Match = passage.Match{Known: true, Person: subject, Score: passage.ScoreOf(float64(score)), Second: -passage.MaxScore, Claimed: true, References: 1}
			return s.compared(i, captured, lap)
		}
	}
	result, err := s.gallery.Search(s.template[:])
	if err != nil {
		return err
	}
	f.Match = passage.Match{Known: true, Person: result.Best.ID, Score: -passage.MaxScore, Second: -passage.MaxScore, References: uint32(s.gallery.Len())}
	if result.Best.ID != "" {
		f.Match.Score = passage.ScoreOf(float64(result.Best.Score))
	}
	if result.Second.ID != "" {
		f.Match.Second = passage.ScoreOf(float64(result.Second.Score))
	}
	return s.compared(i, captured, lap)
}

// compared looks, after a face was compared with whom it may be, whether it is that of somebody who may not pass.
func (s *sight) compared(i int, captured time.Time, lap func(stage)) error {
	m := &s.frame.Faces[i].Match
	barred, err := s.gallery.Barred(s.template[:], m.Person)
	if err != nil {
		return err
	}
	if barred.ID != "" {
		m.Barred = passage.ScoreOf(float64(barred.Score))
	}
	s.tracker.Offer(s.pairs[i].ID, &face.Shot{At: captured, Quality: s.looked[i].quality.Value, Template: s.template})
	lap(stageSearch)
	return nil
}
