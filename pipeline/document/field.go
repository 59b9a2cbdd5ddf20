package document

import "umbral/pipeline/vision"

// Field is what was read in one place of a card.
type Field struct {
	// Text as printed, empty where nothing could be read. In a name Unread stands for a character that was not.
	Text string `json:"text"`
	// Confidence is that of the least sure character, 0 to 1.
	Confidence float32 `json:"confidence"`
	// Stamped reports whether something dark and broad lies over the field.
	Stamped bool `json:"stamped,omitempty"`
	// Box is where it was read, in millimetres on the card: left, top, right, bottom.
	Box [4]float32 `json:"box"`
}

// lostTrust is what is left of the confidence in a reading that does not account for all print.
const lostTrust = 0.2

// doubt holds down the confidence in f.
func (f *Field) doubt() { f.Confidence = min(f.Confidence, lostTrust*f.Confidence) }

// Reading is one side of one card as printed. Nothing in it was corrected: Validate tells what is wrong with it.
type Reading struct {
	Side Side `json:"-"`
	// Resolution is what the camera gave, in pixels of the picture a millimetre on the card.
	Resolution float64 `json:"resolution"`
	// Lines is how many lines of fields were looked at, and Looks how often altogether: where each was clear, they are the same.
	Lines int `json:"lines"`
	Looks int `json:"looks"`
	// Corners of the card in the picture: upper left, upper right, lower right, lower left of the card as it is read.
	Corners [4]Point `json:"corners"`
	// The front's fields.
	Name      Field `json:"name"`
	Sex       Field `json:"sex"`
	Ethnicity Field `json:"ethnicity"`
	Birth     Field `json:"birth"` // such as 1994年10月26日
	Address   Field `json:"address"`
	Number    Field `json:"number"`
	// Rare are the characters of the name that were not read, or not surely.
	Rare []Rare `json:"rare,omitempty"`
	// The back's fields.
	Authority Field `json:"authority"`
	Validity  Field `json:"validity"` // such as 2015.07.15-2035.07.15 or 2015.07.15-长期
	// Portrait is the place of the portrait, upright, whatever stands there; nil for the back.
	Portrait *vision.Image `json:"-"`

	toImage homography
}

// Character returns the height of a printed character in pixels of the picture.
func (r *Reading) Character() float64 { return glyphHeight * r.Resolution }

// legible is the height of a printed character, in pixels, from which a closer look shows hardly more.
const legible = 28

// TooSmall reports whether print is so small that coming closer may settle a doubt.
func (r *Reading) TooSmall() bool { return r.Character() < legible }
