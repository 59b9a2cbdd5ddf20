package terminal

import (
	"fmt"
	"sync"

	"umbral/config"
	"umbral/pipeline/face"
	"umbral/pipeline/liveness"
	"umbral/pipeline/models"
	"umbral/pipeline/nn"
	"umbral/pipeline/nn/kernel"
	"umbral/pipeline/vision"
)

// faceModels are the compiled models with what their scores mean at this site. They share their memory, so that whoever
// looks at a face holds mu meanwhile.
type faceModels struct {
	mu       sync.Mutex
	set      *models.Set
	pool     *nn.Pool
	analyzer *face.Analyzer
	passive  *liveness.Passive
	verify   threshold
	identify threshold
	feature  string // hash of the feature model, which templates belong to
	kernels  string // what the models run on
}

// openFaceModels loads and compiles the models.
func openFaceModels(cfg *config.Config, dir string) (_ *faceModels, err error) {
	manifest, err := manifest(cfg)
	if err != nil {
		return nil, err
	}
	e := new(faceModels)
	if e.set, err = models.Load(dir, manifest, models.FaceRoles()...); err != nil {
		return nil, err
	}
	e.set.Tier = tier(cfg.Models.SIMD)
	// The models look at a face one after the other (see faceModels.mu), so they can do so in one place.
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
	e.passive, err = liveness.NewPassive(e.set, l)
	return e, err
}

// manifest returns the set of models that the configuration names.
func manifest(cfg *config.Config) (models.Manifest, error) {
	if cfg.Models.Manifest == "" {
		return models.Default(), nil
	}
	return models.LoadManifest(cfg.Models.Manifest)
}

// portrait returns the template of the face on a document: of the largest one.
func (e *faceModels) portrait(img *vision.Image) (t face.Template, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	faces, err := e.analyzer.Detect(img)
	if err != nil {
		return t, err
	}
	i := face.Prominent(faces, img.Width, img.Height)
	if i < 0 {
		return t, refuse("no face was found on the portrait")
	}
	points, err := e.analyzer.Landmarks(img, faces[i].Box)
	if err != nil {
		return t, err
	}
	return e.analyzer.Embed(img, points)
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

func (e *faceModels) stages() []*models.Stage { return append(e.analyzer.Stages(), e.passive.Stage()) }

// livenessRule is the vote's rule for enrolment.
func livenessRule(l *config.Liveness) liveness.Rule {
	r := liveness.NewRule(models.Default().PAD)
	r.Threshold, r.Floor, r.MaxSpread = float32(l.Threshold), float32(l.MinScore), float32(l.MaxSpread)
	return r
}

func (e *faceModels) close() { e.pool.Close() }

// tier is the name that package kernel knows.
func tier(simd string) string {
	if simd == "auto" {
		return ""
	}
	return simd
}
