package document

import "testing"

func TestProvinces(t *testing.T) {
	for address, want := range map[string]string{
		"河北省石家庄市": "河北省", "北京市朝阳区": "北京市", "新疆疏附县": "新疆维吾尔自治区", "新疆维吾尔自治区": "新疆维吾尔自治区", "内蒙古呼伦贝尔": "内蒙古自治区",
		"青岛市市南区": "", "": "", "省": "",
	} {
		if got := provinceOf(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
	for address, want := range map[string]bool{
		"湖男省长沙市": true, "河省石家庄": true, "黑龙省哈尔滨": true, "西臧自治区拉萨": true, "新疆维吾自治区": false, "新噩维吾尔自治区": true,
		"湖南省长沙市": false, "青岛市市南区": false, "南京市省府路": false, "凉山彝族自治州": false, "": false, "上饶市": false,
	} {
		if got := almostProvince(address); got != want {
			t.Errorf("%q resembles a province: %v", address, got)
		}
	}
}

func TestLacksOne(t *testing.T) {
	for _, c := range []struct {
		text, word string
		want       bool
	}{
		{"佬", "仫佬", true}, {"乌孜克", "乌孜别克", true}, {"乌孜别", "乌孜别克", true}, {"孜别克", "乌孜别克", true}, {"乌克孜", "乌孜别克", false},
		{"乌克", "乌孜别克", false}, {"", "汉", false}, {"汉", "汉", false}, {"回", "汉", false}, {"仫佬族", "仫佬", false},
	} {
		if got := lacksOne(c.text, c.word); got != c.want {
			t.Errorf("%q, %q: %v", c.text, c.word, got)
		}
	}
}

func TestIsTerm(t *testing.T) {
	for text, want := range map[string]bool{
		"2015.07.15-2035.07.15": true, "2015.07.15-长期": true, "2015.02.30-长期": false, "2015.07.15-2035.13.15": false,
		"2035.07.15-2015.07.15": false, "2015.07.15-2015.07.15": false, "2015.07.15": false, "": false, "2015.07.15-长": false,
	} {
		if isTerm(text) != want {
			t.Errorf("%q is a term: %v", text, !want)
		}
	}
}

// Of readings between which the picture hardly decides the province does, first the number's; never against the picture.
func TestProvinceDecides(t *testing.T) {
	a := &alphabet{runes: []rune("\x00湖河南北男省")}
	spell := func(text string) (classes []int) {
		for _, c := range text {
			for i, r := range a.runes {
				if r == c {
					classes = append(classes, i)
				}
			}
		}
		return classes
	}
	type way struct {
		text       string
		likelihood float64
	}
	for name, c := range map[string]struct {
		ways   []way
		number string
		want   string
		sure   bool
	}{
		"the best":                  {[]way{{"湖南省", 0.9}, {"湖北省", 0.01}}, "430000", "湖南省", true},
		"a province":                {[]way{{"湖男省", 0.5}, {"湖南省", 0.1}}, "110000", "湖南省", true},
		"the number's":              {[]way{{"湖南省", 0.5}, {"湖北省", 0.4}}, "420000", "湖北省", true},
		"not the number's":          {[]way{{"湖南省", 0.9}, {"湖北省", 0.04}}, "420000", "湖南省", true},
		"against the picture":       {[]way{{"湖男省", 0.9}, {"湖南省", 0.04}}, "430000", "湖男省", false},
		"no number":                 {[]way{{"湖南省", 0.5}, {"湖北省", 0.4}}, "", "湖南省", true},
		"nothing like a province":   {[]way{{"南北", 0.9}}, "430000", "南北", true},
		"only resembles a province": {[]way{{"湖男省", 0.9}}, "430000", "湖男省", false},
	} {
		l := lineReading{}
		for _, w := range c.ways {
			classes := spell(w.text)
			sure := make([]float32, len(classes))
			for i := range sure {
				sure[i] = 0.95
			}
			l.found = append(l.found, candidate{classes: classes, likelihood: w.likelihood, confidence: sure, trust: 1})
		}
		l.Text, l.Confidence = c.ways[0].text, 0.95
		l.decideProvince(a, c.number)
		if l.Text != c.want || (l.Confidence >= DefaultSure) != c.sure {
			t.Errorf("%s: %s %.2f, want %s, sure %v", name, l.Text, l.Confidence, c.want, c.sure)
		}
	}
}
