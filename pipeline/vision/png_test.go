package vision

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"image/png"
	"math/rand/v2"
	"strings"
	"testing"
)

// noisyPNG is a picture of noise in rows filtered by turns, in any form that PNG has.
func noisyPNG(t testing.TB, w, h int, depth, colour, interlaced byte, between ...[]byte) []byte {
	t.Helper()
	bits := map[byte]int{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour] * int(depth)
	random := rand.New(rand.NewPCG(uint64(depth), uint64(colour)))
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	rows := func(w, h int) {
		for y := range h {
			row := make([]byte, 1+(w*bits+7)/8)
			for i := range row {
				row[i] = byte(random.Uint32())
			}
			row[0] = byte(y % 5)
			if colour == pngPalette {
				row[0] = 0 // a filter could make indices that no palette has
				for i := range row[1:] {
					row[1+i] &= 0x33
				}
			}
			if _, err := z.Write(row); err != nil {
				t.Fatal(err)
			}
		}
	}
	if interlaced == 0 {
		rows(w, h)
	} else {
		for _, p := range adam7 {
			if pw, ph := (w-p.x+p.dx-1)/p.dx, (h-p.y+p.dy-1)/p.dy; pw > 0 && ph > 0 {
				rows(pw, ph)
			}
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return pngFile(w, h, depth, colour, interlaced, packed.Bytes(), between...)
}

func somePalette(colours int) []byte {
	p := make([]byte, 3*min(colours, 64))
	for i := range p {
		p[i] = byte(31 * i)
	}
	return pngChunk("PLTE", p)
}

// All forms of PNG are read as the standard library reads them.
func TestKindsOfPNG(t *testing.T) {
	for colour, depths := range map[byte][]byte{0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}} {
		for _, depth := range depths {
			for _, interlaced := range []byte{0, 1} {
				for _, size := range [][2]int{{21, 19}, {1, 1}, {3, 9}} {
					transparent := map[byte][]byte{0: {0, 1}, 2: {0, 1, 0, 2, 0, 3}, 3: {0, 100}}[colour]
					for _, tRNS := range [][]byte{nil, transparent} {
						var between [][]byte
						if colour == pngPalette {
							between = append(between, somePalette(1<<depth))
						}
						if tRNS != nil {
							between = append(between, pngChunk("tRNS", tRNS))
						}
						name := fmt.Sprintf("colour %d, %d bits, interlaced %d, %v, tRNS %v", colour, depth, interlaced, size, tRNS)
						data := noisyPNG(t, size[0], size[1], depth, colour, interlaced, between...)
						want, err := png.Decode(bytes.NewReader(data))
						if err != nil {
							t.Fatalf("%s: %v", name, err)
						}
						got, err := desk(data)
						if err != nil {
							t.Errorf("%s: %v", name, err)
							continue
						}
						if largest, _ := difference(t, got, want); largest > 2 { // of 16 bits the upper 8 count
							t.Errorf("%s: largest difference %d, limit 2", name, largest)
						}
					}
				}
			}
		}
	}
}

// A colour that tRNS makes transparent becomes black.
func TestTransparentColourOfPNG(t *testing.T) {
	for name, test := range map[string]struct {
		depth, colour byte
		row, tRNS     []byte
		want          []byte
	}{
		"grey":            {8, 0, []byte{0, 7, 9}, []byte{0, 7}, []byte{0, 0, 0, 9, 9, 9}},
		"grey of 4 bits":  {4, 0, []byte{0, 0x79}, []byte{0, 7}, []byte{0, 0, 0, 153, 153, 153}},
		"colour":          {8, 2, []byte{0, 1, 2, 3, 1, 2, 4}, []byte{0, 1, 0, 2, 0, 3}, []byte{0, 0, 0, 1, 2, 4}},
		"grey of 16 bits": {16, 0, []byte{0, 7, 1, 7, 2}, []byte{7, 1}, []byte{0, 0, 0, 7, 7, 7}},
	} {
		var packed bytes.Buffer
		z := zlib.NewWriter(&packed)
		z.Write(test.row)
		z.Close()
		img, err := desk(pngFile(2, 1, test.depth, test.colour, 0, packed.Bytes(), pngChunk("tRNS", test.tRNS)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !bytes.Equal(img.Pix, test.want) {
			t.Errorf("%s: %v, want %v", name, img.Pix, test.want)
		}
	}
}

// A PNG is turned by its eXIf chunk, interlaced or not.
func TestPNGTurnsUpright(t *testing.T) {
	for _, interlaced := range []byte{0, 1} {
		upright, err := desk(noisyPNG(t, 21, 19, 8, 2, interlaced))
		if err != nil {
			t.Fatal(err)
		}
		for orientation := uint16(1); orientation <= 8; orientation++ {
			tiff := []byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x00\x00\x00\x00")
			binary.LittleEndian.PutUint16(tiff[18:], orientation)
			got, err := desk(noisyPNG(t, 21, 19, 8, 2, interlaced, pngChunk("eXIf", tiff)))
			if err != nil {
				t.Fatal(err)
			}
			want := canvas{orientation: int(orientation)}
			want.reset(21, 19)
			for y := range 19 {
				copy(want.row(y), upright.Row(y))
				want.put(want.row(y), y)
			}
			if got.Width != want.img.Width || !bytes.Equal(got.Pix, want.img.Pix) {
				t.Errorf("interlaced %d, orientation %d is turned otherwise", interlaced, orientation)
			}
		}
	}
}

// A damaged PNG is read as far as it goes if three quarters of it are there.
func TestDamagedPNG(t *testing.T) {
	plain, interlaced := noisyPNG(t, 40, 40, 8, 2, 0), noisyPNG(t, 40, 40, 8, 2, 1)
	checksum := bytes.Clone(plain)
	checksum[len(checksum)-13] ^= 1
	filter := pngFile(4, 1, 8, 0, 0, func() []byte {
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		z.Write([]byte{9, 1, 2, 3, 4})
		z.Close()
		return b.Bytes()
	}())
	header := bytes.Clone(plain)
	header[18]++
	for name, test := range map[string]struct {
		data []byte
		want string // of the error
	}{
		"trailing data":             {append(bytes.Clone(plain), "PNG and more"...), ""},
		"no end":                    {plain[:len(plain)-12], ""},
		"wrong checksum":            {checksum, ""},
		"a fifth is missing":        {plain[:len(plain)*4/5+20], ""},
		"half is missing":           {plain[:len(plain)/2], "damaged"},
		"interlaced, a half":        {interlaced[:len(interlaced)/2], ""},
		"interlaced, a tenth":       {interlaced[:len(interlaced)/10], "damaged"},
		"no pixels":                 {pngFile(4, 4, 8, 0, 0, nil), "damaged"},
		"an unknown filter":         {filter, "damaged"},
		"a header that was changed": {header, "damaged"},
		"the signature alone":       {plain[:8], "damaged"},
		"impossible depth":          {pngFile(4, 4, 3, 0, 0, nil), "damaged"},
		"impossible colour":         {pngFile(4, 4, 8, 5, 0, nil), "damaged"},
		"Apple's form":              {append(append(bytes.Clone(plain[:8]), pngChunk("CgBI", make([]byte, 4))...), plain[8:]...), "Apple"},
	} {
		t.Run(name, func(t *testing.T) {
			img, err := desk(test.data)
			switch {
			case test.want == "" && err != nil:
				t.Fatal(err)
			case test.want == "" && (img.Width != 40 || img.Height != 40):
				t.Errorf("size %dx%d", img.Width, img.Height)
			case name == "a fifth is missing" && !bytes.Equal(img.Row(39), bytes.Repeat([]byte{missingGrey}, 120)):
				t.Errorf("the last row is %v, want grey", img.Row(39))
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}
