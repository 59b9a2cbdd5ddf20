package eval

import (
	"sort"
	"strings"
)

// Presentation is one picture or clip before the attack detector.
type Presentation struct {
	Label    string  // "live", or the species of the attack: "spoof", "spoof-print", …
	Score    float32 // 1 = surely live
	Acquired bool
}

// Species is the APCER of one kind of attack instrument.
type Species struct {
	Name            string `json:"species"`
	FailedToAcquire int    `json:"failed_to_acquire"`
	APCER           Rate   `json:"apcer"`
}

// PADReport holds the error rates of ISO/IEC 30107-3 at one threshold. Presentations without an acquired face are
// counted apart: at the gate they end in no decision, neither a grant nor a denial.
type PADReport struct {
	Threshold       float32   `json:"threshold"`
	Live            int       `json:"live"`
	Spoof           int       `json:"spoof"`
	FailedToAcquire int       `json:"failed_to_acquire"`
	LiveNotAcquired int       `json:"live_failed_to_acquire"`
	BPCER           Rate      `json:"bpcer_rate"`
	BPCERValue      float64   `json:"bpcer"`
	APCERMax        float64   `json:"apcer"` // of the worst species, as 30107-3 wants it
	Species         []Species `json:"species"`
	EER             *float64  `json:"eer"` // null where no live person, or no attack, was acquired
}

// EvaluatePAD computes the report at a threshold on the score.
func EvaluatePAD(presentations []Presentation, threshold float32) PADReport {
	r := PADReport{Threshold: threshold}
	type count struct{ wrong, trials, missing int }
	species := map[string]*count{}
	live := new(count)
	var pairs []Comparison
	for _, p := range presentations {
		isLive := p.Label == "live"
		c := live
		if isLive {
			r.Live++
		} else {
			r.Spoof++
			name := strings.TrimPrefix(strings.TrimPrefix(p.Label, "spoof"), "-")
			if name == "" {
				name = "unspecified"
			}
			if species[name] == nil {
				species[name] = new(count)
			}
			c = species[name]
		}
		if !p.Acquired {
			r.FailedToAcquire++
			c.missing++
			continue
		}
		c.trials++
		if (p.Score >= threshold) != isLive {
			c.wrong++
		}
		pairs = append(pairs, Comparison{Score: p.Score, Mated: isLive, Acquired: true})
	}
	r.LiveNotAcquired = live.missing
	r.BPCER = NewRate(live.wrong, live.trials)
	r.BPCERValue = r.BPCER.Value
	for name, c := range species {
		s := Species{Name: name, FailedToAcquire: c.missing, APCER: NewRate(c.wrong, c.trials)}
		r.Species = append(r.Species, s)
		r.APCERMax = max(r.APCERMax, s.APCER.Value)
	}
	sort.Slice(r.Species, func(i, j int) bool { return r.Species[i].Name < r.Species[j].Name })
	if curve, err := NewCurve(pairs); err == nil {
		eer, _ := curve.EER()
		r.EER = &eer
	}
	return r
}
