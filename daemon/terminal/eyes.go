package terminal

import (
	"fmt"

	"umbral/config"
	"umbral/pipeline/face"
	"umbral/pipeline/liveness"
	"umbral/pipeline/models"
	"umbral/pipeline/nn"
	"umbral/pipeline/nn/kernel"
)

// eyes are the compiled models with what their scores mean at this site.
type eyes struct {
	set      *models.Set
	pool     *nn.Pool
	analyzer *face.Analyzer
	passive  *liveness.Passive
	verify   threshold
	identify threshold
	feature  string // hash of the feature model, which templates belong to
	kernels  string // what the models run on
	cards    *cards // nil where the policy knows no card
}

// openEyes loads and compiles the models.
func openEyes(cfg *config.Config, dir string) (_ *eyes, err error) {
	manifest, err := manifest(cfg)
	if err != nil {
		return nil, err
	}
	e := new(eyes)
	if e.set, err = models.Load(dir, manifest, models.FaceRoles()...); err != nil {
		return nil, err
	}
	e.set.Tier = tier(cfg.Models.SIMD)
	// The models look at a face one after the other (see sight.mu), so they can do so in one place.
	if e.set.Arena, err = nn.NewArena(nn.DefaultLimits().Arena); err != nil {
		return nil, fmt.Errorf("terminal: %w", err)
	}
	f := &cfg.Face
	if e.verify, err = chooseThreshold(manifest.Calibrations, f.Population, f.VerifyFMR, f.VerifyThreshold); err != nil {
		return nil, err
	}
	if e.identify, err = chooseThreshold(manifest.Calibrations, f.Population, f.IdentifyFMR, f.IdentifyThreshold); err != nil {
		return nil, err
	}
	feature, err := manifest.Of(models.Feature)
	if err != nil {
		return nil, fmt.Errorf("terminal: %w", err)
	}
	e.feature = feature.SHA256
	kernels, err := kernel.Choose(e.set.Tier)
	if err != nil {
		return nil, fmt.Errorf("terminal: models.simd: %w", err)
	}
	e.kernels = kernels.Name
	e.pool = nn.NewPool(threads(cfg.Models.Threads))
	defer func() {
		if err != nil {
			e.pool.Close()
		}
	}()
	o := face.DefaultOpts()
	o.Pool, o.MinScore, o.Quality = e.pool, float32(f.DetectScore), qualityLimits(f)
	if e.analyzer, err = face.New(e.set, o); err != nil {
		return nil, err
	}
	l := liveness.DefaultOpts()
	l.Pool = e.pool
	if e.passive, err = liveness.NewPassive(e.set, l); err != nil {
		return nil, err
	}
	e.cards, err = openCards(cfg, manifest, e.set.Tier)
	return e, err
}

// qualityLimits are the package's limits with those that the site sets.
func qualityLimits(f *config.Face) face.Limits {
	q := face.DefaultLimits()
	q.MinSize = float32(f.MinHeight)
	q.MaxYaw, q.MaxPitch, q.MaxRoll = float32(f.MaxYaw), float32(f.MaxPitch), float32(f.MaxRoll)
	q.MinLight, q.MaxLight = float32(f.MinBrightness), float32(f.MaxBrightness)
	q.MinSharpness = float32(f.MinSharpness)
	return q
}

func (e *eyes) stages() []*models.Stage { return append(e.analyzer.Stages(), e.passive.Stage()) }

// livenessRule is the vote's rule for enrolment.
func livenessRule(l *config.Liveness) liveness.Rule {
	r := liveness.NewRule(models.Default().PAD)
	r.Threshold, r.Floor, r.MaxSpread = float32(l.Threshold), float32(l.MinScore), float32(l.MaxSpread)
	return r
}

func (e *eyes) close() { e.pool.Close() }

// tier is the name that package kernel knows.
func tier(simd string) string {
	if simd == "auto" {
		return ""
	}
	return simd
}
