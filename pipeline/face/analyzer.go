package face

import (
	"fmt"

	"umbral/pipeline/models"
	"umbral/pipeline/nn"
	"umbral/pipeline/vision"
)

// Analyzer holds the face models. It is not safe for concurrent use.
type Analyzer struct {
	opts Opts

	detect, landmark, feature, pose, eye *models.Stage

	candidates []candidate
	found      []Detection
	// sample is a face at the size at which its sharpness is measured.
	sample *vision.Image
}

// New compiles the detect, landmark, feature, pose and eye models of the set and allocates everything that analysing
// takes.
func New(set *models.Set, o Opts) (*Analyzer, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	a := &Analyzer{opts: o, sample: vision.NewImage(sampleSide, sampleSide)}
	for _, role := range []struct {
		role  models.Role
		stage **models.Stage
	}{
		{models.Detect, &a.detect},
		{models.Landmark, &a.landmark},
		{models.Feature, &a.feature},
		{models.Pose, &a.pose},
		{models.Eye, &a.eye},
	} {
		stage, err := set.Compile(role.role, o.Limits, o.Pool)
		if err != nil {
			return nil, fmt.Errorf("face: %w", err)
		}
		*role.stage = stage
	}
	anchors, err := a.checkOutputs()
	if err != nil {
		return nil, err
	}
	a.candidates = make([]candidate, 0, anchors)
	a.found = make([]Detection, 0, o.MaxFaces)
	return a, nil
}

// checkOutputs compares the sizes of the outputs with what is read from them, so that no call has to. It returns the
// number of boxes that the detector decides on.
func (a *Analyzer) checkOutputs() (anchors int, err error) {
	scores, err := a.detect.Output("scores")
	if err != nil {
		return 0, fmt.Errorf("face: %w", err)
	}
	anchors = len(scores) / 2
	for _, want := range []struct {
		stage   *models.Stage
		meaning string
		size    int
	}{
		{a.detect, "scores", 2 * anchors},
		{a.detect, "boxes", 4 * anchors},
		{a.landmark, "points", 2 * len(Landmarks{})},
		{a.feature, "template", len(Template{})},
		{a.pose, "yaw", poseBins},
		{a.pose, "pitch", poseBins},
		{a.pose, "roll", poseBins},
		{a.eye, "states", 2},
	} {
		values, err := want.stage.Output(want.meaning)
		if err != nil {
			return 0, fmt.Errorf("face: %w", err)
		}
		if len(values) != want.size || want.size == 0 {
			return 0, fmt.Errorf("face: %s: output for %q has %d values, wanted %d (another kind of model?)",
				want.stage.File, want.meaning, len(values), want.size)
		}
	}
	return anchors, nil
}

// Budget returns the memory of the models together, in bytes; Scratch includes the analyzer's own buffers.
func (a *Analyzer) Budget() nn.Budget {
	const candidateBytes, detectionBytes = 24, 24
	total := nn.Budget{Scratch: int64(cap(a.candidates)*candidateBytes + cap(a.found)*detectionBytes + len(a.sample.Pix))}
	for _, stage := range a.Stages() {
		b := stage.Budget()
		total.Weights += b.Weights
		total.Packed += b.Packed
		total.Arena += b.Arena
		total.Scratch += b.Scratch
	}
	return total
}

// Stages returns the compiled models, for a budget by model.
func (a *Analyzer) Stages() []*models.Stage {
	return []*models.Stage{a.detect, a.landmark, a.feature, a.pose, a.eye}
}
