package models

import (
	"fmt"
	"maps"
	"slices"

	"umbral/pipeline/vision"
)

// Role is what a model is for. A manifest names at most one model for each role.
type Role string

// The roles that Umbral knows.
const (
	// Detect finds faces. Outputs: "scores" [1,N,2] (background, face), "boxes" [1,N,4] (x0, y0, x1, y1 relative to the
	// input's width and height).
	Detect Role = "detect"
	// Landmark finds 68 points in a face. Output: "points" [1,136], x and y in turn, relative to the box.
	Landmark Role = "landmark"
	// Feature turns an aligned face into a template. Output: "template" [1,512], of any length.
	Feature Role = "feature"
	// Liveness tells a living face from a picture of one. Output: "logits" [1,N], the first of them for a living face.
	Liveness Role = "liveness"
	// Pose tells where a face looks. Outputs: "yaw", "pitch", "roll", each [1,66]: bins of 3° from −99°.
	Pose Role = "pose"
	// Eye tells whether an eye is open. Output: "states" [1,2] (closed, open).
	Eye Role = "eye"
	// TextDetect finds lines of text. Output: "map" [1,1,H,W].
	TextDetect Role = "text-detect"
	// TextRecognise reads a line of text. Output: "characters" [1,T,classes].
	TextRecognise Role = "text-recognise"
	// TextDirection tells whether a line of text stands on its head. Output: "directions" [1,2] (upright, turned).
	TextDirection Role = "text-direction"
	// TextKeys is no model but the list of characters, one a line, that the classes of TextRecognise stand for.
	TextKeys Role = "text-keys"
)

// outputs lists for each role the meanings that a manifest must give tensor names for.
var outputs = map[Role][]string{
	Detect:        {"scores", "boxes"},
	Landmark:      {"points"},
	Feature:       {"template"},
	Liveness:      {"logits"},
	Pose:          {"yaw", "pitch", "roll"},
	Eye:           {"states"},
	TextDetect:    {"map"},
	TextRecognise: {"characters"},
	TextDirection: {"directions"},
	TextKeys:      {},
}

// FaceRoles are the models that seeing and recognising a living face takes.
func FaceRoles() []Role { return []Role{Detect, Landmark, Feature, Liveness, Pose, Eye} }

// Manifest describes one set of models and what its scores mean.
type Manifest struct {
	// Name tells sets apart in logs and journals.
	Name string `toml:"name" json:"name"`
	// Models in any order, one a role.
	Models []Model `toml:"model" json:"model"`
	// Calibrations of the feature model, one a population.
	Calibrations Calibrations `toml:"calibration" json:"calibration"`
	// PAD is the calibration of the liveness model.
	PAD PAD `toml:"pad" json:"pad"`
}

// Model is one file of the set.
type Model struct {
	Role Role `toml:"role" json:"role"`
	// File is its name inside the folder of models, without any path.
	File string `toml:"file" json:"file"`
	// SHA256 of the file, 64 hexadecimal digits.
	SHA256 string `toml:"sha256" json:"sha256"`
	// Source says where the file comes from, for people who miss it.
	Source string `toml:"source" json:"source"`
	// Input is empty for TextKeys.
	Input Input `toml:"input" json:"input"`
	// Outputs gives the tensor's name for each meaning that the role asks for (see the roles).
	Outputs map[string]string `toml:"outputs" json:"outputs"`
}

// Input says how a region of a picture becomes the model's input: planes of Width × Height values,
// (x − Mean[p]) · Scale[p] with x from 0 to 255 and p the plane in the order of Order.
type Input struct {
	// Name of the input tensor.
	Name string `toml:"name" json:"name"`
	// Width and Height in pixels; 0 where each picture chooses its own (the text models).
	Width  int `toml:"width" json:"width"`
	Height int `toml:"height" json:"height"`
	// Order of the planes: "rgb", "bgr" or "grey".
	Order string `toml:"order" json:"order"`
	// Mean and Scale, one value a plane: three, or one for "grey".
	Mean  []float32 `toml:"mean" json:"mean"`
	Scale []float32 `toml:"scale" json:"scale"`
	// Context is how much of the surroundings the model wants to see, as the side of the region over the side of what
	// the region is about: the square face for "liveness", the box for "pose", the distance of the corners for "eye".
	// 0 counts as 1, where it has a meaning at all.
	Context float32 `toml:"context" json:"context"`
}

// Norm is the input's normalisation for vision.ResizeTensor and vision.WarpTensor.
func (in Input) Norm() vision.Norm {
	n := vision.Norm{Order: orders[in.Order]}
	copy(n.Mean[:], in.Mean)
	copy(n.Scale[:], in.Scale)
	return n
}

var orders = map[string]vision.Order{"rgb": vision.RGB, "bgr": vision.BGR, "grey": vision.GreyLuma}

// Of finds the model of a role.
func (m Manifest) Of(role Role) (Model, error) {
	for _, model := range m.Models {
		if model.Role == role {
			return model, nil
		}
	}
	return Model{}, fmt.Errorf("models: manifest %q has no model for %q (it has %v)", m.Name, role, m.roles())
}

// Files gives the wanted SHA-256 of each file by name.
func (m Manifest) Files() map[string]string {
	files := make(map[string]string, len(m.Models))
	for _, model := range m.Models {
		files[model.File] = model.SHA256
	}
	return files
}

func (m Manifest) roles() []Role {
	roles := make([]Role, 0, len(m.Models))
	for _, model := range m.Models {
		roles = append(roles, model.Role)
	}
	return roles
}

func knownRoles() []Role { return slices.Sorted(maps.Keys(outputs)) }
