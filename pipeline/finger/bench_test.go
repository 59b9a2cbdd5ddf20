package finger

import "testing"

func BenchmarkExtract(b *testing.B) {
	e := extractor(b)
	pix := drawn(360, scattered(1, 30), 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Extract(pix, 360, 360, 500); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	e, m := extractor(b), NewMatcher()
	p := extract(b, e, drawn(360, scattered(1, 40), 0), 360)
	q := extract(b, e, drawn(360, scattered(2, 40), 0.4), 360)
	b.ReportAllocs()
	for b.Loop() {
		m.Compare(p, q)
	}
}
