package document

import (
	"bytes"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"umbral/pipeline/document/ideograph"
	"umbral/pipeline/vision"
)

// rareReader looks up a part of what it does not know.
func rareReader(t *testing.T, characters string) *Reader {
	t.Helper()
	if _, err := os.Stat(ideograph.DefaultFont); err != nil {
		t.Skip("no font (apt-get install fonts-wqy-zenhei)")
	}
	r := newReader(t)
	var err error
	for known, to := range map[bool]**ideograph.Table{true: &r.rare.known, false: &r.rare.unknown} {
		*to, err = ideograph.Load(ideograph.DefaultFont, func(c rune) bool {
			_, knows := r.alphabet.class[c]
			return knows == known && (c%8 == 0 || slices.Contains([]rune(characters), c))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// A rare character is among the candidates, in its place, and the name is admitted with it and with no other.
func TestRareCharacters(t *testing.T) {
	p, reader := newPrinter(t), rareReader(t, "王旻晏陈赟赵曌强")
	for i, name := range []string{"王旻", "陈赟", "赵曌强"} {
		r := rand.New(rand.NewPCG(21, uint64(i)))
		who := newPerson(r)
		who.name = name
		s := steady()
		s.width, s.frame.X, s.frame.Y = 1000, 1920, 1080
		readings, err := reader.Read(photograph(t, p.front(t, who, r), s, r))
		if err != nil || len(readings) != 1 {
			t.Errorf("%s: %d readings, %v", name, len(readings), err)
			continue
		}
		got := readings[0]
		if got.Name.Confidence >= DefaultSure {
			t.Errorf("%s: %q is sure", name, got.Name.Text)
		}
		if !got.Admits(name) {
			t.Errorf("%s: read as %q, candidates %v", name, got.Name.Text, got.Rare)
		}
		if other := "钱" + string([]rune(name)[1:]); got.Admits(other) || got.Admits(name+"一") {
			t.Errorf("%s: %q admits %s", name, got.Name.Text, other)
		}
	}
}

func TestAdmits(t *testing.T) {
	r := Reading{Name: Field{Text: "陈〓明"}, Rare: []Rare{{Place: 1, Candidates: []string{"赟", "贇"}}}}
	for name, want := range map[string]bool{
		"陈赟明": true, "陈贇明": true, "陈〓明": false, "陈斌明": false, "李赟明": false, "陈赟": false, "陈赟明明": false, "": false,
	} {
		if got := r.Admits(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
	r = Reading{Name: Field{Text: "王晏"}, Rare: []Rare{{Place: 1, Candidates: []string{"旻"}}}}
	for name, want := range map[string]bool{"王旻": true, "王晏": true, "王三": false} {
		if got := r.Admits(name); got != want {
			t.Errorf("a weak character, %q: %v", name, got)
		}
	}
	if (&Reading{}).Admits("") {
		t.Error("an empty name is admitted by an empty reading")
	}
}

func TestPattern(t *testing.T) {
	r := Reading{Name: Field{Text: "王〓晏"}, Rare: []Rare{{Place: 1, Candidates: []string{"赟", "贇"}}, {Place: 2, Candidates: []string{"旻"}}}}
	if got, want := r.Pattern(), "王〔赟贇〕〔晏旻〕"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := (&Reading{Name: Field{Text: "王强"}}).Pattern(); got != "王强" {
		t.Errorf("a name without rare characters: %s", got)
	}
}

// A part of the level card is the same pixels as in the whole, and stays within it.
func TestCut(t *testing.T) {
	img := vision.NewImage(856, 540)
	for i := range img.Pix {
		img.Pix[i] = byte(i * 7)
	}
	r := Reading{toImage: homography{10, 0, 0, 0, 10, 0, 0, 0, 1}}
	whole, part := r.Level(img, 10), r.Cut(img, [4]float32{20, 10, 30, 14}, 10)
	if part.Width != 100 || part.Height != 40 || whole.Width != 856 || whole.Height != 540 {
		t.Fatalf("%d×%d of %d×%d", part.Width, part.Height, whole.Width, whole.Height)
	}
	for y := range part.Height {
		if !bytes.Equal(part.Row(y), whole.Row(100 + y)[3*200:3*300]) {
			t.Fatalf("row %d differs", y)
		}
	}
	for _, place := range [][4]float32{{-5, -5, 200, 200}, {50, 50, 10, 10}, {90, 60, 91, 61}} {
		if got := r.Cut(img, place, 1000); got.Width < 1 || got.Height < 1 || got.Width > maxLevel*CardWidth || got.Height > maxLevel*CardHeight {
			t.Errorf("%v: %d×%d", place, got.Width, got.Height)
		}
	}
}

func TestTooSmall(t *testing.T) {
	for pixels, want := range map[float64]bool{5: true, 9: true, 9.4: false, 12: false} {
		if r := (&Reading{Resolution: pixels}); r.TooSmall() != want {
			t.Errorf("%v pixels a millimetre: too small %v", pixels, !want)
		}
	}
}
