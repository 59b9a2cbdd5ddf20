package document

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"umbral/pipeline/document/idnumber"
)

func field(text string) Field { return Field{Text: text, Confidence: 1} }

// sound is a made-up card without a fault.
func sound() (front, back *Reading) {
	front = &Reading{
		Side: Front, Name: field("测试员"), Sex: field("女"), Ethnicity: field("汉"), Birth: field("1990年3月7日"),
		Address: field("北京市朝阳区样例路1号"), Number: field("11010519900307102" + string(idnumber.CheckDigit("11010519900307102"))),
	}
	back = &Reading{Side: Back, Authority: field("北京市公安局朝阳分局"), Validity: field("2015.05.06-2025.05.06")}
	return front, back
}

var soundDay = Date{Year: 2020, Month: 1, Day: 1}

func TestValidate(t *testing.T) {
	number := func(digits string) func(f, b *Reading) {
		return func(f, b *Reading) { f.Number = field(digits + string(idnumber.CheckDigit(digits))) }
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
		"before the law":       {func(f, b *Reading) { b.Validity.Text = "2003.12.31-2013.12.31" }, []Problem{IssuedTooEarly, Expired, TermAge}},
		"the law's first day":  {func(f, b *Reading) { b.Validity.Text = "2004.01.01-2009.01.01" }, []Problem{Expired}},
		"another city's":       {func(f, b *Reading) { b.Authority.Text = "武汉市公安局江岸分局" }, []Problem{SidesDiffer}},
		"unsure of another":    {func(f, b *Reading) { b.Authority = Field{Text: "武汉市公安局", Confidence: 0.5} }, []Problem{Unsure}},
		"issued before birth":  {func(f, b *Reading) { b.Validity.Text = "1989.05.06-2029.05.06" }, []Problem{IssuedTooEarly, TermAge}},
	} {
		f, b := sound()
		c.change(f, b)
		if got := Validate(f, b, Rules{Today: soundDay, Sure: DefaultSure}); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// A permit's code is no birthplace's, its term is five years at any age, and it prints no ethnicity.
func TestResidencePermit(t *testing.T) {
	permit := func(code string) (front, back *Reading) {
		front, back = sound()
		digits := code + "19500307102"
		front.Birth, front.Number = field("1950年3月7日"), field(digits+string(idnumber.CheckDigit(digits)))
		front.Ethnicity = Field{}
		back.Validity = field("2018.09.03-2023.09.03")
		return front, back
	}
	table, err := idnumber.LoadRegions(strings.NewReader("110105,朝阳区,,\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, regions := range []*idnumber.Regions{nil, table} {
		rules := Rules{Today: soundDay, Sure: DefaultSure, Regions: regions}
		for _, code := range []string{"810000", "820000", "830000"} {
			f, b := permit(code)
			if got := Validate(f, b, rules); got != nil {
				t.Errorf("%s: %v", code, got)
			}
			f.Ethnicity = field("高山")
			if got := Validate(f, b, rules); got != nil {
				t.Errorf("%s with an ethnicity: %v", code, got)
			}
		}
		f, b := permit("840000")
		if got := Validate(f, b, rules); !slices.Contains(got, RegionUnknown) || !slices.Contains(got, Missing) || !slices.Contains(got, TermAge) {
			t.Errorf("840000: %v", got)
		}
	}
	f, b := permit("830000")
	b.Validity.Text = "2017.09.03-2022.09.03"
	if got := Validate(f, b, Rules{Sure: DefaultSure}); !slices.Equal(got, []Problem{IssuedTooEarly}) {
		t.Errorf("before the first permits: %v", got)
	}
	b.Validity.Text = "2018.09.03-长期"
	if got := Validate(f, b, Rules{Sure: DefaultSure}); !slices.Equal(got, []Problem{TermAge}) {
		t.Errorf("without end: %v", got)
	}
}

func TestSharesPlace(t *testing.T) {
	for _, c := range []struct {
		authority, address string
		want               bool
	}{
		{"北京市公安局朝阳分局", "北京市朝阳区样例路1号", true},
		{"乌鲁木齐市沙依巴克区公安局", "新疆维吾尔自治区乌鲁木齐市雅玛里克山街道", true},
		{"新疆生产建设兵团公安局", "新疆石河子市", true},
		{"朝阳区公安分局", "东朝路阳光村", false},
		{"甲县公安局", "乙县", true}, // one character names no pair
		{"长沙市公安局", "长春市公安街", false},
		{"某市公安局开发区分局", "开发区经济技术大道", true},
		{"某某市公安局开发区分局", "开发区经济技术大道", false},
	} {
		if got := sharesPlace(c.authority, c.address); got != c.want {
			t.Errorf("%s, %s: %v", c.authority, c.address, got)
		}
	}
}

func TestAuthorityEndings(t *testing.T) {
	for text, want := range map[string]bool{"长沙县公安局": true, "北京市公安局朝阳分局": true, "新疆生产建设兵团公安": false, "公安局长": false, "": false} {
		if isAuthority(text) != want {
			t.Errorf("%q is an authority's name: %v", text, !want)
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

func FuzzValidate(f *testing.F) {
	f.Add("女", "汉", "1990年3月7日", "110105199003071026", "2015.05.06-2025.05.06")
	f.Add("", "", "0000年0月0日", "00000000000000000X", "9999.99.99-长期")
	f.Fuzz(func(t *testing.T, sex, ethnicity, birth, number, validity string) {
		front, back := sound()
		front.Sex.Text, front.Ethnicity.Text, front.Birth.Text, front.Number.Text, back.Validity.Text = sex, ethnicity, birth, number, validity
		before := fmt.Sprintf("%+v %+v", *front, *back)
		problems := Validate(front, back, Rules{Today: soundDay, Sure: DefaultSure})
		if before != fmt.Sprintf("%+v %+v", *front, *back) {
			t.Error("a reading was changed")
		}
		if len(problems) == 0 && (len(number) != idnumber.Length || idnumber.CheckDigit(number[:17]) != number[17] || (sex != "男" && sex != "女")) {
			t.Errorf("accepted %q %q %q", sex, birth, number)
		}
	})
}
