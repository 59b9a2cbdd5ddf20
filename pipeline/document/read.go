package document

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"umbral/pipeline/document/idnumber"
	"umbral/pipeline/vision"
)

// kinds are what the fields can hold, in classes of the recogniser.
type kinds struct {
	text, authority, number, sex, ethnicity, birth, validity kind
}

// learn translates what fields may hold into the recogniser's classes.
func (r *Reader) learn() {
	a := r.read.alphabet
	letters := func(text string) (classes []int) {
		for _, c := range text {
			if class, known := a.class[c]; known {
				classes = append(classes, class)
			}
		}
		return classes
	}
	r.kinds = kinds{
		text:      kind{gap: fromLeft(valueLeft), seen: 1.3, whole: true},
		authority: kind{gap: fromLeft(backLeft), seen: 1.3, whole: true},
		number: kind{allowed: letters("0123456789X"), gap: evenDigits, seen: 1, whole: true,
			accept: func(s string) bool { return len(s) == idnumber.Length }},
		sex:       kind{captions: letters("性别"), seen: 1},
		ethnicity: kind{captions: letters("性别民族"), seen: 1},
		birth:     kind{allowed: letters("0123456789"), captions: letters("年月日"), seen: 1},
		validity: kind{allowed: letters("0123456789.-长期"), seen: 1, whole: true,
			accept: func(s string) bool { _, _, ok := ParseValidity(s); return ok }},
	}
	for list, words := range map[*kind][]string{&r.kinds.sex: sexes, &r.kinds.ethnicity: ethnicities} {
		for _, text := range words {
			if w, ok := a.word(text); ok {
				list.words = append(list.words, w)
			}
		}
		list.accept = func(s string) bool { return slices.Contains(words, s) }
	}
}

// Read finds the cards in img, reads them, and gives the readings in no particular order; none where there is no card.
func (r *Reader) Read(img *vision.Image) ([]*Reading, error) {
	lines, scale, err := r.frameLines(img)
	if err != nil {
		return nil, err
	}
	var out []*Reading
	for _, p := range seek(lines, r.opts.MaxCards) {
		reading, err := r.readCard(img, p, lines, scale)
		if err != nil {
			return nil, err
		}
		out = append(out, reading)
	}
	return out, nil
}

// fineEnough is the resolution, in pixels of the text detector's input a millimetre, from which the boxes found in the
// frame do for the fields.
const fineEnough = 5

func (r *Reader) readCard(img *vision.Image, p pose, lines []line, scale float64) (*Reading, error) {
	c := &card{pose: p, picture: img}
	from := toCard.then(&p.toImage)
	canvas := r.canvases[0]
	warp(canvas, img, &from)
	c.stamp = newStampMap(canvas)
	if scale*p.pixels() >= fineEnough {
		boxes := make([]box, len(lines))
		for i := range lines {
			boxes[i] = lines[i].box
		}
		c.boxes = c.onCard(boxes)
	} else {
		boxes, err := r.detectBoxes(0)
		if err != nil {
			return nil, err
		}
		for _, b := range boxes {
			if b.along.X > 0.9 || b.width < 2*b.height {
				b = b.mapped(&toCard, 1/canvasScale)
				c.boxes = append(c.boxes, b)
			}
		}
	}
	reading := &Reading{Side: p.side, Corners: cardCorners(&p.toImage), toImage: p.toImage}
	if p.side == Front {
		reading.Portrait = portrait(img, &p.toImage)
	}
	if p.side == Back {
		return reading, r.readBack(c, reading)
	}
	return reading, r.readFront(c, reading)
}

func (r *Reader) readFront(c *card, out *Reading) (err error) {
	if out.Name, err = r.field(c, place{rowName, 16.3, 54, 31, 36}, &r.kinds.text); err != nil {
		return err
	}
	if out.Sex, err = r.word(c, place{rowSex, 6.5, 25.2, 23, 24}, &r.kinds.sex); err != nil {
		return err
	}
	if out.Ethnicity, err = r.word(c, place{rowSex, 25.4, 55, 46, 50}, &r.kinds.ethnicity); err != nil {
		return err
	}
	if err = r.birthAndNumber(c, out); err != nil {
		return err
	}
	out.Address, err = r.address(c)
	return err
}

func (r *Reader) readBack(c *card, out *Reading) (err error) {
	if out.Authority, err = r.field(c, place{rowAuthority, 32.7, 80, 50, 76}, &r.kinds.authority); err != nil {
		return err
	}
	out.Validity, err = r.field(c, place{rowValidity, 32.7, 80, 60, 74}, &r.kinds.validity)
	return err
}

// candidates reads a line of a row.
func (r *Reader) candidates(c *card, p place, want *kind, known ...[]int) ([]candidate, Field, error) {
	areas, stamped := c.areas(p)
	found, err := r.piece(c, areas, stamped, want, known...)
	return found, Field{Stamped: stamped, Box: areas[0].bounds()}, err
}

func (r *Reader) field(c *card, p place, want *kind) (Field, error) {
	found, f, err := r.candidates(c, p, want)
	if len(found) > 0 {
		f.Text = strings.TrimSpace(r.read.spell(found[0].classes))
		f.Confidence = found[0].least()
	}
	return f, err
}

const (
	// wordShare is how much less probable than what was read freely a known word may be and still be what is printed. Its
	// confidence then is as low as the model found it.
	wordShare = 0.01
	// freely is how probable something that is no known word must be.
	freely = 0.5
)

// word reads one of a few words in the row of sex and ethnicity, together with its caption, which helps to see it.
func (r *Reader) word(c *card, p place, want *kind) (Field, error) {
	found, f, err := r.candidates(c, p, want)
	if err != nil || len(found) == 0 {
		return f, err
	}
	best := &found[0]
	for i := range found {
		if want.accept(r.read.spell(found[i].classes)) {
			if best.likelihood < freely || found[i].likelihood >= wordShare*best.likelihood {
				best = &found[i]
			}
			break
		}
	}
	f.Text, f.Confidence = r.read.spell(best.classes), best.least()
	return f, nil
}

// Where month and day of the birth date begin at the earliest, in mm.
const (
	monthLeft = 28.3
	dayLeft   = 37.0
)

// date puts the digits of a birth date between the captions that every card has; false unless it is whole. The captions
// make the gaps between year, month and day at least twice those between digits; where a stamp hides a digit and with it a
// gap, the place on the card decides.
func (a *alphabet) date(c *candidate) (string, bool) {
	const gap = 3.7 // mm; digits stand 2.3 apart, the parts 5.6 and more
	var byGap, byPlace [3]strings.Builder
	part, parts := 0, 1
	for k, class := range c.classes {
		if k > 0 && c.at[k]-c.at[k-1] > gap {
			parts++
			part = min(part+1, 2)
		}
		byGap[part].WriteRune(a.runes[class])
		switch x := c.at[k]; {
		case x > dayLeft:
			byPlace[2].WriteRune(a.runes[class])
		case x > monthLeft:
			byPlace[1].WriteRune(a.runes[class])
		default:
			byPlace[0].WriteRune(a.runes[class])
		}
	}
	chosen := &byPlace
	if parts == 3 {
		chosen = &byGap
	}
	text := chosen[0].String() + "年" + chosen[1].String() + "月" + chosen[2].String() + "日"
	d, ok := ParseBirth(text)
	return text, ok && d.Exists()
}

// Readings of one place between which the picture hardly decides are decided by what stands in another place of the card:
// agree is how many times more probable a reading counts that agrees. A reading that the picture speaks against is never
// taken for it, and the confidence stays that of the picture.
const (
	agree = 20
	// against is the share of the most probable reading's probability below which the picture speaks against one.
	against = 0.05
	// invented is the same for a whole date beside a reading that is none.
	invented = 1e-3
)

// birthAndNumber reads the two places that hold the birth date.
func (r *Reader) birthAndNumber(c *card, out *Reading) error {
	numbers, number, err := r.candidates(c, place{rowNumber, 25, 80, 74, 77}, &r.kinds.number)
	if err != nil {
		return err
	}
	var known [][]int
	for i := range numbers[:min(len(numbers), 3)] {
		if d, ok := idnumber.Birth(r.read.spell(numbers[i].classes)); ok {
			w, _ := r.read.word(fmt.Sprintf("%d%d%d", d.Year, d.Month, d.Day))
			known = append(known, w)
		}
	}
	births, birth, err := r.candidates(c, place{rowBirth, 16.3, 49, 46, 47}, &r.kinds.birth, known...)
	if err != nil {
		return err
	}
	best, least := -1.0, 0.0
	for i := range births {
		b := &births[i]
		text, whole := r.read.date(b)
		if !whole {
			if birth.Text == "" { // better than nothing
				birth.Text, birth.Confidence = text, lostTrust*b.least()
			}
			continue
		}
		if best < 0 {
			least = max(against*b.likelihood, invented*births[0].likelihood)
		}
		if b.likelihood < least {
			break
		}
		date, _ := ParseBirth(text)
		for k := range numbers {
			n := &numbers[k]
			if n.likelihood < against*numbers[0].likelihood {
				break
			}
			score := b.likelihood * n.likelihood
			if d, ok := idnumber.Birth(r.read.spell(n.classes)); ok && d == date {
				score *= agree
			}
			if score > best {
				best = score
				birth.Text, birth.Confidence = text, b.least()
				number.Text, number.Confidence = r.read.spell(n.classes), n.least()
			}
		}
	}
	if number.Text == "" && len(numbers) > 0 {
		number.Text, number.Confidence = r.read.spell(numbers[0].classes), numbers[0].least()
	}
	out.Birth, out.Number = birth, number
	return nil
}

func (b *box) bounds() [4]float32 {
	a, z := b.at(-0.5, -0.5), b.at(0.5, 0.5)
	return [4]float32{float32(a.X), float32(a.Y), float32(z.X), float32(z.Y)}
}

// fullLine is how many characters a line of the address holds at least when another one follows: eleven Chinese ones,
// fewer where a word would have been cut.
const fullLine = 9

// stray tells whether a character is no part of an address at its beginning or end.
func stray(c rune) bool {
	return unicode.IsSpace(c) || unicode.IsPunct(c) && c != ')' && c != '）'
}

// address reads up to three lines.
func (r *Reader) address(c *card) (Field, error) {
	out := Field{Confidence: 1}
	y := rowAddress
	for i := range 3 {
		found, f, err := r.candidates(c, place{y, 16.3, 58, 24, 57}, &r.kinds.text)
		if err != nil {
			return out, err
		}
		clear := float32(1)
		if len(found) > 0 {
			best := &found[0]
			f.Confidence = best.least()
			for k, class := range best.classes {
				if letter := r.read.runes[class]; !stray(letter) {
					clear = min(clear, best.confidence[k])
				}
			}
			clear *= best.trust
			f.Text = strings.TrimFunc(r.read.spell(best.classes), stray)
		}
		if f.Text == "" {
			break
		}
		if clear < 0.3 && i > 0 {
			// Something is there, a line or what lies over the card: the address may go on.
			out.Confidence = min(out.Confidence, f.Confidence)
			break
		}
		out.Text += f.Text
		out.Confidence = min(out.Confidence, f.Confidence)
		out.Stamped = out.Stamped || f.Stamped
		if i == 0 {
			out.Box = f.Box
		}
		out.Box[3] = f.Box[3]
		if len([]rune(f.Text)) < fullLine {
			break
		}
		y += addressPitch
	}
	if out.Text == "" {
		out.Confidence = 0
	}
	return out, nil
}
