package finger

// MaxMinutiae bounds a template; it is what a view of ISO/IEC 19794-2 can hold.
const MaxMinutiae = 255

// maxPosition is the last finger position; the positions of several fingers together do not occur in minutiae records.
const maxPosition = 10

// Cell is the side of a cell of a template's orientation field, in pixels at 500 dpi.
const Cell = 16

// Field is the direction of the ridges over the print, in square cells from the upper left corner.
type Field struct {
	Columns, Rows int
	Orientation   []uint8 // of the ridges, in 1/256 half turns, counter-clockwise from the x axis
	Quality       []uint8 // 0 where there is no print, else 1 to 100
}

// Template is what is kept of one press of a finger. It does not change once it is made, so any number of comparisons
// may use it at the same time.
type Template struct {
	Width, Height int   // of the picture at 500 dpi
	Quality       int   // 0 to 100
	Position      uint8 // which finger, ISO/IEC 19794-2 table 2: 0 unknown, 1 to 5 right thumb to little finger, 6 to 10 left
	Minutiae      []Minutia
	Field         Field // empty if the template came from a record without one

	surroundings []surrounding // of each minutia
	print        coverage
}

// coverage says which cells show print.
type coverage struct {
	columns, rows int
	cells         []bool
}

func (c *coverage) at(x, y int32) bool {
	col, row := int(x)/Cell, int(y)/Cell
	return x >= 0 && y >= 0 && col < c.columns && row < c.rows && c.cells[row*c.columns+col]
}

// deep says that there is print all around a point, so that a minutia there would have been found.
func (c *coverage) deep(x, y int32) bool {
	return c.at(x-border, y) && c.at(x+border, y) && c.at(x, y-border) && c.at(x, y+border)
}

// finish computes what comparisons need.
func (t *Template) finish() {
	t.print.columns, t.print.rows = (t.Width+Cell-1)/Cell, (t.Height+Cell-1)/Cell
	t.print.cells = make([]bool, t.print.columns*t.print.rows)
	if t.hasField() {
		for i, q := range t.Field.Quality {
			t.print.cells[i] = q > 0
		}
	} else {
		t.cover()
	}
	t.surroundings = make([]surrounding, len(t.Minutiae))
	for i := range t.Minutiae {
		t.surround(i)
	}
}

func (t *Template) hasField() bool { return len(t.Field.Orientation) > 0 }

// cover takes for print what is near a minutia, for want of anything better.
func (t *Template) cover() {
	const near = 40
	for row := range t.print.rows {
		for col := range t.print.columns {
			x, y := int32(col*Cell+Cell/2), int32(row*Cell+Cell/2)
			for _, m := range t.Minutiae {
				dx, dy := x-int32(m.X), y-int32(m.Y)
				if dx*dx+dy*dy <= near*near {
					t.print.cells[row*t.print.columns+col] = true
					break
				}
			}
		}
	}
}

// template copies what was found out of the extractor's memory.
func (e *Extractor) template() *Template {
	t := &Template{Width: e.width, Height: e.height, Minutiae: append([]Minutia(nil), e.found...)}
	f := &t.Field
	f.Columns, f.Rows = (e.width+Cell-1)/Cell, (e.height+Cell-1)/Cell
	f.Orientation, f.Quality = make([]uint8, f.Columns*f.Rows), make([]uint8, f.Columns*f.Rows)
	for r := range f.Rows {
		for c := range f.Columns {
			x, y := min(c*Cell+Cell/2, e.width-1), min(r*Cell+Cell/2, e.height-1)
			if e.inside(x/block, y/block) {
				i := r*f.Columns + c
				f.Orientation[i], _ = e.ridgeAt(x, y)
				f.Quality[i] = e.qualityAt(x, y)
			}
		}
	}
	t.Quality = e.overall()
	t.finish()
	return t
}
