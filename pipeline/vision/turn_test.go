package vision

import "testing"

func TestTurnAndMirror(t *testing.T) {
	letter := painting("###|#..|##.|#..|#..")
	for quarters, want := range []string{"###|#..|##.|#..|#..", "#####|..#.#|....#", "..#|..#|.##|..#|###", "#....|#.#..|#####"} {
		for _, whole := range []int{0, 4, -4} {
			if got := drawing(Turn(letter, quarters+whole)); got != want {
				t.Errorf("turned by %d quarters: %s, want %s", quarters+whole, got, want)
			}
		}
	}
	if got, want := drawing(Mirror(letter)), "###|..#|.##|..#|..#"; got != want {
		t.Errorf("mirrored: %s, want %s", got, want)
	}
}

func TestReduceAverages(t *testing.T) {
	m := NewImage(3, 3)
	for i := range 9 {
		m.Pix[3*i] = byte(10 * i)
	}
	got := Reduce(m, 2)
	// Whole boxes have four pixels, those at the edges two and one.
	want := []byte{20, 35, 65, 80}
	for i, w := range want {
		if got.Width != 2 || got.Height != 2 || got.Pix[3*i] != w {
			t.Errorf("pixel %d of %dx%d is %d, want %d", i, got.Width, got.Height, got.Pix[3*i], w)
		}
	}
}

func TestReduceRegion(t *testing.T) {
	m := NewImage(4, 4)
	for i := range m.Pix {
		m.Pix[i] = 100
	}
	tests := []struct {
		x, y, side, step int
		want             string
	}{
		{0, 0, 4, 2, "dd|dd"},
		{-2, 0, 4, 2, "\x04d|\x04d"},
		{0, -2, 4, 2, "\x04\x04|dd"},
		{-1, -1, 2, 2, "\x1c"},
		{3, 3, 2, 2, "\x1c"},
		{9, 0, 2, 1, "\x04\x04|\x04\x04"},
		{-9, -9, 2, 1, "\x04\x04|\x04\x04"},
		{2, 2, 3, 2, "d"},
	}
	for _, test := range tests {
		got := ReduceRegion(m, test.x, test.y, test.side, test.step, 4)
		var levels []byte
		for y := range got.Height {
			if y > 0 {
				levels = append(levels, '|')
			}
			for x := range got.Width {
				levels = append(levels, got.Row(y)[3*x])
			}
		}
		if string(levels) != test.want {
			t.Errorf("%+v: %q", test, levels)
		}
	}
}
