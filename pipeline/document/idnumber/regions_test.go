package idnumber

import (
	"strings"
	"testing"
)

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

// A term holds from its first year to its last, and a table holds years from 1900 to 2200.
func TestTerms(t *testing.T) {
	table, err := LoadRegions(strings.NewReader("\n\n110118,密云区,2015,2020\n110119,延庆区,1900,2200\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		born, until int
		want        bool
	}{{2015, 2015, true}, {2000, 2014, false}, {2020, 2024, true}, {2021, 2024, false}} {
		if got := table.InForce("110118", c.born, c.until); got != c.want {
			t.Errorf("born %d, until %d: %v", c.born, c.until, got)
		}
	}
	for _, line := range []string{"110118,密云区,1899,", "110118,密云区,,2201", "110118,密云区,1e3,", "11011x,密云区,,", "1101180,密云区,,"} {
		if _, err := LoadRegions(strings.NewReader(line)); err == nil {
			t.Errorf("%q is a line", line)
		}
	}
	if new(Regions).Known("110118") != true || new(Regions).Known("990118") {
		t.Error("a table without a code does not know the provinces alone")
	}
}

// Longer tables than any real one are refused, not kept.
func TestRegionsAreBounded(t *testing.T) {
	const line = "110118,密云区,,\n"
	if _, err := LoadRegions(strings.NewReader(strings.Repeat(line, maxRegions))); err != nil {
		t.Error(err)
	}
	if _, err := LoadRegions(strings.NewReader(strings.Repeat(line, maxRegions+1))); err == nil {
		t.Error("one line more than the limit is read")
	}
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

func TestProvince(t *testing.T) {
	for code, want := range map[string]string{"110105": "北京市", "65": "新疆维吾尔自治区", "830000": "台湾省", "810000": "香港特别行政区", "990000": "", "1": "", "": ""} {
		if got := Province(code); got != want {
			t.Errorf("%q: %q, want %q", code, got, want)
		}
	}
	if n := len(Provinces()); n != 34 {
		t.Errorf("%d provinces, want 34", n)
	}
}

// Only the whole code is a permit's, and whoever holds one may have been born in any year.
func TestPermits(t *testing.T) {
	table, err := LoadRegions(strings.NewReader("110105,朝阳区,,\n"))
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]bool{"810000": true, "820000": true, "830000": true, "830001": false, "83": false, "840000": false} {
		if _, got := PermitOf(code); got != want || table.Known(code) != want || table.InForce(code, 1930, 2020) != want {
			t.Errorf("%s is a permit's: %v", code, got)
		}
	}
	var provinces *Regions
	if !provinces.Known("830000") || provinces.Known("830001") || !provinces.InForce("820000", 1930, 1990) {
		t.Error("permits without a table")
	}
}
