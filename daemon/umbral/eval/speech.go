package eval

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"slices"
	"time"

	"umbral/pipeline/liveness/challenge"
)

// SpeechReport says how well speech is seen, and which challenges are passed by whom.
type SpeechReport struct {
	Clips           int `json:"clips"`
	Labelled        int `json:"labelled"`
	FailedToAcquire int `json:"failed_to_acquire"`
	// At the clips' own rate, and with every other frame.
	SpeechAtRate
	Half SpeechAtRate `json:"at_half_rate"`
	// Digits says what the shape of the mouth tells of digits, where alignments say which were spoken.
	Digits DigitShapes `json:"digits"`
	// LowestSimilarity is the lowest cosine between a frame's face and that of its clip's first frame.
	LowestSimilarity float64 `json:"lowest_similarity"`
	MaxPValue        float64 `json:"max_p_value"`
	ChallengeSeconds float64 `json:"challenge_s"`
	RhythmBits       float64 `json:"rhythm_bits"`
	SequenceBits     float64 `json:"sequence_bits"`
}

// SpeechAtRate are the figures at one frame rate.
type SpeechAtRate struct {
	FPS float64 `json:"fps"`
	*Area
	// Start and End are how far the seen begin and end of speech lie from the labels.
	Start TimeError `json:"start_error_s"`
	End   TimeError `json:"end_error_s"`
	// Rejected are simulated challenges that the clips' people answer and don't pass.
	Rejected     Rate    `json:"false_rejection"`
	Inconclusive int     `json:"inconclusive"`
	MedianP      float64 `json:"median_p_value"`
	// Clips of which more than half of the challenges are rejected: the challenges of one clip are alike.
	RejectedClips Rate           `json:"false_rejection_of_clips"`
	Attacks       []SpeechAttack `json:"attacks"`
	// Accepted is over all attacks.
	Accepted Rate `json:"false_acceptance"`
}

// Area is how well the probability of speaking tells the time of speech from the rest. It is nil, and left out of JSON,
// where no labelled clip was acquired.
type Area struct {
	// AUC is over all 40 ms of all labelled clips, with 95 % bounds from drawing whole clips with replacement: the frames of
	// one clip are alike.
	AUC      float64 `json:"auc"`
	AUCLow   float64 `json:"auc_low"`
	AUCHigh  float64 `json:"auc_high"`
	AUCMean  float64 `json:"auc_mean_of_clips"`
	AUCWorst float64 `json:"auc_worst_clip"`
}

// SpeechAttack is one kind of attack.
type SpeechAttack struct {
	Name         string `json:"attack"`
	Accepted     Rate   `json:"false_acceptance"`
	Inconclusive int    `json:"inconclusive"`
}

// TimeError sums up errors in seconds; positive is late.
type TimeError struct {
	N          int     `json:"n"`
	NotFound   int     `json:"not_found"`
	Median     float64 `json:"median_absolute"`
	P90        float64 `json:"p90_absolute"`
	MedianBias float64 `json:"median_signed"`
}

// DigitShapes compares the fit of the digit that was spoken with that of the other nine.
type DigitShapes struct {
	Spoken int `json:"spoken"`
	// Rank is the mean place of the spoken digit among the ten, 5.5 by chance; AUC how often it fits better than another
	// one, 0.5 by chance.
	Rank float64 `json:"mean_rank"`
	AUC  float64 `json:"auc"`
}

// SpeechTrace is what a plot shows of one clip.
type SpeechTrace struct {
	Clip     SpeechClip
	Speaking [rates][]float64 // a value for each challenge.Cell
	Aperture []float64
	Seconds  []float64 // of Aperture
}

// Speech observes clips and puts their people through simulated challenges. At most pictures clips are made into pictures
// that are moved before the camera, since that takes longest; they are spread over the list.
func Speech(ctx context.Context, clips []SpeechClip, pictures int, o Opts) (SpeechReport, []SpeechTrace, error) {
	opts := challenge.DefaultOpts()
	opts.MinSimilarity = 0 // measured apart: see LowestSimilarity
	report := SpeechReport{Clips: len(clips), MaxPValue: opts.MaxPValue, ChallengeSeconds: opts.Length().Seconds(), LowestSimilarity: 1}
	report.RhythmBits, report.SequenceBits = opts.Entropy()
	files := make([]string, len(clips))
	for i, c := range clips {
		files[i] = c.File
	}
	all := make([]*observed, len(clips))
	tried := make([][rates]trials, len(clips))
	every := max(1, (len(clips)+pictures-1)/max(pictures, 1))
	err := o.each(ctx, files, func(e *eye, i int) error {
		seen, err := e.observe(ctx, clips[i])
		if errors.Is(err, exec.ErrNotFound) {
			err = fmt.Errorf("%w %s: it is a video, and ffmpeg is not installed (apt-get install ffmpeg)", errCannot, files[i])
		}
		if err != nil {
			return err
		}
		if tried[i], err = e.try(ctx, seen, opts, i, pictures > 0 && i%every == 0); err != nil {
			return err
		}
		seen.still = nil
		all[i] = seen
		return nil
	})
	if err != nil {
		return report, nil, err
	}
	var traces []SpeechTrace
	for _, seen := range all {
		if seen == nil {
			report.FailedToAcquire++
			continue
		}
		report.LowestSimilarity = min(report.LowestSimilarity, float64(seen.similarity))
		if seen.clip.Labelled {
			report.Labelled++
		}
		traces = append(traces, seen.trace())
	}
	if len(traces) == 0 {
		return report, nil, fmt.Errorf("eval: none of the %d clips could be looked at", len(clips))
	}
	report.SpeechAtRate = atRate(0, all, tried, traces)
	report.Half = atRate(1, all, tried, traces)
	report.Digits = digitShapes(all)
	return report, traces, nil
}

var englishDigits = []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}

func digitShapes(all []*observed) (d DigitShapes) {
	var ranks, better float64
	for _, o := range all {
		if o == nil {
			continue
		}
		for _, w := range o.clip.Words {
			spoken := slices.Index(englishDigits, w.Text)
			if spoken < 0 {
				continue
			}
			from, to := time.Duration(w.Start*float64(time.Second)), time.Duration(w.End*float64(time.Second))
			fits, ok := challenge.DigitFits(usable(o.samples[0]), from, to, "en")
			if !ok {
				continue
			}
			above, ties := 0.0, 0.0
			for digit, f := range fits {
				switch {
				case digit == spoken:
				case f > fits[spoken]:
					above++
				case f == fits[spoken]:
					ties++
				}
			}
			d.Spoken++
			ranks += 1 + above + ties/2
			better += 1 - (above+ties/2)/float64(len(fits)-1)
		}
	}
	if d.Spoken > 0 {
		d.Rank, d.AUC = ranks/float64(d.Spoken), better/float64(d.Spoken)
	}
	return d
}

func (o *observed) trace() SpeechTrace {
	t := SpeechTrace{Clip: o.clip}
	for which, samples := range o.samples {
		t.Speaking[which] = challenge.Speaking(usable(samples), o.length)
	}
	for _, s := range usable(o.samples[0]) {
		t.Seconds = append(t.Seconds, s.At.Seconds())
		t.Aperture = append(t.Aperture, float64(s.Aperture))
	}
	return t
}

// usable leaves out frames without a face, and those without one before them.
func usable(samples []challenge.Sample) []challenge.Sample {
	return slices.DeleteFunc(slices.Clone(samples), func(s challenge.Sample) bool {
		return s.Width == 0 || math.IsNaN(float64(s.Mouth))
	})
}

func atRate(which int, all []*observed, tried [][rates]trials, traces []SpeechTrace) SpeechAtRate {
	var r SpeechAtRate
	var fps []float64
	for _, o := range all {
		if o != nil {
			fps = append(fps, o.rate)
		}
	}
	r.FPS = median(fps)
	if which == 1 {
		r.FPS /= halved
	}
	var clips []scored
	var starts, ends []float64
	lost := 0
	for _, t := range traces {
		if !t.Clip.Labelled {
			continue
		}
		s := score(t.Speaking[which], t.Clip)
		clips = append(clips, s)
		start, end, ok := interval(t.Speaking[which])
		if !ok {
			lost++
			continue
		}
		starts, ends = append(starts, start-t.Clip.Start), append(ends, end-t.Clip.End)
	}
	r.Start, r.End = timeError(starts, lost), timeError(ends, lost)
	r.Area = area(clips)
	r.challenges(which, tried)
	return r
}

func area(clips []scored) *Area {
	if len(clips) == 0 {
		return nil
	}
	a := Area{AUCWorst: 1}
	a.AUC, a.AUCLow, a.AUCHigh = pooledAUC(clips)
	for _, c := range clips {
		v := auc(c.yes, c.no)
		a.AUCMean += v / float64(len(clips))
		a.AUCWorst = min(a.AUCWorst, v)
	}
	return &a
}

// challenges sums up the trials.
func (r *SpeechAtRate) challenges(which int, tried [][rates]trials) {
	var p []float64
	rejected, clips, rejectedClips := 0, 0, 0
	for _, t := range tried {
		own := 0
		for _, g := range t[which].genuine {
			p = append(p, g.p)
			if g.outcome != challenge.Passed {
				own++
			}
			if g.outcome == challenge.Inconclusive {
				r.Inconclusive++
			}
		}
		rejected += own
		if n := len(t[which].genuine); n > 0 {
			clips++
			if 2*own > n {
				rejectedClips++
			}
		}
	}
	r.Rejected, r.RejectedClips, r.MedianP = NewRate(rejected, len(p)), NewRate(rejectedClips, clips), median(p)
	accepted, held := 0, 0
	for k, name := range attackNames {
		a := SpeechAttack{Name: name}
		n, passed := 0, 0
		for _, t := range tried {
			if t[which].attacks == nil {
				continue
			}
			for _, x := range t[which].attacks[k] {
				n++
				switch x.outcome {
				case challenge.Passed:
					passed++
				case challenge.Inconclusive:
					a.Inconclusive++
				}
			}
		}
		a.Accepted = NewRate(passed, n)
		r.Attacks = append(r.Attacks, a)
		accepted, held = accepted+passed, held+n
	}
	r.Accepted = NewRate(accepted, held)
}
