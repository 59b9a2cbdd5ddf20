package ideograph_test

import (
	"fmt"

	"umbral/pipeline/document/ideograph"
)

// A cross of two dark strokes on light paper is compared with three characters.
func ExampleTable_Match() {
	font := ideograph.Installed()
	if font == "" {
		fmt.Println("十") // without Debian's fonts-wqy-zenhei there is nothing to compare with
		return
	}
	table, err := ideograph.Load(font, func(r rune) bool { return r == '十' || r == '口' || r == '川' })
	if err != nil {
		fmt.Println(err)
		return
	}
	const side = 40
	grey := make([]byte, side*side)
	for i := range grey {
		grey[i] = 220
		if x, y := i%side, i/side; x >= 4 && x < 36 && y >= 17 && y < 20 || y >= 4 && y < 36 && x >= 18 && x < 21 {
			grey[i] = 30
		}
	}
	fmt.Printf("%c\n", table.Match(grey, side, side, 1)[0].Rune)
	// Output: 十
}
