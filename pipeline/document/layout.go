package document

// Side is a side of the card. The standard calls the emblem's side the first; Umbral, like most software, calls the
// portrait's side the front.
type Side uint8

// The sides.
const (
	// Front has the portrait, the person's data and the number.
	Front Side = iota
	// Back has the emblem, the issuing authority and the validity.
	Back
)

// String gives "front" or "back".
func (s Side) String() string {
	if s == Back {
		return "back"
	}
	return "front"
}

// The card's size in millimetres: ID-1 of ISO/IEC 7810, which GA 448-2013, 3.4.2 takes over.
const (
	CardWidth  = 85.6
	CardHeight = 54.0
)

// Places on the card in millimetres from the upper left corner. They are facts about the print, taken from the text
// boxes of the open project Alex-1997-Wzx/OCR_IDCARD and the anchors of airob0t/idcardgenerator; cards of different
// printers differ by a millimetre or two, so everything is searched around these places, not read from them alone.
const (
	rowName      = 11.9
	rowSex       = 18.3
	rowBirth     = 24.3
	rowAddress   = 30.8
	addressPitch = 4.05
	rowNumber    = 46.8
	rowAuthority = 40.9
	rowValidity  = 47.7

	labelRight  = 14.5 // where the captions of the front end
	valueLeft   = 17.3
	portraitX   = 55.5
	portraitY   = 8.5
	numberLeft  = 26.3
	glyphHeight = 3.0
	backLeft    = 33.9 // values of the back
)

// anchor is printed text that stands at the same place on every card: the middles of its first and last character, in
// millimetres; those between are evenly spaced.
type anchor struct {
	side        Side
	chars       []rune
	first, last Point
	row         int // anchors of one row stand on one line
}

// anchors are the captions and titles, the most telling first.
var anchors = []anchor{
	{Front, []rune("公民身份号码"), Point{8.7, rowNumber}, Point{22.4, rowNumber}, 5},
	{Back, []rune("中华人民共和国"), Point{32.7, 9.9}, Point{73.7, 9.9}, 1},
	{Back, []rune("居民身份证"), Point{28.9, 19.2}, Point{76.9, 19.2}, 2},
	{Back, []rune("签发机关"), Point{22.2, rowAuthority}, Point{30.9, rowAuthority}, 3},
	{Back, []rune("有效期限"), Point{22.2, rowValidity}, Point{30.9, rowValidity}, 4},
	{Front, []rune("姓名"), Point{8.6, rowName}, Point{12.8, rowName}, 1},
	{Front, []rune("性别"), Point{8.6, rowSex}, Point{12.8, rowSex}, 2},
	{Front, []rune("民族"), Point{27.2, rowSex}, Point{31.2, rowSex}, 2},
	{Front, []rune("出生"), Point{8.6, rowBirth}, Point{12.8, rowBirth}, 3},
	{Front, []rune("住址"), Point{8.6, rowAddress}, Point{12.8, rowAddress}, 4},
}

func (a *anchor) place(i int) Point {
	return a.first.towards(a.last, float64(i)/float64(len(a.chars)-1))
}
