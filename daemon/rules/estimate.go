package rules

import (
	"fmt"
	"strings"

	"umbral/config"
	"umbral/config/policy"
	"umbral/pipeline/finger"
	"umbral/pipeline/models"
)

// Estimate says in words what a policy admits, and how often it errs as far as the calibration tells.
type Estimate struct {
	Policy string `json:"policy"`
	Ways   []Way  `json:"ways"`
	// FMR is at most the sum of the ways': a stranger may try each. 0 where one of them can't be estimated.
	FMR float64 `json:"fmr,omitempty"`
	// FNMR is that of the best way that can be estimated, for somebody who can go it; 0 where none can.
	FNMR     float64  `json:"fnmr,omitempty"`
	Unproven []string `json:"unproven"` // what the numbers do not cover
}

// Way is one way through the gate.
type Way struct {
	Evidence []string `json:"evidence"`
	Words    string   `json:"words"`
	// FMR is the share of strangers who pass this way although they hold everything that can be held: a stolen phone, a
	// borrowed card. Estimated is false where no comparison of the person is part of it.
	FMR       float64 `json:"fmr"`
	Estimated bool    `json:"estimated"`
	// FNMR is the share of the right people whom the comparisons refuse; 0 where it was not measured.
	FNMR  float64  `json:"fnmr,omitempty"`
	Notes []string `json:"notes,omitempty"`
}

// EstimatePolicy explains a policy under a configuration, with the tables of its models.
func EstimatePolicy(cfg config.Config, tables models.Calibrations, rule policy.Policy) (*Estimate, error) {
	out := &Estimate{Policy: rule.String(), Unproven: []string{}}
	all := true
	for _, a := range rule.Alternatives() {
		w, err := estimateWay(&cfg, tables, a)
		if err != nil {
			return nil, err
		}
		out.Ways = append(out.Ways, w)
		all = all && w.Estimated
		out.FMR += w.FMR
		if w.FNMR > 0 && (out.FNMR == 0 || w.FNMR < out.FNMR) {
			out.FNMR = w.FNMR
		}
	}
	if !all {
		out.FMR = 0
	}
	out.FMR = min(1, out.FMR)
	out.Unproven = unproven(rule.Needs(), cfg.Available())
	return out, nil
}

// estimateWay multiplies what is independent and takes the weaker of what is not.
func estimateWay(cfg *config.Config, tables models.Calibrations, a policy.Alternative) (Way, error) {
	w := Way{Evidence: []string{}, Words: wayWords(a)}
	for k := range policy.Kinds {
		if a.Evidence.Has(k) {
			w.Evidence = append(w.Evidence, k.String())
		}
	}
	rate, tmr := 1.0, 1.0
	if a.Evidence.Has(policy.Face) {
		f := &cfg.Face
		claimed := a.Evidence.Has(policy.Credential) || a.Evidence.Has(policy.Card)
		fmr, byHand := f.IdentifyFMR, f.IdentifyThreshold
		if claimed {
			fmr, byHand = f.VerifyFMR, f.VerifyThreshold
		}
		if byHand > 0 {
			return w, fmt.Errorf("rules: a threshold set by hand (%g) has no known false match rate: name the rate instead (face.identify_fmr, face.verify_fmr)", byHand)
		}
		threshold, err := tables.Threshold(f.Population, fmr)
		if err != nil {
			return w, err
		}
		w.Estimated = true
		rate = fmr
		if claimed {
			w.Notes = append(w.Notes, fmt.Sprintf("face: one comparison with the document's portrait, FMR %g of population %q", fmr, f.Population))
		} else {
			rate = min(1, fmr*float64(cfg.Gallery.Capacity))
			w.Notes = append(w.Notes, fmt.Sprintf("face: a search among up to %d references at FMR %g of population %q: at most %.2g", cfg.Gallery.Capacity, fmr, f.Population, rate))
		}
		tmr = trueMatchRate(tables, f.Population, threshold)
	}
	if a.Evidence.Has(policy.Finger) {
		least, err := finger.Threshold(cfg.Finger.FMR)
		if err != nil {
			return w, fmt.Errorf("rules: finger.fmr: %w", err)
		}
		w.Estimated = true
		rate *= cfg.Finger.FMR
		tmr = 0 // not measured beside the face's
		how := "compared with the person's own"
		if fingerNames(a.Evidence) {
			how = fmt.Sprintf("searched among up to %d views", cfg.Finger.Gallery)
		}
		w.Notes = append(w.Notes, fmt.Sprintf("finger: %s, FMR %g over all views and %d presses (score %.2f and the logarithm of the comparisons); another trait, so that the rates multiply",
			how, cfg.Finger.FMR, cfg.Finger.Presses, least))
	}
	if a.FMR > 0 {
		rate = min(rate, a.FMR)
		w.Notes = append(w.Notes, fmt.Sprintf("fmr: the comparisons together have to prove %g, or nobody passes", a.FMR))
		tmr = 0 // the stricter demand refuses more
	}
	if w.Estimated {
		w.FMR = rate
	} else {
		w.Notes = append(w.Notes, "no comparison of the person: whoever holds what is asked for passes, so that no false match rate can be stated")
	}
	if tmr > 0 && tmr < 1 {
		w.FNMR = 1 - tmr
	}
	return w, nil
}

// trueMatchRate is that of the point of the table at or above a threshold; 0 where it was not measured.
func trueMatchRate(tables models.Calibrations, population string, threshold float32) float64 {
	for _, t := range tables {
		if t.Population != population {
			continue
		}
		for _, p := range t.Points {
			if p.Threshold >= threshold {
				return p.TMR
			}
		}
	}
	return 0
}

var evidenceWords = [policy.Kinds]string{
	policy.Face:       "the face is the person's",
	policy.Live:       "it is a living person's and no picture",
	policy.Credential: "a code of a trusted issuer is shown",
	policy.Card:       "an identity card in order is shown",
	policy.Speech:     "the person reads aloud what nobody could know before",
	policy.Finger:     "the finger is the person's",
	policy.Remote:     "the authority confirms the person",
}

func wayWords(a policy.Alternative) string {
	var words []string
	for k := range policy.Kinds {
		if a.Evidence.Has(k) {
			words = append(words, evidenceWords[k])
		}
	}
	if a.FMR > 0 {
		words = append(words, fmt.Sprintf("the comparisons together are strong enough for a false match rate of %g", a.FMR))
	}
	return strings.Join(words, ", ")
}

// unproven lists what the estimate leaves out.
func unproven(needs, available policy.Set) (list []string) {
	for _, n := range []struct {
		kind policy.Kind
		text string
	}{
		{policy.Face, "false non-match rates are of single comparisons of photographs in the wild; a passage has several tries, and a gate better pictures"},
		{policy.Live, "how often an attack passes is not part of the false match rate: it is about pictures and masks of the right person"},
		{policy.Credential, "how often codes and cards are stolen or lent"},
		{policy.Remote, "the authority's own error rates"},
		{policy.Finger, "the finger's rates were measured on one optical sensor and ten fingers: confirm them on the site's own with umbral eval fingers; nothing is measured below 1e-4, so that a search relies on the scores' scale; whether a finger is a living one is not checked"},
		{policy.Speech, "somebody who does not know the schedule follows it in at most 0.5 % of the tries; how often the right person fails depends on light and camera"},
	} {
		if needs.Has(n.kind) {
			list = append(list, n.text)
		}
	}
	if missing := needs &^ available; missing != 0 {
		list = append(list, fmt.Sprintf("this terminal cannot produce %v: nobody passes a way that needs it", missing))
	}
	return list
}
