package eval

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"umbral/pipeline/finger"
)

// FingerOpts says how fingerprints are evaluated.
type FingerOpts struct {
	DPI     int // resolution of the pictures
	Workers int // pictures or comparisons at a time; 0 takes one a processor
	// RawWidth and RawHeight are the size of files that end in .raw, which say nothing of it; 0 if there are none.
	RawWidth, RawHeight int
	Progress            func(done, of int)           // of pictures; nil for nobody
	Missed              func(file string, why error) // each picture that gave no template; nil for nobody
}

// DefaultFingerOpts suit the pictures of most sensors.
func DefaultFingerOpts() FingerOpts { return FingerOpts{DPI: finger.Resolution} }

// FingerReport is the result of an evaluation of fingerprints. Its rates are those of the protocol of the Fingerprint
// Verification Competitions (Maio et al., IEEE PAMI 24, 2002): all pairs of impressions of one finger are genuine, the
// first impressions of all pairs of fingers are impostors. There, a picture without a template counts as refused in
// each comparison it takes part in, so a program cannot gain by giving up on bad pictures.
type FingerReport struct {
	Images          int  `json:"images"`
	Fingers         int  `json:"fingers"`
	FailedToExtract int  `json:"failed_to_extract"`
	FTE             Rate `json:"fte"`
	FingerRates
	// Cross is the same over all pairs: every impression of a finger with every impression of all others.
	Cross FingerRates `json:"cross"`
}

// FingerRates are the error rates of one set of comparisons.
type FingerRates struct {
	Genuine      int     `json:"genuine"`
	Impostor     int     `json:"impostor"`
	EER          float64 `json:"eer"`
	EERLow       float64 `json:"eer_low"`
	EERHigh      float64 `json:"eer_high"`
	EERThreshold float32 `json:"eer_threshold"`
	// FMR100 and FMR1000 are the lowest FNMR with an FMR of at most 1/100 and 1/1000.
	FMR100          float64          `json:"fmr100"`
	FMR100Low       float64          `json:"fmr100_low"`
	FMR100High      float64          `json:"fmr100_high"`
	FMR1000         float64          `json:"fmr1000"`
	FMR1000Low      float64          `json:"fmr1000_low"`
	FMR1000High     float64          `json:"fmr1000_high"`
	OperatingPoints []OperatingPoint `json:"operating_points"`
}

// refused is the score of a comparison without a template: below every other.
const refused = -math.MaxFloat32

// Impression is one picture of a finger.
type Impression struct {
	File, Finger string
	Number       int
}

var impressionName = regexp.MustCompile(`^(.+)_([0-9]{1,6})\.(?i:tif|tiff|png|bmp|raw)$`)

// maxImpressions bounds a set: all pairs of ten thousand pictures are fifty million comparisons.
const maxImpressions = 10_000

// ReadImpressions lists the pictures of a folder whose names say the finger and the impression: F_I with the ending tif,
// tiff, png, bmp or raw. It gives them in the order of fingers and impressions.
func ReadImpressions(dir string) ([]Impression, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("eval: %w", err)
	}
	var list []Impression
	for _, entry := range entries {
		if m := impressionName.FindStringSubmatch(entry.Name()); m != nil && !entry.IsDir() {
			n, err := strconv.Atoi(m[2])
			if err != nil {
				return nil, fmt.Errorf("eval: %s: %w", entry.Name(), err)
			}
			list = append(list, Impression{filepath.Join(dir, entry.Name()), m[1], n})
		}
	}
	if len(list) < 2 || len(list) > maxImpressions {
		return nil, fmt.Errorf("eval: %s holds %d pictures named FINGER_IMPRESSION.tif, .png, .bmp or .raw, wanted 2 to %d", dir, len(list), maxImpressions)
	}
	slices.SortStableFunc(list, func(a, b Impression) int {
		if c := byNumber(a.Finger, b.Finger); c != 0 {
			return c
		}
		return a.Number - b.Number
	})
	for i := 1; i < len(list); i++ {
		if a, b := list[i-1], list[i]; a.Finger == b.Finger && a.Number == b.Number {
			return nil, fmt.Errorf("eval: %s and %s are both impression %d of finger %s", filepath.Base(a.File), filepath.Base(b.File), a.Number, a.Finger)
		}
	}
	return list, nil
}

// byNumber orders numbers by value, and other names by their letters behind them.
func byNumber(a, b string) int {
	x, errX := strconv.Atoi(a)
	y, errY := strconv.Atoi(b)
	switch {
	case errX == nil && errY == nil && x != y:
		return x - y
	case errX == nil && errY != nil:
		return -1
	case errX != nil && errY == nil:
		return 1
	}
	return strings.Compare(a, b)
}

// Fingers compares all pairs of impressions and returns the comparisons of the competitions' protocol, which are part of
// the cross comparisons, all of them.
func Fingers(ctx context.Context, list []Impression, o FingerOpts) (report FingerReport, protocol, cross []Comparison, err error) {
	if o.Workers < 0 || o.Workers > MaxWorkers {
		return report, nil, nil, fmt.Errorf("eval: %d workers, allowed are 0 to %d", o.Workers, MaxWorkers)
	}
	if o.Workers == 0 {
		o.Workers = min(runtime.GOMAXPROCS(0), MaxWorkers)
	}
	templates, err := o.extract(ctx, list)
	if err != nil {
		return report, nil, nil, err
	}
	failed := 0
	fingers := 0
	for i, t := range templates {
		if t == nil {
			failed++
		}
		if i == 0 || list[i].Finger != list[i-1].Finger {
			fingers++
		}
	}
	type place struct{ a, b int }
	var places []place
	var inProtocol []bool
	first := func(i int) bool { return i == 0 || list[i].Finger != list[i-1].Finger }
	for a := range list {
		for b := a + 1; b < len(list); b++ {
			mated := list[a].Finger == list[b].Finger
			places = append(places, place{a, b})
			cross = append(cross, Comparison{Mated: mated, Acquired: true, Score: refused})
			inProtocol = append(inProtocol, mated || first(a) && first(b))
		}
	}
	err = spread(ctx, o.Workers, len(places), finger.NewMatcher, func(m *finger.Matcher, i int) error {
		if a, b := templates[places[i].a], templates[places[i].b]; a != nil && b != nil {
			cross[i].Score = float32(m.Compare(a, b))
		}
		return nil
	})
	if err != nil {
		return report, nil, nil, err
	}
	for i, c := range cross {
		if inProtocol[i] {
			protocol = append(protocol, c)
		}
	}
	report = FingerReport{Images: len(list), Fingers: fingers, FailedToExtract: failed, FTE: NewRate(failed, len(list))}
	if report.FingerRates, err = fingerRates(protocol); err != nil {
		return report, nil, nil, err
	}
	report.Cross, err = fingerRates(cross)
	return report, protocol, cross, err
}

func fingerRates(comparisons []Comparison) (r FingerRates, err error) {
	curve, err := NewCurve(comparisons)
	if err != nil {
		return r, err
	}
	r.Genuine, r.Impostor = len(curve.genuine), len(curve.impostor)
	r.EER, r.EERThreshold = curve.EER()
	r.EERLow, r.EERHigh = curve.eerBounds(r.EER)
	p := curve.At(1.0 / 100)
	r.FMR100, r.FMR100Low, r.FMR100High = p.FNMR, p.FNMRLow, p.FNMRHigh
	p = curve.At(1.0 / 1000)
	r.FMR1000, r.FMR1000Low, r.FMR1000High = p.FNMR, p.FNMRLow, p.FNMRHigh
	for _, fmr := range FMRs {
		r.OperatingPoints = append(r.OperatingPoints, curve.At(fmr))
	}
	return r, nil
}

// extract makes a template of each picture; one that gives none stays nil. A file that isn't there ends the evaluation.
func (o *FingerOpts) extract(ctx context.Context, list []Impression) ([]*finger.Template, error) {
	templates := make([]*finger.Template, len(list))
	var mu sync.Mutex
	done := 0
	// Every extractor is made with the same options, so the first one tells of a mistake in them.
	if _, err := finger.New(finger.DefaultOpts()); err != nil {
		return nil, err
	}
	make := func() *finger.Extractor {
		e, _ := finger.New(finger.DefaultOpts())
		return e
	}
	err := spread(ctx, o.Workers, len(list), make, func(e *finger.Extractor, i int) error {
		pix, width, height, err := o.read(list[i].File)
		if err == nil {
			templates[i], err = e.Extract(pix, width, height, o.DPI)
		}
		mu.Lock()
		defer mu.Unlock()
		if err != nil && o.Missed != nil {
			o.Missed(list[i].File, err)
		}
		if done++; o.Progress != nil {
			o.Progress(done, len(list))
		}
		if _, gone := err.(*fs.PathError); gone {
			return fmt.Errorf("eval: %w", err)
		}
		return nil
	})
	return templates, err
}

// spread calls fn for each number below n from o.Workers goroutines, each with a tool of its own, until one fails.
func spread[T any](ctx context.Context, workers, n int, tool func() T, fn func(tool T, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	next := 0
	var group sync.WaitGroup
	for range min(workers, n) {
		group.Go(func() {
			mine := tool()
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= n || ctx.Err() != nil {
					return
				}
				if err := fn(mine, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}
