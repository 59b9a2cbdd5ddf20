package replay

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"umbral/config/paths"
	"umbral/drivers/camera/feed"
)

// TestContactSheet writes a scene's frames as PNG into the folder $UMBRAL_SHEET, one every second, and all of them small
// on one sheet, so that whoever writes a scene can see it. $UMBRAL_SCENE is the scene; without it, the demo's.
func TestContactSheet(t *testing.T) {
	dir := os.Getenv("UMBRAL_SHEET")
	if dir == "" {
		t.Skip("set UMBRAL_SHEET to a folder to look at a scene")
	}
	path := os.Getenv("UMBRAL_SCENE")
	if path == "" {
		path = demoScene
	}
	o := feed.DefaultOpts()
	o.Pace, o.Once, o.Pictures = feed.AsTaken, true, paths.Pictures()
	s, err := New(path, o)
	if err != nil {
		t.Fatal(err)
	}
	every := int(s.player.(*theatre).scene.FPS)
	var small []*image.NRGBA
	n := 0
	take(t, s, func(b *feed.Frame) {
		if n++; n%every != 0 {
			return
		}
		img := rgb(b)
		writePNG(t, filepath.Join(dir, fmt.Sprintf("%03d.png", n/every)), img)
		small = append(small, shrink(img, 3))
	})
	const across = 6
	w, h := small[0].Rect.Dx(), small[0].Rect.Dy()
	sheet := image.NewNRGBA(image.Rect(0, 0, across*w, (len(small)+across-1)/across*h))
	for i, img := range small {
		at := image.Pt(i%across*w, i/across*h)
		draw.Draw(sheet, img.Rect.Add(at), img, image.Point{}, draw.Src)
	}
	writePNG(t, filepath.Join(dir, "sheet.png"), sheet)
	if n == 0 {
		t.Fatal("the scene has no frame")
	}
}

// rgb converts a YUYV frame of limited range (ITU-R BT.601-7, 2.5.3).
func rgb(b *feed.Frame) *image.NRGBA {
	full := func(v byte, low, span int) byte { return byte(max(0, min(255, (int(v)-low)*255/span))) }
	img := image.NewNRGBA(image.Rect(0, 0, b.Width, b.Height))
	for y := range b.Height {
		for x := range b.Width {
			p := b.Data[y*b.Stride+x/2*4:][:4]
			r, g, bl := color.YCbCrToRGB(full(p[x%2*2], 16, 219), full(p[1], 16, 224), full(p[3], 16, 224))
			img.SetNRGBA(x, y, color.NRGBA{r, g, bl, 255})
		}
	}
	return img
}

func shrink(img *image.NRGBA, by int) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, img.Rect.Dx()/by, img.Rect.Dy()/by))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.Set(x, y, img.At(x*by+by/2, y*by+by/2))
		}
	}
	return out
}

func writePNG(t *testing.T, path string, img image.Image) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}
