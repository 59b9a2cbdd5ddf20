// Package paths says where Umbral's data files lie, so that the daemon, the tool, the scripts and the tests agree.
//
// Models and demo pictures are data, not code: they live outside the source tree, in the user's cache by default, and
// are put there by scripts/models.
package paths

import (
	"os"
	"path/filepath"
)

// Models is the directory of the ONNX model files: $UMBRAL_MODELS, else umbral/models in the user's cache directory.
func Models() string { return cached("UMBRAL_MODELS", "models") }

// Pictures is the directory of the demo's photographs: $UMBRAL_PICTURES, else umbral/pictures in the user's cache directory.
func Pictures() string { return cached("UMBRAL_PICTURES", "pictures") }

func cached(variable, name string) string {
	if dir := os.Getenv(variable); dir != "" {
		return dir
	}
	base, err := os.UserCacheDir()
	if err != nil {
		// A service without HOME has no cache; its unit sets the variable, and this is where packages put the files.
		base = "/var/cache"
	}
	return filepath.Join(base, "umbral", name)
}
