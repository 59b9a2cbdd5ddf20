package vision

import (
	"encoding/binary"
	"fmt"
)

// defineQuantisation reads a DQT segment (T.81, B.2.4.1).
func (d *jpegDecoder) defineQuantisation(segment []byte) error {
	for len(segment) > 0 {
		precision, id := segment[0]>>4, segment[0]&15
		if precision > 1 || id > 3 {
			return fmt.Errorf("defines quantisation table %d with precision %d, limits 3 and 1", id, precision)
		}
		size := int(precision) + 1
		if len(segment) < 1+64*size {
			return fmt.Errorf("has a quantisation table of %d bytes, needs %d", len(segment)-1, 64*size)
		}
		for i := range d.quant[id] {
			if size == 1 {
				d.quant[id][i] = int32(segment[1+i])
			} else {
				d.quant[id][i] = int32(binary.BigEndian.Uint16(segment[1+2*i:]))
			}
		}
		d.quantSeen[id] = true
		segment = segment[1+64*size:]
	}
	return nil
}

// defineHuffman reads a DHT segment (T.81, B.2.4.2).
func (d *jpegDecoder) defineHuffman(segment []byte) error {
	for len(segment) > 0 {
		if len(segment) < 17 {
			return fmt.Errorf("has a Huffman table of %d bytes, needs at least 17", len(segment))
		}
		class, id := segment[0]>>4, segment[0]&15
		if class > 1 || id > 3 {
			return fmt.Errorf("defines Huffman table %d of class %d, limits 3 and 1", id, class)
		}
		counts := [16]byte(segment[1:17])
		total := 0
		for _, n := range counts {
			total += int(n)
		}
		if total > 256 || len(segment) < 17+total {
			return fmt.Errorf("has a Huffman table of %d codes in %d bytes, at most 256", total, len(segment)-17)
		}
		table := &d.own[class][id]
		if err := table.build(counts, segment[17:17+total]); err != nil {
			return err
		}
		d.tables[class][id] = table
		segment = segment[17+total:]
	}
	return nil
}

// table returns the picture's own table, else the standard one.
func (d *jpegDecoder) table(class int, id byte) (*huffman, error) {
	if id > 3 {
		return nil, fmt.Errorf("uses Huffman table %d, limit 3", id)
	}
	if t := d.tables[class][id]; t != nil {
		return t, nil
	}
	if id > 1 {
		return nil, fmt.Errorf("uses Huffman table %d without defining it", id)
	}
	return &d.standard[class][id], nil
}
