package terminal

import (
	"errors"
	"fmt"
	"time"

	"umbral/daemon/evidence"
	"umbral/daemon/passage"
	"umbral/drivers/camera"
	"umbral/pipeline/face"
	"umbral/pipeline/gallery"
	"umbral/pipeline/vision"
)

// frameAnalyzer turns camera frames into observations. It is told, as sources of evidence are, which passage is under way.
type frameAnalyzer struct {
	*evidence.Demands
	models  *faceModels
	decoder *vision.Decoder
	image   *vision.Image
	tracker *face.Tracker
	gallery *gallery.Gallery
	claims  *evidence.Claims
	lookers []evidence.Looker
	closeup *closeup
	watch   *latency
	view    *snapshot
	session *session // a live enrolment, nil for none; guarded by models.mu

	// Of the frame that is analysed, with models.mu held.
	frame    passage.Frame
	looked   [passage.MaxFaces]looked
	pairs    [passage.MaxFaces]face.Track // the tracks of frame.Faces
	template face.Template                // of the face that is compared
	shown    evidence.Frame               // as sources see it
}

// frameAnalyzerOpts is what a frameAnalyzer is made of.
type frameAnalyzerOpts struct {
	width, height int // of the camera's frames
	models        *faceModels
	gallery       *gallery.Gallery
	claims        *evidence.Claims
	lookers       []evidence.Looker
	closeup       *closeup
	watch         *latency
	view          *snapshot
}

func newFrameAnalyzer(o frameAnalyzerOpts) (*frameAnalyzer, error) {
	tracker, err := face.NewTracker(face.DefaultTrackerOpts())
	if err != nil {
		return nil, err
	}
	return &frameAnalyzer{
		Demands: evidence.NewDemands(), models: o.models, tracker: tracker, gallery: o.gallery, claims: o.claims, lookers: o.lookers,
		closeup: o.closeup, watch: o.watch, view: o.view,
		decoder: vision.NewDecoder(2*o.width, 2*o.height), image: vision.NewImage(o.width, o.height),
	}, nil
}

// looked is what was found of one face.
type looked struct {
	points  face.Landmarks
	quality face.Quality
}

// look analyses a frame. wants says, once faces and their quality are known, which of them are worth more. The result is
// valid until the next call.
func (s *frameAnalyzer) look(f *camera.Frame, wants func(*passage.Frame) [passage.MaxFaces]passage.Wants) (*passage.Frame, error) {
	s.models.mu.Lock()
	defer s.models.mu.Unlock()
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
	faces, err := s.models.analyzer.Detect(s.image)
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

// follow shows the frame to the sources of evidence.
func (s *frameAnalyzer) follow(captured time.Time) error {
	id := s.Now().Passage
	s.claims.Keep(id)
	s.closeup.keep(id)
	s.shown = evidence.Frame{Image: s.image, Captured: captured}
	if s.frame.Count > 0 && s.frame.Faces[0].Problems&^(1<<passage.TooDark|1<<passage.TooBright) == 0 {
		s.shown.Seen, s.shown.Box, s.shown.Track = true, s.pairs[0].Detection.Box, s.pairs[0].ID
	}
	var errs error
	for _, l := range s.lookers {
		if err := l.Look(&s.shown); err != nil {
			errs = errors.Join(errs, err)
		}
	}
	return errs
}

// add puts a track's face into the frame, the tallest first, as passage.Frame.Add keeps them.
func (s *frameAnalyzer) add(t face.Track) {
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
func (s *frameAnalyzer) examine(i int, at *time.Time) error {
	d := s.pairs[i].Detection
	points, err := s.models.analyzer.Landmarks(s.image, d.Box)
	if err != nil {
		return err
	}
	now := time.Now()
	s.watch.add(stageLandmarks, now.Sub(*at))
	*at = now
	pose := points.Pose()
	q := s.models.analyzer.Quality(s.image, d, points, pose)
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
func (s *frameAnalyzer) compare(i int, w passage.Wants, captured time.Time, at *time.Time) error {
	f, l := &s.frame.Faces[i], &s.looked[i]
	lap := func(st stage) {
		now := time.Now()
		s.watch.add(st, now.Sub(*at))
		*at = now
	}
	if w.Live {
		score, err := s.models.passive.Score(s.image, s.pairs[i].Detection.Box)
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
	if s.template, err = s.models.analyzer.Embed(s.image, l.points); err != nil {
		return err
	}
	lap(stageEmbed)
	id := s.Now().Passage
	s.closeup.take(id, s.image, s.pairs[i].Detection.Box, &s.template)
	if !w.Gallery {
		if subject, score, claimed := s.claims.Compare(id, &s.template); claimed {
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
func (s *frameAnalyzer) compared(i int, captured time.Time, lap func(stage)) error {
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
