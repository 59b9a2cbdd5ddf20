package vision

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// withOrientation puts an EXIF segment with the given orientation behind the start of a JPEG.
func withOrientation(data []byte, orientation uint16, little bool) []byte {
	order, mark := binary.ByteOrder(binary.BigEndian), "MM"
	if little {
		order, mark = binary.LittleEndian, "II"
	}
	tiff := []byte(mark + "\x00\x2a\x00\x00\x00\x08\x00\x02")
	order.PutUint16(tiff[2:], 42)
	order.PutUint32(tiff[4:], 8)
	order.PutUint16(tiff[8:], 2)
	entry := func(tag, value uint16) {
		e := make([]byte, 12)
		order.PutUint16(e, tag)
		order.PutUint16(e[2:], 3)
		order.PutUint32(e[4:], 1)
		order.PutUint16(e[8:], value)
		tiff = append(tiff, e...)
	}
	entry(0x0100, 75)
	entry(orientationTag, orientation)
	segment := append([]byte("\xff\xe1\x00\x00Exif\x00\x00"), tiff...)
	binary.BigEndian.PutUint16(segment[2:], uint16(len(segment)-2))
	return append(append(bytes.Clone(data[:2]), segment...), data[2:]...)
}

func somePNG(t testing.TB) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	m.SetNRGBA(0, 0, color.NRGBA{200, 100, 50, 255})
	m.SetNRGBA(1, 0, color.NRGBA{200, 100, 50, 0})
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadPictureKinds(t *testing.T) {
	tests := map[string]struct {
		data []byte
		w, h int
		want []byte
	}{
		"PGM":                     {[]byte("P5\n2 1\n255\n\x07\xf0"), 2, 1, []byte{7, 7, 7, 240, 240, 240}},
		"PGM with comments":       {[]byte("P5 # one\n# two\n 1\t1 255\n\x07"), 1, 1, []byte{7, 7, 7}},
		"PGM of 4 bits":           {[]byte("P5 2 1 15\n\x0f\x01"), 2, 1, []byte{255, 255, 255, 17, 17, 17}},
		"PGM of 16 bits":          {[]byte("P5 1 1 65535\n\x80\x00"), 1, 1, []byte{128, 128, 128}},
		"PPM":                     {[]byte("P6 1 2 255\nabcdef"), 1, 2, []byte("abcdef")},
		"PNG with a clear pixel":  {somePNG(t), 2, 1, []byte{200, 100, 50, 0, 0, 0}},
		"PGM above its own white": {[]byte("P5 1 1 100\n\xff"), 1, 1, []byte{255, 255, 255}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			img, err := ReadPicture(bytes.NewReader(test.data), DefaultPictureLimits())
			if err != nil {
				t.Fatal(err)
			}
			want := &Image{Width: test.w, Height: test.h, Stride: 3 * test.w, Pix: test.want}
			if d := cmp.Diff(want, img); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestReadPictureJPEG(t *testing.T) {
	for _, name := range []string{"progressive.jpg", "sampling_2x1.jpg", "grey.jpg"} {
		data := fixture(t, name)
		want, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		img, err := ReadPicture(bytes.NewReader(data), DefaultPictureLimits())
		if err != nil {
			t.Fatal(err)
		}
		// The standard library's inverse DCT rounds less carefully.
		if largest, mean := difference(t, img, want); largest > 3 || mean > 0.3 {
			t.Errorf("%s: largest difference %d, mean %.3f; limits 3 and 0.3", name, largest, mean)
		}
	}
}

// The letter F as a camera stores it in each orientation, after the figure in CIPA DC-008, section 4.6.4.A.
func TestOrientation(t *testing.T) {
	stored := []string{
		1: "###|#..|##.|#..|#..",
		2: "###|..#|.##|..#|..#",
		3: "..#|..#|.##|..#|###",
		4: "#..|#..|##.|#..|###",
		5: "#####|#.#..|#....",
		6: "#....|#.#..|#####",
		7: "....#|..#.#|#####",
		8: "#####|..#.#|....#",
	}
	for orientation := 1; orientation <= 8; orientation++ {
		from := painting(stored[orientation])
		c := canvas{orientation: orientation}
		c.reset(from.Width, from.Height)
		for y := range from.Height {
			copy(c.row(y), from.Row(y))
			c.put(c.row(y), y)
		}
		if got := drawing(c.img); got != stored[1] {
			t.Errorf("orientation %d: %s, want %s", orientation, got, stored[1])
		}
	}
}

func TestReadPictureTurnsUpright(t *testing.T) {
	data := fixture(t, "grey.jpg")
	for _, little := range []bool{false, true} {
		upright, err := ReadPicture(bytes.NewReader(data), DefaultPictureLimits())
		if err != nil {
			t.Fatal(err)
		}
		turned, err := ReadPicture(bytes.NewReader(withOrientation(data, 6, little)), DefaultPictureLimits())
		if err != nil {
			t.Fatal(err)
		}
		if turned.Width != upright.Height || turned.Height != upright.Width {
			t.Fatalf("size %dx%d of a picture that needs a quarter turn", turned.Width, turned.Height)
		}
		// A quarter turn clockwise brings the first pixel to the upper right corner.
		if got, want := turned.Pix[3*(turned.Width-1)], upright.Pix[0]; got != want {
			t.Errorf("upper right pixel %d, want %d", got, want)
		}
		for _, nonsense := range []uint16{0, 9, 65535} {
			same, err := ReadPicture(bytes.NewReader(withOrientation(data, nonsense, little)), DefaultPictureLimits())
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(upright, same); d != "" {
				t.Errorf("orientation %d changes the picture", nonsense)
			}
		}
	}
}

func TestReadPictureLimits(t *testing.T) {
	small := PictureLimits{MaxBytes: 1 << 20, MaxPixels: 74 * 53, Memory: 1 << 20}
	bomb := bytes.Clone(fixture(t, "sampling_2x1.jpg"))
	at := bytes.Index(bomb, []byte{0xff, markerSOF0})
	copy(bomb[at+5:], "\xff\xff\xff\xff")
	tests := map[string]struct {
		data   []byte
		limits PictureLimits
		want   string
	}{
		"JPEG above the pixel limit": {fixture(t, "grey.jpg"), small, "75x53 pixels, limit 3922"},
		"JPEG that claims too much":  {bomb, DefaultPictureLimits(), "65535x65535"},
		"JPEG cut short":             {fixture(t, "grey.jpg")[:600], DefaultPictureLimits(), "JPEG"},
		"PNM above the pixel limit":  {[]byte("P5 75 53 255\n"), small, "limit 3922"},
		"PNM that claims too much":   {[]byte("P6 99999 99999 255\n"), DefaultPictureLimits(), "99999x99999"},
		"PNM with a huge number":     {[]byte("P6 99999999999999999999 1 255\n"), DefaultPictureLimits(), "more than 9 digits"},
		"PNM without pixels":         {[]byte("P5 2 2 255\nabc"), DefaultPictureLimits(), "has 3 bytes of them, needs 4"},
		"PNM without a height":       {[]byte("P5 2"), DefaultPictureLimits(), "ends early"},
		"PNM of nothing":             {[]byte("P5 0 7 255\n"), DefaultPictureLimits(), "0x7"},
		"PNM with letters":           {[]byte("P5 2 x 255\n"), DefaultPictureLimits(), "byte 0x78"},
		"PNM too bright":             {[]byte("P5 1 1 65536\nab"), DefaultPictureLimits(), "65536"},
		"too many bytes":             {make([]byte, 65), PictureLimits{MaxBytes: 64, MaxPixels: 1}, "more than 64 bytes"},
		"empty":                      {nil, DefaultPictureLimits(), "empty"},
		"another kind":               {[]byte("GIF89a"), DefaultPictureLimits(), "a GIF file"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			img, err := ReadPicture(bytes.NewReader(test.data), test.limits)
			if img != nil || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q, want one with %q", err, test.want)
			}
		})
	}
}

func TestWriteJPEG(t *testing.T) {
	img := NewImage(40, 30)
	for y := range img.Height {
		for x := range img.Width {
			copy(img.Row(y)[3*x:], []byte{byte(5 * x), byte(6 * y), 90})
		}
	}
	var b bytes.Buffer
	if err := WriteJPEG(&b, img, 95); err != nil {
		t.Fatal(err)
	}
	back, err := ReadPicture(&b, DefaultPictureLimits())
	if err != nil {
		t.Fatal(err)
	}
	if _, mean := difference(t, img, asStandard(back)); mean > 3 {
		t.Errorf("mean difference %.2f after writing and reading, limit 3", mean)
	}
	if err := WriteJPEG(&b, new(Image), 95); err == nil {
		t.Error("an empty picture was written")
	}
}

func asStandard(m *Image) image.Image {
	out := image.NewRGBA(image.Rect(0, 0, m.Width, m.Height))
	for y := range m.Height {
		for x := range m.Width {
			p := m.Row(y)[3*x:]
			out.SetRGBA(x, y, color.RGBA{p[0], p[1], p[2], 255})
		}
	}
	return out
}

// painting and drawing turn rows like "#.|##" into a picture and back.
func painting(s string) *Image {
	rows := strings.Split(s, "|")
	m := NewImage(len(rows[0]), len(rows))
	for y, row := range rows {
		for x, c := range row {
			if c == '#' {
				copy(m.Row(y)[3*x:], "\xff\xff\xff")
			}
		}
	}
	return m
}

func drawing(m *Image) string {
	var b strings.Builder
	for y := range m.Height {
		if y > 0 {
			b.WriteByte('|')
		}
		for x := range m.Width {
			fmt.Fprintf(&b, "%c", ".#"[m.Row(y)[3*x]&1])
		}
	}
	return b.String()
}
