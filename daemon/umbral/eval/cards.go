package eval

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"umbral/pipeline/document"
	"umbral/pipeline/models"
	"umbral/pipeline/nn"
	"umbral/pipeline/vision"
)

// CardLabel is one line of a set of cards: a picture and what is printed on what it shows.
type CardLabel struct {
	File        string // usable as it is
	Name        string // as the CSV has it
	Front, Back bool   // which sides the picture shows
	Fields      map[string]string
}

// CardFields are the fields that are measured, by side, in the order in which they are reported.
var CardFields = []struct {
	Name string
	Side document.Side
	of   func(*document.Reading) *document.Field
}{
	{"name", document.Front, func(r *document.Reading) *document.Field { return &r.Name }},
	{"sex", document.Front, func(r *document.Reading) *document.Field { return &r.Sex }},
	{"ethnicity", document.Front, func(r *document.Reading) *document.Field { return &r.Ethnicity }},
	{"birth", document.Front, func(r *document.Reading) *document.Field { return &r.Birth }},
	{"address", document.Front, func(r *document.Reading) *document.Field { return &r.Address }},
	{"number", document.Front, func(r *document.Reading) *document.Field { return &r.Number }},
	{"authority", document.Back, func(r *document.Reading) *document.Field { return &r.Authority }},
	{"validity", document.Back, func(r *document.Reading) *document.Field { return &r.Validity }},
}

// ReadCardLabels reads a CSV with the columns file and side (front, back, or both in one word such as front+back), and
// any of name, sex, ethnicity, birth (such as 1994年10月26日) or birth_year, birth_month and birth_day, address, number or
// id_number, authority, validity. A field is measured where its column is not empty and the side is shown. Paths are
// relative to the CSV's folder, or to the one above it.
func ReadCardLabels(path string) ([]CardLabel, error) {
	var labels []CardLabel
	err := readCSV(path, []string{"file", "side"}, func(dir string, column func(string) string) error {
		name, side := column("file"), column("side")
		if name == "" {
			return errors.New("file is empty")
		}
		l := CardLabel{Name: name, File: filepath.Join(dir, name), Fields: map[string]string{}}
		if _, err := os.Stat(l.File); errors.Is(err, os.ErrNotExist) {
			above := filepath.Join(dir, "..", name)
			if _, err := os.Stat(above); err == nil {
				l.File = above
			}
		}
		l.Front, l.Back = strings.Contains(side, "front"), strings.Contains(side, "back")
		if !l.Front && !l.Back {
			return fmt.Errorf("side is %q, wanted front, back or front+back", side)
		}
		for _, f := range CardFields {
			if (f.Side == document.Front && !l.Front) || (f.Side == document.Back && !l.Back) {
				continue
			}
			text := column(f.Name)
			switch {
			case f.Name == "birth" && text == "" && column("birth_year") != "":
				text = column("birth_year") + "年" + column("birth_month") + "月" + column("birth_day") + "日"
				if _, ok := document.ParseBirth(text); !ok {
					return fmt.Errorf("birth is %q, wanted a year of four digits, and month and day without leading zeros", text)
				}
			case f.Name == "number" && text == "":
				text = column("id_number")
			}
			if text != "" {
				l.Fields[f.Name] = text
			}
		}
		if len(l.Fields) == 0 {
			return errors.New("no field has a label (columns name, sex, ethnicity, birth_year …)")
		}
		labels = append(labels, l)
		return nil
	})
	if err == nil && len(labels) == 0 {
		err = fmt.Errorf("eval: %s: no line follows the header", path)
	}
	return labels, err
}

// CardResult is what was read in one picture.
type CardResult struct {
	File     string                   `json:"file"`
	Fields   map[string]ReadCardField `json:"fields"`
	Decision string                   `json:"decision"` // accepted, refused, or refer: a person must look
	Accepted bool                     `json:"accepted"`
	Reasons  []CardReason             `json:"reasons"`
	Millis   float64                  `json:"ms"`
	Sides    int                      `json:"sides"` // of a card that were found
	// Clear reports whether the first look at each line left no doubt.
	Clear bool `json:"clear"`
}

// ReadCardField is one field beside its label.
type ReadCardField struct {
	Text       string  `json:"text"`
	Label      string  `json:"label"`
	Exact      bool    `json:"exact"`
	Confidence float32 `json:"confidence"`
	Stamped    bool    `json:"stamped"`
	Found      bool    `json:"found"` // its side of the card was found
}

// CardReason is why a card was not accepted.
type CardReason struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// CardOpts says how cards are evaluated.
type CardOpts struct {
	Opts
	Rules document.Rules
	// RareFont is document.Opts's.
	RareFont string
	// Debug is a folder that the level cards are written to, with the places that were read; empty for none.
	Debug string
}

// errNoCard means that a picture shows no card.
var errNoCard = errors.New("no card found")

// Cards reads the card in each picture, validates it, and puts what was read beside the labels.
func Cards(ctx context.Context, labels []CardLabel, o CardOpts) ([]CardResult, error) {
	workers, err := o.workers()
	if err != nil {
		return nil, err
	}
	set, err := models.Load(o.Models, o.Manifest, document.Roles()...)
	if err != nil {
		return nil, err
	}
	// One picture after another, as at the gate: the workers share its lines.
	opts := document.DefaultOpts()
	opts.Workers = min(workers, document.MaxWorkers)
	opts.RareFont = o.RareFont
	opts.Pool = nn.NewPool(opts.Workers)
	defer opts.Pool.Close()
	reader, err := document.New(set, opts)
	if err != nil {
		return nil, err
	}
	files := make([]string, len(labels))
	for i := range labels {
		files[i] = labels[i].File
	}
	out := make([]CardResult, len(labels))
	err = share(ctx, &o.Opts, []*document.Reader{reader}, files, func(r *document.Reader, i int) error {
		out[i] = CardResult{File: labels[i].Name, Decision: "refer", Fields: labels[i].fields(nil, nil)}
		img, err := readPicture(files[i])
		if err != nil {
			out[i].because(document.Missing)
			return err
		}
		begin := time.Now()
		readings, err := r.Read(img)
		out[i].Millis = float64(time.Since(begin).Microseconds()) / 1000
		if err == nil && len(readings) == 0 {
			err = errNoCard
		}
		if err != nil {
			out[i].because(document.Missing)
			return err
		}
		out[i].Sides, out[i].Clear = len(readings), !slices.ContainsFunc(readings, func(r *document.Reading) bool { return r.Looks > r.Lines })
		out[i].judge(&labels[i], readings, o.Rules)
		if o.Debug != "" {
			return drawCards(o.Debug, labels[i].Name, img, readings)
		}
		return nil
	})
	return out, err
}

func (c *CardResult) because(p document.Problem) {
	c.Reasons = append(c.Reasons, CardReason{string(p), p.Text()})
}

// judge decides about a picture's card: refused where something printed cannot be right, referred where the reading is in
// doubt.
func (c *CardResult) judge(l *CardLabel, readings []*document.Reading, rules document.Rules) {
	var front, back *document.Reading
	for _, r := range readings {
		switch {
		case r.Side == document.Front && front == nil:
			front = r
		case r.Side == document.Back && back == nil:
			back = r
		}
	}
	c.Fields = l.fields(front, back)
	problems := document.Validate(front, back, rules)
	if l.Front && front == nil || l.Back && back == nil {
		problems = append(problems, document.Missing)
	}
	c.Decision, c.Accepted = "accepted", len(problems) == 0
	for _, p := range problems {
		c.because(p)
		if !p.Doubt() {
			c.Decision = "refused"
		} else if c.Decision == "accepted" {
			c.Decision = "refer"
		}
	}
}

// fields puts readings beside the label.
func (l *CardLabel) fields(front, back *document.Reading) map[string]ReadCardField {
	out := map[string]ReadCardField{}
	for _, f := range CardFields {
		want, labelled := l.Fields[f.Name]
		if !labelled {
			continue
		}
		got := ReadCardField{Label: want}
		r := front
		if f.Side == document.Back {
			r = back
		}
		if r != nil {
			field := f.of(r)
			got.Text, got.Confidence, got.Stamped, got.Found = field.Text, field.Confidence, field.Stamped, true
			got.Exact = field.Text == want
		}
		out[f.Name] = got
	}
	return out
}

// drawCards writes the level cards of a picture with a frame around each field, green where it is sure and red where not, and
// with what the camera gave: the size of a character in pixels.
func drawCards(dir, name string, img *vision.Image, readings []*document.Reading) error {
	for i, r := range readings {
		const scale = 10 // pixels a millimetre
		card := r.Level(img, scale)
		for _, f := range CardFields {
			if f.Side != r.Side {
				continue
			}
			field := f.of(r)
			colour := [3]byte{220, 30, 30}
			if field.Confidence >= document.DefaultSure {
				colour = [3]byte{20, 160, 40}
			}
			b := field.Box
			frameArea(card, int(b[0]*scale), int(b[1]*scale), int(b[2]*scale), int(b[3]*scale), colour)
		}
		writeNote(card, fmt.Sprintf("%.0f px a character, %.1f px/mm, picture %d x %d", r.Character(), r.Resolution, img.Width, img.Height))
		base := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
		path := filepath.Join(dir, fmt.Sprintf("%s-%d-%v.jpg", base, i+1, r.Side))
		f, err := os.Create(path)
		if err != nil {
			return fmt.Errorf("%w: %w", errCannot, err)
		}
		err = vision.WriteJPEG(f, card, 90)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// writeNote writes a line over the upper left corner of img.
func writeNote(img *vision.Image, text string) {
	const height, margin = 20, 4
	face := basicfont.Face7x13
	canvas := image.NewGray(image.Rect(0, 0, min(img.Width, font.MeasureString(face, text).Ceil()+2*margin), min(img.Height, height)))
	draw.Draw(canvas, canvas.Rect, image.White, image.Point{}, draw.Src)
	pen := font.Drawer{Dst: canvas, Src: image.Black, Face: face, Dot: fixed.P(margin, height-2*margin+2)}
	pen.DrawString(text)
	for y := range canvas.Rect.Dy() {
		for x := range canvas.Rect.Dx() {
			v := canvas.GrayAt(x, y).Y
			copy(img.Row(y)[3*x:], []byte{v, v, v})
		}
	}
}

// frameArea draws a rectangle of two pixels' width.
func frameArea(img *vision.Image, x0, y0, x1, y1 int, colour [3]byte) {
	for y := max(0, y0); y < min(img.Height, y1); y++ {
		for x := max(0, x0); x < min(img.Width, x1); x++ {
			if x < x0+2 || x >= x1-2 || y < y0+2 || y >= y1-2 {
				copy(img.Row(y)[3*x:], colour[:])
			}
		}
	}
}
