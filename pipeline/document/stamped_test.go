package document

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"umbral/config/paths"
	"umbral/pipeline/document/documenttest"
	"umbral/pipeline/models"
	"umbral/pipeline/vision"
)

var (
	seed   = flag.Uint64("seed", 1, "seed of the people, cards and shots that are rendered")
	copied = flag.Int("copies", 8, "people whose stamped copies are read")
	keep   = flag.String("keep", "", "folder that the rendered pictures are written to")
)

// places of the fields, in the order in which they are reported.
var fieldNames = []string{"name", "sex", "ethnicity", "birth", "address", "number", "authority", "validity"}

// copiedFields are what was read of a card by name of the field, the birth date as YYYY-MM-DD.
func copiedFields(r *Reading) map[string]Field {
	if r.Side == Back {
		return map[string]Field{"authority": r.Authority, "validity": r.Validity}
	}
	birth := r.Birth
	d, _ := ParseBirth(birth.Text)
	birth.Text = d.String()
	return map[string]Field{"name": r.Name, "sex": r.Sex, "ethnicity": r.Ethnicity, "birth": birth, "address": r.Address, "number": r.Number}
}

// stampedCopy is a copy with one or two stamps, and what is printed: every other person's number lacks a digit.
func stampedCopy(c *documenttest.Copier, side Side, r *rand.Rand) (*vision.Image, documenttest.Card, []documenttest.Stamp) {
	who := newPerson(r)
	if r.IntN(2) == 0 {
		who.number = who.number[:14] + who.number[15:]
	}
	card := (&printer{}).card(who, r)
	stamps := []documenttest.Stamp{documenttest.AnyStamp(r)}
	if r.IntN(2) == 0 {
		stamps = append(stamps, documenttest.AnyStamp(r))
	}
	if side == Back {
		return c.Back(card, stamps, r), card, stamps
	}
	return c.Front(card, stamps, r), card, stamps
}

// Copies of cards of people who do not exist, with stamps over any field: what the fields under a frame's thin strokes and
// under a solid block come to, beside those that nothing lies over. By where the stamps were put, not by what the reader
// thinks.
func TestStampedCopies(t *testing.T) {
	c, err := documenttest.NewCopier()
	if err != nil {
		t.Skip(err)
	}
	reader := newReader(t)
	r := rand.New(rand.NewPCG(*seed, 0xc0b1))
	const clean, framed, solid = 0, 1, 2
	var n, exact, wrongSure [3]map[string]int
	for i := range n {
		n[i], exact[i], wrongSure[i] = map[string]int{}, map[string]int{}, map[string]int{}
	}
	var spent []time.Duration
	for i := range *copied {
		side := Front
		if i%4 == 3 {
			side = Back
		}
		img, who, stamps := stampedCopy(c, side, r)
		if *keep != "" {
			keepPicture(t, fmt.Sprintf("copy-%d-%d.jpg", *seed, i), img)
		}
		begin := time.Now()
		readings, err := reader.Read(img)
		spent = append(spent, time.Since(begin))
		if err != nil {
			t.Fatal(err)
		}
		got := &Reading{Side: side}
		if len(readings) > 0 && readings[0].Side == side {
			got = readings[0]
		}
		printed := map[string]string{
			"name": who.Name, "sex": who.Sex, "ethnicity": who.Ethnicity, "address": who.Address, "number": who.Number,
			"birth": Date{Year: who.Year, Month: who.Month, Day: who.Day}.String(), "authority": who.Authority, "validity": who.Validity,
		}
		boxes := documenttest.CopyBoxes(who)
		for name, f := range copiedFields(got) {
			b, class := boxes[name], clean
			for _, s := range stamps {
				if s.Covers(b[0], b[1], b[2], b[3]) {
					class = max(class, framed)
					if s.Solid {
						class = solid
					}
				}
			}
			n[class][name]++
			if f.Text == printed[name] {
				exact[class][name]++
				continue
			}
			if f.Confidence >= DefaultSure {
				wrongSure[class][name]++
			}
			t.Logf("%d %s: %q %.2f, printed %q, %s, noticed %v", i, name, f.Text, f.Confidence, printed[name], []string{"clean", "framed", "solid"}[class], f.Stamped)
		}
	}
	slices.Sort(spent)
	cleanRight, cleanAll, sureAndWrong := 0, 0, 0
	for _, name := range fieldNames {
		line := fmt.Sprintf("%-10s", name)
		for i, class := range []string{"clean", "framed", "solid"} {
			line += fmt.Sprintf("  %s %2d of %2d (%d wrong although sure)", class, exact[i][name], n[i][name], wrongSure[i][name])
			sureAndWrong += wrongSure[i][name]
		}
		t.Log(line)
		cleanRight, cleanAll = cleanRight+exact[clean][name], cleanAll+n[clean][name]
	}
	t.Logf("%d copies, median %v, at most %v", *copied, spent[len(spent)/2].Round(time.Millisecond), spent[len(spent)-1].Round(time.Millisecond))
	// Well below what is reached (see the log), well above what a mistake anywhere would leave.
	if 10*cleanRight < 8*cleanAll || sureAndWrong > max(1, *copied/20) {
		t.Errorf("%d of %d fields that nothing lies over read, %d of all wrong although sure", cleanRight, cleanAll, sureAndWrong)
	}
}

// However many workers read a card, they read the same.
func TestWorkersReadTheSame(t *testing.T) {
	c, err := documenttest.NewCopier()
	if err != nil {
		t.Skip(err)
	}
	one := newReader(t)
	set, err := models.Load(paths.Models(), models.Default(), Roles()...)
	if err != nil {
		t.Fatal(err)
	}
	o := DefaultOpts()
	o.Workers = 3
	three, err := New(set, o)
	if err != nil {
		t.Fatal(err)
	}
	img, _, _ := stampedCopy(c, Back, rand.New(rand.NewPCG(31, 2)))
	var got [2]string
	for i, reader := range []*Reader{one, three} {
		readings, err := reader.Read(img)
		if err != nil || len(readings) != 1 {
			t.Fatalf("%d readings, %v", len(readings), err)
		}
		readings[0].Portrait = nil
		got[i] = fmt.Sprintf("%+v", *readings[0])
	}
	if got[0] != got[1] {
		t.Errorf("one worker:\n%s\nthree:\n%s", got[0], got[1])
	}
}

func keepPicture(t *testing.T, name string, img *vision.Image) {
	t.Helper()
	f, err := os.Create(filepath.Join(*keep, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := vision.WriteJPEG(f, img, 95); err != nil {
		t.Fatal(err)
	}
}
