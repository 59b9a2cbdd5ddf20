package finger

import (
	"fmt"
	"slices"
	"strings"
)

// positions are the fingers by their number in ISO/IEC 19794-2:2005, table 2.
var positions = []string{
	"unknown",
	"right-thumb", "right-index", "right-middle", "right-ring", "right-little",
	"left-thumb", "left-index", "left-middle", "left-ring", "left-little",
}

// PositionName is the name of a finger, such as "right-index" for 2; "unknown" for 0 and what is no position.
func PositionName(position uint8) string {
	if int(position) < len(positions) {
		return positions[position]
	}
	return positions[0]
}

// ParsePosition is the position of a finger's name, 1 to 10.
func ParsePosition(name string) (uint8, error) {
	if i := slices.Index(positions, name); i > 0 {
		return uint8(i), nil
	}
	return 0, fmt.Errorf("finger: no finger is called %.32q, allowed are %s", name, strings.Join(positions[1:], ", "))
}
