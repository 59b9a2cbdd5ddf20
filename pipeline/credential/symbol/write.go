package symbol

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"
)

// Level is an error correction level of QR codes: about 7, 15, 25 or 30 % of the codewords may be damaged.
type Level byte

// The levels of error correction.
const (
	Low      Level = 'L'
	Medium   Level = 'M'
	Quartile Level = 'Q'
	High     Level = 'H'
)

const (
	quiet      = 4  // light modules around a QR code
	quietBar   = 10 // and beside a bar code
	maxModule  = 64 // pixels a module of a picture that is written
	barHeight  = 60 // modules
	maxBarText = 80 // characters, as gozxing allows
)

// EncodeQR returns a QR code of the smallest version that holds the text. Each element of the result is a module, true
// for dark; the quiet zone around it is not included.
func EncodeQR(text string, level Level) ([][]bool, error) {
	levels := map[Level]decoder.ErrorCorrectionLevel{
		Low: decoder.ErrorCorrectionLevel_L, Medium: decoder.ErrorCorrectionLevel_M,
		Quartile: decoder.ErrorCorrectionLevel_Q, High: decoder.ErrorCorrectionLevel_H,
	}
	l, is := levels[level]
	if !is {
		return nil, fmt.Errorf("symbol: level %q, wanted L, M, Q or H", string(level))
	}
	if text == "" {
		return nil, fmt.Errorf("symbol: nothing to encode")
	}
	code, err := encoder.Encoder_encode(text, l, nil)
	if err != nil {
		return nil, fmt.Errorf("symbol: %d bytes do not fit into a QR code of level %c: %w", len(text), level, err)
	}
	m := code.GetMatrix()
	rows := make([][]bool, m.GetHeight())
	for y := range rows {
		rows[y] = make([]bool, m.GetWidth())
		for x := range rows[y] {
			rows[y][x] = m.Get(x, y) == 1
		}
	}
	return rows, nil
}

// WriteQR writes a PNG of the code with its quiet zone, so many pixels a module.
func WriteQR(w io.Writer, text string, level Level, pixels int) error {
	rows, err := EncodeQR(text, level)
	if err != nil {
		return err
	}
	return writePNG(w, rows, quiet, quiet, pixels)
}

// WriteBarcode writes a PNG of a Code 128.
func WriteBarcode(w io.Writer, text string, pixels int) error {
	row, err := barcodeRow(text)
	if err != nil {
		return err
	}
	rows := make([][]bool, barHeight)
	for y := range rows {
		rows[y] = row
	}
	return writePNG(w, rows, quietBar, quiet, pixels)
}

// barcodeRow returns the modules of a Code 128, without the quiet zones.
func barcodeRow(text string) ([]bool, error) {
	if len(text) > maxBarText {
		return nil, fmt.Errorf("symbol: %d characters in a bar code, limit %d", len(text), maxBarText)
	}
	m, err := oned.NewCode128Writer().Encode(text, gozxing.BarcodeFormat_CODE_128, 0, 1, nil)
	if err != nil {
		return nil, fmt.Errorf("symbol: bar code: %w", err)
	}
	first, last := m.GetWidth(), 0
	for x := range m.GetWidth() {
		if m.Get(x, 0) {
			first, last = min(first, x), max(last, x)
		}
	}
	if first > last {
		return nil, fmt.Errorf("symbol: bar code of %q is empty", text)
	}
	row := make([]bool, last-first+1)
	for x := range row {
		row[x] = m.Get(first+x, 0)
	}
	return row, nil
}

func writePNG(w io.Writer, rows [][]bool, besides, above, pixels int) error {
	if pixels < 1 || pixels > maxModule {
		return fmt.Errorf("symbol: %d pixels a module, allowed 1 to %d", pixels, maxModule)
	}
	width, height := len(rows[0])+2*besides, len(rows)+2*above
	m := image.NewPaletted(image.Rect(0, 0, width*pixels, height*pixels), color.Palette{color.White, color.Black})
	for y, row := range rows {
		for x, dark := range row {
			if !dark {
				continue
			}
			for py := range pixels {
				at := m.PixOffset((x+besides)*pixels, (y+above)*pixels+py)
				for px := range pixels {
					m.Pix[at+px] = 1
				}
			}
		}
	}
	if err := png.Encode(w, m); err != nil {
		return fmt.Errorf("symbol: writing a PNG: %w", err)
	}
	return nil
}
