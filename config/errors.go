package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is one thing that is wrong with a configuration.
type Error struct {
	File   string // as given to Load or Parse; empty for a Config that came from no file
	Line   int    // from 1; 0 where the value stands in no file
	Column int    // in bytes from 1
	Key    string // such as "camera.width" or "fleet.keys[0].public"; empty for a file that is no TOML
	// Message says what was found and what is allowed.
	Message string

	ofKey  bool // the key is wrong, not its value
	inText int  // column within the value, from 1; 0 for the whole value
}

// Error gives "config: file:line:column: key: message".
func (e Error) Error() string { return "config: " + e.text() }

func (e Error) text() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
		}
		b.WriteString(": ")
	}
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.Message)
	return b.String()
}

// Errors is everything that is wrong with a configuration, in the order of the file.
type Errors []Error

// maxErrors is how many errors Errors.Error writes out.
const maxErrors = 20

// Error gives one line an error.
func (e Errors) Error() string {
	var b strings.Builder
	b.WriteString("config: ")
	for i, one := range e {
		if i == maxErrors {
			fmt.Fprintf(&b, "\nand %d more", len(e)-i)
			break
		}
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(one.text())
	}
	return b.String()
}

// Unwrap gives each error, so that errors.As finds them.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i := range e {
		all[i] = e[i]
	}
	return all
}

func (e *Errors) add(key, format string, args ...any) {
	*e = append(*e, Error{Key: key, Message: fmt.Sprintf(format, args...)})
}

// err is e as an error, nil when there is none.
func (e Errors) err() error {
	if len(e) == 0 {
		return nil
	}
	slices.SortStableFunc(e, func(a, b Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return e
}

// quote shows a value of the file in a message, shortened.
func quote(v any) string {
	s := fmt.Sprintf("%v", v)
	if text, ok := v.(string); ok {
		s = fmt.Sprintf("%q", text)
	}
	if r := []rune(s); len(r) > 80 {
		s = string(r[:80]) + "…"
	}
	return s
}
