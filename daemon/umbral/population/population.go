// Package population is what an authority compares faces with: subjects, each with pictures or templates of their face. It
// is a reference for integrators, small enough to hold everything in memory: an authority with a nation behind it answers
// the same questions from a system of its own.
package population

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"umbral/daemon/fleet"
	"umbral/daemon/fleet/authority"
	"umbral/pipeline/face"
	"umbral/pipeline/models"
	"umbral/pipeline/vision"
)

// Opts says with what faces are compared and when they are the same.
type Opts struct {
	Models     string          // folder of the model files
	Manifest   models.Manifest // which they are
	Population string          // of the calibration
	FMR        float64         // false match rate of one comparison that is accepted
	DoubtFMR   float64         // and of one that is doubtful; above FMR
	// Known accepts a subject that is in the population when the terminal sends nothing to compare.
	Known bool
}

// DefaultOpts accept at a tenth of the false match rate at which a terminal compares, and doubt up to that rate.
func DefaultOpts() Opts {
	return Opts{Manifest: models.Default(), Population: "cautious", FMR: 1e-4, DoubtFMR: 1e-3}
}

// Limits of a population.
const (
	MaxPictures   = 10_000
	maxPerSubject = 16
	maxNamesFile  = 4 << 20 // bytes
)

// Details of findings: why.
const (
	DetailMatch     = "match"
	DetailKnown     = "known"              // in the population; no face was compared
	DetailUnknown   = "unknown-subject"    // not in the population
	DetailNoMatch   = "no-match"           // another face
	DetailBelow     = "below-threshold"    // not alike enough to accept, too alike to refuse
	DetailNoFace    = "no-face"            // the picture shows none, or cannot be read
	DetailModel     = "another-model"      // the template is of a model that is not here
	DetailNothing   = "nothing-to-compare" // the terminal sent no face
	DetailAmbiguous = "ambiguous"          // several subjects look like the face
)

// Population holds the subjects. Find is called from one goroutine at a time.
type Population struct {
	o        Opts
	analyzer *face.Analyzer
	model    string
	accept   float32
	doubt    float32
	subjects map[string]*subject
	pictures int
}

type subject struct {
	name      string
	templates []face.Template
}

// New loads the models; nobody is known yet.
func New(o Opts) (*Population, error) {
	p := &Population{o: o, subjects: map[string]*subject{}}
	if o.FMR <= 0 || o.DoubtFMR < o.FMR {
		return nil, fmt.Errorf("population: false match rates %g and %g in doubt, wanted more than 0 and no less in doubt", o.FMR, o.DoubtFMR)
	}
	feature, err := o.Manifest.Of(models.Feature)
	if err != nil {
		return nil, err
	}
	p.model = feature.SHA256
	if p.accept, err = o.Manifest.Calibrations.Threshold(o.Population, o.FMR); err != nil {
		return nil, err
	}
	if p.doubt, err = o.Manifest.Calibrations.Threshold(o.Population, o.DoubtFMR); err != nil {
		return nil, err
	}
	set, err := models.Load(o.Models, o.Manifest, models.FaceRoles()...)
	if err != nil {
		return nil, err
	}
	p.analyzer, err = face.New(set, face.DefaultOpts())
	return p, err
}

// Len is the number of subjects.
func (p *Population) Len() int { return len(p.subjects) }

// Read adds the pictures of a folder: SUBJECT.jpg, or SUBJECT/anything.jpg for several of one subject. A file names.csv
// (subject,name) gives names. missed, if not nil, is told of each picture that cannot be used.
func (p *Population) Read(dir string, missed func(path string, why error)) error {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		inside, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".jpg", ".jpeg", ".png", ".pgm", ".ppm":
		default:
			return nil
		}
		who, _, nested := strings.Cut(filepath.ToSlash(inside), "/")
		if !nested {
			who = strings.TrimSuffix(who, filepath.Ext(who))
		}
		if err := p.readPicture(who, path); err != nil {
			if errors.Is(err, errFull) || missed == nil {
				return err
			}
			missed(path, err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("population: %w", err)
	}
	return p.readNames(filepath.Join(dir, "names.csv"))
}

func (p *Population) readPicture(who, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	t, err := p.look(f)
	if err != nil {
		return err
	}
	return p.Add(who, "", &t)
}

// errFull ends the reading of a folder.
var errFull = fmt.Errorf("more than %d pictures", MaxPictures)

// Add adds a template of the model in use to a subject. A name that is not empty replaces the subject's.
func (p *Population) Add(who, name string, t *face.Template) error {
	if who == "" || len(who) > fleet.MaxSubject || !utf8.ValidString(who) {
		return fmt.Errorf("population: subject of %d bytes, limit 1 to %d, UTF-8", len(who), fleet.MaxSubject)
	}
	if p.pictures >= MaxPictures {
		return errFull
	}
	s := p.subjects[who]
	if s == nil {
		s = &subject{}
		p.subjects[who] = s
	}
	if len(s.templates) >= maxPerSubject {
		return fmt.Errorf("population: subject with %d pictures, limit %d", len(s.templates)+1, maxPerSubject)
	}
	if name != "" {
		s.name = name
	}
	s.templates = append(s.templates, *t)
	p.pictures++
	return nil
}

// Model is the hash of the model whose templates are compared.
func (p *Population) Model() string { return p.model }

func (p *Population) readNames(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("population: %w", err)
	}
	defer f.Close()
	r := csv.NewReader(io.LimitReader(f, maxNamesFile))
	r.FieldsPerRecord = 2
	for {
		row, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("population: %s: %w (wanted lines of subject,name)", path, err)
		}
		if len(row[1]) > 2*fleet.MaxSubject {
			return fmt.Errorf("population: %s: a name of %d bytes, limit %d", path, len(row[1]), 2*fleet.MaxSubject)
		}
		if s := p.subjects[row[0]]; s != nil {
			s.name = row[1]
		}
	}
}

// errNoFace means that a picture shows no face.
var errNoFace = errors.New("no face found")

// look makes the template of the most prominent face.
func (p *Population) look(r io.Reader) (t face.Template, err error) {
	img, err := vision.ReadPicture(r, vision.DefaultPictureLimits())
	if err != nil {
		return t, err
	}
	faces, err := p.analyzer.Detect(img)
	if err != nil {
		return t, err
	}
	i := face.Prominent(faces, img.Width, img.Height)
	if i < 0 {
		return t, errNoFace
	}
	points, err := p.analyzer.Landmarks(img, faces[i].Box)
	if err != nil {
		return t, err
	}
	return p.analyzer.Embed(img, points)
}

// Find answers a question.
func (p *Population) Find(_ context.Context, a authority.Asked) (fleet.Finding, error) {
	who := p.subjects[a.Claim.Subject]
	if a.Purpose == fleet.PurposeVerify && who == nil {
		return fleet.Finding{Outcome: fleet.OutcomeRefused, Detail: DetailUnknown}, nil
	}
	probe, doubt := p.probe(&a.Claim)
	switch {
	case doubt == DetailNothing && who != nil && p.o.Known:
		return fleet.Finding{Outcome: fleet.OutcomeAccepted, Detail: DetailKnown, Subject: a.Claim.Subject, Name: who.name}, nil
	case doubt != "":
		return fleet.Finding{Outcome: fleet.OutcomeDoubtful, Detail: doubt}, nil
	case a.Purpose == fleet.PurposeVerify:
		return p.judge(a.Claim.Subject, best(&probe, who), p.accept, p.doubt), nil
	}
	return p.identify(&probe)
}

// probe is the claim's face, or why there is none.
func (p *Population) probe(c *fleet.Claim) (t face.Template, doubt string) {
	switch {
	case len(c.Template) > 0 && c.Model == p.model && len(c.Template) == len(t):
		copy(t[:], c.Template)
		if !normalise(&t) {
			return t, DetailNoFace
		}
		return t, ""
	case len(c.Picture) > 0:
		t, err := p.look(bytes.NewReader(c.Picture))
		if err != nil {
			return t, DetailNoFace // or bytes that are no picture: the terminal cannot mend either
		}
		return t, ""
	case len(c.Template) > 0:
		return t, DetailModel
	}
	return t, DetailNothing
}

// normalise makes a template from outside one of length 1, as comparisons expect; false for one without direction.
func normalise(t *face.Template) bool {
	var sum float64
	for _, v := range t {
		sum += float64(v) * float64(v)
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return false
	}
	scale := float32(1 / math.Sqrt(sum))
	for i := range t {
		t[i] *= scale
	}
	return true
}

func best(probe *face.Template, s *subject) float32 {
	score := float32(-1)
	for i := range s.templates {
		score = max(score, face.Compare(probe, &s.templates[i]))
	}
	return score
}

// judge turns a score into a finding. Who it is is said only where the score says so.
func (p *Population) judge(who string, score, accept, doubt float32) fleet.Finding {
	s := float64(score)
	f := fleet.Finding{Outcome: fleet.OutcomeRefused, Score: &s, Detail: DetailNoMatch}
	switch {
	case score >= accept:
		f.Outcome, f.Detail, f.Subject, f.Name = fleet.OutcomeAccepted, DetailMatch, who, p.subjects[who].name
	case score >= doubt:
		f.Outcome, f.Detail = fleet.OutcomeDoubtful, DetailBelow
	}
	return f
}

// identify searches everybody. The thresholds are those of a search: the more subjects, the higher.
func (p *Population) identify(probe *face.Template) (fleet.Finding, error) {
	c := p.o.Manifest.Calibrations
	accept, err := c.SearchThreshold(p.o.Population, p.o.FMR, p.pictures)
	if err != nil {
		return fleet.Finding{}, err
	}
	doubt, err := c.SearchThreshold(p.o.Population, p.o.DoubtFMR, p.pictures)
	if err != nil {
		return fleet.Finding{}, err
	}
	first, score, second := "", float32(-1), float32(-1)
	for who, s := range p.subjects {
		switch b := best(probe, s); {
		case b > score:
			first, score, second = who, b, score
		case b > second:
			second = b
		}
	}
	if second >= accept {
		s := float64(score)
		return fleet.Finding{Outcome: fleet.OutcomeDoubtful, Score: &s, Detail: DetailAmbiguous}, nil
	}
	return p.judge(first, score, accept, doubt), nil
}
