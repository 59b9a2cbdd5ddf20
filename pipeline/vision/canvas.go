package vision

// canvas takes the rows of a picture as they are stored and turns them upright on the way, so that a turned picture
// takes its memory once.
type canvas struct {
	img           *Image // made by reset if nil
	orientation   int    // EXIF's
	width, height int    // as stored
	line          []byte
}

// upright is EXIF's word for a picture that is stored as it is to be seen.
const upright = 1

// reset makes the picture one of w × h pixels as stored.
func (c *canvas) reset(w, h int) {
	if c.img == nil {
		c.img = new(Image)
	}
	c.width, c.height = w, h
	if c.orientation >= 5 { // lying on its side
		w, h = h, w
	}
	c.img.Reset(w, h)
	if c.orientation > upright {
		c.line = sized(c.line, 3*c.width)
	}
}

// row returns where stored row y is to be written before put brings it to its place.
func (c *canvas) row(y int) []byte {
	if c.orientation > upright {
		return c.line
	}
	return c.img.Row(y)
}

// put brings row, from row(y), to its place.
func (c *canvas) put(row []byte, y int) {
	if c.orientation <= upright {
		return
	}
	at := c.place(0, y)
	step := c.place(1, y) - at
	for x := range c.width {
		copy(c.img.Pix[at:at+3], row[3*x:])
		at += step
	}
}

// place returns where stored pixel (x, y) lies in the picture's memory. Orientation is CIPA DC-008, section 4.6.4.A.
func (c *canvas) place(x, y int) int {
	right, bottom := c.width-1-x, c.height-1-y
	switch c.orientation {
	case 2: // mirrored
		x = right
	case 3: // upside down
		x, y = right, bottom
	case 4: // upside down and mirrored
		y = bottom
	case 5: // transposed
		x, y = y, x
	case 6: // needs a quarter turn clockwise
		x, y = bottom, x
	case 7: // transposed along the other diagonal
		x, y = bottom, right
	case 8: // needs a quarter turn counter-clockwise
		x, y = y, right
	}
	return y*c.img.Stride + 3*x
}
