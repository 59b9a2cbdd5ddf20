package symbol

// strategy is one way of preparing a picture for the search.
type strategy struct {
	scale     int // 0: as it is; -1: half the size; 1: twice the size, of the part in which something looks like a code
	sharpen   int // distance in pixels; 0: not
	threshold threshold
	step      int // every so many rows are searched for finder patterns
}

// strategies are ordered by how many codes each reads. They were chosen on photographs and on drawn frames with every
// hardship at once: a threshold halfway between the extremes of the near surroundings reads most, and each of the
// others reads some codes that those before it do not.
var strategies = []strategy{
	{threshold: threshold{reach: 1, middle: true}, step: 1},
	{threshold: threshold{reach: 4, bias: -6}, step: 1},
	{scale: 1, sharpen: 1, threshold: threshold{reach: 4, middle: true}, step: 2},
	{threshold: threshold{reach: 6}, step: 1},
	{scale: -1, threshold: threshold{reach: 4}, step: 1},
	{scale: 1, sharpen: 2, threshold: threshold{reach: 6}, step: 2},
}
