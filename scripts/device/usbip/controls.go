package usbip

import "encoding/binary"

// control is one setting of the camera (Video Class 1.1, 4.2.2).
type control struct {
	name                       string
	unit, selector             byte
	size                       int
	min, max, step, start, now int
}

// controlTable is what the camera starts with.
func controlTable() []control {
	c := []control{
		{name: "exposure mode", unit: cameraTerminal, selector: 0x02, size: 1, min: 1, max: 8, step: 9, start: 8}, // step: modes 1 and 8
		{name: "exposure time", unit: cameraTerminal, selector: 0x04, size: 4, min: 3, max: 2047, step: 1, start: 250},
		{name: "focus", unit: cameraTerminal, selector: 0x06, size: 2, min: 0, max: 250, step: 5, start: 0},
		{name: "automatic focus", unit: cameraTerminal, selector: 0x08, size: 1, min: 0, max: 1, step: 1, start: 1},
		{name: "backlight", unit: processingUnit, selector: 0x01, size: 2, min: 0, max: 1, step: 1, start: 0},
		{name: "brightness", unit: processingUnit, selector: 0x02, size: 2, min: 0, max: 255, step: 1, start: 128},
		{name: "contrast", unit: processingUnit, selector: 0x03, size: 2, min: 0, max: 255, step: 1, start: 128},
		{name: "gain", unit: processingUnit, selector: 0x04, size: 2, min: 0, max: 255, step: 1, start: 64},
		{name: "power line", unit: processingUnit, selector: 0x05, size: 1, min: 0, max: 2, step: 1, start: 2},
		{name: "sharpness", unit: processingUnit, selector: 0x08, size: 2, min: 0, max: 255, step: 1, start: 128},
		{name: "white balance", unit: processingUnit, selector: 0x0a, size: 2, min: 2000, max: 6500, step: 1, start: 4000},
		{name: "automatic white balance", unit: processingUnit, selector: 0x0b, size: 1, min: 0, max: 1, step: 1, start: 1},
	}
	for i := range c {
		c[i].now = c[i].start
	}
	return c
}

// Requests of the class (A.8).
const (
	setCur  = 0x01
	getCur  = 0x81
	getMin  = 0x82
	getMax  = 0x83
	getRes  = 0x84
	getLen  = 0x85
	getInfo = 0x86
	getDef  = 0x87
)

func number(v, size int) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(v))[:size] }

// answer is what a request reads; nil stalls it.
func (c *control) answer(req byte) []byte {
	switch req {
	case getCur:
		return number(c.now, c.size)
	case getMin:
		return number(c.min, c.size)
	case getMax:
		return number(c.max, c.size)
	case getRes:
		return number(c.step, c.size)
	case getDef:
		return number(c.start, c.size)
	case getLen:
		return u16(c.size)
	case getInfo:
		return []byte{3} // can be read and set
	}
	return nil
}

// set takes a value that the kernel sent.
func (c *control) set(data []byte) bool {
	if len(data) != c.size {
		return false
	}
	var wide [8]byte
	copy(wide[:], data)
	v := int(binary.LittleEndian.Uint64(wide[:]))
	if v < c.min || v > c.max {
		return false
	}
	c.now = v
	return true
}

// probe is the negotiation of the stream (4.3.1.1), 34 bytes in version 1.1.
type probe [34]byte

func newProbe() (p probe) {
	p.settle()
	return p
}

// settle puts what the camera can do in place of what it cannot.
func (p *probe) settle() {
	f, s := int(p[2]), int(p[3])
	if f < 1 || f > len(formats) {
		f = 1
	}
	if s < 1 || s > len(formats[f-1].frames) {
		s = 1
	}
	p[2], p[3] = byte(f), byte(s)
	if v := binary.LittleEndian.Uint32(p[4:]); v != 2*interval {
		binary.LittleEndian.PutUint32(p[4:], interval)
	}
	size := formats[f-1].frames[s-1]
	binary.LittleEndian.PutUint32(p[18:], uint32(2*size.width*size.height))
	binary.LittleEndian.PutUint32(p[22:], payload)
	binary.LittleEndian.PutUint32(p[26:], 6000000)
	p[30], p[31], p[32], p[33] = 3, 1, 1, 1
}
