package vision

import (
	"bytes"
	"compress/zlib"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"umbral/config/paths/pathstest"
)

// Each broken picture gives an error or a whole picture. That it neither panics nor hangs is the test's being there.
func TestBrokenPictures(t *testing.T) {
	limits := DefaultPictureLimits()
	d := NewDecoder(4096, 4096)
	for _, folder := range []string{"camera/jpeg_crashtest", "camera/jpeg_odd"} {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			var frames, pictures, files int
			err := filepath.WalkDir(pathstest.Data(t, folder), func(path string, e fs.DirEntry, err error) error {
				if err != nil || e.IsDir() {
					return err
				}
				data, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				files++
				var img Image
				if err := d.Decode(&img, mjpg(data)); err == nil {
					frames++
					wholePicture(t, &img)
				}
				if img, err := ReadPicture(bytes.NewReader(data), limits); err == nil {
					pictures++
					wholePicture(t, img)
				} else if img != nil {
					t.Errorf("%s: a picture and an error", e.Name())
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if files == 0 {
				t.Fatal("no files")
			}
			t.Logf("of %d files %d decode as frames, %d as pictures", files, frames, pictures)
		})
	}
}

func wholePicture(t testing.TB, m *Image) {
	t.Helper()
	if m.Width < 1 || m.Height < 1 || m.Stride < 3*m.Width || len(m.Pix) < (m.Height-1)*m.Stride+3*m.Width {
		t.Errorf("picture of %dx%d pixels with stride %d in %d bytes", m.Width, m.Height, m.Stride, len(m.Pix))
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"sampling_2x2.jpg", "sampling_1x2.jpg", "restart.jpg", "grey.jpg", "progressive.jpg"} {
		f.Add(uint32(MJPG), 0, 0, 0, fixture(f, name))
	}
	f.Add(uint32(MJPG), 0, 0, 0, withoutTables(f, fixture(f, "sampling_2x1.jpg")))
	f.Add(uint32(YUYV), 4, 2, 8, make([]byte, 16))
	f.Add(uint32(NV12), 4, 2, 4, make([]byte, 12))
	f.Add(uint32(GREY), 3, 2, 5, make([]byte, 8))
	f.Add(uint32(RGB3), 3, 2, 0, make([]byte, 18))
	d := NewDecoder(128, 96)
	f.Fuzz(func(t *testing.T, format uint32, w, h, stride int, data []byte) {
		frame := Frame{Format: PixelFormat(format), Width: w, Height: h, Stride: stride, Data: data}
		var rgb Image
		var luma Grey
		rgbErr, lumaErr := d.Decode(&rgb, frame), d.Luma(&luma, frame)
		if (rgbErr == nil) != (lumaErr == nil) {
			t.Fatalf("Decode says %v, Luma says %v", rgbErr, lumaErr)
		}
		if rgbErr != nil {
			return
		}
		wholePicture(t, &rgb)
		if rgb.Width > 128 || rgb.Height > 96 || rgb.Width != luma.Width || rgb.Height != luma.Height {
			t.Fatalf("RGB %dx%d, luma %dx%d, limit 128x96", rgb.Width, rgb.Height, luma.Width, luma.Height)
		}
	})
}

func FuzzReadPicture(f *testing.F) {
	for _, name := range []string{"progressive.jpg", "restart.jpg", "lossy.webp"} {
		f.Add(fixture(f, name))
	}
	apart := flatJPEG{width: 20, height: 20, apart: true, interval: 2, components: []flatComponent{
		{1, 2, 2, always(9)}, {2, 1, 1, always(9)}, {3, 1, 1, always(9)}, {4, 2, 2, always(9)},
	}}
	f.Add(apart.bytes())
	f.Add(withOrientation(fixture(f, "grey.jpg"), 6, false))
	f.Add([]byte("P5 # a comment\n3 2 255\n123456"))
	f.Add([]byte("P6\n1 1 65535\nabcdef"))
	f.Add(somePNG(f))
	f.Add(noisyPNG(f, 5, 5, 8, 2, 1))
	f.Add([]byte("RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x000\x01\x00\x9d\x01*\x01\x00\x01\x00\x02\x004%\xa4\x00\x03p\x00\xfe\xfb\xfdP\x00"))
	f.Add([]byte("RIFF\x1a\x00\x00\x00WEBPVP8L\r\x00\x00\x00/\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"))
	// Memory is scarce, so that pictures are reduced too.
	limits := PictureLimits{MaxBytes: 1 << 16, MaxPixels: 1 << 14, Memory: 1 << 14, MaxMissing: 1}
	f.Fuzz(func(t *testing.T, data []byte) {
		img, err := ReadPicture(bytes.NewReader(data), limits)
		if err != nil {
			return
		}
		wholePicture(t, img)
		if 3*img.Width*img.Height > int(limits.Memory) {
			t.Fatalf("picture of %dx%d pixels in %d bytes of memory", img.Width, img.Height, limits.Memory)
		}
	})
}

// FuzzPNG goes where only a sound zlib stream leads.
func FuzzPNG(f *testing.F) {
	f.Add(uint16(5), uint16(4), byte(8), byte(2), byte(0), []byte{0, 1, 2, 3}, []byte{1, 2, 3}, []byte{0, 1})
	f.Add(uint16(9), uint16(9), byte(2), byte(3), byte(1), make([]byte, 90), make([]byte, 12), []byte{0, 1, 2})
	limits := PictureLimits{MaxBytes: 1 << 16, MaxPixels: 1 << 14, Memory: 1 << 17, MaxMissing: 1}
	f.Fuzz(func(t *testing.T, w, h uint16, depth, colour, interlaced byte, rows, palette, transparent []byte) {
		var packed bytes.Buffer
		z := zlib.NewWriter(&packed)
		if _, err := z.Write(rows); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		data := pngFile(int(w), int(h), depth, colour, interlaced, packed.Bytes(), pngChunk("PLTE", palette), pngChunk("tRNS", transparent))
		if img, err := ReadPicture(bytes.NewReader(data), limits); err == nil {
			wholePicture(t, img)
		}
	})
}

// FuzzOrientation reads the structure that a JPEG, a PNG and a WebP state their orientation in.
func FuzzOrientation(f *testing.F) {
	f.Add([]byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"))
	f.Add([]byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x04\x00\x00\x00\x01\x00\x00\x00\x06"))
	f.Fuzz(func(t *testing.T, tiff []byte) {
		if o := tiffOrientation(tiff); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}
