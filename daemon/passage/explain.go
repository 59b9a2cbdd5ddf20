package passage

import (
	"fmt"
	"time"

	"umbral/config/policy"
)

// Explanation says why a journalled decision came out as it did, with the figures that decided it. Similarities and
// probabilities are numbers from 0 to 1, times are milliseconds since the passage's begin.
type Explanation struct {
	Passage  ID            `json:"passage"`
	Kind     string        `json:"kind"` // of the journal entry
	Verdict  Verdict       `json:"verdict"`
	Reasons  []Reason      `json:"reasons"`
	Person   string        `json:"person,omitempty"`
	Guardian string        `json:"guardian,omitempty"`
	Policy   policy.Policy `json:"policy"`
	Clock    ExplainedTime `json:"clock"` // at the begin
	Duration int64         `json:"duration_ms"`

	Why string `json:"why"` // one sentence
	// Otherwise is what would have had to be different for a grant; empty for a grant.
	Otherwise []string `json:"otherwise,omitempty"`

	Face     *ExplainedFace     `json:"face,omitempty"`
	Live     *ExplainedLive     `json:"live,omitempty"`
	Fusion   *ExplainedFusion   `json:"fusion,omitempty"`
	Evidence []ExplainedOutcome `json:"evidence,omitempty"` // what the policy names beside face and life
	Frames   ExplainedFrames    `json:"frames"`
	Samples  []ExplainedSample  `json:"samples,omitempty"` // each frame on which something was computed
	Steps    []ExplainedStep    `json:"steps,omitempty"`   // what else happened, in order
}

// ExplainedTime is what the wall clock said.
type ExplainedTime struct {
	Trust policy.Trust `json:"trust"`
	Time  time.Time    `json:"time"`
}

// ExplainedFace holds the comparisons against their thresholds.
type ExplainedFace struct {
	State     policy.State `json:"state"`
	Claimed   bool         `json:"claimed"` // with a document's photograph, not with the gallery
	Threshold float64      `json:"threshold"`
	Margin    float64      `json:"margin"`
	Matched   int          `json:"matched"`
	Unmatched int          `json:"unmatched"`
	Needed    int          `json:"needed"` // frames that have to match
	Barred    int          `json:"barred"` // frames that fit somebody who is blocked
	Best      float64      `json:"best"`
	BestOf    string       `json:"best_of,omitempty"` // whom the best comparison is with
	// RunnerUp is the similarity to the next person on the best frame; absent where nobody else was compared.
	RunnerUp *float64 `json:"runner_up,omitempty"`
}

// ExplainedLive holds the liveness scores against their thresholds.
type ExplainedLive struct {
	State     policy.State `json:"state"`
	Frames    int          `json:"frames"`
	Needed    int          `json:"needed"`
	Mean      float64      `json:"mean"`
	Threshold float64      `json:"threshold"` // of the mean
	Min       float64      `json:"min"`
	Lowest    float64      `json:"lowest_allowed"`
	Spread    float64      `json:"spread"`
	Widest    float64      `json:"widest_allowed"` // spread
}

// ExplainedFusion holds what the comparisons prove together, where the policy asks for a total false match rate.
type ExplainedFusion struct {
	LLR   float64 `json:"llr"`
	FMR   float64 `json:"fmr"`
	Asked float64 `json:"asked"`
}

// ExplainedOutcome is what came of evidence from elsewhere.
type ExplainedOutcome struct {
	Kind      string       `json:"kind"`
	State     policy.State `json:"state"`
	Outcome   string       `json:"outcome"` // "none" where nothing came
	Subject   string       `json:"subject,omitempty"`
	Detail    string       `json:"detail,omitempty"`
	Score     float64      `json:"score,omitempty"`
	Threshold float64      `json:"threshold,omitempty"`
}

// ExplainedFrames counts the frames of a passage by what became of them.
type ExplainedFrames struct {
	All      int            `json:"all"`
	Counted  int            `json:"counted"`
	Absent   int            `json:"absent"`             // without the person
	Crowded  int            `json:"crowded"`            // somebody else stood near
	Problems map[string]int `json:"problems,omitempty"` // frames that a quality problem cost
}

// ExplainedSample is a frame on which something was computed of the person's face.
type ExplainedSample struct {
	At         int64    `json:"at_ms"`
	Counted    bool     `json:"counted"`
	Similarity *float64 `json:"similarity,omitempty"`
	RunnerUp   *float64 `json:"runner_up,omitempty"`
	Person     string   `json:"person,omitempty"`
	Live       *float64 `json:"live,omitempty"`
}

// ExplainedStep is something that happened beside the frames.
type ExplainedStep struct {
	At   int64  `json:"at_ms"`
	What string `json:"what"` // evidence, standing, review, clock, interlock, camera, command, exit, journal
	Text string `json:"text"`
}

// explainer gathers an explanation while a record is replayed.
type explainer struct {
	r *Record
	m *Machine
	x *Explanation

	best     Match
	tied     Match    // the last comparison that fits two people
	approved []string // reviewers
	denied   []string
	standing Standing // the last that was told of the decision's person
	trust    policy.Trust
	failed   bool // the journal said so
}

// Explain replays a journalled decision and says why it came out as it did.
func Explain(record []byte) (*Explanation, error) {
	r, err := DecodeRecord(record)
	if err != nil {
		return nil, err
	}
	m, err := New(r.Rules, r.Passage)
	if err != nil {
		return nil, err
	}
	m.restore(r)
	x := &Explanation{
		Passage: r.Passage, Kind: r.Start.Cause, Verdict: r.Verdict, Reasons: r.Reasons, Person: r.Person, Guardian: r.Guardian,
		Policy: r.Rules.Policy, Clock: ExplainedTime{r.Clock.Trust, time.UnixMicro(r.Clock.Wall).UTC()},
		Duration: r.Duration.Milliseconds(),
	}
	e := explainer{r: r, m: m, x: x, best: Match{Score: -MaxScore}}
	e.trust = r.Clock.Trust
	for at, o := range r.Observations() {
		e.observe(at, o)
	}
	e.sum()
	if len(r.Reasons) == 0 {
		return nil, fmt.Errorf("passage: the record of %v gives no reason", r.Passage)
	}
	x.Why = e.why()
	if r.Verdict != Grant {
		x.Otherwise = e.otherwise()
	}
	return x, nil
}

// observe lets the machine see an observation, and keeps what became of it.
func (e *explainer) observe(at Instant, o Observation) {
	before := e.m.now
	e.m.Step(at, o)
	ms := time.Duration(at).Milliseconds()
	if o.Kind == ObserveFrame {
		e.frame(ms, &o.Frame, &before)
		return
	}
	if step := e.step(&o); step.Text != "" {
		step.At = ms
		e.x.Steps = append(e.x.Steps, step)
	}
}

// frame keeps what was computed on a frame, and whether it counted.
func (e *explainer) frame(at int64, f *Frame, before *attempt) {
	frames, a := &e.x.Frames, &e.m.now
	frames.All++
	face := f.track(e.r.Start.Track)
	if face == nil {
		frames.Absent++
		return
	}
	counted := a.matched > before.matched || a.live.frames > before.live.frames
	switch {
	case counted:
		frames.Counted++
	case face.Problems != 0:
		if frames.Problems == nil {
			frames.Problems = map[string]int{}
		}
		for p := range problemCount {
			if face.Problems.Has(p) {
				frames.Problems[p.String()]++
			}
		}
	case f.rival(face, e.r.Rules.CrowdRatio):
		frames.Crowded++
	}
	if !face.Match.Known && !face.Live.Known {
		return
	}
	s := ExplainedSample{At: at, Counted: counted}
	if c := &face.Match; c.Known {
		s.Similarity, s.Person = number(c.Score), c.Person
		if c.Second > -MaxScore {
			s.RunnerUp = number(c.Second)
		}
		// Before a document's photograph is there, comparisons are with the gallery and say nothing about it.
		if c.Claimed != e.best.Claimed && c.Claimed || c.Claimed == e.best.Claimed && c.Score > e.best.Score {
			e.best = *c
		}
		if a.ambiguous > before.ambiguous {
			e.tied = *c
		}
	}
	if face.Live.Known {
		s.Live = number(face.Live.Score)
	}
	e.x.Samples = append(e.x.Samples, s)
}

func number(s Score) *float64 {
	v := s.Float()
	return &v
}

// sum puts the state of each piece of evidence at the end beside its threshold.
func (e *explainer) sum() {
	r, m, x := e.r, e.m, e.x
	if r.Start.Cause != EntryPassage {
		return
	}
	need, a := m.policy.Needs(), &m.now
	states, _, _ := m.evidences()
	if need.Has(policy.Face) {
		claimed := a.claim != ""
		f := &ExplainedFace{
			State: states[policy.Face], Claimed: claimed, Threshold: r.Rules.Threshold.Float(), Margin: r.Rules.Margin.Float(),
			Matched: a.matched, Unmatched: a.unmatched, Needed: r.Rules.MatchFrames, Barred: a.barred,
		}
		if claimed {
			f.Threshold, f.Margin = r.Rules.VerifyThreshold.Float(), 0
		}
		if e.best.Known {
			f.Best, f.BestOf = e.best.Score.Float(), e.best.Person
			if e.best.Second > -MaxScore {
				f.RunnerUp = number(e.best.Second)
			}
		}
		x.Face = f
	}
	if need.Has(policy.Live) {
		v := &a.live
		x.Live = &ExplainedLive{
			State: states[policy.Live], Frames: v.frames, Needed: r.Rules.LiveFrames, Mean: v.mean().Float(), Min: v.min.Float(),
			Spread: v.spread().Float(), Threshold: r.Rules.LiveThreshold.Float(), Lowest: r.Rules.LiveMin.Float(),
			Widest: r.Rules.LiveSpread.Float(),
		}
	}
	for k := range policy.Kinds {
		if !need.Has(k) || policy.Camera.Has(k) {
			continue
		}
		o := &a.others[k]
		out := ExplainedOutcome{
			Kind: k.String(), State: states[k], Outcome: o.outcome.String(), Subject: o.subject, Detail: o.detail,
			Score: o.score.Float(),
		}
		if k == policy.Finger {
			out.Threshold = r.Rules.FingerThreshold.Float()
		}
		x.Evidence = append(x.Evidence, out)
	}
	if asked, ok := m.policy.TotalFMR(); ok {
		s := m.fuse(&states)
		x.Fusion = &ExplainedFusion{s.LLR.Float(), s.FMR, asked}
	}
}
