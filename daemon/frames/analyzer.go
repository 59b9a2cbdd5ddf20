// Package frames is the frame's way from the camera's bytes to what the decision sees: an Analyzer decodes a frame, finds and
// follows faces, judges their quality, and computes the evidence that is wanted of each. Sources of evidence, a follower
// such as an enrolment, and people who look at a page see the same frame. The steady path allocates nothing.
package frames

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

// Analyzer turns camera frames into observations. It is told, as sources of evidence are, which passage is under way.
type Analyzer struct {
	*evidence.Demands
	models  *Models
	decoder *vision.Decoder
	image   *vision.Image
	tracker *face.Tracker
	gallery *gallery.Gallery
	claims  *evidence.Claims
	lookers []evidence.Looker
	closeup *Closeup
	watch   *Latency
	view    View

	follower Follower // nil for none; guarded by models.mu

	// Of the frame that is analysed, with models.mu held.
	frame    passage.Frame
	looked   [passage.MaxFaces]looked
	pairs    [passage.MaxFaces]face.Track // the tracks of frame.Faces
	template face.Template                // of the face that is compared
	shown    evidence.Frame               // as sources see it
	faces    [passage.MaxFaces]Seen       // as pages see them
}

// Opts is what a Analyzer is made of.
type Opts struct {
	Width, Height int // of the camera's frames
	Models        *Models
	Gallery       *gallery.Gallery
	Claims        *evidence.Claims
	Lookers       []evidence.Looker
	Closeup       *Closeup
	Watch         *Latency
	View          View
}

// New returns an analyzer.
func New(o Opts) (*Analyzer, error) {
	tracker, err := face.NewTracker(face.DefaultTrackerOpts())
	if err != nil {
		return nil, err
	}
	return &Analyzer{
		Demands: evidence.NewDemands(), models: o.Models, tracker: tracker, gallery: o.Gallery, claims: o.Claims, lookers: o.Lookers,
		closeup: o.Closeup, watch: o.Watch, view: o.View,
		decoder: vision.NewDecoder(2*o.Width, 2*o.Height), image: vision.NewImage(o.Width, o.Height),
	}, nil
}

// looked is what was found of one face.
type looked struct {
	points  face.Landmarks
	quality face.Quality
}

// Look analyses a frame. wants says, once faces and their quality are known, which of them are worth more. The result is
// valid until the next call.
func (s *Analyzer) Look(f *camera.Frame, wants func(*passage.Frame) [passage.MaxFaces]passage.Wants) (*passage.Frame, error) {
	s.models.mu.Lock()
	defer s.models.mu.Unlock()
	begin := time.Now()
	at := begin
	lap := func(st Stage) {
		now := time.Now()
		s.watch.Add(st, now.Sub(at))
		at = now
	}
	picture := vision.Frame{Format: vision.PixelFormat(f.Format), Width: f.Width, Height: f.Height, Stride: f.Stride, Data: f.Data}
	if err := s.decoder.Decode(s.image, picture); err != nil {
		return nil, fmt.Errorf("frames: frame %d: %w", f.Sequence, err)
	}
	lap(stageDecode)
	faces, err := s.models.Analyzer.Detect(s.image)
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
	if err := s.present(f.Captured); err != nil {
		return nil, err
	}
	if s.follower != nil {
		if err := s.follower.Offer(s, f.Captured); err != nil {
			return nil, err
		}
	}
	s.watch.Add(WholeFrame, time.Since(begin))
	for i := range s.frame.Count {
		s.faces[i] = Seen{s.pairs[i].Detection.Box, s.looked[i].points, s.looked[i].quality, s.frame.Faces[i]}
	}
	s.image = s.view.Show(s.image, f, s.faces[:s.frame.Count])
	return &s.frame, nil
}

// present shows the frame to the sources of evidence.
func (s *Analyzer) present(captured time.Time) error {
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

// Mended returns how many pictures were decoded although something was wrong with them.
func (s *Analyzer) Mended() uint64 { return s.decoder.Mended() }

// add puts a track's face into the frame, the tallest first, as passage.Frame.Add keeps them.
func (s *Analyzer) add(t face.Track) {
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
func (s *Analyzer) examine(i int, at *time.Time) error {
	d := s.pairs[i].Detection
	points, err := s.models.Analyzer.Landmarks(s.image, d.Box)
	if err != nil {
		return err
	}
	now := time.Now()
	s.watch.Add(stageLandmarks, now.Sub(*at))
	*at = now
	pose := points.Pose()
	q := s.models.Analyzer.Quality(s.image, d, points, pose)
	s.looked[i] = looked{points, q}
	f := &s.frame.Faces[i]
	f.Problems = problemsOf(&q)
	f.Pose = passage.Pose{Yaw: tenths(pose.Yaw), Pitch: tenths(pose.Pitch), Roll: tenths(pose.Roll)}
	now = time.Now()
	s.watch.Add(stageQuality, now.Sub(*at))
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
func (s *Analyzer) compare(i int, w passage.Wants, captured time.Time, at *time.Time) error {
	f, l := &s.frame.Faces[i], &s.looked[i]
	lap := func(st Stage) {
		now := time.Now()
		s.watch.Add(st, now.Sub(*at))
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
	if s.template, err = s.models.Analyzer.Embed(s.image, l.points); err != nil {
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
func (s *Analyzer) compared(i int, captured time.Time, lap func(Stage)) error {
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
