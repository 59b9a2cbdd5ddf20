package replay

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"umbral/drivers/camera/feed"
)

// squareVideo makes a video of one second with a white square in its middle on black, coded as extra says, or skips the test.
func squareVideo(t *testing.T, path, size string, filter string, extra ...string) {
	t.Helper()
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is not installed")
	}
	arguments := []string{"-nostdin", "-v", "error", "-f", "lavfi", "-i", "color=black:size=" + size + ":rate=5:duration=1", "-vf", filter}
	arguments = append(append(arguments, extra...), "file:"+path)
	if out, err := exec.Command(program, arguments...).CombinedOutput(); err != nil {
		t.Skipf("ffmpeg makes no clip: %v: %s", err, out)
	}
}

// white returns the width and the height of what is white in the middle row and column of a frame's luma.
func white(b *feed.Frame) (w, h int) {
	for x := range b.Width {
		if b.Data[b.Height/2*b.Stride+x] > 128 {
			w++
		}
	}
	for y := range b.Height {
		if b.Data[y*b.Stride+b.Width/2] > 128 {
			h++
		}
	}
	return w, h
}

// What is square for a player is square in the frames, whatever the shape of the file's pixels and however it lies.
func TestVideoKeepsProportions(t *testing.T) {
	dir := t.TempDir()
	// A square of 90 × 90 on the screen; stored, it has 90 / (32/27) columns.
	const wide = "drawbox=x=iw/2-38:y=ih/2-45:w=76:h=90:color=white:t=fill,setsar=32/27"
	const high = "drawbox=x=iw/2-45:y=ih/2-38:w=90:h=76:color=white:t=fill,setsar=27/32"
	const square = "drawbox=x=iw/2-45:y=ih/2-45:w=90:h=90:color=white:t=fill"
	for name, test := range map[string]struct {
		file, size, filter string
		extra              []string
		w, h               int // of the square in a frame of 640 × 480
	}{
		"square pixels":        {"a.mp4", "640x480", square, nil, 90, 90},
		"wide pixels":          {"b.mp4", "720x480", wide, nil, 68, 68}, // 853 × 480 on the screen
		"high pixels":          {"c.mp4", "480x720", high, nil, 51, 51}, // 480 × 853
		"wide pixels of y4m":   {"d.y4m", "720x480", wide, []string{"-pix_fmt", "yuv420p"}, 68, 68},
		"square ones of y4m":   {"e.y4m", "640x480", square, []string{"-pix_fmt", "yuv420p"}, 90, 90},
		"much wider than high": {"f.mp4", "1280x96", square, nil, 45, 45},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, test.file)
			squareVideo(t, path, test.size, test.filter, test.extra...)
			o := feed.DefaultOpts()
			o.Width, o.Height, o.FPS, o.Once, o.Pace = 640, 480, 5, true, feed.AsTaken
			seen := 0
			take(t, must(New(path, o)), func(b *feed.Frame) {
				seen++
				if w, h := white(b); b.Width != 640 || b.Height != 480 || max(w-test.w, test.w-w) > 2 || max(h-test.h, test.h-h) > 2 {
					t.Fatalf("%d×%d in a frame of %d×%d, want %d×%d", w, h, b.Width, b.Height, test.w, test.h)
				}
			})
			if seen == 0 {
				t.Error("no frame")
			}
		})
	}
}

// A video that its file turns is shown turned: telephones store what they take upright on its side.
func TestVideoIsTurned(t *testing.T) {
	dir := t.TempDir()
	stored, path := filepath.Join(dir, "stored.mp4"), filepath.Join(dir, "turned.mp4")
	// The upper half of the stored picture is white; turned by a quarter it is the left or the right half.
	squareVideo(t, stored, "320x240", "drawbox=x=0:y=0:w=320:h=120:color=white:t=fill")
	out, err := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-i", "file:"+stored, "-c", "copy", "-metadata:s:v:0", "rotate=90", "file:"+path).CombinedOutput()
	if err != nil {
		t.Skipf("ffmpeg turns no clip: %v: %s", err, out)
	}
	o := feed.DefaultOpts()
	o.Width, o.Height, o.FPS, o.Once, o.Pace = 240, 320, 5, true, feed.AsTaken
	take(t, must(New(path, o)), func(b *feed.Frame) {
		row := b.Data[160*b.Stride:][:240]
		if (row[60] > 128) == (row[180] > 128) {
			t.Fatalf("left %d and right %d: the halves stand above each other, as stored", row[60], row[180])
		}
	})
}

// exifOf is the TIFF structure that states an orientation, as SHORT or LONG.
func exifOf(order binary.AppendByteOrder, long bool, orientation int) []byte {
	tiff := []byte("II*\x00")
	if order.AppendUint16(nil, 1)[1] == 1 {
		tiff = []byte("MM\x00*")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 2)
	entry := func(tag, kind uint16) {
		tiff = order.AppendUint16(tiff, tag)
		tiff = order.AppendUint16(tiff, kind)
		tiff = order.AppendUint32(tiff, 1)
	}
	entry(0x0100, 4)
	tiff = order.AppendUint32(tiff, 7)
	if long {
		entry(0x0112, 4)
		return order.AppendUint32(tiff, uint32(orientation))
	}
	entry(0x0112, 3)
	tiff = order.AppendUint16(tiff, uint16(orientation))
	return append(tiff, 0, 0)
}

// A still is turned as its EXIF says, in every form that this is written in.
func TestPicturesAreTurned(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 64, 32))
	for y := range 32 {
		for x := range 64 {
			img.Set(x, y, map[bool]color.Color{true: color.White, false: color.Black}[x < 32 && y < 16])
		}
	}
	want := []string{"", "10|00", "01|00", "00|01", "00|10", "10|00", "01|00", "00|01", "00|10"}
	plain := encodeJPEG(t, img)
	for orientation := 1; orientation <= 8; orientation++ {
		for form, tiff := range map[string][]byte{
			"little, SHORT": exifOf(binary.LittleEndian, false, orientation), "little, LONG": exifOf(binary.LittleEndian, true, orientation),
			"big, SHORT": exifOf(binary.BigEndian, false, orientation), "big, LONG": exifOf(binary.BigEndian, true, orientation),
		} {
			segment := append([]byte("Exif\x00\x00"), tiff...)
			head := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(len(segment)+2))
			png := encodePNG(t, img)
			chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(tiff))), "eXIf"...)
			chunk = append(chunk, tiff...)
			chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
			for kind, data := range map[string][]byte{
				"JPEG": slices.Concat(head, segment, plain[2:]),
				"PNG":  slices.Concat(png[:33], chunk, png[33:]),
			} {
				got, err := decodePicture(data)
				if err != nil {
					t.Fatalf("%s, %s: %v", kind, form, err)
				}
				if s := quarters(got); s != want[orientation] {
					t.Errorf("%s, %s, orientation %d: %s, want %s", kind, form, orientation, s, want[orientation])
				}
				if wide := got.Bounds().Dx() > got.Bounds().Dy(); wide != (orientation < 5) {
					t.Errorf("%s, %s, orientation %d: %v", kind, form, orientation, got.Bounds())
				}
			}
		}
	}
}

// quarters says which quarters of a picture are white, by At and by the conversion that scenes use.
func quarters(img image.Image) string {
	b := img.Bounds()
	var out bytes.Buffer
	for y := range 2 {
		for x := range 2 {
			px, py := b.Dx()/4+x*b.Dx()/2, b.Dy()/4+y*b.Dy()/2
			luma, _, _ := ycc(img, px, py)
			r, _, _, _ := img.At(px, py).RGBA()
			if (luma > 128) != (r > 0x8000) {
				return "At and ycc differ"
			}
			fmt.Fprint(&out, map[bool]int{true: 1}[luma > 128])
		}
		if y == 0 {
			out.WriteByte('|')
		}
	}
	return out.String()
}

// A telephone's picture in a folder stands upright in the frame.
func TestAlbumTurnsPictures(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for y := range 48 {
		for x := range 64 {
			img.Set(x, y, map[bool]color.Color{true: color.White, false: color.Black}[y < 24])
		}
	}
	plain := encodeJPEG(t, img)
	tiff := exifOf(binary.BigEndian, true, 3)
	segment := append([]byte("Exif\x00\x00"), tiff...)
	head := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(len(segment)+2))
	path := filepath.Join(t.TempDir(), "a.jpg")
	if err := os.WriteFile(path, slices.Concat(head, segment, plain[2:]), 0o600); err != nil {
		t.Fatal(err)
	}
	o := feed.DefaultOpts()
	o.Width, o.Height, o.Once, o.Pace = 64, 48, true, feed.AsTaken
	take(t, must(New(path, o)), func(b *feed.Frame) {
		if upper, lower := b.Data[8*b.Stride+64], b.Data[40*b.Stride+64]; upper > 60 || lower < 180 {
			t.Errorf("luma %d above and %d below, want it upside down", upper, lower)
		}
	})
}

func FuzzOrientation(f *testing.F) {
	f.Add(exifOf(binary.BigEndian, true, 6), false)
	f.Add(exifOf(binary.LittleEndian, false, 8), true)
	f.Fuzz(func(t *testing.T, data []byte, asPNG bool) {
		if asPNG {
			data = append([]byte("\x89PNG\r\n\x1a\n"), data...)
		}
		if o := orientation(data); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
		if o := tiffOrientation(data); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}
