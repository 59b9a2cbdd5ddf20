package eval

import "sort"

// FieldScore is how well one field was read.
type FieldScore struct {
	N       int     `json:"n"`
	Correct int     `json:"correct"`
	Exact   float64 `json:"exact"` // correct ÷ n
	Low     float64 `json:"exact_low"`
	High    float64 `json:"exact_high"`
	// CER is the character error rate: insertions, deletions and substitutions over the characters of the labels.
	CER float64 `json:"cer"`
	// Sure counts the readings that were sure enough to be accepted, and SureWrong those of them that were wrong.
	Sure      int `json:"sure"`
	SureWrong int `json:"sure_wrong"`

	edits, characters int
}

func (s *FieldScore) add(f ReadCardField, sure float32) {
	s.N++
	if f.Exact {
		s.Correct++
	}
	if f.Text != "" && f.Confidence >= sure {
		s.Sure++
		if !f.Exact {
			s.SureWrong++
		}
	}
	label := []rune(f.Label)
	s.edits += edits([]rune(f.Text), label)
	s.characters += len(label)
}

func (s *FieldScore) finish() {
	r := NewRate(s.N-s.Correct, s.N)
	s.Exact, s.Low, s.High = 1-r.Value, 1-r.High, 1-r.Low
	if s.N == 0 {
		s.Exact = 0
	}
	if s.characters > 0 {
		s.CER = float64(s.edits) / float64(s.characters)
	}
}

// CardReport says how well cards were read.
type CardReport struct {
	Files int `json:"files"`
	// Fields by name over all pictures; Clean those that nothing lies over and Stamped the others, both by the reader's own
	// detector of dark shapes larger than print. A field of a side that was not found counts as clean and wrong.
	Fields   map[string]*FieldScore `json:"fields"`
	Clean    map[string]*FieldScore `json:"clean"`
	Stamped  map[string]*FieldScore `json:"stamped"`
	Accepted int                    `json:"accepted"`
	Refused  int                    `json:"refused"`
	Referred int                    `json:"referred"`
	MedianMS float64                `json:"median_ms"`
	// Of one side: where the first look at each line left no doubt, and where it did.
	ClearSide SideTime     `json:"clear_side"`
	DoubtSide SideTime     `json:"doubt_side"`
	Results   []CardResult `json:"results"`
}

// SideTime is how long the reading of a side took, over all pictures of a kind.
type SideTime struct {
	N        int     `json:"n"`
	MedianMS float64 `json:"median_ms"`
	LeastMS  float64 `json:"least_ms"`
}

func sideTime(times []float64) (t SideTime) {
	if len(times) == 0 {
		return t
	}
	sort.Float64s(times)
	return SideTime{N: len(times), MedianMS: times[len(times)/2], LeastMS: times[0]}
}

// EvaluateCards sums up results. Sure is the confidence from which a reading counts as certain.
func EvaluateCards(results []CardResult, sure float32) CardReport {
	r := CardReport{Files: len(results), Results: results}
	r.Fields, r.Clean, r.Stamped = map[string]*FieldScore{}, map[string]*FieldScore{}, map[string]*FieldScore{}
	var times, clear, doubt []float64
	for _, c := range results {
		switch c.Decision {
		case "accepted":
			r.Accepted++
		case "refused":
			r.Refused++
		default:
			r.Referred++
		}
		if c.Millis > 0 {
			times = append(times, c.Millis)
			for range c.Sides {
				if side := c.Millis / float64(c.Sides); c.Clear {
					clear = append(clear, side)
				} else {
					doubt = append(doubt, side)
				}
			}
		}
		for name, f := range c.Fields {
			part := r.Clean
			if f.Stamped {
				part = r.Stamped
			}
			for _, scores := range []map[string]*FieldScore{r.Fields, part} {
				if scores[name] == nil {
					scores[name] = new(FieldScore)
				}
				scores[name].add(f, sure)
			}
		}
	}
	for _, scores := range []map[string]*FieldScore{r.Fields, r.Clean, r.Stamped} {
		for _, s := range scores {
			s.finish()
		}
	}
	r.MedianMS = sideTime(times).MedianMS
	r.ClearSide, r.DoubtSide = sideTime(clear), sideTime(doubt)
	return r
}

// edits is the least number of insertions, deletions and substitutions between two texts (Levenshtein 1966).
func edits(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j+1]+1, row[j]+1, diagonal+cost)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
