package document

import "umbral/pipeline/vision"

const (
	// gateWidth is about how many samples across a picture the gate looks at.
	gateWidth = 960
	// gateCell is the side of a cell in samples, and half of it its height, as every second row is looked at.
	gateCell = 16
	// gateReach is how far left and right of a stroke it must be lighter, in samples; it must be by a tenth of
	// the stroke's own level and gateContrast levels more. Paper is at least gatePaper light.
	gateReach    = 3
	gateContrast = 4
	gatePaper    = 70
	// gateCells is how many cells with strokes like print a card has at least.
	gateCells = 22
)

// Likely tells, in a fraction of a millisecond and without allocating, whether there is so much in img that looks like
// small print that looking for a card is worth its time: short dark strokes, dense, in several places. It is true for
// any text, and for some textiles.
func Likely(img *vision.Image) bool { return printCells(img) >= gateCells }

// printCells counts the cells that look like print.
func printCells(img *vision.Image) int {
	step := max(1, img.Width/gateWidth)
	const rowsInCell = gateCell / 2
	var counts [gateWidth * 2 / gateCell]int16
	cells, rows := 0, 0
	for y := step; y < img.Height; y += 2 * step {
		row := img.Row(y)
		n := min(img.Width/step, len(counts)*gateCell)
		for x := gateReach; x < n-gateReach; x++ {
			at := 3*step*x + 1
			v := int(row[at])
			v += v/10 + gateContrast
			a, b := int(row[at-3*step*gateReach]), int(row[at+3*step*gateReach])
			if v < a && v < b && min(a, b) > gatePaper && max(a, b)*3 < min(a, b)*4 {
				counts[x/gateCell]++
			}
		}
		if rows++; rows == rowsInCell {
			rows = 0
			for i, c := range counts {
				const samples = gateCell * rowsInCell
				if c >= samples/12 && c <= samples*5/8 {
					cells++
				}
				counts[i] = 0
			}
		}
	}
	return cells
}
