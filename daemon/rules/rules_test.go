package rules

import (
	"math"
	"testing"

	"umbral/config"
	"umbral/config/policy"
	"umbral/daemon/passage"
)

// What the decision is told of scores is what was measured, and it takes it.
func TestFingerRules(t *testing.T) {
	cfg := config.Default()
	cfg.Finger.Sensor, cfg.Finger.Device = "r503", "/dev/ttyS9"
	cfg.Passage.Policy = policy.MustParse("face and finger and fmr = 1e-6")
	least, steps, err := FingerRules(&cfg)
	if err != nil || least != passage.ScoreOf(0.8) || len(steps) != 5 {
		t.Fatalf("threshold %v, %d steps, %v", least, len(steps), err)
	}
	if s := steps[3]; s.FMR != 1e-3 || s.Score != passage.ScoreOf(0.8) || math.Abs(s.LLR.Float()-0.8*math.Ln10) > 1e-5 {
		t.Errorf("step %+v", s)
	}
	r := passage.DefaultRules()
	r.Policy, r.Available, r.FingerThreshold, r.FingerCalibration = policy.MustParse("finger and fmr = 1e-3"), cfg.Available(), least, steps
	if err := r.Check(); err != nil {
		t.Error(err)
	}
	cfg.Passage.Policy = policy.MustParse("face and live")
	if least, steps, err = FingerRules(&cfg); least != 0 || steps != nil || err != nil {
		t.Errorf("without fingers: %v, %v, %v", least, steps, err)
	}
}

// The rules look up everybody's standing, whatever the configuration turns off.
func TestStandingIsAlwaysAsked(t *testing.T) {
	cfg := config.Default()
	for _, on := range []bool{false, true} {
		cfg.Eligibility.Enabled = on
		r := eligibilityOf(&cfg.Eligibility)
		if !r.Ask || r.TrustAlways != on || (r.MinAge > 0) != on || r.Trust != policy.TrustRTC {
			t.Errorf("enabled %v: %+v", on, r)
		}
	}
}
