package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// check finds everything that is wrong: first each value by its tags, then what must fit together.
func (c *Config) check() Errors {
	var errs Errors
	each(reflect.ValueOf(c).Elem(), "", func(key string, f reflect.StructField, v reflect.Value) {
		checkValue(&errs, key, f.Tag, v)
	})
	c.checkTogether(&errs)
	return errs
}

func checkValue(errs *Errors, key string, tag reflect.StructTag, v reflect.Value) {
	if length, limited := tag.Lookup("length"); limited {
		low, high := bounds(length, strconv.Atoi)
		if n := lengthOf(v); n < low || n > high {
			what := "bytes"
			if v.Kind() == reflect.Slice {
				what = "elements"
			}
			if n == 0 {
				errs.add(key, "found nothing, allowed are %d to %d %s", low, high, what)
			} else {
				errs.add(key, "found %d %s, allowed are %d to %d", n, what, low, high)
			}
		}
	}
	if words, closed := tag.Lookup("oneof"); closed {
		allowed := strings.Split(words, "|")
		switch {
		case isText(v.Type()):
			oneOf(errs, key, textOf(v), allowed)
			return
		case v.Kind() == reflect.String:
			oneOf(errs, key, v.String(), allowed)
			return
		}
		for i, word := range v.Interface().([]string) {
			element := fmt.Sprintf("%s[%d]", key, i)
			oneOf(errs, element, word, allowed)
			if slices.Contains(v.Interface().([]string)[:i], word) {
				errs.add(element, "%q stands there twice", word)
			}
		}
	}
	if limits, limited := tag.Lookup("range"); limited && !inRange(v, limits) {
		errs.add(key, "found %s, allowed is %s", show(v), rangeText(limits, tag.Get("unit")))
	}
}

func oneOf(errs *Errors, key, word string, allowed []string) {
	if !slices.Contains(allowed, word) {
		errs.add(key, "found %s, allowed is one of %s", quote(word), strings.Join(allowed, ", "))
	}
}

// inRange compares so that what is no number is out of every range.
func inRange(v reflect.Value, limits string) bool {
	switch {
	case v.Type() == durationType:
		low, high := bounds(limits, time.ParseDuration)
		d := time.Duration(v.Int())
		return d >= low && d <= high
	case v.Kind() == reflect.Float64:
		low, high := bounds(limits, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) })
		return v.Float() >= low && v.Float() <= high
	}
	low, high := bounds(limits, strconv.Atoi)
	return v.Int() >= int64(low) && v.Int() <= int64(high)
}

// rangeText says "160 to 3840 px".
func rangeText(limits, unit string) string {
	low, high, _ := strings.Cut(limits, "..")
	return strings.TrimSpace(low + " to " + high + " " + unit)
}

// bounds takes a tag such as "1..64" apart. Tags are written by hand and read by every test.
func bounds[T any](tag string, parse func(string) (T, error)) (low, high T) {
	l, h, _ := strings.Cut(tag, "..")
	low, errLow := parse(l)
	high, errHigh := parse(h)
	if errLow != nil || errHigh != nil {
		panic(fmt.Sprintf("config: the tag %q is no range", tag))
	}
	return low, high
}

// isText reports whether values of a type are parsed from text.
func isText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// lengthOf returns the number of elements of a list, or of bytes of a text.
func lengthOf(v reflect.Value) int {
	if isText(v.Type()) {
		return len(textOf(v))
	}
	return v.Len()
}

// textOf returns the text of a value that is parsed from it.
func textOf(v reflect.Value) string {
	text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// show writes a value as TOML would.
func show(v reflect.Value) string {
	switch {
	case v.Type() == durationType:
		return strconv.Quote(shortDuration(time.Duration(v.Int())))
	case isText(v.Type()):
		return strconv.Quote(textOf(v))
	case v.Kind() == reflect.String:
		return strconv.Quote(v.String())
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String:
		words := v.Interface().([]string)
		quoted := make([]string, len(words))
		for i, w := range words {
			quoted[i] = strconv.Quote(w)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case v.Kind() == reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	}
	return fmt.Sprint(v)
}

// shortDuration is d without the zeros at its end: "10m" instead of "10m0s".
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
