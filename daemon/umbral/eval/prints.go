package eval

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	_ "image/png" // formats of fingerprint pictures
	"io"
	"os"
	"path/filepath"
	"strings"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
)

// Limits of a picture of a fingerprint.
const (
	maxPrintBytes  = 32 << 20
	maxPrintPixels = 4096 * 4096
)

// read opens a picture as grey values.
func (o *FingerOpts) read(path string) (pix []byte, width, height int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, 0, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxPrintBytes+1))
	if err != nil {
		return nil, 0, 0, err
	}
	if len(b) > maxPrintBytes {
		return nil, 0, 0, fmt.Errorf("more than %d MB", maxPrintBytes>>20)
	}
	if strings.EqualFold(filepath.Ext(path), ".raw") {
		if o.RawWidth <= 0 || o.RawHeight <= 0 {
			return nil, 0, 0, fmt.Errorf("a raw picture of %d bytes does not say its width and height: they have to be given", len(b))
		}
		if len(b) != o.RawWidth*o.RawHeight {
			return nil, 0, 0, fmt.Errorf("%d bytes, but %d×%d pixels were given for raw pictures", len(b), o.RawWidth, o.RawHeight)
		}
		return b, o.RawWidth, o.RawHeight, nil
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, 0, 0, err
	}
	if c.Width <= 0 || c.Height <= 0 || c.Width > maxPrintPixels/c.Height {
		return nil, 0, 0, fmt.Errorf("picture of %d×%d, allowed are %d pixels", c.Width, c.Height, maxPrintPixels)
	}
	img, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, 0, 0, err
	}
	box := img.Bounds()
	width, height = box.Dx(), box.Dy()
	pix = make([]byte, width*height)
	for y := range height {
		line := pix[y*width : (y+1)*width]
		if g, ok := img.(*image.Gray); ok {
			copy(line, g.Pix[y*g.Stride:])
			continue
		}
		for x := range line {
			line[x] = color.GrayModel.Convert(img.At(box.Min.X+x, box.Min.Y+y)).(color.Gray).Y
		}
	}
	return pix, width, height, nil
}
