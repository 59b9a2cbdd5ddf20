package document

import (
	"math/rand/v2"
	"testing"

	"umbral/pipeline/vision"
)

func TestTheGateAllocatesNothing(t *testing.T) {
	for _, size := range [][2]int{{1280, 720}, {640, 480}, {1, 1}, {3, 2000}, {5000, 3}, {0, 0}} {
		img := vision.NewImage(size[0], size[1])
		r := rand.New(rand.NewPCG(1, 1))
		for i := range img.Pix {
			img.Pix[i] = byte(r.Uint32())
		}
		if n := testing.AllocsPerRun(5, func() { Likely(img) }); n != 0 {
			t.Errorf("%v: %v allocations", size, n)
		}
	}
}

func TestTheGateLetsCardsThrough(t *testing.T) {
	p := newPrinter(t)
	r := rand.New(rand.NewPCG(8, 8))
	missed := 0
	for range 6 {
		s := anyShot(r)
		if !Likely(photograph(t, p.front(t, newPerson(r), r), s, r)) {
			missed++
			t.Logf("not let through: %+v", s)
		}
	}
	if missed > 1 {
		t.Errorf("%d of 6 cards not let through", missed)
	}
	grey := vision.NewImage(1280, 720)
	for y := range grey.Height {
		for x := range grey.Width {
			v := byte(x/8 + y/16)
			copy(grey.Row(y)[3*x:], []byte{v, v, v})
		}
	}
	if Likely(grey) {
		t.Error("a smooth picture is let through")
	}
}

// Whatever is in the picture, nothing panics and nothing is read with certainty.
func TestPicturesWithoutACard(t *testing.T) {
	reader := newReader(t)
	r := rand.New(rand.NewPCG(9, 9))
	for _, size := range [][2]int{{0, 0}, {1, 1}, {2, 700}, {900, 3}, {320, 240}} {
		img := vision.NewImage(size[0], size[1])
		for i := range img.Pix {
			img.Pix[i] = byte(r.Uint32())
		}
		readings, err := reader.Read(img)
		if err != nil || len(readings) != 0 {
			t.Errorf("%v: %d cards, %v", size, len(readings), err)
		}
	}
}
