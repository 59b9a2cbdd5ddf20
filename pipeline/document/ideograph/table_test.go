package ideograph

import (
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

const otherFont = "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"

func load(t testing.TB, want func(rune) bool) *Table {
	t.Helper()
	if _, err := os.Stat(DefaultFont); err != nil {
		t.Skip("no font (apt-get install fonts-wqy-zenhei)")
	}
	table, err := Load(DefaultFont, want)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// printed draws characters in another font than the table's, blurred by printing them small and with noise.
func printed(t testing.TB, pixels float64) func(r rune, noise *rand.Rand) (grey []byte, w, h int) {
	t.Helper()
	data, err := os.ReadFile(otherFont)
	if err != nil {
		t.Skip("no font (apt-get install fonts-noto-cjk)")
	}
	all, err := opentype.ParseCollection(data)
	if err != nil {
		t.Fatal(err)
	}
	one, err := all.Font(2) // that of simplified Chinese
	if err != nil {
		t.Fatal(err)
	}
	face, err := opentype.NewFace(one, &opentype.FaceOptions{Size: pixels, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { face.Close() })
	return func(r rune, noise *rand.Rand) ([]byte, int, int) {
		w := int(1.3 * pixels)
		m := image.NewGray(image.Rect(0, 0, w, w))
		draw.Draw(m, m.Rect, image.NewUniform(color.Gray{210}), image.Point{}, draw.Src)
		pen := font.Drawer{Dst: m, Src: image.NewUniform(color.Gray{40}), Face: face, Dot: fixed.P(int(0.15*pixels), int(1.02*pixels))}
		pen.DrawString(string(r))
		blurred := make([]byte, len(m.Pix))
		for y := range w {
			for x := range w {
				sum, n := 0, 0
				for v := max(0, y-1); v <= min(w-1, y+1); v++ {
					for u := max(0, x-1); u <= min(w-1, x+1); u++ {
						weight := 4 >> (max(y-v, v-y) + max(x-u, u-x))
						sum, n = sum+weight*int(m.Pix[v*w+u]), n+weight
					}
				}
				blurred[y*w+x] = byte(min(255, max(0, float64(sum)/float64(n)+4*noise.NormFloat64())))
			}
		}
		return blurred, w, w
	}
}

// Half of the ideographs, printed in another font at 40 pixels: the first is right nine times in ten, one of five nearly always.
func TestMatch(t *testing.T) {
	table := load(t, func(r rune) bool { return r%2 == 0 })
	if table.Len() < 10_000 || table.Bytes() > 24<<20 {
		t.Fatalf("%d characters, %d bytes", table.Len(), table.Bytes())
	}
	draw := printed(t, 40)
	r := rand.New(rand.NewPCG(1, 40))
	const n = 150
	first, five := 0, 0
	for range n {
		want := First + 2*rune(r.IntN((Last-First)/2))
		grey, w, h := draw(want, r)
		found := table.Match(grey, w, h, 5)
		if len(found) != 5 {
			t.Fatalf("%d candidates", len(found))
		}
		if !slices.IsSortedFunc(found, func(a, b Match) int { return int(1e6 * (b.Score - a.Score)) }) {
			t.Errorf("%c: not sorted: %v", want, found)
		}
		if found[0].Rune == want {
			first++
		}
		if slices.ContainsFunc(found, func(m Match) bool { return m.Rune == want }) {
			five++
		}
	}
	t.Logf("first %d, among five %d of %d", first, five, n)
	if first < n*85/100 || five < n*95/100 {
		t.Errorf("first %d, among five %d of %d", first, five, n)
	}
}

func TestMatchOfNothing(t *testing.T) {
	table := load(t, func(r rune) bool { return r < First+50 })
	paper := make([]byte, 40*40)
	for i := range paper {
		paper[i] = 200
	}
	dot := slices.Clone(paper)
	dot[20*40+20] = 0
	for name, c := range map[string]struct {
		grey    []byte
		w, h, n int
	}{
		"paper": {paper, 40, 40, 5}, "no candidate": {dot, 40, 40, 0}, "no width": {paper, 0, 40, 5}, "no height": {paper, 40, 0, 5},
		"too few pixels": {paper[:100], 40, 40, 5}, "a speck": {dot, 40, 40, 5},
	} {
		if got := table.Match(c.grey, c.w, c.h, c.n); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	if _, err := Load("no such file", func(rune) bool { return true }); err == nil {
		t.Error("a missing file")
	}
	path := t.TempDir() + "/font"
	if err := os.WriteFile(path, []byte("no font"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, func(rune) bool { return true }); err == nil {
		t.Error("a file that is no font")
	}
	if _, err := os.Stat(DefaultFont); err == nil {
		if _, err := Load(DefaultFont, func(rune) bool { return false }); err == nil {
			t.Error("a table of nothing")
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add([]byte("\x00\xff\x00\xff\x00\xff"), 2, 3)
	f.Add([]byte{}, 1, 1)
	table := load(f, func(r rune) bool { return r < First+20 })
	f.Fuzz(func(t *testing.T, grey []byte, w, h int) {
		if w > 300 || h > 300 {
			return
		}
		for _, m := range table.Match(grey, w, h, 3) {
			if !(m.Score >= 0 && m.Score <= 1.001) {
				t.Errorf("score %v", m.Score)
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		load(b, func(r rune) bool { return r%16 == 0 })
	}
}

func FuzzSingle(f *testing.F) {
	f.Add([]byte("ttcf\x00\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x10\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00cmap\x00\x00\x00\x00\x00\x00\x00\x2c\x00\x00\x00\x01x"))
	f.Add([]byte("\x00\x01\x00\x00\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := single(data)
		if err != nil {
			return
		}
		if _, err := single(out); err != nil {
			t.Errorf("what single made it refuses: %v", err)
		}
	})
}
