package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"umbral/config/policy"
)

// binder puts the values of a TOML document into a Config, and gathers everything that does not fit.
type binder struct {
	errs   Errors
	failed map[string]bool // keys that are in errs
}

func (b *binder) fail(key, format string, args ...any) {
	if b.failed == nil {
		b.failed = map[string]bool{}
	}
	b.failed[key] = true
	b.errs.add(key, format, args...)
}

func (b *binder) table(values map[string]any, target reflect.Value, key string) {
	t := target.Type()
	var names []string
	for i := range t.NumField() {
		name := t.Field(i).Tag.Get("toml")
		names = append(names, name)
		if value, given := values[name]; given {
			b.value(value, target.Field(i), join(key, name))
		}
	}
	for name := range values {
		if indexOf(names, name) < 0 {
			b.unknown(join(key, name), name, names)
		}
	}
}

func (b *binder) unknown(key, name string, names []string) {
	hint := "unknown key, allowed here: " + strings.Join(names, ", ")
	if near := nearest(name, names); near != "" {
		hint = fmt.Sprintf("unknown key (did you mean %q?)", near)
	} else if other := elsewhere(name); other != "" {
		hint = fmt.Sprintf("unknown key (did you mean %q?)", other)
	}
	b.fail(key, "%s", hint)
	b.errs[len(b.errs)-1].ofKey = true
}

// elsewhere is the first key of that name in any table.
func elsewhere(name string) (found string) {
	c := Default()
	each(reflect.ValueOf(&c).Elem(), "", func(key string, _ reflect.StructField, _ reflect.Value) {
		if found == "" && strings.HasSuffix(key, "."+name) {
			found = key
		}
	})
	return found
}

var durationType = reflect.TypeFor[time.Duration]()

// value puts one value into its field.
func (b *binder) value(value any, target reflect.Value, key string) {
	switch {
	case target.Type() == durationType:
		b.duration(value, target, key)
		return
	case isText(target.Type()):
		b.text(value, target, key)
		return
	case target.Kind() == reflect.Struct:
		if values, ok := value.(map[string]any); ok {
			b.table(values, target, key)
			return
		}
	case target.Kind() == reflect.Slice:
		if list, ok := value.([]any); ok {
			b.list(list, target, key)
			return
		}
	case target.Kind() == reflect.String:
		if s, ok := value.(string); ok {
			target.SetString(s)
			return
		}
	case target.Kind() == reflect.Bool:
		if v, ok := value.(bool); ok {
			target.SetBool(v)
			return
		}
	case target.Kind() == reflect.Int:
		if n, ok := value.(int64); ok && !target.OverflowInt(n) {
			target.SetInt(n)
			return
		}
	case target.Kind() == reflect.Float64:
		switch n := value.(type) {
		case float64:
			target.SetFloat(n)
			return
		case int64:
			target.SetFloat(float64(n))
			return
		}
	}
	b.fail(key, "found %s, allowed is %s", describe(value), wanted(target.Type()))
}

func (b *binder) duration(value any, target reflect.Value, key string) {
	const allowed = `a time with its unit in quotes, such as "10s", "500ms", "1m30s" or "2h"`
	s, ok := value.(string)
	if !ok {
		b.fail(key, "found %s, allowed is %s", describe(value), allowed)
		return
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		b.fail(key, "found %s, allowed is %s", quote(s), allowed)
		return
	}
	target.SetInt(int64(d))
}

// text puts a text into a value that parses it.
func (b *binder) text(value any, target reflect.Value, key string) {
	s, ok := value.(string)
	if !ok {
		b.fail(key, "found %s, allowed is text in quotes", describe(value))
		return
	}
	err := target.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s))
	var where *policy.Error
	switch {
	case errors.As(err, &where):
		b.fail(key, "%s", where.Message)
		b.errs[len(b.errs)-1].inText = where.Column
	case err != nil:
		b.fail(key, "found %v", err)
	}
}

func (b *binder) list(list []any, target reflect.Value, key string) {
	const most = 1000
	if len(list) > most {
		b.fail(key, "%d elements, limit %d", len(list), most)
		return
	}
	target.Set(reflect.MakeSlice(target.Type(), len(list), len(list)))
	for i, value := range list {
		b.value(value, target.Index(i), fmt.Sprintf("%s[%d]", key, i))
	}
}

func wanted(t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Struct:
		return "a table"
	case isTables(t):
		return "a list of tables, each headed by the key in double brackets"
	case t.Kind() == reflect.Slice:
		return `a list, such as ["a", "b"]`
	case t.Kind() == reflect.String:
		return "text in quotes"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int:
		return "a whole number"
	}
	return "a number"
}

func describe(value any) string {
	switch v := value.(type) {
	case string:
		return "the text " + quote(v)
	case bool:
		return fmt.Sprint(v)
	case int64, float64:
		return fmt.Sprintf("the number %v", v)
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "a date or time"
}

func indexOf(names []string, name string) int {
	for i, n := range names {
		if n == name {
			return i
		}
	}
	return -1
}

// nearest is the name that takes the fewest changes to get to, if they are few.
func nearest(name string, names []string) string {
	if len(name) > 64 {
		return ""
	}
	best, least := "", 1+max(1, (len(name)+1)/3)
	for _, n := range names {
		if d := changes(strings.ToLower(name), n); d < least {
			best, least = n, d
		}
	}
	return best
}

// changes counts the letters to insert, delete or replace between a and b (Levenshtein's distance).
func changes(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
