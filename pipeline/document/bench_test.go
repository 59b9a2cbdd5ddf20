package document

import (
	"math/rand/v2"
	"testing"
)

// A careful shot of a clean card: what reading takes when nothing is in doubt.
func BenchmarkRead(b *testing.B) {
	p, reader := newPrinter(b), newReader(b)
	r := rand.New(rand.NewPCG(5, 6))
	who := newPerson(r)
	s := anyShot(r)
	s.turn, s.tiltX, s.tiltY, s.width, s.blur, s.glare, s.noise = 0.1, 0.1, 0.05, 700, 0.5, 0, 1
	front := photograph(b, p.front(b, who, r), s, r)
	back := photograph(b, p.back(b, who, r), s, r)
	b.Run("front", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if readings, err := reader.Read(front); err != nil || len(readings) != 1 {
				b.Fatal(readings, err)
			}
		}
	})
	b.Run("back", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if readings, err := reader.Read(back); err != nil || len(readings) != 1 {
				b.Fatal(readings, err)
			}
		}
	})
	b.Run("gate", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Likely(front)
		}
	})
}
