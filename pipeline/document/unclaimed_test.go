package document

import (
	"math/rand/v2"
	"strings"
	"testing"

	"umbral/pipeline/document/documenttest"
)

// manyLines is a person whose name, authority and address take more lines than most.
func manyLines() documenttest.Card {
	return documenttest.Card{
		Name: "阿卜杜热合曼·\n麦麦提图尔荪", Sex: "男", Ethnicity: "维吾尔", Year: 1985, Month: 3, Day: 9, Number: "653121198503094115",
		Address:   "新疆维吾尔自治区喀什地区疏附县托克扎克镇库木巴格村第二生产小组十七号",
		Authority: "新疆生产建设兵团公安局\n第十三师分局", Validity: "2015.07.15-2035.07.15",
	}
}

func steady() shot {
	return shot{turn: 0.05, tiltX: 0.05, tiltY: -0.05, width: 700, blur: 0.5, noise: 1, light: 0.9, quality: 90, frame: anyShot(rand.New(rand.NewPCG(1, 1))).frame}
}

// readOne reads a side of a card that lies still.
func readOne(t *testing.T, reader *Reader, p *printer, c documenttest.Card, side Side, r *rand.Rand) *Reading {
	t.Helper()
	draw := p.cards.Front
	if side == Back {
		draw = p.cards.Back
	}
	readings, err := reader.Read(photograph(t, draw(c, r), steady(), r))
	if err != nil || len(readings) != 1 || readings[0].Side != side {
		t.Fatalf("%d readings, %v", len(readings), err)
	}
	return readings[0]
}

func TestFieldsOverLines(t *testing.T) {
	p, reader := newPrinter(t), newReader(t)
	r := rand.New(rand.NewPCG(11, 1))
	c := manyLines()
	front, back := readOne(t, reader, p, c, Front, r), readOne(t, reader, p, c, Back, r)
	for _, f := range []struct {
		name string
		got  Field
		want string
	}{
		{"name", front.Name, strings.ReplaceAll(c.Name, "\n", "")}, {"address", front.Address, c.Address}, {"sex", front.Sex, c.Sex},
		{"ethnicity", front.Ethnicity, c.Ethnicity}, {"number", front.Number, c.Number},
		{"authority", back.Authority, strings.ReplaceAll(c.Authority, "\n", "")}, {"validity", back.Validity, c.Validity},
	} {
		if f.got.Text != f.want || f.got.Confidence < DefaultSure {
			t.Errorf("%s: %q %.2f, printed %q", f.name, f.got.Text, f.got.Confidence, f.want)
		}
	}
}

// Print that no field accounts for makes the field beside it a doubt, in whichever direction it runs. A card without any is
// read without a doubt.
func TestPrintThatNoFieldClaims(t *testing.T) {
	p, reader := newPrinter(t), newReader(t)
	name := func(r *Reading) *Field { return &r.Name }
	for i, c := range []struct {
		what  string
		side  Side
		more  []documenttest.Print
		field func(*Reading) *Field
	}{
		{"nothing", Front, nil, nil},
		{"nothing", Back, nil, nil},
		{"down beside the name", Front, []documenttest.Print{{X: 45, Y: 9.5, Size: 3, Down: true, Text: "买买提"}}, name},
		{"right of the ethnicity", Front, []documenttest.Print{{X: 46, Y: rowSex, Size: 3.2, Text: "族"}}, func(r *Reading) *Field { return &r.Ethnicity }},
		{"down beside the authority", Back, []documenttest.Print{{X: 79, Y: 38, Size: 3, Down: true, Text: "东城区"}}, func(r *Reading) *Field { return &r.Authority }},
	} {
		r := rand.New(rand.NewPCG(12, uint64(i)))
		who := newPerson(rand.New(rand.NewPCG(5, 5)))
		who.ethnicity, who.address = "汉", "河北省石家庄市长安区人民路3号"
		card := p.card(who, r)
		card.More = c.more
		got := readOne(t, reader, p, card, c.side, r)
		var doubts []string
		for k, get := range fieldsOf(c.side) {
			f := get(got)
			doubt := f.Confidence < DefaultSure
			if doubt {
				doubts = append(doubts, f.Text)
			}
			if c.field == nil && doubt {
				t.Errorf("%s: field %d is a doubt: %q %.2f", c.what, k, f.Text, f.Confidence)
			}
		}
		if c.field == nil {
			continue
		}
		printed := ""
		for _, one := range c.more {
			printed += one.Text
		}
		if f := c.field(got); f.Confidence >= DefaultSure && !strings.HasSuffix(f.Text, printed) {
			t.Errorf("%s: %q is sure with %.2f; doubts: %q", c.what, f.Text, f.Confidence, doubts)
		}
	}
}
