// Package rules turns a configuration into what the decision works by: thresholds from the rates that a site allows, and the
// rules of package passage. It also estimates, from the same tables, how often a policy errs.
package rules

import (
	"fmt"
	"math"

	"umbral/config/policy"

	"umbral/config"
	"umbral/daemon/passage"
	"umbral/pipeline/finger"
	"umbral/pipeline/models"
)

// Of returns what the decision works by: a configuration, the models and the thresholds of faces.
func Of(cfg *config.Config, software string, set *models.Set, faces FaceThresholds) (passage.Rules, error) {
	r := passage.DefaultRules()
	p, f, l := &cfg.Passage, &cfg.Face, &cfg.Liveness
	r.Policy = p.Policy
	r.Threshold, r.FMR, r.Population = passage.ScoreOf(float64(faces.Identify.Score)), faces.Identify.FMR, faces.Identify.Population
	r.Margin = passage.ScoreOf(f.Margin)
	r.MatchFrames, r.NoMatchFrames = f.MatchFrames, f.NoMatchFrames
	r.LiveThreshold, r.LiveMin, r.LiveSpread = passage.ScoreOf(l.Threshold), passage.ScoreOf(l.MinScore), passage.ScoreOf(l.MaxSpread)
	r.LiveFrames, r.NotLiveFrames = l.Frames, l.NotLiveFrames
	r.StartFrames, r.DecideTimeout, r.LostAfter = p.StartFrames, p.DecideTimeout, p.LostAfter
	r.CrowdRatio, r.CrowdClear, r.CrowdTimeout = passage.ScoreOf(p.CrowdRatio), p.CrowdClear, p.CrowdTimeout
	r.ShowVerdict, r.Cooldown, r.RegrantAfter = p.ShowVerdict, p.Cooldown, p.RegrantAfter
	r.VerifyThreshold = passage.ScoreOf(float64(faces.Verify.Score))
	r.Available = cfg.Available()
	r.CredentialTrust, r.GrantTrust, r.CommandTrust = cfg.Credential.Trust, cfg.Clock.GrantTrust, cfg.Clock.CommandTrust
	r.Eligibility = eligibilityOf(&cfg.Eligibility)
	var err error
	if r.FaceCalibration, err = faceCalibration(cfg, set.Calibrations); err != nil {
		return r, err
	}
	if r.FingerThreshold, r.FingerCalibration, err = FingerRules(cfg); err != nil {
		return r, err
	}
	if r.Review, err = reviewOf(&cfg.Review); err != nil {
		return r, err
	}
	r.Pulse, r.HeldOpen, r.ExitOpens = cfg.Door.Pulse, cfg.Door.HeldOpen, cfg.Door.ExitOpens
	r.Software = software
	for _, role := range models.FaceRoles() {
		m, err := set.Of(role)
		if err != nil {
			return r, fmt.Errorf("rules: %w", err)
		}
		r.Models = append(r.Models, fmt.Sprintf("%s sha256:%s", role, m.SHA256))
	}
	return r, nil
}

// faceCalibration is what the scores of faces mean at this site; nil where the policy does not ask.
func faceCalibration(cfg *config.Config, tables models.Calibrations) (passage.Calibration, error) {
	rule := cfg.Passage.Policy
	if _, asked := rule.TotalFMR(); !asked || !rule.Needs().Has(policy.Face) {
		return nil, nil
	}
	steps, err := tables.Steps(cfg.Face.Population)
	if err != nil {
		return nil, fmt.Errorf("rules: passage.policy %q: %w", rule, err)
	}
	var c passage.Calibration
	for _, s := range steps {
		c = append(c, passage.CalibrationStep{Score: passage.ScoreOf(float64(s.Score)), LLR: passage.ScoreOf(s.LLR), FMR: s.FMR})
	}
	return c, nil
}

// FingerRules are the lowest score of a finger that counts, and what scores mean where the policy asks for that; nothing
// where it needs no finger.
func FingerRules(cfg *config.Config) (passage.Score, passage.Calibration, error) {
	rule := cfg.Passage.Policy
	if !rule.Needs().Has(policy.Finger) {
		return 0, nil, nil
	}
	least, err := finger.Threshold(cfg.Finger.FMR)
	if err != nil {
		return 0, nil, fmt.Errorf("rules: finger.fmr: %w", err)
	}
	var c passage.Calibration
	if _, asked := rule.TotalFMR(); asked {
		c = fingerCalibration(finger.Calibration)
	}
	return passage.ScoreOf(float64(least)), c, nil
}

// fingerCalibration turns operating points into steps. A score is the common logarithm of a likelihood ratio already, and
// a step means what its lowest score does. What lies below the first point is given a ratio ten times smaller.
func fingerCalibration(points []finger.OperatingPoint) passage.Calibration {
	step := func(score finger.Score, log10 float64, fmr float64) passage.CalibrationStep {
		return passage.CalibrationStep{Score: passage.ScoreOf(float64(score)), LLR: passage.ScoreOf(log10 * math.Ln10), FMR: fmr}
	}
	c := passage.Calibration{step(finger.Least, float64(points[0].Score)-1, 1)}
	for _, p := range points {
		c = append(c, step(p.Score, float64(p.Score), p.FMR))
	}
	return c
}

// eligibilityOf returns the standing that a grant needs. What is on file about somebody always counts; eligibility.enabled
// adds ages, guardians and the checklist.
func eligibilityOf(c *config.Eligibility) passage.Eligibility {
	if !c.Enabled {
		return passage.Eligibility{Ask: true, Trust: c.Trust}
	}
	return passage.Eligibility{
		Ask: true, MinAge: c.MinAge, AgeRequired: c.AgeRequired, GuardianNamed: c.Guardian == "named", GuardianTimeout: c.GuardianTimeout,
		Trust: c.Trust, TrustAlways: true,
	}
}

// reviewOf is how reviewers settle what the machine is unsure of.
func reviewOf(c *config.Review) (passage.Review, error) {
	if c.Timeout == 0 {
		return passage.Review{}, nil
	}
	r := passage.Review{Timeout: c.Timeout, Leave: c.Leave, Approvals: c.Approvals}
	for _, word := range c.Failures {
		kind, err := policy.ParseKind(word)
		if err != nil {
			return r, fmt.Errorf("rules: review.failures: %w", err)
		}
		r.Failures = r.Failures.With(kind)
	}
	return r, nil
}
