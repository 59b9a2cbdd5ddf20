package vision

import "fmt"

// layOut divides the picture into MCUs, chooses how far a photograph is reduced, and gives each component its memory.
func (d *jpegDecoder) layOut(several bool) error {
	blocks := 0
	d.hMax, d.vMax = 1, 1
	for i := range d.count {
		c := &d.components[i]
		d.hMax, d.vMax = max(d.hMax, c.h), max(d.vMax, c.v)
		blocks += c.h * c.v
	}
	if blocks > 10 {
		return d.broken(fmt.Errorf("has %d blocks in an MCU, limit 10", blocks))
	}
	d.mcusX = (d.width + 8*d.hMax - 1) / (8 * d.hMax)
	d.mcusY = (d.height + 8*d.vMax - 1) / (8 * d.vMax)
	if d.photograph != nil {
		if err := d.fit(several, blocks); err != nil {
			return err
		}
	}
	free := d.rows
	for i := range d.count {
		c := &d.components[i]
		c.stride = d.mcusX * c.h * d.size
		rows := c.stride * c.v * d.size
		c.plane, free = free[:rows], free[rows:]
		c.blocksX = ((d.width*c.h+d.hMax-1)/d.hMax + 7) / 8
		c.blocksY = ((d.height*c.v+d.vMax-1)/d.vMax + 7) / 8
	}
	return nil
}

// fit chooses the least reduction at which a photograph stays within its memory, and allocates all of it but the
// picture.
func (d *jpegDecoder) fit(several bool, blocks int) error {
	mcus := int64(d.mcusX) * int64(d.mcusY) * int64(blocks)
	for d.size = 8; d.size > 0; d.size /= 2 {
		w, h := int64(reduced(d.width, d.size)), int64(reduced(d.height, d.size))
		need := 3*w*h + int64(d.mcusX*blocks*d.size*d.size) + 7*w
		if several {
			need += mcus * blockBytes(d.size)
		}
		if need <= d.photograph.Memory {
			d.allocate(several, blocks, int(w))
			return nil
		}
	}
	return tooLarge("JPEG", d.width, d.height, *d.photograph)
}

// blockBytes returns what a block takes between the scans.
func blockBytes(size int) int64 { return int64(2*size*size + 8) }

func (d *jpegDecoder) allocate(several bool, blocks, width int) {
	d.rows = make([]byte, d.mcusX*blocks*d.size*d.size)
	for i := range d.count {
		d.lines[i] = make([]byte, width)
	}
	if !several {
		return
	}
	for i := range d.count {
		c := &d.components[i]
		c.across = d.mcusX * c.h
		n := c.across * d.mcusY * c.v
		c.kept, c.nonzero, c.unseen = make([]int16, n*d.size*d.size), make([]uint64, n), 1
	}
}
