package feed

import (
	"fmt"
	"strconv"
	"strings"
)

// Setting is a control of the camera and the value that it is to have, such as gain = 64.
type Setting struct {
	Name  string // as the driver calls it, in lower case with _ between the words: "exposure_time_absolute"
	Value int32
}

// Limits of settings.
const (
	maxSettings    = 32
	maxSettingName = 64 // bytes
)

// String is how ParseSetting reads it.
func (s Setting) String() string { return s.Name + "=" + strconv.Itoa(int(s.Value)) }

// ParseSetting reads "gain=64". Switches take on and off as well.
func ParseSetting(text string) (Setting, error) {
	name, value, found := strings.Cut(text, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !found || !isSettingName(name) {
		return Setting{}, fmt.Errorf("camera: control %q, wanted is name=value with a name of a-z 0-9 _, such as gain=64", text)
	}
	switch value {
	case "on", "true":
		return Setting{name, 1}, nil
	case "off", "false":
		return Setting{name, 0}, nil
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		return Setting{}, fmt.Errorf("camera: control %s: %q is no whole number of 32 bits, nor on or off", name, value)
	}
	return Setting{name, int32(n)}, nil
}

func isSettingName(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return s != "" && len(s) <= maxSettingName
}

// SettingName is the name of a control that its driver calls so: "White Balance, Automatic" is white_balance_automatic.
func SettingName(driver string) string {
	var b strings.Builder
	gap := false
	for i := range len(driver) {
		c := driver[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('_')
			gap = false
		}
		b.WriteByte(c)
		if b.Len() >= maxSettingName {
			break
		}
	}
	return b.String()
}
