package terminal

import (
	"time"

	"umbral/config"
	"umbral/config/policy"
	"umbral/pipeline/credential"
	"umbral/pipeline/credential/symbol"
	"umbral/pipeline/face"
	"umbral/pipeline/models"
	"umbral/pipeline/vision"
)

// buildEvidence makes what the policy needs beside the face. What it does not need takes no memory.
func (t *Terminal) buildEvidence() (err error) {
	cfg := &t.cfg
	needs := cfg.Passage.Policy.Needs()
	t.claims = new(claims)
	t.sight.claims = t.claims
	if t.lists, err = newLists(cfg, t.store); err != nil {
		return err
	}
	registry, err := newRegistry(cfg, t.store, t.claims, t.lists, t.wall)
	if err != nil {
		return err
	}
	t.decider.lookUp = registry.standing
	t.lists.changed = t.people.changed
	if needs.Has(policy.Credential) || needs.Has(policy.Card) {
		if t.documents, err = t.newDocuments(needs); err != nil {
			return err
		}
		t.sight.documents = t.documents
	}
	if err := t.lists.load(t.log); err != nil {
		return err
	}
	if needs.Has(policy.Speech) {
		if t.speaker, err = newSpeaker(cfg, t.eyes.analyzer); err != nil {
			return err
		}
		t.speaker.observe = t.decider.observe
		t.sight.speaker = t.speaker
	}
	if cfg.Finger.Sensor != "none" {
		if err := t.openFingers(cfg.Passage.Policy); err != nil {
			return err
		}
	}
	if needs.Has(policy.Remote) {
		t.authority = newAuthority(cfg, t.eyes, t.sight, t.claims, t.decider.observe, t.log)
		t.decider.remote = t.authority.want
	}
	if cfg.Issue.Key != "" {
		if t.issuer, err = newIssuer(cfg, t.claims, t.wall, t.log); err != nil {
			return err
		}
		t.decider.opened = t.issuer.passed
		if t.eyes.cards != nil {
			t.eyes.cards.issues = true
		}
	}
	if cfg.Review.Timeout > 0 {
		seen := cfg.Review.Pictures
		if t.documents != nil && t.documents.codes != nil {
			t.documents.codes.reviewed = seen
		}
		if t.eyes.cards != nil {
			t.eyes.cards.reviewed = seen
		}
		if t.reviews, err = newReviews(cfg, t); err != nil {
			return err
		}
		t.reviews.observe = t.decider.observe
		t.decider.review = t.reviews.step
	}
	return nil
}

// openFingers makes the part of the fingerprint sensor, which enrols also where the policy needs no finger yet.
func (t *Terminal) openFingers(rule policy.Policy) error {
	refs, left, err := newFingerReferences(&t.cfg, rule, t.store)
	if err != nil {
		return err
	}
	if left != nil {
		t.log.Warn("fingers that are not searched", "error", left)
	}
	if t.fingers, err = newFingers(&t.cfg, refs, t.log); err != nil {
		return err
	}
	t.fingers.asked, t.fingers.observe, t.people.fingers = t.view.askedFinger, t.decider.observe, refs
	t.fingers.required = fingerRequired(rule)
	return nil
}

// fingerRequired says whether nobody can pass without a finger.
func fingerRequired(rule policy.Policy) bool {
	for _, way := range rule.Alternatives() {
		if !way.Evidence.Has(policy.Finger) {
			return false
		}
	}
	return true
}

// wall is the terminal's wall clock.
func (t *Terminal) wall() time.Time {
	now, _ := t.clock.read()
	return now
}

func (t *Terminal) newDocuments(needs policy.Set) (*documents, error) {
	cfg := &t.cfg
	needFace := needs.Has(policy.Face)
	if t.eyes.cards != nil {
		c := t.eyes.cards
		c.store, c.people, c.claims, c.face, c.needFace, c.now, c.observe = t.store, t.people, t.claims, t.sight.portrait, needFace, t.wall, t.decider.observe
	}
	if !needs.Has(policy.Credential) {
		return newDocuments(nil, t.eyes.cards, cfg.Camera.Width, cfg.Camera.Height, t.log), nil
	}
	c := &codes{
		luma: vision.NewGrey(cfg.Camera.Width, cfg.Camera.Height), barCodes: cfg.Credential.BarCodes, totp: credential.NewTOTPGuard(), store: t.store, people: t.people,
		claims: t.claims, lists: t.lists, face: t.sight.portrait, needFace: needFace, named: cfg.Eligibility.Guardian == "named",
		now: t.wall, observe: t.decider.observe,
	}
	var err error
	if c.reader, err = symbol.NewReader(codeReader(cfg)); err != nil {
		return nil, err
	}
	o, err := verifierOpts(cfg)
	if err != nil {
		return nil, err
	}
	if err := c.trusting(o, nil); err != nil {
		return nil, err
	}
	t.lists.trust = func(listed []credential.Issuer) error { return c.trusting(o, listed) }
	return newDocuments(c, t.eyes.cards, cfg.Camera.Width, cfg.Camera.Height, t.log), nil
}

// codeReader are the options of the reader of codes: the camera may choose a larger size than was asked for.
func codeReader(cfg *config.Config) symbol.ReaderOpts {
	o := symbol.DefaultReaderOpts()
	o.MaxWidth, o.MaxHeight, o.Barcodes = 2*cfg.Camera.Width, 2*cfg.Camera.Height, cfg.Credential.BarCodes
	return o
}

// portrait makes the template of the face on a document: of the largest one.
func (s *sight) portrait(img *vision.Image) (t face.Template, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	faces, err := s.analyzer.Detect(img)
	if err != nil {
		return t, err
	}
	i := face.Prominent(faces, img.Width, img.Height)
	if i < 0 {
		return t, refuse("no face was found on the portrait")
	}
	points, err := s.analyzer.Landmarks(img, faces[i].Box)
	if err != nil {
		return t, err
	}
	return s.analyzer.Embed(img, points)
}

// manifest is the set of models that the configuration names.
func manifest(cfg *config.Config) (models.Manifest, error) {
	if cfg.Models.Manifest == "" {
		return models.Default(), nil
	}
	return models.LoadManifest(cfg.Models.Manifest)
}
