// Package enum names the values of small integer types in journals, configurations and messages.
package enum

import (
	"fmt"
	"slices"
)

// Name returns the name of a value, and "unknown(N)" for a value without one.
func Name[T ~uint8](names []string, v T) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("unknown(%d)", v)
}

// Parse returns the value of a name. The error says what was read and which names are allowed.
func Parse[T ~uint8](what string, names []string, text string) (T, error) {
	i := slices.Index(names, text)
	if i < 0 {
		return 0, fmt.Errorf("%s %q, allowed %q", what, Clip(text), names)
	}
	return T(i), nil
}

// maxShown bounds what Clip leaves of a text, in bytes.
const maxShown = 60

// Clip shortens a text from outside for a message.
func Clip(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return s[:maxShown] + "…"
}
