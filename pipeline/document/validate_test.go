package document

import (
	"slices"
	"strings"
	"testing"
)

func field(text string) Field { return Field{Text: text, Confidence: 1} }

// sound is a made-up card without a fault.
func sound() (front, back *Reading) {
	front = &Reading{
		Side: Front, Name: field("测试员"), Sex: field("女"), Ethnicity: field("汉"), Birth: field("1990年3月7日"),
		Address: field("北京市朝阳区样例路1号"), Number: field("11010519900307102" + string(CheckDigit("11010519900307102"))),
	}
	back = &Reading{Side: Back, Authority: field("北京市公安局朝阳分局"), Validity: field("2015.05.06-2025.05.06")}
	return front, back
}

var soundDay = Date{2020, 1, 1}

func TestValidate(t *testing.T) {
	number := func(digits string) func(f, b *Reading) {
		return func(f, b *Reading) { f.Number = field(digits + string(CheckDigit(digits))) }
	}
	for name, c := range map[string]struct {
		change func(f, b *Reading)
		want   []Problem
	}{
		"sound":                {func(f, b *Reading) {}, nil},
		"17 digits":            {func(f, b *Reading) { f.Number.Text = f.Number.Text[:17] }, []Problem{NumberLength}},
		"19 digits":            {func(f, b *Reading) { f.Number.Text += "1" }, []Problem{NumberLength}},
		"a letter":             {func(f, b *Reading) { f.Number.Text = "1101051990O3071026" }, []Problem{NumberForm}},
		"check digit":          {func(f, b *Reading) { f.Number.Text = f.Number.Text[:17] + "X" }, []Problem{NumberCheck}},
		"no such province":     {number("99010519900307102"), []Problem{RegionUnknown}},
		"no number":            {func(f, b *Reading) { f.Number = Field{} }, []Problem{Missing}},
		"no name":              {func(f, b *Reading) { f.Name = Field{} }, []Problem{Missing}},
		"unsure name":          {func(f, b *Reading) { f.Name.Confidence = 0.5 }, []Problem{Unsure}},
		"other birth":          {func(f, b *Reading) { f.Birth.Text = "1990年3月8日" }, []Problem{BirthDiffers}},
		"no such day":          {func(f, b *Reading) { f.Birth.Text = "1990年2月30日" }, []Problem{BirthImpossible, BirthDiffers}},
		"birth to come":        {func(f, b *Reading) { f.Birth.Text = "2020年1月2日" }, []Problem{BirthImpossible, BirthDiffers, TermAge}},
		"130 years and more":   {func(f, b *Reading) { f.Birth.Text = "1880年1月1日" }, []Problem{BirthImpossible, BirthDiffers, TermAge}},
		"half a date":          {func(f, b *Reading) { f.Birth.Text = "1990年月7日" }, []Problem{BirthImpossible}},
		"no day in number":     {number("11010519900231102"), []Problem{BirthImpossible, BirthDiffers}},
		"other sex":            {func(f, b *Reading) { f.Sex.Text = "男" }, []Problem{SexDiffers}},
		"no sex":               {func(f, b *Reading) { f.Sex.Text = "奻" }, []Problem{SexUnknown}},
		"no ethnicity":         {func(f, b *Reading) { f.Ethnicity.Text = "佰" }, []Problem{EthnicityOther}},
		"expired":              {func(f, b *Reading) { b.Validity.Text = "2009.12.31-2019.12.31" }, []Problem{Expired}},
		"last day":             {func(f, b *Reading) { b.Validity.Text = "2010.01.01-2020.01.01" }, nil},
		"not yet valid":        {func(f, b *Reading) { b.Validity.Text = "2020.01.02-2040.01.02" }, []Problem{NotYetValid}},
		"no term":              {func(f, b *Reading) { b.Validity.Text = "2015.05.06" }, []Problem{ValidityForm}},
		"backwards":            {func(f, b *Reading) { b.Validity.Text = "2025.05.06-2015.05.06" }, []Problem{ValidityForm, TermAge}},
		"without end too soon": {func(f, b *Reading) { b.Validity.Text = "2015.05.06-长期" }, []Problem{TermAge}},
		"20 years at 25":       {func(f, b *Reading) { b.Validity.Text = "2015.05.06-2035.05.06" }, []Problem{TermAge}},
		"issued before birth":  {func(f, b *Reading) { b.Validity.Text = "1989.05.06-2029.05.06" }, []Problem{TermAge}},
	} {
		f, b := sound()
		c.change(f, b)
		if got := Validate(f, b, Rules{Today: soundDay, Sure: DefaultSure}); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// The borders of article 5: five years below 16, ten below 26, twenty below 46, then without end.
func TestTermByAge(t *testing.T) {
	for validity, right := range map[string]bool{
		"2006.03.06-2011.03.06": true, "2006.03.07-2011.03.07": false,
		"2006.03.07-2016.03.07": true, "2016.03.06-2026.03.06": true,
		"2016.03.07-2026.03.07": false, "2016.03.07-2036.03.07": true,
		"2036.03.06-2056.03.06": true, "2036.03.07-2056.03.07": false,
		"2036.03.07-长期": true, "2036.03.06-长期": false,
		"2016.02.29-2026.02.28": true, "2016.02.29-2026.03.01": true, "2016.02.29-2026.03.02": false,
	} {
		f, b := sound()
		b.Validity.Text = validity
		got := Validate(f, b, Rules{Sure: DefaultSure})
		if slices.Contains(got, TermAge) == right {
			t.Errorf("born 1990-03-07, %s: %v", validity, got)
		}
	}
}

func TestOneSide(t *testing.T) {
	f, b := sound()
	rules := Rules{Today: soundDay, Sure: DefaultSure}
	if p := Validate(f, nil, rules); p != nil {
		t.Error("front alone:", p)
	}
	if p := Validate(nil, b, rules); p != nil {
		t.Error("back alone:", p)
	}
	if p := Validate(nil, nil, rules); p != nil {
		t.Error("nothing:", p)
	}
}

func TestEveryProblemHasWords(t *testing.T) {
	for _, p := range Problems {
		if p.Text == "" || !strings.HasPrefix(string(p.Code), "card-") || p.Code.Text() != p.Text {
			t.Errorf("%q: %q", p.Code, p.Code.Text())
		}
	}
}

func TestRegions(t *testing.T) {
	table, err := LoadRegions(strings.NewReader("# made up\ncode,name,from,to\n110103,崇文区,,2010\n110118,密云区,2015,\n110110,燕山区,,1986\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code  string
		born  int
		known bool
		right bool
	}{
		{"110103", 1990, true, true}, {"110103", 2010, true, true}, {"110103", 2011, true, false},
		{"110118", 1990, true, true}, {"110110", 1950, true, true}, {"110110", 1987, true, false},
		{"110999", 1990, false, false}, {"11", 1990, false, false},
	} {
		if got := table.Known(c.code); got != c.known {
			t.Errorf("%s known: %v", c.code, got)
		}
		if got := table.InForce(c.code, c.born, 2020); got != c.right {
			t.Errorf("%s for a birth in %d: %v", c.code, c.born, got)
		}
	}
	if table.InForce("110118", 1990, 2014) {
		t.Error("110118 was in force before 2015")
	}
	var provinces *Regions
	if !provinces.Known("500101") || provinces.Known("990101") || !provinces.InForce("500101", 1950, 2020) || provinces.InForce("500101", 1950, 1990) {
		t.Error("provinces alone")
	}
	for text, why := range map[string]string{
		"":                   "no line",
		"110103,崇文区\n":       "2 fields",
		"1101,崇文区,,\n":       "six digits",
		"110103,崇文区,x,\n":    "year",
		"110103,崇文区,,9999\n": "year",
	} {
		if _, err := LoadRegions(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q", text, err, why)
		}
	}
}

func FuzzValidate(f *testing.F) {
	f.Add("女", "汉", "1990年3月7日", "110105199003071026", "2015.05.06-2025.05.06")
	f.Add("", "", "0000年0月0日", "00000000000000000X", "9999.99.99-长期")
	f.Fuzz(func(t *testing.T, sex, ethnicity, birth, number, validity string) {
		front, back := sound()
		front.Sex.Text, front.Ethnicity.Text, front.Birth.Text, front.Number.Text, back.Validity.Text = sex, ethnicity, birth, number, validity
		before := [2]Reading{*front, *back}
		problems := Validate(front, back, Rules{Today: soundDay, Sure: DefaultSure})
		if before != [2]Reading{*front, *back} {
			t.Error("a reading was changed")
		}
		if len(problems) == 0 && (len(number) != numberLength || CheckDigit(number[:17]) != number[17] || (sex != "男" && sex != "女")) {
			t.Errorf("accepted %q %q %q", sex, birth, number)
		}
	})
}

func FuzzLoadRegions(f *testing.F) {
	f.Add("110103,崇文区,,2010\n")
	f.Add("code,name,from,to\n1,2,3,4")
	f.Fuzz(func(t *testing.T, text string) {
		if table, err := LoadRegions(strings.NewReader(text)); err == nil && len(table.codes) == 0 {
			t.Error("an empty table")
		}
	})
}
