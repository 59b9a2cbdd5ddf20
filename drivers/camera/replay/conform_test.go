package replay

import (
	"bytes"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"testing"

	"umbral/drivers/camera/cameratest"
	"umbral/drivers/camera/feed"
)

// texture is a picture with something in every pixel.
func texture(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, color.NRGBA{byte(3 * x), byte(5 * y), byte(x * y), 255})
		}
	}
	return img
}

const smallScene = `
seed = 7
noise = 2
shake = 2
[[step]]
label = "nobody"
hold = 0.1
[[step]]
label = "somebody"
picture = "a.png"
seconds = 0.2
hold = 0.1
from = { x = 0.5, y = 0.5, width = 1.5, brightness = 0.5 }
to = { x = 0.4, y = 0.6, width = 0.3 }
crop = [0.1, 0.1, 0.8, 0.9]
`

// stageFiles makes a folder with two pictures, a scene, a Y4M and an MJPEG file.
func stageFiles(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.png", encodePNG(t, texture(120, 90)))
	write("b.jpg", encodeJPEG(t, texture(64, 80)))
	write("scene.toml", []byte(smallScene))
	write("v.y4m", y4mFile("W64 H48 F120:1 C420jpeg", 300, 64*48*3/2))
	write("v.mjpeg", bytes.Repeat(encodeJPEG(t, texture(64, 48)), 300))
	return dir
}

func TestConformance(t *testing.T) {
	dir := stageFiles(t)
	for _, name := range []string{"", "scene.toml", "v.y4m", "v.mjpeg"} {
		t.Run(name, func(t *testing.T) {

			cameratest.Conform(t, func(t *testing.T, o feed.Opts) cameratest.Source {
				s, err := New(filepath.Join(dir, name), o)
				if err != nil {
					t.Fatal(err)
				}
				return s
			})
		})
	}
}
