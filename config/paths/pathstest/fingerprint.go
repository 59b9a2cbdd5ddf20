package pathstest

import (
	"fmt"
	"image"
	"image/png"
	"os"
	"testing"
)

// Fingerprint is the middle of an impression of a finger of FVC2002 DB1_B, of that size: rows of grey, 500 pixels an inch.
// Fingers count from 101 to 110, their impressions from 1 to 8. It skips the test where the labelled data is absent.
func Fingerprint(t testing.TB, finger, impression, width, height int) []byte {
	t.Helper()
	file, err := os.Open(Data(t, fmt.Sprintf("fingerprints/fvc2002_db1_b/%d_%d.png", finger, impression)))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	img, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	at := img.Bounds().Min.Add(image.Pt((img.Bounds().Dx()-width)/2, (img.Bounds().Dy()-height)/2))
	pix := make([]byte, width*height)
	for i := range pix {
		r, _, _, _ := img.At(at.X+i%width, at.Y+i/width).RGBA()
		pix[i] = byte(r >> 8)
	}
	return pix
}
