package vision

import (
	"bytes"
	"encoding/binary"
)

// segments walks over the markers of a JPEG outside its entropy-coded data.
type segments struct {
	data    []byte
	at      int // where the next one is looked for
	skipped int // bytes that belong to none
}

// next returns the next marker and what belongs to it. Bytes that are no marker are passed over and counted, as
// libjpeg does; so are markers whose length does not fit the data.
func (s *segments) next() (marker byte, segment []byte, ok bool) {
	for s.at+1 < len(s.data) {
		marker := s.data[s.at+1]
		if s.data[s.at] != 0xff || marker == 0 {
			s.at++
			s.skipped++
			continue
		}
		switch {
		case marker == 0xff: // a fill byte (T.81, B.1.1.2)
			s.at++
			continue
		case marker == markerSOI, marker == markerEOI:
			s.at += 2
			return marker, nil, true
		case marker == markerTEM, marker >= markerRST0 && marker <= markerRST7:
			s.at += 2
			continue
		}
		if s.at+4 <= len(s.data) {
			length := int(binary.BigEndian.Uint16(s.data[s.at+2:]))
			if end := s.at + 2 + length; length >= 2 && end <= len(s.data) {
				segment = s.data[s.at+4 : end]
				s.at = end
				return marker, segment, true
			}
		}
		s.at += 2
		s.skipped += 2
	}
	return 0, nil, false
}

// start moves to the next start of image and reports whether there is one.
func (s *segments) start() bool {
	s.at = min(s.at, len(s.data))
	found := bytes.Index(s.data[s.at:], []byte{0xff, markerSOI})
	s.at += max(found, 0)
	s.skipped += max(found, 0)
	return found >= 0
}
