package document

import (
	"flag"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"umbral/config/paths"
	"umbral/config/paths/pathstest"
	"umbral/pipeline/models"
)

var people = flag.Int("people", 5, "people whose cards are rendered")

func newReader(t testing.TB) *Reader {
	t.Helper()
	for _, role := range Roles() {
		m, err := models.Default().Of(role)
		if err != nil {
			t.Fatal(err)
		}
		pathstest.Model(t, m.File)
	}
	set, err := models.Load(paths.Models(), models.Default(), Roles()...)
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(set, DefaultOpts())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A name with a character that the recogniser does not know must never pass as sure.
func TestUnknownCharactersAreReferred(t *testing.T) {
	p, reader := newPrinter(t), newReader(t)
	r := rand.New(rand.NewPCG(3, 4))
	for _, name := range []string{"王旻", "李嬿婷", "张翀", "刘劼", "陈赟", "杨龑", "赵曌", "孙曌明", "周旻昊", "吴赟"} {
		who := newPerson(r)
		who.name = name
		s := anyShot(r)
		s.blur, s.glare, s.width = 0.5, 0, 700 // the better the picture, the surer the mistake
		readings, err := reader.Read(photograph(t, p.front(t, who, r), s, r))
		if err != nil || len(readings) != 1 {
			t.Errorf("%s: %d readings, %v", name, len(readings), err)
			continue
		}
		got := readings[0].Name
		problems := Validate(readings[0], nil, Rules{Sure: DefaultSure})
		t.Logf("%s read as %q with %.2f", name, got.Text, got.Confidence)
		if got.Confidence >= DefaultSure && got.Text != name || !slices.Contains(problems, Unsure) && !slices.Contains(problems, Missing) {
			t.Errorf("%s passes as %q with %.2f", name, got.Text, got.Confidence)
		}
	}
}

// Cards of people who do not exist, at any angle, tilted, blurred, with glare, noise and JPEG: the breadth that no
// labelled set here has.
func TestRenderedCards(t *testing.T) {
	p, reader := newPrinter(t), newReader(t)
	r := rand.New(rand.NewPCG(*seed, 2))
	right, total := map[string]int{}, map[string]int{}
	found := map[Side]int{}
	var spent time.Duration
	wrongSure, withoutDoubt := 0, map[Side]int{}
	for i := range *people {
		who := newPerson(r)
		for _, side := range []Side{Front, Back} {
			draw := p.front
			if side == Back {
				draw = p.back
			}
			s := anyShot(r)
			img := photograph(t, draw(t, who, r), s, r)
			if !Likely(img) {
				t.Logf("%d %v: the gate sees no print: %+v", i, side, s)
			}
			begin := time.Now()
			readings, err := reader.Read(img)
			spent += time.Since(begin)
			if err != nil {
				t.Fatal(err)
			}
			got := &Reading{}
			for _, reading := range readings {
				if reading.Side == side {
					got = reading
					found[side]++
					break
				}
			}
			check := func(name string, f Field, want string) {
				total[name]++
				if f.Text == want {
					right[name]++
					return
				}
				sure := ""
				if f.Confidence >= DefaultSure {
					sure = "SURE "
					wrongSure++
				}
				t.Logf("%d %s%s: %q %.2f, printed %q: %+v", i, sure, name, f.Text, f.Confidence, want, s)
			}
			front, back := got, (*Reading)(nil)
			if side == Back {
				front, back = nil, got
			}
			if !slices.ContainsFunc(Validate(front, back, Rules{Sure: DefaultSure}), Problem.Doubt) {
				withoutDoubt[side]++
			}
			if side == Front {
				check("name", got.Name, who.name)
				check("sex", got.Sex, who.sex)
				check("ethnicity", got.Ethnicity, who.ethnicity)
				check("address", got.Address, who.address)
				check("number", got.Number, who.number)
				d, _ := ParseBirth(got.Birth.Text)
				check("birth", Field{Text: d.String(), Confidence: got.Birth.Confidence}, who.birth.String())
			} else {
				check("authority", got.Authority, who.authority)
				check("validity", got.Validity, who.validity)
			}
		}
	}
	for name, n := range total {
		// Well below what is reached (see the log), well above what a mistake anywhere would leave.
		if least := n * 3 / 4; right[name] < least {
			t.Errorf("%s: %d of %d, wanted %d", name, right[name], n, least)
		}
	}
	if found[Front]+found[Back] < 2**people-*people/4 || wrongSure > *people/8 {
		t.Errorf("%d fronts and %d backs of %d people found, %d fields wrong although sure", found[Front], found[Back], *people, wrongSure)
	}
	t.Logf("%d people, %d fronts and %d backs found, %d and %d of them without a doubt in any field; exact %v of %v, %d wrong although sure, %v a picture",
		*people, found[Front], found[Back], withoutDoubt[Front], withoutDoubt[Back], right, total, wrongSure, spent/time.Duration(2**people))
}
