package document

import "umbral/pipeline/vision"

// tone is another rendering of a line of text, in which print stands out from what lies over or under it. None of them can
// show a stroke that is not there.
type tone struct {
	apply  func(dst, src *vision.Image, s *scene)
	clean  float32 // weight where nothing lies over the print
	weight float32 // weight where something does
	apart  bool    // for print under a stamp alone: it takes the stamp away, and sometimes print with it
}

// tones are tried in this order.
var tones = []tone{
	{apply: plain, clean: 1, weight: 1},
	{apply: stretched, clean: 1, weight: 1},
	{apply: narrow, clean: 0.2, weight: 0.7},
	{apply: darkest(0.55), clean: 0.2, weight: 0.7},
	{apply: below, weight: 0.7, apart: true},
	{apply: flattened, weight: 1, apart: true},
}

// scene holds what several tones need to know about a line; it is measured when the first of them asks.
type scene struct {
	card      *card
	area      *box
	grey      []byte // the lightest channel
	low, high int    // levels of the darkest strokes and the background
	cover     []byte // level of the stamp at each pixel, 0 for none
	stampLow  int    // the darkest strokes under the stamp
	stamp     int    // the stamp itself, 0 for none
}

func (s *scene) measure(src *vision.Image) {
	if s.grey != nil {
		return
	}
	s.grey = lightest(src)
	s.low, s.high = levels(s.grey)
}

// measureStamp finds where in the line a stamp lies, with a margin for its soft edge.
func (s *scene) measureStamp(src *vision.Image) {
	s.measure(src)
	if s.cover != nil {
		return
	}
	const edge = 2 // pixels of the canvas
	s.cover = make([]byte, len(s.grey))
	var under, stamp []byte
	for y := range src.Height {
		for x := range src.Width {
			at := s.area.at((float64(x)+0.5)/float64(src.Width)-0.5, (float64(y)+0.5)/float64(src.Height)-0.5)
			i := y*src.Width + x
			if s.cover[i] = s.card.stamp.at(at, edge); s.cover[i] > 0 {
				under, stamp = append(under, s.grey[i]), append(stamp, s.cover[i])
			}
		}
	}
	if len(under) == 0 {
		return
	}
	levels, strokes := histogram(stamp), histogram(under)
	s.stamp = quantile(&levels, len(stamp)/2)
	s.stampLow = min(quantile(&strokes, len(under)/50), s.stamp*6/7)
}

// cut returns the level that tells print from a stamp on it.
func (s *scene) cut(stamp int) int { return stamp - (stamp-s.stampLow)/5 }

// plain leaves the line as it is.
func plain(dst, src *vision.Image, _ *scene) {
	dst.Reset(src.Width, src.Height)
	copy(dst.Pix, src.Pix)
}

// stretched spreads the greys from the darkest stroke to the background over the whole range.
func stretched(dst, src *vision.Image, s *scene) {
	s.measure(src)
	put(dst, src, s.grey, s.low, s.high)
}

// darkest shows only what is nearly as dark as the darkest: black print below a paler stamp. Share is the part of the
// range from the darkest to the background that is kept.
func darkest(share float64) func(dst, src *vision.Image, s *scene) {
	return func(dst, src *vision.Image, s *scene) {
		s.measure(src)
		put(dst, src, s.grey, s.low, s.low+int(share*float64(s.high-s.low)))
	}
}

// below shows only what is darker than the stamp.
func below(dst, src *vision.Image, s *scene) {
	s.measureStamp(src)
	high := s.high
	if s.stamp > 0 {
		high = s.cut(s.stamp)
	}
	put(dst, src, s.grey, min(s.low, s.stampLow), high)
}

// flattened shows under the stamp what is darker than it, and elsewhere what is darker than the background.
func flattened(dst, src *vision.Image, s *scene) {
	s.measureStamp(src)
	flat := make([]byte, len(s.grey))
	for i, v := range s.grey {
		low, high := s.low, s.high
		if c := int(s.cover[i]); c > 0 {
			low, high = s.stampLow, s.cut(c)
		}
		flat[i] = byte(min(255, max(0, 255*(int(v)-low)/max(1, high-low))))
	}
	put(dst, src, flat, 0, 255)
}

// narrow shows strokes that are narrower than a stamp's: each pixel beside the lightest that a square of strokeSide
// pixels around it, moved by up to its side, has as its darkest (a morphological closing, Serra 1982). A solid stamp
// is background then, and print on it appears.
func narrow(dst, src *vision.Image, s *scene) {
	const strokeSide = 11
	s.measure(src)
	closed := closing(s.grey, src.Width, src.Height, strokeSide)
	flat := make([]byte, len(s.grey))
	for i, v := range s.grey {
		flat[i] = byte(min(255, 255*int(v)/max(1, int(closed[i]))))
	}
	low, high := levels(flat)
	put(dst, src, flat, low, high)
}

// lightest is the greatest of the three channels of each pixel: coloured ink is pale in it, black is not.
func lightest(src *vision.Image) []byte {
	grey := make([]byte, src.Width*src.Height)
	for y := range src.Height {
		row := src.Row(y)
		for x := range src.Width {
			grey[y*src.Width+x] = max(row[3*x], row[3*x+1], row[3*x+2])
		}
	}
	return grey
}

// levels returns the darkest strokes (a hundredth is darker) and the background (the median of the lighter half).
func levels(grey []byte) (low, high int) {
	count := histogram(grey)
	low, high = quantile(&count, len(grey)/100), quantile(&count, len(grey)*3/4)
	return low, max(high, low+1)
}

// put writes grey with the levels from low to high spread over the whole range.
func put(dst, src *vision.Image, grey []byte, low, high int) {
	dst.Reset(src.Width, src.Height)
	var table [256]byte
	for v := range table {
		table[v] = byte(min(255, max(0, 255*(v-low)/max(1, high-low))))
	}
	for i, v := range grey {
		g := table[v]
		dst.Pix[3*i], dst.Pix[3*i+1], dst.Pix[3*i+2] = g, g, g
	}
}
