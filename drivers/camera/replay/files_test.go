package replay

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"testing"
)

func encodePNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodeJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// y4mFile is a stream of frames whose bytes count up from the frame's number.
func y4mFile(fields string, frames, size int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "YUV4MPEG2 %s\n", fields)
	for n := range frames {
		b.WriteString("FRAME\n")
		for i := range size {
			b.WriteByte(byte(n + i))
		}
	}
	return b.Bytes()
}
