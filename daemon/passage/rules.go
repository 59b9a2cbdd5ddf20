package passage

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"umbral/config/policy"
)

// Rules is everything by which a machine decides. It is journalled with each passage, so it holds values only.
// Durations are nanoseconds in JSON.
type Rules struct {
	Policy policy.Policy `json:"policy"`

	// Threshold is the lowest similarity that counts as the person's. FMR and Population say how it was chosen, for the
	// reader of the journal: "2e-6", "lfw", or "set by hand".
	Threshold  Score  `json:"threshold"`
	FMR        string `json:"fmr"`
	Population string `json:"population"`
	// VerifyThreshold is the lowest similarity with the one reference that a document brought (1:1); no margin is asked.
	VerifyThreshold Score `json:"verify_threshold,omitempty"`
	// FingerThreshold is the lowest score of a fingerprint that counts as the person's.
	FingerThreshold Score `json:"finger_threshold,omitempty"`
	// CredentialTrust is the least trust in the clock with which a code's time stamp means anything.
	CredentialTrust policy.Trust `json:"credential_trust,omitempty"`
	// FaceCalibration and FingerCalibration are what a policy's total false match rate is computed from.
	FaceCalibration   Calibration `json:"face_calibration,omitempty"`
	FingerCalibration Calibration `json:"finger_calibration,omitempty"`
	// Margin is how far the second person's similarity must stay below the first's.
	Margin Score `json:"margin"`
	// MatchFrames frames must match the same person, and more frames match than do not. Face cannot be satisfied any
	// more after NoMatchFrames frames without match, when at least as many do not match as do.
	MatchFrames   int `json:"match_frames"`
	NoMatchFrames int `json:"no_match_frames"`

	// Live is satisfied when the mean of at least LiveFrames scores reaches LiveThreshold, none is below LiveMin, and
	// their standard deviation is at most LiveSpread. It cannot be satisfied any more when LiveFrames frames have one
	// below LiveMin, or after NotLiveFrames.
	LiveThreshold Score `json:"live_threshold"`
	LiveMin       Score `json:"live_min"`
	LiveSpread    Score `json:"live_spread"`
	LiveFrames    int   `json:"live_frames"`
	NotLiveFrames int   `json:"not_live_frames"`

	StartFrames   int           `json:"start_frames"`   // frames with a near face before a passage begins
	DecideTimeout time.Duration `json:"decide_timeout"` // from the passage's begin to its verdict
	LostAfter     time.Duration `json:"lost_after"`     // the person is gone when not seen for so long
	CrowdRatio    Score         `json:"crowd_ratio"`    // a second face this tall, relative to the subject's, is somebody at the gate
	CrowdClear    time.Duration `json:"crowd_clear"`    // nobody else seen for so long before evidence counts again
	CrowdTimeout  time.Duration `json:"crowd_timeout"`  // several people for so long are refused
	ShowVerdict   time.Duration `json:"show_verdict"`   // the verdict stays on the screen
	Cooldown      time.Duration `json:"cooldown"`       // a refused face is not tried again on the same track
	RegrantAfter  time.Duration `json:"regrant_after"`  // a person let through is not let through again
	CommitTimeout time.Duration `json:"commit_timeout"` // a journal that does not answer has failed

	GrantTrust   policy.Trust `json:"grant_trust"`   // the least trust in the clock for a grant to a person
	CommandTrust policy.Trust `json:"command_trust"` // the least trust in the clock for a command

	// Fresh bounds the age, at the moment of opening, of the comparison and the liveness check of everybody whom a grant
	// names, and turns on the checks before an opening (see Openings in the package's documentation). It is 0 in records
	// of programs that did not have them.
	Fresh time.Duration `json:"fresh,omitempty"`

	Eligibility Eligibility `json:"eligibility,omitzero"`
	Review      Review      `json:"review,omitzero"`

	Pulse     time.Duration `json:"pulse"`      // how long the relay is energised
	HeldOpen  time.Duration `json:"held_open"`  // an open door becomes an alert
	PassGrace time.Duration `json:"pass_grace"` // after the relay, or the exit button, the door may still be opened
	ExitOpens bool          `json:"exit_opens"` // the exit button opens the door

	// Available is the evidence that this terminal can produce; a policy that needs other evidence is refused by New.
	Available policy.Set `json:"available"`

	Software string   `json:"software"` // version of the program
	Models   []string `json:"models"`   // what was loaded, such as "feature sha256:87aacdfe…"
}

// Limits of the texts in Rules, which bound a record.
const (
	maxRuleText = 128 // bytes of Software, FMR and Population
	maxModels   = 16
	maxModel    = 128 // bytes of one model's text
)

// DefaultRules returns working values for everything but FMR, Population, Software and Models. The threshold is the one
// for 1:N search with which an unknown population is started.
func DefaultRules() Rules {
	return Rules{
		Policy: policy.MustParse("face and live"), Threshold: ScoreOf(0.58), VerifyThreshold: ScoreOf(0.5), Margin: ScoreOf(0.05), MatchFrames: 3, NoMatchFrames: 8,
		LiveThreshold: ScoreOf(0.5), LiveMin: ScoreOf(0.1), LiveSpread: ScoreOf(0.35), LiveFrames: 5, NotLiveFrames: 12,
		StartFrames: 2, DecideTimeout: 8 * time.Second, LostAfter: time.Second,
		CrowdRatio: ScoreOf(0.5), CrowdClear: 700 * time.Millisecond, CrowdTimeout: 6 * time.Second,
		ShowVerdict: 3 * time.Second, Cooldown: 5 * time.Second, RegrantAfter: 20 * time.Second, CommitTimeout: 5 * time.Second,
		Fresh: 2 * time.Second, CommandTrust: policy.TrustRTC,
		Pulse: 3 * time.Second, HeldOpen: 30 * time.Second, PassGrace: 5 * time.Second, ExitOpens: true,
		Available: policy.Camera,
	}
}

// Check returns an error for rules that cannot work. It names the value and what is allowed.
func (r *Rules) Check() error {
	rule := r.Policy
	if rule.IsZero() {
		return errors.New("passage: rule Policy is empty: nobody could pass")
	}
	if missing := rule.Needs() &^ r.Available; missing != 0 {
		return fmt.Errorf("passage: policy %q needs %v, which this terminal cannot produce (it has %v)", r.Policy, missing, r.Available)
	}
	if _, asked := rule.TotalFMR(); asked {
		for _, c := range []struct {
			kind  policy.Kind
			table Calibration
		}{{policy.Face, r.FaceCalibration}, {policy.Finger, r.FingerCalibration}} {
			if rule.Needs().Has(c.kind) && len(c.table) == 0 {
				return fmt.Errorf("passage: policy %q names a total false match rate, but there is no calibration of %v to prove it with", r.Policy, c.kind)
			}
		}
	}
	if rule.Needs()&documents != 0 && rule.Needs().Has(policy.Face) && r.VerifyThreshold == 0 {
		return fmt.Errorf("passage: policy %q may compare the face with a document's photograph, but VerifyThreshold is 0", r.Policy)
	}
	if err := r.FaceCalibration.check("FaceCalibration"); err != nil {
		return err
	}
	if err := r.FingerCalibration.check("FingerCalibration"); err != nil {
		return err
	}
	for _, v := range []struct {
		name      string
		v, lo, hi int64
	}{
		{"CredentialTrust", int64(r.CredentialTrust), 0, int64(policy.TrustNTP)},
		{"VerifyThreshold", int64(r.VerifyThreshold), 0, int64(One)},
		{"FingerThreshold", int64(r.FingerThreshold), 0, int64(MaxScore)},
		{"Eligibility.MinAge", int64(r.Eligibility.MinAge), 0, maxAge},
		{"Eligibility.Trust", int64(r.Eligibility.Trust), 0, int64(policy.TrustNTP)},
		{"Review.Approvals", int64(r.Review.Approvals), 0, maxApprovals},
		{"Review.Failures", int64(r.Review.Failures), 0, 1<<policy.Kinds - 1},
		{"Threshold", int64(r.Threshold), 1, int64(One)},
		{"Margin", int64(r.Margin), 0, int64(One)},
		{"MatchFrames", int64(r.MatchFrames), 1, 1000},
		{"NoMatchFrames", int64(r.NoMatchFrames), 2, 1000},
		{"LiveThreshold", int64(r.LiveThreshold), 1, int64(One)},
		{"LiveMin", int64(r.LiveMin), 0, int64(One)},
		{"LiveSpread", int64(r.LiveSpread), 0, int64(One) / 2},
		{"LiveFrames", int64(r.LiveFrames), 2, 1000},
		{"NotLiveFrames", int64(r.NotLiveFrames), int64(r.LiveFrames), 1000},
		{"StartFrames", int64(r.StartFrames), 1, 1000},
		{"CrowdRatio", int64(r.CrowdRatio), int64(One) / 100, int64(One)},
		{"GrantTrust", int64(r.GrantTrust), 0, int64(policy.TrustNTP)},
		{"CommandTrust", int64(r.CommandTrust), 0, int64(policy.TrustNTP)},
		{"Available", int64(r.Available), 0, 1<<policy.Kinds - 1},
		{"Models", int64(len(r.Models)), 0, maxModels},
		{"len(Software)", int64(len(r.Software)), 0, maxRuleText},
		{"len(FMR)", int64(len(r.FMR)), 0, maxRuleText},
		{"len(Population)", int64(len(r.Population)), 0, maxRuleText},
	} {
		if v.v < v.lo || v.v > v.hi {
			return fmt.Errorf("passage: rule %s is %d, allowed %d to %d", v.name, v.v, v.lo, v.hi)
		}
	}
	for i, m := range r.Models {
		if len(m) > maxModel {
			return fmt.Errorf("passage: rule Models[%d] has %d bytes, limit %d", i, len(m), maxModel)
		}
	}
	for _, text := range append([]string{r.Software, r.FMR, r.Population}, r.Models...) {
		if !utf8.ValidString(text) {
			return fmt.Errorf("passage: rule text %q is no UTF-8", text)
		}
	}
	for _, d := range []struct {
		name      string
		v, lo, hi time.Duration
	}{
		{"DecideTimeout", r.DecideTimeout, 100 * time.Millisecond, 10 * time.Minute},
		{"Eligibility.GuardianTimeout", r.Eligibility.GuardianTimeout, 0, time.Minute},
		{"Review.Timeout", r.Review.Timeout, 0, 5 * time.Minute},
		{"Review.Leave", r.Review.Leave, 0, time.Minute},
		{"LostAfter", r.LostAfter, 10 * time.Millisecond, time.Minute},
		{"Fresh", r.Fresh, 0, time.Minute},
		{"CrowdClear", r.CrowdClear, 0, time.Minute},
		{"CrowdTimeout", r.CrowdTimeout, 100 * time.Millisecond, time.Minute},
		{"ShowVerdict", r.ShowVerdict, 0, time.Minute},
		{"Cooldown", r.Cooldown, 0, time.Hour},
		{"RegrantAfter", r.RegrantAfter, 0, 24 * time.Hour},
		{"CommitTimeout", r.CommitTimeout, 10 * time.Millisecond, time.Minute},
		{"Pulse", r.Pulse, time.Millisecond, 30 * time.Second},
		{"HeldOpen", r.HeldOpen, time.Millisecond, 24 * time.Hour},
		{"PassGrace", r.PassGrace, 0, time.Minute},
	} {
		if d.v < d.lo || d.v > d.hi {
			return fmt.Errorf("passage: rule %s is %v, allowed %v to %v", d.name, d.v, d.lo, d.hi)
		}
	}
	return nil
}
