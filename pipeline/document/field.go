package document

import "umbral/pipeline/vision"

// Field is what was read in one place of a card.
type Field struct {
	// Text as printed; empty where nothing could be read.
	Text string `json:"text"`
	// Confidence is that of the least sure character, 0 to 1.
	Confidence float32 `json:"confidence"`
	// Stamped tells that something dark and broad lies over the field.
	Stamped bool `json:"stamped,omitempty"`
	// Box is where it was read, in millimetres on the card: left, top, right, bottom.
	Box [4]float32 `json:"box"`
}

// Reading is one side of one card as printed. Nothing in it was corrected: Validate tells what is wrong with it.
type Reading struct {
	Side Side `json:"-"`
	// Corners of the card in the picture: upper left, upper right, lower right, lower left of the card as it is read.
	Corners [4]Point `json:"corners"`
	// The front's fields.
	Name      Field `json:"name"`
	Sex       Field `json:"sex"`
	Ethnicity Field `json:"ethnicity"`
	Birth     Field `json:"birth"` // such as 1994年10月26日
	Address   Field `json:"address"`
	Number    Field `json:"number"`
	// The back's fields.
	Authority Field `json:"authority"`
	Validity  Field `json:"validity"` // such as 2015.07.15-2035.07.15 or 2015.07.15-长期
	// Portrait is what stands where the portrait should be, upright; nil for the back. It was not looked at.
	Portrait *vision.Image `json:"-"`

	toImage homography
}
