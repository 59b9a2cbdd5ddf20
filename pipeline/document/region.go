package document

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// provinces are the first two digits of GB/T 2260, in force since 1980 but for those with a year.
var provinces = map[string]term{
	"11": {}, "12": {}, "13": {}, "14": {}, "15": {}, "21": {}, "22": {}, "23": {}, "31": {}, "32": {}, "33": {},
	"34": {}, "35": {}, "36": {}, "37": {}, "41": {}, "42": {}, "43": {}, "44": {}, "45": {}, "46": {from: 1988},
	"50": {from: 1997}, "51": {}, "52": {}, "53": {}, "54": {}, "61": {}, "62": {}, "63": {}, "64": {}, "65": {},
	"71": {}, "81": {from: 1997}, "82": {from: 1999},
}

// term is from when to when a code was in force; 0 for an open end.
type term struct{ from, to int }

// Regions knows the region codes of citizen numbers. The zero value knows the provinces alone: whether the last four
// digits exist is not checked then.
type Regions struct {
	codes map[string][]term
}

// maxRegions bounds a table: all revisions of GB/T 2260 together have about seven thousand codes.
const maxRegions = 50_000

// LoadRegions reads a table of region codes: lines of code,name,from,to with the years in which the code was in force,
// empty where it was from the beginning or still is. Lines that start with # and a header are passed over. A code may
// have several lines.
func LoadRegions(r io.Reader) (*Regions, error) {
	t := &Regions{codes: map[string][]term{}}
	s := bufio.NewScanner(r)
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(s.Text(), "\ufeff"))
		if line == "" || line[0] == '#' || strings.HasPrefix(line, "code,") {
			continue
		}
		if n > maxRegions {
			return nil, fmt.Errorf("document: regions: more than %d lines", maxRegions)
		}
		fields := strings.Split(line, ",")
		if len(fields) != 4 {
			return nil, fmt.Errorf("document: regions: line %d has %d fields, wanted code,name,from,to", n, len(fields))
		}
		code := strings.TrimSpace(fields[0])
		if len(code) != 6 || strings.Trim(code, "0123456789") != "" {
			return nil, fmt.Errorf("document: regions: line %d: code %q, wanted six digits", n, code)
		}
		var years [2]int
		for i, text := range fields[2:] {
			if text = strings.TrimSpace(text); text == "" {
				continue
			}
			year, err := strconv.Atoi(text)
			if err != nil || year < 1900 || year > 2200 {
				return nil, fmt.Errorf("document: regions: line %d: year %q, wanted 1900 to 2200 or nothing", n, text)
			}
			years[i] = year
		}
		t.codes[code] = append(t.codes[code], term{years[0], years[1]})
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("document: regions: %w", err)
	}
	if len(t.codes) == 0 {
		return nil, errors.New("document: regions: no line with a code")
	}
	return t, nil
}

// Known tells whether a code is, or ever was, one.
func (t *Regions) Known(code string) bool { return len(t.terms(code)) > 0 }

// firstNumbers is the year from which citizen numbers were given out; who was born before got the code of that time.
const firstNumbers = 1984

// InForce tells whether a person born in a year can have got a code until another year: it was in force at some time
// between.
func (t *Regions) InForce(code string, born, until int) bool {
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
		return []term{v}
	}
	return nil
}
