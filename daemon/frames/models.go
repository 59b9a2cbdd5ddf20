package frames

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"umbral/config/paths"
	"umbral/daemon/rules"

	"umbral/config"
	"umbral/pipeline/face"
	"umbral/pipeline/liveness"
	"umbral/pipeline/models"
	"umbral/pipeline/nn"
	"umbral/pipeline/nn/kernel"
	"umbral/pipeline/vision"
)

// Models are the compiled models with what their scores mean at this site. They share their memory, so that whoever
// looks at a face holds mu meanwhile.
type Models struct {
	mu       sync.Mutex
	Set      *models.Set
	pool     *nn.Pool
	Analyzer *face.Analyzer
	passive  *liveness.Passive
	rules.FaceThresholds
	Feature string // hash of the feature model, which templates belong to
	Kernels string // what the models run on
}

// Open loads and compiles the models.
func Open(cfg *config.Config, dir string) (_ *Models, err error) {
	manifest, err := Manifest(cfg)
	if err != nil {
		return nil, err
	}
	e := new(Models)
	if e.Set, err = models.Load(dir, manifest, models.FaceRoles()...); err != nil {
		return nil, err
	}
	e.Set.Tier = tier(cfg.Models.SIMD)
	// The models look at a face one after the other (see Models), so they can do so in one place.
	if e.Set.Arena, err = nn.NewArena(nn.DefaultLimits().Arena); err != nil {
		return nil, fmt.Errorf("frames: %w", err)
	}
	f := &cfg.Face
	if e.FaceThresholds, err = rules.OfFaces(f, manifest.Calibrations); err != nil {
		return nil, err
	}
	feature, err := manifest.Of(models.Feature)
	if err != nil {
		return nil, fmt.Errorf("frames: %w", err)
	}
	e.Feature = feature.SHA256
	kernels, err := kernel.Choose(e.Set.Tier)
	if err != nil {
		return nil, fmt.Errorf("frames: models.simd: %w", err)
	}
	e.Kernels = kernels.Name
	e.pool = nn.NewPool(Threads(cfg.Models.Threads))
	defer func() {
		if err != nil {
			e.pool.Close()
		}
	}()
	o := face.DefaultOpts()
	o.Pool, o.MinScore, o.Quality = e.pool, float32(f.DetectScore), qualityLimits(f)
	if e.Analyzer, err = face.New(e.Set, o); err != nil {
		return nil, err
	}
	l := liveness.DefaultOpts()
	l.Pool = e.pool
	e.passive, err = liveness.NewPassive(e.Set, l)
	return e, err
}

// Manifest returns the set of models that the configuration names.
func Manifest(cfg *config.Config) (models.Manifest, error) {
	if cfg.Models.Manifest == "" {
		return models.Default(), nil
	}
	return models.LoadManifest(cfg.Models.Manifest)
}

// errNoFace is returned for a portrait that shows nobody.
var errNoFace = errors.New("frames: no face was found on the portrait")

// Photograph finds the face of a photograph that is meant, counted from the left; 0 where there must be only one. Its error
// is a face.Refusal where the photograph is to blame.
func (e *Models) Photograph(img *vision.Image, which int) (face.Portrait, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.Analyzer.Portrait(img, which)
}

// Portrait returns the template of the face on a document: of the largest one.
func (e *Models) Portrait(img *vision.Image) (t face.Template, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	faces, err := e.Analyzer.Detect(img)
	if err != nil {
		return t, err
	}
	i := face.Prominent(faces, img.Width, img.Height)
	if i < 0 {
		return t, errNoFace
	}
	points, err := e.Analyzer.Landmarks(img, faces[i].Box)
	if err != nil {
		return t, err
	}
	return e.Analyzer.Embed(img, points)
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

// Stages returns the compiled models.
func (e *Models) Stages() []*models.Stage { return append(e.Analyzer.Stages(), e.passive.Stage()) }

// Close ends what the models run on.
func (e *Models) Close() { e.pool.Close() }

// tier is the name that package kernel knows.
func tier(simd string) string {
	if simd == "auto" {
		return ""
	}
	return simd
}

// ModelsDir returns the folder in which the configuration finds the model files.
func ModelsDir(cfg *config.Config) string {
	if cfg.Models.Dir != "" {
		return cfg.Models.Dir
	}
	return paths.Models()
}

// Threads returns the number configured, or one a processor up to four: more gain nothing on models this small.
func Threads(configured int) int {
	if configured > 0 {
		return configured
	}
	return min(runtime.GOMAXPROCS(0), 4)
}
