package vision

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"runtime"
	"strings"
	"testing"
)

// A picture that would not fit is decoded smaller, and looks like the large one made smaller.
func TestReducedJPEG(t *testing.T) {
	for _, name := range []string{"sampling_2x2.jpg", "sampling_1x1.jpg", "sampling_4x1.jpg", "grey.jpg", "progressive.jpg", "restart.jpg"} {
		data := fixture(t, name)
		whole, err := desk(data)
		if err != nil {
			t.Fatal(err)
		}
		widths := map[int]bool{}
		for memory := int64(20_000); memory > 300; memory = memory * 4 / 5 {
			img, err := ReadPicture(bytes.NewReader(data), PictureLimits{MaxBytes: 1 << 20, MaxPixels: 1 << 20, Memory: memory})
			if err != nil {
				if !strings.Contains(err.Error(), "of memory") {
					t.Errorf("%s in %d bytes: %v", name, memory, err)
				}
				break
			}
			step := (whole.Width + img.Width - 1) / img.Width
			if widths[img.Width] {
				continue
			}
			widths[img.Width] = true
			if mean := lumaDifference(img, Reduce(whole, step)); mean > 5 {
				t.Errorf("%s reduced by %d: mean difference of luma %.1f from the box mean, limit 5", name, step, mean)
			}
		}
		if len(widths) < 3 {
			t.Errorf("%s was reduced to %d sizes only", name, len(widths))
		}
	}
}

// lumaDifference is the mean difference of two pictures' luma; that of colour depends on how far it is shared.
func lumaDifference(a, b *Image) float64 {
	sum := 0
	for y := range a.Height {
		for x := range a.Width {
			d := int(lumaAt(a.Row(y), x) - lumaAt(b.Row(y), x))
			sum += max(d, -d)
		}
	}
	return float64(sum) / float64(a.Width*a.Height)
}

// The samples of a reduced block are the means of the whole block's, for coefficients that the reduced one can show.
func TestReducedBlockKeepsTheMean(t *testing.T) {
	for _, size := range []int{1, 2, 4} {
		var coefficients, again [64]int32
		coefficients[0], coefficients[1], coefficients[8] = 300, 40, -56
		again = coefficients
		var whole [64]byte
		inverseDCT(whole[:], 8, &again)
		small := make([]byte, size*size)
		if size == 1 {
			flat(small, 1, 1, coefficients[0])
		} else {
			reducedDCT(small, size, size, &coefficients)
		}
		step := 8 / size
		for i, got := range small {
			sum := 0
			for y := range step {
				for x := range step {
					sum += int(whole[(i/size*step+y)*8+i%size*step+x])
				}
			}
			if want := sum / (step * step); int(got) < want-2 || int(got) > want+2 {
				t.Errorf("size %d, sample %d: %d, the mean is %d", size, i, got, want)
			}
		}
	}
}

// resized is a JPEG whose frame header states another size.
func resized(t testing.TB, data []byte, w, h int) []byte {
	before, _ := cutAt(t, data, markerSOF0, 0)
	return withSize(bytes.Clone(data), len(before), w, h)
}

func withSize(data []byte, at, w, h int) []byte {
	binary.BigEndian.PutUint16(data[at+5:], uint16(h))
	binary.BigEndian.PutUint16(data[at+7:], uint16(w))
	return data
}

// largePNG is a black picture of which the first rows are there.
func largePNG(t testing.TB, w, h int, depth, colour, interlaced byte) []byte {
	t.Helper()
	bits := map[byte]int{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour] * int(depth)
	var packed bytes.Buffer
	z, err := zlib.NewWriterLevel(&packed, zlib.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	row := make([]byte, 1+(w*bits+7)/8)
	for range min(h, 64) {
		if _, err := z.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return pngFile(w, h, depth, colour, interlaced, packed.Bytes())
}

func pngFile(w, h int, depth, colour, interlaced byte, packed []byte, between ...[]byte) []byte {
	out := []byte("\x89PNG\r\n\x1a\n")
	head := binary.BigEndian.AppendUint32(nil, uint32(w))
	head = binary.BigEndian.AppendUint32(head, uint32(h))
	out = append(out, pngChunk("IHDR", append(head, depth, colour, 0, 0, interlaced))...)
	for _, chunk := range between {
		out = append(out, chunk...)
	}
	out = append(out, pngChunk("IDAT", packed)...)
	return append(out, pngChunk("IEND", nil)...)
}

func pngChunk(kind string, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	out = append(append(out, kind...), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// Whatever a file asks for, decoding takes no more than the limits say: the picture's memory, and that of the file.
func TestPictureMemory(t *testing.T) {
	progressive := fixture(t, "progressive.jpg")
	at := bytes.Index(progressive, []byte{0xff, markerSOF2})
	apart := flatJPEG{width: 16, height: 16, apart: true, components: []flatComponent{{1, 1, 1, always(9)}, {2, 1, 1, always(9)}, {3, 1, 1, always(9)}}}
	const w, h = 8192, 6144 // 50 megapixels
	tests := map[string]struct {
		data          []byte
		least, memory int // of the picture's width
	}{
		"16.28 megapixels":     {resized(t, fixture(t, "sampling_2x2.jpg"), 4656, 3496), 4656, 0},
		"baseline":             {resized(t, fixture(t, "sampling_2x2.jpg"), w, h), w / 2, 0},
		"baseline on its side": {withOrientation(resized(t, fixture(t, "sampling_2x2.jpg"), w, h), 6, false), h / 2, 0},
		"4:4:4":                {resized(t, fixture(t, "sampling_1x1.jpg"), w, h), w / 2, 0},
		"grey":                 {resized(t, fixture(t, "grey.jpg"), w, h), w / 2, 0},
		"progressive":          {withSize(bytes.Clone(progressive), at, w, h), w / 4, 0},
		"scan by scan":         {resized(t, apart.bytes(), w, h), w / 4, 0},
		"one row":              {resized(t, fixture(t, "sampling_2x2.jpg"), 65535, 1), 65535, 0},
		"PNG":                  {largePNG(t, w, h, 8, 2, 0), w / 2, 0},
		"PNG of 16 bits":       {largePNG(t, w, h, 16, 6, 0), w / 2, 0},
		"PNG of 1 bit":         {largePNG(t, w, h, 1, 0, 0), w / 2, 0},
		"PNG, interlaced":      {largePNG(t, w, h, 8, 2, 1), w / 2, 0},
		"one row of PNG":       {largePNG(t, 2_000_000, 1, 16, 6, 0), 500_000, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := DefaultPictureLimits()
			l.MaxMissing = 1
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			img, err := ReadPicture(bytes.NewReader(test.data), l)
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			if img.Width < test.least {
				t.Errorf("reduced to %d columns, %d would fit", img.Width, test.least)
			}
			// Reading the file takes up to 3.5 times its length while the buffer grows; tables and readers take 256 KiB.
			allowed := l.Memory + 7*int64(len(test.data))/2 + 256<<10
			if taken := int64(after.TotalAlloc - before.TotalAlloc); taken > allowed {
				t.Errorf("%.1f MiB were allocated, allowed are %.1f", float64(taken)/(1<<20), float64(allowed)/(1<<20))
			}
		})
	}
}

// A file that asks for more than can be had is refused by its size, before anything is allocated from it.
func TestPicturesThatAskForTooMuch(t *testing.T) {
	progressive := fixture(t, "progressive.jpg")
	at := bytes.Index(progressive, []byte{0xff, markerSOF2})
	webp := bytes.Clone(fixture(t, "lossless.webp"))
	copy(webp[21:], "\xff\xff\xff\x0f")
	for name, data := range map[string][]byte{
		"JPEG":        resized(t, fixture(t, "sampling_2x2.jpg"), 65535, 65535),
		"progressive": withSize(bytes.Clone(progressive), at, 65535, 65535),
		"PNG":         pngFile(1<<31-1, 1<<31-1, 8, 2, 0, nil),
		"PNG row":     pngFile(60_000_000, 1, 16, 6, 0, nil),
		"WebP":        webp,
		"PPM":         []byte("P6 99999 99999 255\n"),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			img, err := desk(data)
			runtime.ReadMemStats(&after)
			if img != nil || err == nil || !strings.Contains(err.Error(), "pixels, limit") {
				t.Errorf("error %v, want one that names the size and the limit", err)
			}
			if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<20 {
				t.Errorf("%d bytes were allocated", taken)
			}
		})
	}
}

// Scans cost work and hardly a byte, so there is a limit to them.
func TestJPEGOfEndlessScans(t *testing.T) {
	data := fixture(t, "progressive.jpg")
	scan := append(jpegSegment(markerSOS, 1, 1, 0, 1, 1, 0), 0)
	for _, n := range []int{20, 300} {
		_, err := desk(append(bytes.Clone(data[:len(data)-2]), bytes.Repeat(scan, n)...))
		if refused := err != nil && strings.Contains(err.Error(), fmt.Sprint(maxScans)); refused != (n > maxScans) {
			t.Errorf("%d more scans: %v", n, err)
		}
	}
}
