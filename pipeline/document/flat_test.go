package document

import (
	"math"
	"slices"
	"testing"

	"umbral/pipeline/vision"
)

// flatCard is a card of ten pixels a millimetre that fills its picture, with dark squares where something is printed.
func flatCard(side Side, print ...area) *card {
	img := vision.NewImage(CardWidth*10, CardHeight*10)
	for i := range img.Pix {
		img.Pix[i] = 220
	}
	for _, a := range print {
		for y := int(a.y0 * 10); y < int(a.y1*10); y++ {
			for x := int(a.x0 * 10); x < int(a.x1*10); x++ {
				copy(img.Row(y)[3*x:], []byte{30, 30, 30})
			}
		}
	}
	c := &card{pose: pose{side: side, toImage: homography{10, 0, 0, 0, 10, 0, 0, 0, 1}}, picture: img}
	canvas := vision.NewImage(canvasWidth, canvasHeight)
	from := toCard.then(&c.toImage)
	warp(canvas, img, &from)
	grey := lightest(canvas)
	c.stamp, c.ink = newStampMap(grey), newInkMap(grey, side)
	return c
}

// glyphAt is a character of four strokes.
func glyphAt(x, y float64) []area {
	return []area{{x - 1.3, y - 1.3, x + 1.3, y - 0.9}, {x - 1.3, y + 0.9, x + 1.3, y + 1.3}, {x - 1.3, y - 1.3, x - 0.9, y + 1.3}, {x + 0.9, y - 1.3, x + 1.3, y + 1.3}}
}

func textBox(x0, x1, y float64) box { return area{x0, y - 1.7, x1, y + 1.7}.box() }

func TestLinesOfAField(t *testing.T) {
	for name, c := range map[string]struct {
		boxes []box
		ys    []float64
	}{
		"nothing detected":        {nil, []float64{rowName}},
		"one in its place":        {[]box{textBox(17, 28, rowName+1)}, []float64{rowName}},
		"one above its place":     {[]box{textBox(17, 28, rowName-2.5)}, []float64{rowName - 2.5}},
		"one in two pieces":       {[]box{textBox(17, 28, rowName), textBox(30, 35, rowName+0.5)}, []float64{rowName}},
		"two around it":           {[]box{textBox(17, 41, 10.3), textBox(17, 35, 13.6)}, []float64{10.3, 13.6}},
		"two, the lower first":    {[]box{textBox(17, 35, 15.2), textBox(17, 41, rowName)}, []float64{rowName, 15.2}},
		"as many as there may be": {[]box{textBox(17, 35, 8), textBox(17, 35, 10.7), textBox(17, 35, 13.4), textBox(17, 35, 16.1)}, []float64{8, 10.7, 13.4}},
		"the next row's":          {[]box{textBox(17, 28, rowName), textBox(17, 20, rowSex)}, []float64{rowName}},
		"above the values":        {[]box{textBox(2, 40, 3.5), textBox(17, 28, rowName)}, []float64{rowName}},
		"left of the values":      {[]box{textBox(7, 14, 14.8), textBox(17, 28, rowName)}, []float64{rowName}},
		"right of them":           {[]box{textBox(56, 70, 14.8), textBox(17, 28, rowName)}, []float64{rowName}},
		"too high":                {[]box{area{17, 8.5, 28, 14.5}.box()}, []float64{rowName}},
		"too low":                 {[]box{area{17, 14, 28, 15}.box()}, []float64{rowName}},
	} {
		flat := flatCard(Front)
		flat.boxes = c.boxes
		var got []float64
		places := flat.lines(namePlace, nameTop, nameLow)
		for i, p := range places {
			got = append(got, p.y)
			if len(places) > 1 && i > 0 && p.half+places[i-1].half > p.y-places[i-1].y+1e-9 {
				t.Errorf("%s: lines at %v and %v overlap", name, places[i-1], p)
			}
		}
		if !slices.EqualFunc(got, c.ys, func(a, b float64) bool { return math.Abs(a-b) < 0.01 }) {
			t.Errorf("%s: lines at %v, want %v", name, got, c.ys)
		}
	}
}

// A stamp's boxes are no lines.
func TestLinesUnderAStamp(t *testing.T) {
	c := flatCard(Front, area{30, 8, 50, 16})
	c.boxes = []box{textBox(17, 28, rowName), textBox(31, 49, 14.8)}
	if got := c.lines(namePlace, nameTop, nameLow); len(got) != 1 {
		t.Errorf("%d lines", len(got))
	}
}

func TestAddressLines(t *testing.T) {
	line := func(y float64) (print []area) {
		for x := 18.7; x < 50; x += 3.2 {
			print = append(print, glyphAt(x, y)...)
		}
		return print
	}
	for name, c := range map[string]struct {
		pitch float64
		n     int
		boxed bool
	}{
		"nothing": {addressPitch, 0, true}, "one": {addressPitch, 1, true}, "two": {addressPitch, 2, true}, "four": {addressPitch, 4, true},
		"four, not detected": {addressPitch, 4, false}, "four, narrow": {3.5, 4, true}, "wide": {4.4, 3, true},
	} {
		var print []area
		var boxes []box
		for i := range c.n {
			y := rowAddress + c.pitch*float64(i)
			print = append(print, line(y)...)
			if c.boxed {
				boxes = append(boxes, textBox(17, 52, y))
			}
		}
		flat := flatCard(Front, print...)
		flat.boxes = boxes
		got := flat.addressLines()
		if len(got) != max(c.n, 1) {
			t.Errorf("%s: %d lines, want %d", name, len(got), max(c.n, 1))
			continue
		}
		for i, p := range got {
			if want := rowAddress + c.pitch*float64(i); math.Abs(p.y-want) > 0.8 {
				t.Errorf("%s: line %d at %.1f, want %.1f", name, i+1, p.y, want)
			}
			if p.y+p.reach() > numberTop+1e-9 {
				t.Errorf("%s: line %d reaches into the number", name, i+1)
			}
		}
	}
}

func TestAreas(t *testing.T) {
	c := flatCard(Front)
	c.boxes = []box{textBox(17, 28, rowName+0.5)}
	list, stamped := c.areas(namePlace)
	if stamped || len(list) != 2 {
		t.Fatalf("%d areas, stamped %v", len(list), stamped)
	}
	if b := list[0].bounds(); b[0] != 16.3 || b[2] < 30 || b[2] > 31.1 {
		t.Errorf("near: %v", b)
	}
	if b := list[1].bounds(); b[2] != float32(namePlace.usual) || math.Abs(list[1].height-2*usualHalf) > 1e-6 {
		t.Errorf("wide: %v", b)
	}
	tight := namePlace
	tight.half = 1.2
	if list, _ := c.areas(tight); list[0].height > 2.4+1e-9 || list[1].height > 2.4+1e-9 {
		t.Errorf("between two lines: heights %v and %v", list[0].height, list[1].height)
	}
	c.boxes = nil
	if list, stamped := c.areas(namePlace); stamped || len(list) != 3 || list[0].centre.Y != rowName {
		t.Errorf("nothing detected: %d areas, stamped %v", len(list), stamped)
	}
	c = flatCard(Front, area{20, 8, 40, 16})
	c.boxes = []box{textBox(17, 28, rowName)}
	if list, stamped := c.areas(namePlace); !stamped || len(list) != 3 {
		t.Errorf("under a stamp: %d areas, stamped %v", len(list), stamped)
	}
}

func TestInkMap(t *testing.T) {
	c := flatCard(Front, append(glyphAt(30, 20), glyphAt(60, 20)...)...)
	for _, one := range []struct {
		a    area
		want bool
	}{{area{28, 18, 32, 22}, true}, {area{40, 18, 44, 22}, false}, {area{58, 18, 62, 22}, false}, {area{29.7, 19.7, 30.3, 20.3}, false}} {
		if got := c.ink.any(&one.a); got != one.want {
			t.Errorf("print within %v: %v", one.a, got)
		}
	}
	if parts := c.ink.parts(); len(parts) != 1 || math.Abs(parts[0].x0-28.7) > 0.3 || math.Abs(parts[0].y1-21.3) > 0.3 {
		t.Errorf("%d shapes", len(parts))
	}
	// A speck, a thin long rule and a faint shade are no print.
	c = flatCard(Front, area{20, 10, 20.8, 10.8}, area{20, 30, 50, 30.3}, area{30, 20, 33, 20.5}, area{30, 21, 33, 21.5})
	if parts := c.ink.parts(); len(parts) != 2 {
		t.Errorf("%d shapes, want the two strokes", len(parts))
	}
}

// field places characters at xs in a row and claims them.
func claimed(c *card, to *Field, y float64, grows bool, xs ...float64) {
	l := lineReading{Field: Field{Text: "x", Confidence: 1, Box: area{xs[0] - 2, y - 1.9, xs[0] + 10, y + 1.9}.bounds4()}, grows: grows}
	l.found = []candidate{{at: xs, classes: make([]int, len(xs))}}
	*to = c.settle(to, l)
}

func (a area) bounds4() [4]float32 {
	b := a.box()
	return b.bounds()
}

func TestDoubtUnclaimed(t *testing.T) {
	for name, c := range map[string]struct {
		more []area
		want []string // the fields in doubt
	}{
		"nothing more":                     {nil, nil},
		"right of the name":                {glyphAt(45, rowName), []string{"name"}},
		"above the name":                   {glyphAt(20, 8.9), []string{"name"}},
		"below the name, above the sex":    {glyphAt(30, 15.2), []string{"name", "sex"}},
		"right of the sex":                 {glyphAt(50, rowSex), []string{"sex"}},
		"far below the address":            {glyphAt(20, 41.5), []string{"address", "number"}},
		"left of the number, in its row":   {glyphAt(80, rowNumber), []string{"number"}},
		"above all":                        {glyphAt(20, 4), nil},
		"in the portrait":                  {glyphAt(65, 20), nil},
		"beside the captions":              {glyphAt(10, 15), nil},
		"a caption":                        {glyphAt(29, rowSex), nil},
		"a rule below the name":            {[]area{{17, 14.8, 50, 15.1}}, nil},
		"a stamp":                          {[]area{{40, 22, 46, 29}}, nil},
		"within a stamp's frame, far away": {append(glyphAt(43, 25.5), area{36, 22, 50, 22.6}, area{36, 28.4, 50, 29}, area{36, 22, 36.6, 29}, area{49.4, 22, 50, 29}), nil},
	} {
		print := c.more
		rows := map[string][]float64{"name": {18.5, 22}, "sex": {18.5}, "address": {18.7, 21.9, 25.1}, "number": {28, 30.5, 33}}
		ys := map[string]float64{"name": rowName, "sex": rowSex, "address": rowAddress, "number": rowNumber}
		for field, xs := range rows {
			for _, x := range xs {
				print = append(print, glyphAt(x, ys[field])...)
			}
		}
		flat := flatCard(Front, print...)
		var r Reading
		fields := map[string]*Field{"name": &r.Name, "sex": &r.Sex, "address": &r.Address, "number": &r.Number}
		for field, f := range fields {
			claimed(flat, f, ys[field], field == "name" || field == "address", rows[field]...)
		}
		flat.doubtUnclaimed()
		for field, f := range fields {
			if doubt := f.Confidence < DefaultSure; doubt != slices.Contains(c.want, field) {
				t.Errorf("%s: %s is a doubt: %v", name, field, doubt)
			} else if doubt && f.Confidence != lostTrust {
				t.Errorf("%s: %s has confidence %v, want %v once", name, field, f.Confidence, lostTrust)
			}
		}
	}
}

func TestSettleJoinsLines(t *testing.T) {
	c := flatCard(Front)
	var to Field
	got := c.settle(&to,
		lineReading{Field: Field{Text: "甲", Confidence: 0.9, Box: [4]float32{16, 9, 30, 11}}, times: 2},
		lineReading{Field: Field{Text: "乙", Confidence: 0.7, Stamped: true, Box: [4]float32{15, 12, 28, 14}}, times: 3})
	want := Field{Text: "甲乙", Confidence: 0.7, Stamped: true, Box: [4]float32{15, 9, 30, 14}}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if c.linesRead != 2 || c.looks != 5 || len(c.claims) != 2 || c.claims[1].field != &to {
		t.Errorf("%d lines, %d looks, %d claims", c.linesRead, c.looks, len(c.claims))
	}
	if empty := c.settle(&to); empty != (Field{}) {
		t.Errorf("of no line: %+v", empty)
	}
}

func TestNameCells(t *testing.T) {
	print := append(append(glyphAt(19, rowName), glyphAt(23, rowName)...), glyphAt(27, rowName)...)
	c := flatCard(Front, print...)
	a := &alphabet{runes: []rune("\x00王明")}
	l := &lineReading{Field: Field{Box: area{16.3, rowName - 1.9, 36, rowName + 1.9}.bounds4()}}
	l.found = []candidate{{classes: []int{1, 2}, at: []float64{19.2, 26.8}, confidence: []float32{0.99, 0.5}}}
	n := newNameStrip(c, l, false)
	text := func(doubt bool) (s string, cells []nameCell) {
		cells = n.cells(a, l, doubt)
		for _, one := range cells {
			s += string(one.letter)
			if one.weak {
				s += "?"
			}
		}
		return s, cells
	}
	if got, _ := text(false); got != "王明" {
		t.Errorf("a name without a doubt: %s", got)
	}
	got, cells := text(true)
	if got != "王〓?明?" {
		t.Fatalf("a name in doubt: %s", got)
	}
	for i, x := range []float64{19, 23, 27} {
		if c := cells[i]; c.x0 > x-1.3 || c.x1 < x+1.3 || i > 0 && c.x0 < cells[i-1].x1 {
			t.Errorf("character %d reaches from %.1f to %.1f", i+1, c.x0, c.x1)
		}
	}
	if grey, w := n.cut(&cells[1]); w < 39 || len(grey) != w*n.height || slices.Min(grey) > 60 || slices.Max(grey) < 200 {
		t.Errorf("a cell of %d×%d pixels", w, n.height)
	}
}
