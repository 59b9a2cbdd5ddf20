package idnumber

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// province is a province by the first two digits of GB/T 2260.
type province struct {
	name string
	term
}

// provinces have been in force since 1980, except for those with a year.
var provinces = map[string]province{
	"11": {name: "北京市"}, "12": {name: "天津市"}, "13": {name: "河北省"}, "14": {name: "山西省"}, "15": {name: "内蒙古自治区"},
	"21": {name: "辽宁省"}, "22": {name: "吉林省"}, "23": {name: "黑龙江省"},
	"31": {name: "上海市"}, "32": {name: "江苏省"}, "33": {name: "浙江省"}, "34": {name: "安徽省"}, "35": {name: "福建省"},
	"36": {name: "江西省"}, "37": {name: "山东省"},
	"41": {name: "河南省"}, "42": {name: "湖北省"}, "43": {name: "湖南省"}, "44": {name: "广东省"}, "45": {name: "广西壮族自治区"},
	"46": {name: "海南省", term: term{from: 1988}},
	"50": {name: "重庆市", term: term{from: 1997}}, "51": {name: "四川省"}, "52": {name: "贵州省"}, "53": {name: "云南省"},
	"54": {name: "西藏自治区"},
	"61": {name: "陕西省"}, "62": {name: "甘肃省"}, "63": {name: "青海省"}, "64": {name: "宁夏回族自治区"}, "65": {name: "新疆维吾尔自治区"},
	"71": {name: "台湾省"}, "81": {name: "香港特别行政区", term: term{from: 1997}}, "82": {name: "澳门特别行政区", term: term{from: 1999}},
}

// Province returns the name of the province that a region code begins with, or "" where there is none.
func Province(code string) string {
	if p, ok := PermitOf(code); ok {
		return p.Name
	}
	if len(code) < 2 {
		return ""
	}
	return provinces[code[:2]].name
}

// Provinces returns the names of all provinces, in no particular order.
func Provinces() []string {
	names := make([]string, 0, len(provinces))
	for _, p := range provinces {
		names = append(names, p.name)
	}
	return names
}

// term is the years from and to which a code was in force; 0 for an open end.
type term struct{ from, to int }

// Regions knows the region codes of citizen numbers. A nil *Regions knows the provinces alone and does not check the last
// four digits.
type Regions struct {
	codes map[string][]term
}

// maxRegions bounds a table: all revisions of GB/T 2260 together have about seven thousand codes.
const maxRegions = 50_000

// LoadRegions reads a table of region codes: lines of code,name,from,to with the years in which the code was in force,
// empty where it was from the beginning or still is. Lines that start with # and a header are passed over. A code may
// have several lines. The codes of residence permits need no line.
func LoadRegions(r io.Reader) (*Regions, error) {
	t := &Regions{codes: map[string][]term{}}
	s := bufio.NewScanner(r)
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(s.Text(), "\ufeff"))
		if line == "" || line[0] == '#' || strings.HasPrefix(line, "code,") {
			continue
		}
		if n > maxRegions {
			return nil, fmt.Errorf("idnumber: regions: more than %d lines", maxRegions)
		}
		code, years, err := regionLine(line)
		if err != nil {
			return nil, fmt.Errorf("idnumber: regions: line %d: %w", n, err)
		}
		t.codes[code] = append(t.codes[code], years)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("idnumber: regions: %w", err)
	}
	if len(t.codes) == 0 {
		return nil, errors.New("idnumber: regions: no line with a code")
	}
	return t, nil
}

// regionLine takes a line of a table apart.
func regionLine(line string) (code string, years term, err error) {
	fields := strings.Split(line, ",")
	if len(fields) != 4 {
		return "", term{}, fmt.Errorf("%d fields, want code,name,from,to", len(fields))
	}
	code = strings.TrimSpace(fields[0])
	if len(code) != 6 || strings.Trim(code, "0123456789") != "" {
		return "", term{}, fmt.Errorf("code %q, want six digits", code)
	}
	for i, to := range []*int{&years.from, &years.to} {
		text := strings.TrimSpace(fields[2+i])
		if text == "" {
			continue
		}
		if *to, err = strconv.Atoi(text); err != nil || *to < 1900 || *to > 2200 {
			return "", term{}, fmt.Errorf("year %q, want 1900 to 2200 or nothing", text)
		}
	}
	return code, years, nil
}

// Known reports whether a code is one or ever was.
func (t *Regions) Known(code string) bool {
	_, permit := PermitOf(code)
	return permit || len(t.terms(code)) > 0
}

// firstNumbers is the year in which the first citizen numbers were issued. People born before it got the code of that time.
const firstNumbers = 1984

// InForce reports whether a person born in a year can have received a code by another year, that is, whether the code was in
// force at some time between. The code of a residence permit is the permit's, not a birthplace's, so every holder can have
// received it.
func (t *Regions) InForce(code string, born, until int) bool {
	if _, permit := PermitOf(code); permit {
		return true
	}
	for _, v := range t.terms(code) {
		if (v.from == 0 || v.from <= until) && (v.to == 0 || v.to >= max(born, firstNumbers)) {
			return true
		}
	}
	return false
}

func (t *Regions) terms(code string) []term {
	if len(code) != 6 {
		return nil
	}
	if t != nil && t.codes != nil {
		return t.codes[code]
	}
	if v, known := provinces[code[:2]]; known {
		return []term{v.term}
	}
	return nil
}
