package document

import (
	"slices"
	"strings"
	"unicode"

	"umbral/pipeline/vision"
)

// kinds are what the fields can hold, in classes of the recogniser.
type kinds struct {
	text, number, sexAndEthnicity, birth, validity kind
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
		text:   kind{gap: evenCharacters},
		number: kind{allowed: letters("0123456789X"), gap: evenDigits, accept: func(s string) bool { return len(s) == 18 || len(s) == 17 || len(s) == 15 }},
		sexAndEthnicity: kind{captions: letters("性别民族"), accept: func(s string) bool {
			sex, ethnicity := splitSex(s)
			return sex != "" && slices.Contains(ethnicities, ethnicity)
		}},
		birth:    kind{allowed: letters("0123456789"), captions: letters("年月日")},
		validity: kind{allowed: letters("0123456789.-长期"), accept: func(s string) bool { _, _, ok := ParseValidity(s); return ok }},
	}
	for _, sex := range sexes {
		for _, ethnicity := range ethnicities {
			if w, ok := a.word(sex + ethnicity); ok {
				r.kinds.sexAndEthnicity.words = append(r.kinds.sexAndEthnicity.words, w)
			}
		}
	}
}

// splitSex takes apart what stands in the row of sex and ethnicity, without its captions.
func splitSex(s string) (sex, ethnicity string) {
	for _, word := range sexes {
		if rest, ok := strings.CutPrefix(s, word); ok {
			return word, rest
		}
	}
	return "", s
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
	if out.Name, err = r.field(c, rowName, 16.3, 54, 32, &r.kinds.text); err != nil {
		return err
	}
	if err = r.sexAndEthnicity(c, out); err != nil {
		return err
	}
	if out.Birth, err = r.birth(c); err != nil {
		return err
	}
	if out.Number, err = r.field(c, rowNumber, 25, 78, 75, &r.kinds.number); err != nil {
		return err
	}
	out.Address, err = r.address(c)
	return err
}

func (r *Reader) readBack(c *card, out *Reading) (err error) {
	if out.Authority, err = r.field(c, rowAuthority, 32.7, 80, 72, &r.kinds.text); err != nil {
		return err
	}
	out.Validity, err = r.field(c, rowValidity, 32.7, 80, 72, &r.kinds.validity)
	return err
}

// candidates reads a line of a row.
func (r *Reader) candidates(c *card, y, x0, x1, usual float64, want *kind) ([]candidate, Field, error) {
	areas, stamped := c.areas(y, x0, x1, usual)
	found, err := r.piece(c, areas, stamped, want)
	return found, Field{Stamped: stamped, Box: areas[0].bounds()}, err
}

func (r *Reader) field(c *card, y, x0, x1, usual float64, want *kind) (Field, error) {
	found, f, err := r.candidates(c, y, x0, x1, usual, want)
	if len(found) > 0 {
		f.Text = strings.TrimSpace(r.read.spell(found[0].classes))
		f.Confidence = found[0].least()
	}
	return f, err
}

// wordShare is how much less probable than what was read freely a known word may be and still be what is printed. Its
// confidence then is as low as the model found it.
const wordShare = 0.05

// sexAndEthnicity reads the two from their common row.
func (r *Reader) sexAndEthnicity(c *card, out *Reading) error {
	found, f, err := r.candidates(c, rowSex, 16.3, 55, 48, &r.kinds.sexAndEthnicity)
	if err != nil || len(found) == 0 {
		return err
	}
	best := &found[0]
	for i := range found {
		if r.kinds.sexAndEthnicity.accept(r.read.spell(found[i].classes)) {
			if found[i].likelihood >= wordShare*best.likelihood {
				best = &found[i]
			}
			break
		}
	}
	sex, ethnicity := splitSex(r.read.spell(best.classes))
	n := len([]rune(sex))
	out.Sex, out.Ethnicity = f, f
	out.Sex.Text, out.Ethnicity.Text = sex, ethnicity
	if n > 0 {
		out.Sex.Confidence = slices.Min(best.confidence[:n])
	}
	if len(best.classes) > n {
		out.Ethnicity.Confidence = slices.Min(best.confidence[n:])
	}
	sexBox, ethnicityBox := area{16.3, rowSex - 1.9, 25, rowSex + 1.9}.box(), area{35.6, rowSex - 1.9, 48, rowSex + 1.9}.box()
	out.Sex.Stamped = c.stamp.covers(&sexBox) > stampShare
	out.Ethnicity.Stamped = c.stamp.covers(&ethnicityBox) > stampShare
	return nil
}

// The date of birth is taken apart by where its digits stand: captions between them may be unreadable.
const (
	monthLeft = 28.3
	dayLeft   = 37.0
)

// birth reads the digits of the date of birth and puts them between the captions that every card has.
func (r *Reader) birth(c *card) (Field, error) {
	found, f, err := r.candidates(c, rowBirth, 16.3, 49, 47, &r.kinds.birth)
	if err != nil || len(found) == 0 {
		return f, err
	}
	for i := range found {
		var parts [3]strings.Builder
		for k, class := range found[i].classes {
			part := 0
			if x := found[i].at[k]; x > dayLeft {
				part = 2
			} else if x > monthLeft {
				part = 1
			}
			parts[part].WriteRune(r.read.runes[class])
		}
		text := parts[0].String() + "年" + parts[1].String() + "月" + parts[2].String() + "日"
		_, whole := ParseBirth(text)
		if i == 0 || whole {
			f.Text, f.Confidence = text, found[i].least()
		}
		if whole {
			break
		}
	}
	return f, nil
}

func (b *box) bounds() [4]float32 {
	a, z := b.at(-0.5, -0.5), b.at(0.5, 0.5)
	return [4]float32{float32(a.X), float32(a.Y), float32(z.X), float32(z.Y)}
}

// fullLine is how many characters a line of the address holds at least when another one follows: eleven Chinese ones,
// fewer where a word would have been cut.
const fullLine = 9

// address reads up to three lines.
func (r *Reader) address(c *card) (Field, error) {
	out := Field{Confidence: 1}
	y := rowAddress
	for i := range 3 {
		f, err := r.field(c, y, 16.3, 60, 57.5, &r.kinds.text)
		if err != nil {
			return out, err
		}
		f.Text = strings.TrimFunc(f.Text, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsPunct(c) && c != ')' && c != '）' })
		if f.Text == "" || f.Confidence < 0.3 && i > 0 {
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
