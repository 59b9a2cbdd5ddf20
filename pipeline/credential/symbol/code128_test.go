package symbol

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Every value has three bars and three spaces of 1 to 4 modules, 11 together, the bars of an even number. So two differ
// by two edges at least, or by one of them twice as far.
func TestCode128Patterns(t *testing.T) {
	for v, widths := range c128Widths {
		total, bars := 0, 0
		for i, w := range widths {
			total += int(w - '0')
			if i%2 == 0 {
				bars += int(w - '0')
			}
		}
		if len(widths) != 6 || total != 11 || bars%2 != 0 {
			t.Errorf("value %d: %s", v, widths)
		}
		for other := range v {
			inner := c128Edges[other]
			if d := misfit(&inner, v, 0); d < 2 {
				t.Errorf("values %d and %d differ by %g", other, v, d)
			}
		}
	}
}

func TestCode128Text(t *testing.T) {
	const a, b, c = c128StartA, c128StartA + 1, c128StartC
	for _, test := range []struct {
		name   string
		values []byte
		want   string
	}{
		{"set C", []byte{c, 12, 34, 0, 99}, "12340099"},
		{"set B", []byte{b, 0, 33, 65, 95}, " Aa\x7f"},
		{"set A", []byte{a, 0, 33, 64, 95}, " A\x00\x1f"},
		{"C to B", []byte{c, 12, c128CodeB, 33}, "12A"},
		{"C to A", []byte{c, 12, c128CodeA, 65}, "12\x01"},
		{"B to C", []byte{b, 33, c128CodeC, 12}, "A12"},
		{"B to A", []byte{b, 65, c128CodeA, 65}, "a\x01"},
		{"A to B", []byte{a, 65, c128CodeB, 65}, "\x01a"},
		{"A to C", []byte{a, 33, c128CodeC, 12}, "A12"},
		{"one of B in A", []byte{a, 65, c128Shift, 65, 65}, "\x01a\x01"},
		{"one of A in B", []byte{b, 65, c128Shift, 65, 65}, "a\x01a"},
		{"FNC1", []byte{c, c128FNC1, 12, c128FNC1, 34}, "1234"},
		{"FNC4 of B", []byte{b, 33, 100, 33}, ""},
		{"FNC4 of A", []byte{a, 33, 101, 33}, ""},
		{"FNC2", []byte{b, 33, 97}, ""},
		{"FNC3", []byte{b, 33, 96}, ""},
		{"a start inside", []byte{c, 12, c, 34}, ""},
		{"a shift in front of nothing", []byte{b, 33, c128Shift}, ""},
		{"nothing", []byte{c}, ""},
		{"functions only", []byte{c, c128FNC1}, ""},
	} {
		if text, ok := c128Text(test.values, nil); string(text) != test.want && ok || ok != (test.want != "") {
			t.Errorf("%s: %q, %v, want %q", test.name, text, ok, test.want)
		}
	}
}

// edgesOf returns the edges of a code along a line, and the line's length, with quiet zones and bars that have grown.
func edgesOf(t testing.TB, text string, module, quiet, growth float32) (edges []float32, length float32) {
	t.Helper()
	row, err := barcodeRow(text)
	if err != nil {
		t.Fatal(err)
	}
	dark := false
	for i := range len(row) + 1 {
		if now := i < len(row) && row[i]; now != dark {
			at := (quiet + float32(i)) * module
			if dark = now; dark {
				edges = append(edges, at-growth*module/2)
			} else {
				edges = append(edges, at+growth*module/2)
			}
		}
	}
	return edges, (2*quiet + float32(len(row))) * module
}

func TestCode128Decoder(t *testing.T) {
	d := newCode128Decoder(4096)
	random := rand.New(rand.NewPCG(1, 2))
	for _, text := range []string{"11010519491231002X94287082", "1234", "Code 128", strings.Repeat("0123456789", 6),
		"a\x01B\x7f"} {
		for _, module := range []float32{1, 1.7, 4, 20} {
			for _, growth := range []float32{-0.5, 0, 0.4} {
				edges, length := edgesOf(t, text, module, 10, growth)
				for i := range edges {
					edges[i] += 0.07 * module * float32(random.NormFloat64())
				}
				got, first, last, ok := d.decode(edges, length)
				if !ok || got != text || math.Abs(float64(first-edges[0])) > 0.01 ||
					math.Abs(float64(last-edges[len(edges)-1])) > 0.01 {
					t.Errorf("%q, %g pixels a module, growth %g: %q from %g to %g, %v", text, module, growth, got,
						first, last, ok)
				}
				slices.Reverse(edges)
				for i := range edges {
					edges[i] = length - edges[i]
				}
				if got, first, last, ok := d.decode(edges, length); !ok || got != text || first < last {
					t.Errorf("%q backwards: %q from %g to %g, %v", text, got, first, last, ok)
				}
			}
		}
	}
}

// A code that is not whole, or not one, is not read.
func TestCode128DecoderRefuses(t *testing.T) {
	d := newCode128Decoder(4096)
	whole, length := edgesOf(t, "1234567890123456", 4, 10, 0)
	shifted := func(i int, by float32) []float32 {
		e := slices.Clone(whole)
		e[i] += by
		return e
	}
	stretched := slices.Clone(whole)
	for i := range stretched {
		if i > 30 {
			stretched[i] += 0.4 * (stretched[i] - whole[30])
		}
	}
	for name, c := range map[string]struct {
		edges  []float32
		length float32
		ok     bool
	}{
		"whole":                        {whole, length, true},
		"an edge a quarter module off": {shifted(15, 1), length, true},
		"an edge a whole module off":   {shifted(15, 4), length, false},
		"no quiet zone before":         {append([]float32{whole[0] - 12, whole[0] - 4}, whole...), length, false},
		"no quiet zone behind":         {append(slices.Clone(whole), length-36, length-20), length, false},
		"a line that ends too early":   {whole, whole[len(whole)-1] + 4, false},
		"without its end":              {whole[:len(whole)-2], length, false},
		"without its start":            {whole[6:], length, false},
		"characters that grow":         {stretched, length + 400, false},
		"few edges":                    {whole[:leastEdges-2], length, false},
		"nothing":                      {nil, length, false},
	} {
		if text, _, _, ok := d.decode(c.edges, c.length); ok != c.ok {
			t.Errorf("%s: %q, %v", name, text, ok)
		}
	}
	// Another value in every place: the check character tells.
	for at := 6; at+12 < len(whole); at += 6 {
		for _, v := range []int{0, 50, 99} {
			changed := slices.Clone(whole)
			for k, edge := range c128Edges[v] {
				changed[at+1+k] = changed[at] + 4*edge
			}
			if slices.Equal(changed, whole) {
				continue
			}
			if text, _, _, ok := d.decode(changed, length); ok {
				t.Errorf("value %d at edge %d: read as %q", v, at, text)
			}
		}
	}
}

// Edges lie where the luma is halfway between its extremes, whatever the light.
func TestEdgesOfALine(t *testing.T) {
	f := newEdgeFinder(400)
	line := make([]byte, 0, 400)
	add := func(n int, v byte) { line = append(line, slices.Repeat([]byte{v}, n)...) }
	add(30, 200)
	line = append(line, 140, 80) // a soft edge: halfway between 200 and 20 is 110, between these two
	add(20, 20)
	add(3, 120) // a gap that blur has darkened
	add(20, 20)
	add(40, 180)
	add(30, 185) // no edge
	f.find(line, 8)
	want := []float32{30.5, 51.5, 54.5, 74.5}
	if len(f.edges) != len(want) {
		t.Fatalf("%v, want %v", f.edges, want)
	}
	for i, at := range want {
		if math.Abs(float64(f.edges[i]-at)) > 0.26 {
			t.Errorf("edge %d at %g, want %g", i, f.edges[i], at)
		}
	}
	for name, v := range map[string][]byte{"flat": slices.Repeat([]byte{90}, 300),
		"dark to light only": append(slices.Repeat([]byte{0}, 100),
			slices.Repeat([]byte{200}, 100)...), "one sample": {7}, "nothing": nil} {
		if f.find(v, 8); len(f.edges) != 0 {
			t.Errorf("%s: %v", name, f.edges)
		}
	}
	low := slices.Clone(line)
	for i := range low {
		low[i] = 100 + low[i]/6 // less than leastSpan
	}
	if f.find(low, 8); len(f.edges) != 0 {
		t.Errorf("without contrast: %v", f.edges)
	}
}
