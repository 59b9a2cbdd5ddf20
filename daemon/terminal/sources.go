package terminal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"umbral/config"
	"umbral/config/policy"
	"umbral/daemon/clock"
	"umbral/daemon/enrolment"
	"umbral/daemon/evidence"
	"umbral/daemon/evidence/challenge"
	"umbral/daemon/evidence/credential"
	"umbral/daemon/evidence/finger"
	"umbral/daemon/evidence/idcard"
	"umbral/daemon/evidence/lists"
	"umbral/daemon/evidence/remote"
	"umbral/daemon/fleet"
	"umbral/daemon/fleet/link"
	"umbral/daemon/frames"
	"umbral/daemon/issuance"
	"umbral/daemon/passage"
	"umbral/daemon/reviews"
	"umbral/daemon/rules"
	codes "umbral/pipeline/credential"
	"umbral/pipeline/credential/symbol"
	"umbral/pipeline/document"
	"umbral/pipeline/document/ideograph"
	"umbral/pipeline/document/idnumber"
	readaloud "umbral/pipeline/liveness/challenge"
	"umbral/pipeline/models"
	"umbral/pipeline/vision"
)

// sources are where evidence comes from beside the camera: what the policy names, and the fingerprint sensor, which enrols
// even where the policy names no finger yet. What is not needed takes no memory.
type sources struct {
	list  []evidence.Source
	lists *lists.Lists

	// Of the list, those whose state is shown; nil where there is none.
	challenge *challenge.Source
	fingers   *finger.Source
	cards     *document.Reader
}

type sourceOpts struct {
	cfg       *config.Config
	models    *frames.Models
	register  *enrolment.Register
	claims    *evidence.Claims
	closeup   *frames.Closeup
	shelf     lists.Shelf
	fingers   finger.Records
	clock     *clock.Clock
	questions *link.Questions
	log       *slog.Logger
	opened    *closers
}

func newSources(o sourceOpts) (_ *sources, err error) {
	needs := o.cfg.Passage.Policy.Needs()
	var s sources
	issuers, err := o.issuers(needs)
	if err != nil {
		return nil, err
	}
	if s.lists, err = o.lists(issuers); err != nil {
		return nil, err
	}
	if needs.Has(policy.Credential) {
		source, err := o.credential(issuers, s.lists)
		if err != nil {
			return nil, err
		}
		s.list = append(s.list, source)
	}
	if needs.Has(policy.Card) {
		if s.cards, err = openCards(o.cfg, o.models.Set.Tier); err != nil {
			return nil, err
		}
		source, err := o.card(s.cards)
		if err != nil {
			return nil, err
		}
		s.list = append(s.list, source)
	}
	if needs.Has(policy.Speech) {
		if s.challenge, err = o.challenge(); err != nil {
			return nil, err
		}
		s.list = append(s.list, s.challenge)
	}
	if o.cfg.Finger.Sensor != "none" {
		if s.fingers, err = o.finger(); err != nil {
			return nil, err
		}
		s.list = append(s.list, s.fingers)
	}
	if needs.Has(policy.Remote) {
		s.list = append(s.list, remote.New(o.remote()))
	}
	return &s, nil
}

// lookers returns the sources that look at the camera's frames.
func (s *sources) lookers() (list []evidence.Looker) {
	for _, source := range s.list {
		if l, looks := source.(evidence.Looker); looks {
			list = append(list, l)
		}
	}
	return list
}

// hint returns what the screen adds to its request.
func (s *sources) hint() string {
	for _, source := range s.list {
		if hint := source.Hint(); hint != "" {
			return hint
		}
	}
	return ""
}

// issuers returns what verifies credentials, nil where the policy knows none.
func (o *sourceOpts) issuers(needs policy.Set) (*credential.Issuers, error) {
	if !needs.Has(policy.Credential) {
		return nil, nil
	}
	v, err := verifierOpts(o.cfg)
	if err != nil {
		return nil, err
	}
	return credential.NewIssuers(v)
}

func (o *sourceOpts) lists(issuers *credential.Issuers) (*lists.Lists, error) {
	c := lists.Opts{
		Shelf: o.shelf, MaxAge: o.cfg.Eligibility.RevocationMax, Clock: o.clock.Read, Trust: o.cfg.Eligibility.Trust, Log: o.log,
	}
	if text := o.cfg.Credential.ListKey; text != "" {
		var err error
		if c.Key, err = fleet.ParsePublicKey(text); err != nil {
			return nil, fmt.Errorf("terminal: credential.list_key: %w", err)
		}
	}
	if issuers != nil {
		c.Issuers = issuers.Trust
	}
	return lists.New(c)
}

func (o *sourceOpts) credential(issuers *credential.Issuers, l *lists.Lists) (*credential.Source, error) {
	bound := map[string]bool{}
	for _, n := range o.cfg.Credential.Issuers {
		bound[n.ID] = n.Enrolled
	}
	return credential.New(credential.Opts{
		Issuers: issuers, Reader: symbolReader(o.cfg), Width: o.cfg.Camera.Width, Height: o.cfg.Camera.Height,
		People: o.register, Bound: func(issuer string) bool { return bound[issuer] }, Secret: o.register.Secret, Use: o.register.Use,
		Untimely: enrolment.Untimely, Revoked: l.RevokedCredential, Claims: o.claims, Portrait: o.models.Portrait, Picture: o.picture(),
		NeedFace:      o.cfg.Passage.Policy.Needs().Has(policy.Face),
		NamedGuardian: o.cfg.Eligibility.Guardian == "named", Now: o.clock.Wall, Log: o.log,
	})
}

// symbolReader returns the options of the reader of codes: the camera may choose a larger size than was asked for.
func symbolReader(cfg *config.Config) symbol.ReaderOpts {
	o := symbol.DefaultReaderOpts()
	o.MaxWidth, o.MaxHeight, o.Barcodes = 2*cfg.Camera.Width, 2*cfg.Camera.Height, cfg.Credential.BarCodes
	return o
}

// picture returns what makes the JPEG of a document's portrait, nil where reviewers see none.
func (o *sourceOpts) picture() func(*vision.Image) []byte {
	if o.cfg.Review.Timeout == 0 || !o.cfg.Review.Pictures {
		return nil
	}
	return func(img *vision.Image) []byte { return frames.JpegWithin(img, reviews.MaxReference) }
}

func (o *sourceOpts) card(reader *document.Reader) (_ *idcard.Source, err error) {
	c := &o.cfg.Card
	opts := idcard.Opts{
		Reader: reader, Both: c.Sides == "both", Readings: c.Readings, Timeout: c.Timeout, Width: o.cfg.Camera.Width, Height: o.cfg.Camera.Height,
		People: o.register, Claims: o.claims, Portrait: o.models.Portrait, Picture: o.picture(),
		EnrolledName: o.register.NameOf,
		NeedFace:     o.cfg.Passage.Policy.Needs().Has(policy.Face), Now: o.clock.Wall, Log: o.log,
	}
	if o.cfg.Issue.Key != "" {
		opts.Identity = issuance.IdentityOf
	}
	opts.Rules.Sure = float32(c.MinConfidence)
	if c.Regions != "" {
		f, err := os.Open(c.Regions)
		if err != nil {
			return nil, fmt.Errorf("terminal: card.regions: %w", err)
		}
		defer f.Close()
		if opts.Rules.Regions, err = idnumber.LoadRegions(f); err != nil {
			return nil, fmt.Errorf("terminal: card.regions: %s: %w", c.Regions, err)
		}
	}
	return idcard.New(opts), nil
}

// cardWorkers is how many lines of a card are read at a time, where there are as many threads.
const cardWorkers = 2

// openCards loads the models of text.
func openCards(cfg *config.Config, tier string) (*document.Reader, error) {
	m, err := frames.Manifest(cfg)
	if err != nil {
		return nil, err
	}
	text, err := models.Load(frames.ModelsDir(cfg), m, document.Roles()...)
	if err != nil {
		return nil, err
	}
	text.Tier = tier
	o := document.DefaultOpts()
	o.MaxCards, o.Workers = 1, min(cardWorkers, frames.Threads(cfg.Models.Threads))
	if o.RareFont = cfg.Card.RareFont; o.RareFont == "" {
		o.RareFont = ideograph.Installed()
	}
	return document.New(text, o)
}

func (o *sourceOpts) challenge() (*challenge.Source, error) {
	observer, err := readaloud.NewObserver(o.models.Analyzer, readaloud.MaxLooks)
	if err != nil {
		return nil, err
	}
	c := &o.cfg.Speech
	opts := challenge.Opts{Observer: observer, Kind: readaloud.ReadAloud, Prompts: c.Prompts, Attempts: c.Attempts}
	if c.Kind == "movements" {
		opts.Kind = readaloud.Move
	}
	return challenge.New(opts)
}

func (o *sourceOpts) finger() (*finger.Source, error) {
	sensor, err := openSensor(o.cfg)
	if err != nil {
		return nil, err
	}
	o.opened.add(sensor.Halt)
	f := &o.cfg.Finger
	opts := finger.Opts{
		Sensor: sensor, Records: o.fingers, Search: rules.FingersAreSearched(o.cfg.Passage.Policy), Gallery: f.Gallery, FMR: f.FMR,
		Presses: f.Presses, LeastQuality: f.LeastQuality, Log: o.log,
	}
	opts.MaxWidth, opts.MaxHeight = fingerPicture(o.cfg)
	return finger.New(opts)
}

func (o *sourceOpts) remote() remote.Opts {
	r := remote.Opts{Ask: asker(o.questions), Timeout: o.cfg.Remote.Timeout, Claims: o.claims, Log: o.log}
	switch o.cfg.Remote.Send {
	case "template":
		r.Template = func(id passage.ID) ([]float32, string) {
			t, ok := o.closeup.Face(id)
			if !ok {
				return nil, ""
			}
			return t[:], o.models.Feature
		}
	case "picture":
		r.Picture = func(id passage.ID) []byte { return o.closeup.Picture(id, fleet.MaxClaimPicture) }
	}
	return r
}

// asker puts a source's question to the authority over the fleet's link.
func asker(q *link.Questions) func(context.Context, remote.Question) (passage.Evidence, error) {
	return func(ctx context.Context, asked remote.Question) (passage.Evidence, error) {
		found, err := q.Ask(ctx, fleet.Question{
			Passage: asked.Passage.String(), Purpose: fleet.PurposeVerify,
			Claim: fleet.Claim{
				Subject: asked.Subject, Issuer: asked.Issuer, Template: asked.Template, Model: asked.Model, Picture: asked.Picture,
			},
		})
		if errors.Is(err, link.ErrNoAnswer) {
			err = fmt.Errorf("%w: %w", remote.ErrNoAnswer, err)
		}
		if err != nil {
			return passage.Evidence{}, err
		}
		e := passage.Evidence{Outcome: passage.Accepted}
		switch found.Outcome {
		case fleet.OutcomeRefused:
			e = evidence.Refused(passage.ReasonRemoteNoMatch)
		case fleet.OutcomeDoubtful:
			e = evidence.Doubtful(passage.ReasonRemoteNoMatch)
		}
		e.Subject = asked.About
		if found.Score != nil {
			e.Score = passage.ScoreOf(*found.Score)
		}
		return e, nil
	}
}

// verifierOpts reads what the configuration says of credentials, and the files that it names.
func verifierOpts(cfg *config.Config) (codes.VerifierOpts, error) {
	c := &cfg.Credential
	o := codes.DefaultVerifierOpts()
	o.MaxAge, o.Skew, o.RequireHolder = c.MaxAge, c.MaxSkew, c.HolderRequired
	o.Audience = []string{cfg.Terminal.ID}
	if cfg.Terminal.Site != "" && cfg.Terminal.Site != cfg.Terminal.ID {
		o.Audience = append(o.Audience, cfg.Terminal.Site)
	}
	o.SharedReplays = c.SiteAudience
	for i, n := range c.Issuers {
		data, err := os.ReadFile(n.Keys)
		if err != nil {
			return o, fmt.Errorf("terminal: credential.issuers[%d].keys: %w", i, err)
		}
		issuer, err := codes.ParseIssuer(data, n.ID, n.Name)
		if err != nil {
			return o, fmt.Errorf("terminal: credential.issuers[%d].keys: %s: %w", i, n.Keys, err)
		}
		o.Issuers = append(o.Issuers, issuer)
	}
	if c.HCERTTrust != "" {
		data, err := os.ReadFile(c.HCERTTrust)
		if err != nil {
			return o, fmt.Errorf("terminal: credential.hcert_trust: %w", err)
		}
		signers, err := codes.ParseHCERTTrust(data)
		if err != nil {
			return o, fmt.Errorf("terminal: credential.hcert_trust: %s: %w", c.HCERTTrust, err)
		}
		o.Issuers = append(o.Issuers, signers...)
	}
	if c.DecryptionKey != "" {
		data, err := os.ReadFile(c.DecryptionKey)
		if err != nil {
			return o, fmt.Errorf("terminal: credential.decryption_key: %w", err)
		}
		key, err := codes.ParseSymmetricKey(data)
		if err != nil {
			return o, fmt.Errorf("terminal: credential.decryption_key: %s: %w", c.DecryptionKey, err)
		}
		o.DecryptionKeys = []codes.SymmetricKey{key}
	}
	return o, nil
}
