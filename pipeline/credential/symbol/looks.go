package symbol

// look is one way of looking at a picture.
type look struct {
	scale     int // 0: as it is; -1: half the size; 1: twice the size, of the part in which something looks like a code
	sharpen   int // distance in pixels; 0: not
	threshold threshold
	step      int // every so many rows are searched for finder patterns
}

// looks are all ways of looking, those that read most first. Which ways are worth having was found on photographs and on
// drawn frames of every hardship at once: halfway between the extremes of the near surroundings reads most, and each of the
// others some that those before it do not.
var looks = []look{
	{threshold: threshold{reach: 1, middle: true}, step: 1},
	{threshold: threshold{reach: 4, bias: -6}, step: 1},
	{scale: 1, sharpen: 1, threshold: threshold{reach: 4, middle: true}, step: 2},
	{threshold: threshold{reach: 6}, step: 1},
	{scale: -1, threshold: threshold{reach: 4}, step: 1},
	{scale: 1, sharpen: 2, threshold: threshold{reach: 6}, step: 2},
}
