package vision

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// desk reads data as a photograph.
func desk(data []byte) (*Image, error) {
	return ReadPicture(bytes.NewReader(data), DefaultPictureLimits())
}

// cutAt splits data before the n-th occurrence of a marker, counted from 0.
func cutAt(t testing.TB, data []byte, marker byte, n int) (before, after []byte) {
	t.Helper()
	at := 0
	for ; ; n-- {
		found := bytes.Index(data[at:], []byte{0xff, marker})
		if found < 0 {
			t.Fatalf("no marker %#x", marker)
		}
		if at += found; n == 0 {
			return data[:at:at], data[at:]
		}
		at += 2
	}
}

// Files that phones and browsers show whole are read whole, each with one thing out of order.
func TestPhotographsOutOfOrder(t *testing.T) {
	plain, restarts, progressive := fixture(t, "sampling_2x2.jpg"), fixture(t, "restart.jpg"), fixture(t, "progressive.jpg")
	insert := func(data []byte, marker byte, what ...byte) []byte {
		before, after := cutAt(t, data, marker, 0)
		return slices.Concat(before, what, after)
	}
	video := slices.Concat([]byte("\x00\x00\x00\x18ftypmp42"), bytes.Repeat([]byte{0xff, markerSOS, 0, 9}, 150))
	renumbered := func(n int, number byte) []byte {
		data := bytes.Clone(restarts)
		before, _ := cutAt(t, data, markerRST0|byte(n&7), n/8)
		data[len(before)+1] = markerRST0 | number
		return data
	}
	wrongTable := bytes.Clone(progressive)
	firstScan, _ := cutAt(t, wrongTable, markerSOS, 0)
	wrongTable[len(firstScan)+6] |= 3
	zero := make([]byte, 700)
	shifted := func(by byte) []byte {
		data := bytes.Clone(restarts)
		for at := 600; at+1 < len(data); at++ {
			if data[at] == 0xff && data[at+1]&^7 == markerRST0 {
				data[at+1] = markerRST0 | (data[at+1]+by)&7
			}
		}
		return data
	}
	all0 := bytes.Clone(restarts)
	for at := 600; at+1 < len(all0); at++ {
		if all0[at] == 0xff && all0[at+1]&^7 == markerRST0 {
			all0[at+1] = markerRST0
		}
	}
	tables, _ := cutAt(t, plain, markerSOF0, 0)
	tests := map[string]struct{ data, want []byte }{
		"motion photo":                   {slices.Concat(plain, video), plain},
		"progressive motion photo":       {slices.Concat(progressive, video), progressive},
		"no end":                         {plain[:len(plain)-2], plain},
		"no end, progressive":            {progressive[:len(progressive)-2], progressive},
		"another picture behind":         {slices.Concat(plain, restarts), plain},
		"another behind, no end":         {slices.Concat(plain[:len(plain)-2], restarts), plain},
		"progressive, another behind":    {slices.Concat(progressive, restarts), progressive},
		"first restart misnumbered":      {renumbered(0, 5), restarts},
		"restart misnumbered by one":     {renumbered(3, 4), restarts},
		"restart misnumbered by minus 1": {renumbered(3, 2), restarts},
		"restart misnumbered far":        {renumbered(9, 6), restarts},
		"restarts numbered from 1":       {shifted(1), restarts},
		"restarts numbered from 5":       {shifted(5), restarts},
		"restarts all 0":                 {all0, restarts},
		"DC scan with a wrong AC table":  {wrongTable, progressive},
		"zeros before":                   {slices.Concat(zero, plain), plain},
		"half a picture before":          {slices.Concat(restarts[:len(restarts)/2], plain), plain},
		"two starts":                     {slices.Concat(plain[:2], plain), plain},
		"a start and a table twice":      {slices.Concat(tables, plain), plain},
		"zeros between segments":         {insert(plain, markerDQT, zero...), plain},
		"junk between segments":          {insert(plain, markerSOF0, 'j', 'u', 'n', 'k', 0xff, 0x00), plain},
		"junk before the scan":           {insert(plain, markerSOS, 0, 0xff), plain},
		"fill bytes":                     {insert(plain, markerDHT, 0xff, 0xff, 0xff), plain},
		"segment of no length":           {insert(plain, markerDHT, 0xff, markerAPP1, 0, 0), plain},
		"segment beyond the end":         {insert(plain, markerDHT, 0xff, markerAPP1, 0xff, 0xff), plain},
		"restart marker too early":       {insert(plain, markerDHT, 0xff, markerRST0), plain},
		"end before the scan":            {insert(plain, markerDHT, 0xff, markerEOI), plain},
		"no Huffman tables":              {withoutTables(t, plain), plain},
		"thumbnail in a segment":         {insert(plain, markerDQT, jpegSegment(markerAPP1, restarts...)...), plain},
		"fill byte in the data":          {insert(restarts, 0xd3, 0xff), restarts},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want, err := desk(test.want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := desk(test.data)
			if err != nil {
				t.Fatal(err)
			}
			if got.Width != want.Width || !bytes.Equal(got.Pix, want.Pix) {
				t.Errorf("a picture of %dx%d pixels that differs from the undamaged one", got.Width, got.Height)
			}
		})
	}
}

// A camera's frame with the same things out of order is decoded.
func TestFramesOutOfOrder(t *testing.T) {
	plain, restarts := fixture(t, "sampling_2x1.jpg"), fixture(t, "restart.jpg")
	before, after := cutAt(t, plain, markerSOF0, 0)
	d := NewDecoder(75, 53)
	var want, got Image
	if err := d.Decode(&want, mjpg(plain)); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"two starts":               slices.Concat(plain[:2], plain),
		"a start and tables twice": slices.Concat(plain[:200], plain),
		"half a frame before":      slices.Concat(restarts[:len(restarts)/2], plain),
		"zeros before":             slices.Concat(make([]byte, 64), plain),
		"junk between segments":    slices.Concat(before, []byte("\x00junk\xff\x00"), after),
		"no end":                   plain[:len(plain)-2],
		"old bytes behind":         slices.Concat(plain, restarts[300:]),
	} {
		t.Run(name, func(t *testing.T) {
			before := d.Mended()
			if err := d.Decode(&got, mjpg(data)); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Pix, want.Pix) {
				t.Error("the frame differs from the undamaged one")
			}
			mended := before + 1
			if name == "no end" || name == "old bytes behind" { // nothing before the end is out of order
				mended = before
			}
			if got := d.Mended(); got != mended {
				t.Errorf("%d frames were mended, want %d", got, mended)
			}
		})
	}
}

// Of a damaged photograph a quarter may be missing; more is refused, with what to do.
func TestDamagedPhotographs(t *testing.T) {
	restarts, plain, progressive := fixture(t, "restart.jpg"), fixture(t, "sampling_2x2.jpg"), fixture(t, "progressive.jpg")
	scanned, _ := cutAt(t, progressive, markerSOS, 0)
	without := func(first, last int) []byte {
		before, _ := cutAt(t, restarts, markerRST0|byte(first&7), first/8)
		_, after := cutAt(t, restarts, markerRST0|byte(last&7), last/8)
		return slices.Concat(before, after)
	}
	broken := func(n int) []byte {
		before, after := cutAt(t, restarts, markerRST0|byte(n&7), n/8)
		_, after = cutAt(t, after, markerRST0|byte((n+1)&7), 0)
		return slices.Concat(before, []byte{0xff, markerRST0 | byte(n&7)}, bytes.Repeat([]byte{0xff, 0}, 40), after)
	}
	tests := map[string]struct {
		data []byte
		lost bool
	}{
		"two bytes of the tail":     {plain[:len(plain)-4], false},
		"a part of the tail":        {plain[:len(plain)*19/20], false},
		"half":                      {plain[:len(plain)/2], true},
		"headers alone":             {plain[:620], true},
		"one interval":              {without(2, 3), false},
		"two intervals":             {without(2, 4), false},
		"three intervals":           {without(2, 5), true},
		"a broken interval":         {broken(4), false},
		"tail of a progressive":     {progressive[:len(progressive)-200], false},
		"half of a progressive":     {progressive[:len(progressive)/2], false},
		"begin of a progressive":    {progressive[:len(scanned)+30], true},
		"restart picture in halves": {restarts[:len(restarts)/2], true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			img, err := desk(test.data)
			if !test.lost {
				if err != nil {
					t.Fatal(err)
				}
				if img.Width != 75 || img.Height != 53 {
					t.Errorf("size %dx%d", img.Width, img.Height)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "damaged") || !strings.Contains(err.Error(), "export it again") ||
				errors.Unwrap(err) == nil {
				t.Errorf("error %v, want one that says damaged, what to do, and why", err)
			}
		})
	}
}

// An interval that was lost in transfer costs its place only: what follows stands where it belongs.
func TestLostIntervalKeepsPlaces(t *testing.T) {
	f := flatJPEG{width: 32, height: 64, interval: 4, components: []flatComponent{{1, 1, 1, func(_, by int) int { return 20 * (by + 1) }}}}
	data := f.bytes()
	before, _ := cutAt(t, data, 0xd1, 0)
	_, after := cutAt(t, data, 0xd2, 0)
	img, err := desk(slices.Concat(before, after))
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for y := 0; y < 64; y += 8 {
		got = append(got, int(img.Row(y)[0]))
	}
	if want := []int{20, 40, missingGrey, 80, 100, 120, 140, 160}; !slices.Equal(got, want) {
		t.Errorf("rows %v, want %v", got, want)
	}
}

// Behind damage nothing is believed up to the next restart marker, though it may decode: it would be in the wrong place.
func TestDamageEndsAnInterval(t *testing.T) {
	for _, interval := range []int{0, 4} {
		f := flatJPEG{width: 8, height: 64, interval: interval, components: []flatComponent{{1, 1, 1, func(_, by int) int {
			return 20 * (by + 1)
		}}}, spoilt: 2}
		data := f.bytes()
		if interval == 0 { // a marker that has no meaning here
			data = slices.Concat(data[:len(data)-2], []byte{0xff, markerRST0, 0xff, markerEOI})
		}
		l := DefaultPictureLimits()
		l.MaxMissing = 1
		img, err := ReadPicture(bytes.NewReader(data), l)
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for y := 0; y < 64; y += 8 {
			got = append(got, int(img.Row(y)[0]))
		}
		want := []int{20, 40, missingGrey, missingGrey, missingGrey, missingGrey, missingGrey, missingGrey}
		if interval > 0 {
			want = []int{20, 40, missingGrey, missingGrey, 100, 120, 140, 160}
		}
		if !slices.Equal(got, want) {
			t.Errorf("interval %d: rows %v, want %v", interval, got, want)
		}
	}
}

// A scan holds DC coefficients alone, or a band of AC coefficients of one component.
func TestScansThatMakeNoSense(t *testing.T) {
	data := fixture(t, "progressive.jpg")
	before, after := cutAt(t, data, markerSOS, 0)
	for name, scan := range map[string][]byte{
		"DC and AC":           jpegSegment(markerSOS, 1, 1, 0, 0, 5, 0),
		"a band backwards":    jpegSegment(markerSOS, 1, 1, 0, 6, 5, 0),
		"beyond the block":    jpegSegment(markerSOS, 1, 1, 0, 1, 64, 0),
		"AC of two":           jpegSegment(markerSOS, 2, 1, 0, 2, 0, 1, 5, 0),
		"low bits":            jpegSegment(markerSOS, 1, 1, 0, 0, 0, 0x0e),
		"high bits":           jpegSegment(markerSOS, 1, 1, 0, 0, 0, 0xe0),
		"unknown component":   jpegSegment(markerSOS, 1, 9, 0, 0, 0, 0),
		"more than there are": jpegSegment(markerSOS, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 0, 0),
		"none":                jpegSegment(markerSOS, 0, 0, 0, 0),
	} {
		if _, err := desk(slices.Concat(before, scan, after)); err == nil || !strings.Contains(err.Error(), "scan") {
			t.Errorf("%s: error %v, want one about the scan", name, err)
		}
	}
}

// Colours of every kind that files store, at every place of a picture whose size fits no MCU.
func TestKindsOfJPEG(t *testing.T) {
	adobe := func(transform byte) []byte {
		return jpegSegment(markerAPPE, []byte("Adobe\x00\x64\x00\x00\x00\x00"+string(transform))...)
	}
	three := func(h, v, ch, cv int, levels ...int) []flatComponent {
		return []flatComponent{{1, h, v, always(levels[0])}, {2, ch, cv, always(levels[1])}, {3, ch, cv, always(levels[2])}}
	}
	letters := []flatComponent{{'R', 1, 1, always(10)}, {'G', 1, 1, always(90)}, {'B', 1, 1, always(200)}}
	jfif := jpegSegment(markerAPP0, []byte("JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")...)
	twoLetters, lastLetters := slices.Clone(letters), slices.Clone(letters)
	twoLetters[1].id, lastLetters[0].id = 'X', 'X'
	four := append(three(1, 1, 1, 1, 100, 150, 200), flatComponent{4, 1, 1, always(102)})
	tests := map[string]struct {
		jpeg flatJPEG
		want [3]byte
	}{
		"4:4:4":                     {flatJPEG{components: three(1, 1, 1, 1, 100, 128, 128)}, [3]byte{100, 100, 100}},
		"4:1:1":                     {flatJPEG{components: three(4, 1, 1, 1, 100, 128, 178)}, [3]byte{170, 64, 100}},
		"4:4:0":                     {flatJPEG{components: three(1, 2, 1, 1, 100, 128, 178)}, [3]byte{170, 64, 100}},
		"4:1:0":                     {flatJPEG{components: three(4, 2, 1, 1, 100, 128, 178)}, [3]byte{170, 64, 100}},
		"factor 3":                  {flatJPEG{components: three(3, 1, 1, 1, 100, 128, 178)}, [3]byte{170, 64, 100}},
		"finer chroma":              {flatJPEG{components: three(1, 1, 2, 2, 100, 128, 178)}, [3]byte{170, 64, 100}},
		"scan by scan":              {flatJPEG{apart: true, components: three(2, 2, 1, 1, 100, 128, 178)}, [3]byte{170, 64, 100}},
		"scan by scan, restarts":    {flatJPEG{apart: true, interval: 3, components: three(2, 2, 1, 1, 100, 128, 178)}, [3]byte{170, 64, 100}},
		"unknown ids":               {flatJPEG{otherIDs: true, components: three(2, 1, 1, 1, 100, 128, 178)}, [3]byte{170, 64, 100}},
		"no tables":                 {flatJPEG{noTables: true, components: three(2, 1, 1, 1, 100, 128, 178)}, [3]byte{170, 64, 100}},
		"RGB by its ids":            {flatJPEG{components: letters}, [3]byte{10, 90, 200}},
		"RGB by Adobe":              {flatJPEG{before: adobe(0), components: three(1, 1, 1, 1, 10, 90, 200)}, [3]byte{10, 90, 200}},
		"Y'CbCr by Adobe":           {flatJPEG{before: adobe(1), components: letters}, [3]byte{111, 0, 0}},
		"letters under JFIF":        {flatJPEG{before: jfif, components: letters}, [3]byte{111, 0, 0}},
		"two of the letters":        {flatJPEG{components: twoLetters}, [3]byte{111, 0, 0}},
		"other letters before":      {flatJPEG{components: lastLetters}, [3]byte{111, 0, 0}},
		"CMYK":                      {flatJPEG{before: adobe(0), components: four}, [3]byte{40, 60, 80}},
		"CMYK without Adobe's mark": {flatJPEG{components: four}, [3]byte{40, 60, 80}},
		"YCCK": {flatJPEG{before: adobe(2), components: append(three(2, 2, 1, 1, 100, 128, 178), flatComponent{4, 2, 2, always(102)})},
			[3]byte{68, 26, 40}},
		"grey with factors": {flatJPEG{components: []flatComponent{{1, 2, 2, always(77)}}}, [3]byte{77, 77, 77}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.jpeg.width, test.jpeg.height = 37, 43
			img, err := desk(test.jpeg.bytes())
			if err != nil {
				t.Fatal(err)
			}
			if img.Width != 37 || img.Height != 43 {
				t.Fatalf("size %dx%d", img.Width, img.Height)
			}
			for y := range img.Height {
				for x := range img.Width {
					if got := [3]byte(img.Row(y)[3*x:]); got != test.want {
						t.Fatalf("pixel (%d, %d) is %v, want %v", x, y, got, test.want)
					}
				}
			}
		})
	}
}

// A block has its place whatever the sampling factors.
func TestSamplingKeepsPlaces(t *testing.T) {
	for _, factors := range [][4]int{{2, 2, 1, 1}, {4, 1, 1, 1}, {1, 2, 1, 1}, {3, 1, 1, 1}, {1, 1, 2, 2}, {2, 1, 1, 2}} {
		for _, apart := range []bool{false, true} {
			t.Run(fmt.Sprint(factors, apart), func(t *testing.T) {
				left := func(share int) func(int, int) int {
					return func(bx, by int) int { return 128 + 64*((bx/share+by)%2) }
				}
				h, v, ch, cv := factors[0], factors[1], factors[2], factors[3]
				f := flatJPEG{width: 96, height: 32, apart: apart, components: []flatComponent{
					{1, h, v, left(1)}, {2, ch, cv, always(128)}, {3, ch, cv, always(128)},
				}}
				img, err := desk(f.bytes())
				if err != nil {
					t.Fatal(err)
				}
				w, high := 8*max(h, ch)/h, 8*max(v, cv)/v // pixels of a block of luma
				for y := range 32 {
					for x := range 96 {
						if got, want := int(img.Row(y)[3*x]), left(1)(x/w, y/high); got != want {
							t.Fatalf("pixel (%d, %d) is %d, want %d", x, y, got, want)
						}
					}
				}
			})
		}
	}
}

// What is refused is named.
func TestJPEGRefusals(t *testing.T) {
	process := func(marker byte) []byte {
		data := bytes.Clone(fixture(t, "sampling_2x2.jpg"))
		before, _ := cutAt(t, data, markerSOF0, 0)
		data[len(before)+1] = marker
		return data
	}
	change := func(offset int, value ...byte) []byte {
		data := bytes.Clone(fixture(t, "sampling_2x2.jpg"))
		before, _ := cutAt(t, data, markerSOF0, 0)
		copy(data[len(before)+offset:], value)
		return data
	}
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"arithmetic coding":    {process(0xc9), "arithmetic coding"},
		"arithmetic, progress": {process(0xca), "arithmetic coding"},
		"JPEG-LS":              {process(0xf7), "JPEG-LS"},
		"lossless":             {process(0xc3), "lossless coding"},
		"hierarchical":         {process(0xc5), "hierarchical coding"},
		"12 bits":              {change(4, 12), "12 bits a sample"},
		"two components":       {change(9, 2), "2 colour components"},
		"height behind":        {change(5, 0, 0), "states its height behind"},
	} {
		t.Run(name, func(t *testing.T) {
			img, err := desk(test.data)
			if img != nil || err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "export") {
				t.Errorf("error %v, want one with %q and what to do", err, test.want)
			}
		})
	}
}
