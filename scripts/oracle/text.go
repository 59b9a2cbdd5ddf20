package main

import (
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"umbral/pipeline/models"
	"umbral/pipeline/vision"
)

var lines = []string{"UMBRAL GATE 7", "Surname: Lovelace", "Born 10.12.1815", "ID 2718281828459045"}

// written draws lines of text, black on light grey, and enlarges them as a camera near the card would see them.
func written(enlarge int, lines ...string) *vision.Image {
	const lineStep, margin = 16, 4
	w := 0
	for _, line := range lines {
		w = max(w, 7*len(line))
	}
	canvas := image.NewGray(image.Rect(0, 0, w+2*margin, lineStep*len(lines)+margin))
	draw.Draw(canvas, canvas.Bounds(), image.NewUniform(color.Gray{Y: 220}), image.Point{}, draw.Src)
	pen := font.Drawer{Dst: canvas, Src: image.Black, Face: basicfont.Face7x13}
	for i, line := range lines {
		pen.Dot = fixed.P(margin, lineStep*(i+1)-margin/2)
		pen.DrawString(line)
	}
	small := vision.NewImage(canvas.Rect.Dx(), canvas.Rect.Dy())
	for y := range small.Height {
		for x := range small.Width {
			v := canvas.GrayAt(x, y).Y
			copy(small.Row(y)[3*x:], []byte{v, v, v})
		}
	}
	large := vision.NewImage(enlarge*small.Width, enlarge*small.Height)
	vision.Resize(large, small, small.Bounds())
	return large
}

// textRuns makes the inputs of the three text models.
func textRuns() []inference {
	var runs []inference
	for _, line := range lines {
		img := written(3, line)
		read := networkOf(models.TextRecognise)
		read.shape[3] = (img.Width*read.shape[2]/img.Height + 7) / 8 * 8
		runs = append(runs, inference{network: read, source: "rendered line", shape: read.shape, data: stretched(read, img, img.Bounds())})
		upsideDown := vision.Rect{X0: img.Bounds().X1, Y0: img.Bounds().Y1}
		runs = append(runs,
			resized(models.TextDirection, "rendered line", img, img.Bounds()),
			resized(models.TextDirection, "rendered line", img, upsideDown))
	}
	page := written(5, lines...)
	find := networkOf(models.TextDetect)
	find.shape = []int{1, 3, 320, 640}
	return append(runs, inference{network: find, source: "rendered page", shape: find.shape, data: stretched(find, page, page.Bounds())})
}
