package symbol

import (
	"bytes"
	"testing"
)

// The targets take small frames, so that thousands are searched in a minute. Run them with -fuzzminimizetime=1x: making
// every input that reaches something new shorter takes all the time that there is.

// smallOpts are for frames of a code or two.
func smallOpts() ReaderOpts {
	o := stillOpts()
	o.MaxWidth, o.MaxHeight = 160, 160
	return o
}

// drawn draws a code with its quiet zone, so many pixels a module.
func drawn(rows [][]bool, pixels int) plane {
	n := (len(rows) + 2*quiet) * pixels
	p := reuse(bytes.Repeat([]byte{230}, n*n), n, n)
	for y := range n {
		row := p.row(y)
		for x := range row {
			my, mx := y/pixels-quiet, x/pixels-quiet
			if my >= 0 && my < len(rows) && mx >= 0 && mx < len(rows) && rows[my][mx] {
				row[x] = 20
			}
		}
	}
	return p
}

func FuzzRead(f *testing.F) {
	rows, err := EncodeQR("UMBRAL", Low)
	if err != nil {
		f.Fatal(err)
	}
	whole := drawn(rows, 3)
	f.Add(whole.pix, uint8(whole.width-minSide))
	f.Add(bytes.Repeat([]byte{0, 255, 255, 0, 0, 255}, 300), uint8(28))
	o := smallOpts()
	f.Fuzz(func(t *testing.T, pixels []byte, shape uint8) {
		w := minSide + int(shape)%(o.MaxWidth-minSide+1)
		h := min(len(pixels)/w, o.MaxHeight)
		if h < minSide {
			return
		}
		r, err := NewReader(o)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time from where codes were seen
			if _, err := r.Read(pixels, w, h, w); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzModules turns modules of a code, which reaches what comes behind the finder patterns.
func FuzzModules(f *testing.F) {
	const text = "UMBRAL 12345"
	f.Add([]byte{}, uint8(0))
	f.Add(bytes.Repeat([]byte{0, 0, 0, 0, 0, 1}, 9), uint8(1))
	o := smallOpts()
	levels := []Level{Low, Medium, Quartile, High}
	f.Fuzz(func(t *testing.T, turned []byte, level uint8) {
		rows, err := EncodeQR(text, levels[int(level)%len(levels)])
		if err != nil {
			t.Fatal(err)
		}
		n, whole := len(rows), true
		for i := range min(len(turned)*8, n*n) {
			if turned[i/8]>>(i%8)&1 != 0 {
				rows[i/n][i%n], whole = !rows[i/n][i%n], false
			}
		}
		r, err := NewReader(o)
		if err != nil {
			t.Fatal(err)
		}
		symbols := read(t, r, drawn(rows, 3))
		if whole && (len(symbols) != 1 || symbols[0].Text != text) {
			t.Errorf("the whole code gives %+v", symbols)
		}
	})
}

// FuzzBars draws bars of these widths across a frame.
func FuzzBars(f *testing.F) {
	f.Add([]byte{2, 1, 2, 2, 3, 2, 1, 1, 2, 2, 1, 4, 2, 3, 3, 1, 1, 1, 2})
	var picture []byte
	rows, err := barcodeRow("40212345")
	if err != nil {
		f.Fatal(err)
	}
	for i, from := 1, 0; i <= len(rows); i++ {
		if i == len(rows) || rows[i] != rows[from] {
			picture, from = append(picture, byte(i-from)), i
		}
	}
	f.Add(picture)
	o := smallOpts()
	o.MaxWidth, o.Barcodes = 512, true
	f.Fuzz(func(t *testing.T, widths []byte) {
		p := reuse(bytes.Repeat([]byte{230}, 512*minSide*2), 512, 2*minSide)
		x, dark := 20, true
		for _, w := range widths {
			for range 2 * (1 + int(w-1)%4) {
				if dark && x < p.width {
					for y := range p.height {
						p.row(y)[x] = 20
					}
				}
				x++
			}
			dark = !dark
		}
		r, err := NewReader(o)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range read(t, r, p) {
			if s.Format == Code128 && s.Text == "" {
				t.Error("an empty text")
			}
		}
	})
}
