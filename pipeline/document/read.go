package document

import (
	"slices"

	"umbral/pipeline/document/idnumber"
	"umbral/pipeline/vision"
)

// kinds are what the fields can hold, in classes of the recogniser.
type kinds struct {
	text, authority, number, sex, ethnicity, birth, validity kind
}

// learn translates what fields may hold into the recogniser's classes.
func (r *Reader) learn() {
	a := r.alphabet
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
			accept: func(s string) bool { return len(s) == idnumber.Length },
			// Of some cards' numbers a digit is missing in print.
			twice: func(s string) bool { return len(s) == idnumber.Length-1 }},
		sex:       kind{captions: letters("性别"), seen: 1},
		ethnicity: kind{captions: letters("性别民族"), seen: 1},
		birth:     kind{allowed: letters("0123456789"), captions: letters("年月日"), seen: 1},
		validity:  kind{allowed: letters("0123456789.-长期"), seen: 1, whole: true, accept: isTerm},
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

// Read finds the cards in img and reads them. It returns the readings in no particular order, none where there is no card.
func (r *Reader) Read(img *vision.Image) ([]*Reading, error) {
	f, err := r.frameOf(img)
	if err != nil {
		return nil, err
	}
	poses, err := r.poses(f)
	if err != nil {
		return nil, err
	}
	var out []*Reading
	for _, p := range poses {
		reading, err := r.readCard(f, p)
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

func (r *Reader) readCard(f *frame, p pose) (*Reading, error) {
	c := &card{pose: p, picture: f.img}
	canvas := r.canvases[frameCard]
	from := toCard.then(&p.toImage)
	warp(canvas, f.img, &from)
	grey := lightest(canvas)
	c.stamp = newStampMap(grey)
	c.ink = newInkMap(grey, p.side)
	if f.scale*p.pixels() >= fineEnough {
		boxes := make([]box, len(f.lines))
		for i := range f.lines {
			boxes[i] = f.lines[i].box
		}
		c.boxes = c.onCard(boxes)
	} else {
		boxes, err := r.detectBoxes(frameCard)
		if err != nil {
			return nil, err
		}
		for _, b := range boxes {
			if b.along.X > 0.9 || b.width < 2*b.height {
				c.boxes = append(c.boxes, b.mapped(&toCard, 1/canvasScale))
			}
		}
	}
	reading := &Reading{Side: p.side, Corners: cardCorners(&p.toImage), Resolution: p.pixels(), toImage: p.toImage}
	var err error
	if p.side == Back {
		err = r.readBack(c, reading)
	} else {
		reading.Portrait = portrait(f.img, &p.toImage)
		err = r.readFront(c, reading)
	}
	reading.Lines, reading.Looks = c.linesRead, c.looks
	return reading, err
}

// Places of the fields on the card.
var (
	namePlace      = place{y: rowName, left: 16.3, right: 54, least: 31, usual: 36}
	sexPlace       = place{y: rowSex, left: 6.5, right: 25.2, least: 23, usual: 24}
	ethnicityPlace = place{y: rowSex, left: 25.4, right: 55, least: 46, usual: 50}
	addressPlace   = place{y: rowAddress, left: 16.3, right: 58, least: 24, usual: 57}
	authorityPlace = place{y: rowAuthority, left: 32.7, right: 80, least: 50, usual: 76}
	validityPlace  = place{y: rowValidity, left: 32.7, right: 80, least: 60, usual: 74}
)

func (r *Reader) readFront(c *card, out *Reading) error {
	addresses, names := c.addressLines(), c.lines(namePlace, nameTop, nameLow)
	address, name := make([]lineReading, len(addresses)), make([]lineReading, len(names))
	var number, birth, sex, ethnicity lineReading
	// The longest first, so that no worker waits for another.
	jobs := []job{func(w *worker) (err error) { number, birth, err = w.numberAndBirth(c, &r.kinds); return err }}
	jobs = append(jobs, lineJobs(c, addresses, address, &r.kinds.text)...)
	jobs = append(jobs,
		func(w *worker) (err error) {
			ethnicity, err = w.oneOf(c, ethnicityPlace, &r.kinds.ethnicity)
			return err
		})
	jobs = append(jobs, lineJobs(c, names, name, &r.kinds.text)...)
	jobs = append(jobs, func(w *worker) (err error) { sex, err = w.oneOf(c, sexPlace, &r.kinds.sex); return err })
	if err := r.run(jobs); err != nil {
		return err
	}
	out.Number = c.settle(&out.Number, number)
	out.Birth = c.settle(&out.Birth, birth)
	out.Sex = c.settle(&out.Sex, sex)
	out.Ethnicity = c.settle(&out.Ethnicity, ethnicity)
	out.Name = c.settle(&out.Name, name...)
	out.Address = c.settle(&out.Address, r.addressOf(address, number.Text)...)
	c.doubtUnclaimed()
	doubt := out.Name.Confidence < DefaultSure
	if text, rare := r.rareOf(c, name, doubt); len(rare) > 0 {
		if !doubt {
			out.Name.doubt()
		}
		out.Name.Text, out.Rare = text, rare
	}
	return nil
}

func (r *Reader) readBack(c *card, out *Reading) error {
	places := c.lines(authorityPlace, authorityTop, authorityLow)
	authority := make([]lineReading, len(places))
	var validity lineReading
	jobs := append([]job{func(w *worker) (err error) { validity, err = w.validity(c, &r.kinds.validity); return err }},
		lineJobs(c, places, authority, &r.kinds.authority)...)
	if err := r.run(jobs); err != nil {
		return err
	}
	out.Validity = c.settle(&out.Validity, validity)
	out.Authority = c.settle(&out.Authority, authority...)
	if out.Authority.Text != "" && !isAuthority(out.Authority.Text) {
		out.Authority.doubt()
	}
	c.doubtUnclaimed()
	return nil
}

// job is a part of the reading of a side that one worker does.
type job func(w *worker) error

func (r *Reader) run(jobs []job) error {
	return r.each(len(jobs), func(w *worker, i int) error { return jobs[i](w) })
}

// lineJobs returns the jobs that read lines of text at places into out.
func lineJobs(c *card, places []place, out []lineReading, want *kind) (jobs []job) {
	for i, p := range places {
		jobs = append(jobs, func(w *worker) (err error) { out[i], err = w.line(c, p, want); return err })
	}
	return jobs
}
