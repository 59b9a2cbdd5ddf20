package config

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// facts is the line that umbral.toml has to carry above a key: what is allowed, and the default.
func facts(f reflect.StructField, v reflect.Value) string {
	tag := f.Tag
	allowed := ""
	switch {
	case tag.Get("range") != "":
		allowed = "Allowed: " + rangeText(tag.Get("range"), tag.Get("unit"))
	case tag.Get("oneof") != "" && v.Kind() == reflect.Slice:
		allowed = "Allowed: any of " + strings.ReplaceAll(tag.Get("oneof"), "|", ", ")
	case tag.Get("oneof") != "":
		allowed = "Allowed: " + strings.ReplaceAll(tag.Get("oneof"), "|", ", ")
	case v.Kind() == reflect.Bool:
		allowed = "Allowed: true, false"
	case tag.Get("path") == "dir":
		allowed = "Allowed: the name of a folder"
	case tag.Get("path") == "file":
		allowed = "Allowed: the name of a file"
	case v.Kind() == reflect.Slice:
		low, high, _ := strings.Cut(tag.Get("length"), "..")
		allowed = fmt.Sprintf("Allowed: a list of %s to %s texts", low, high)
	default:
		low, high, _ := strings.Cut(tag.Get("length"), "..")
		allowed = fmt.Sprintf("Allowed: text of %s to %s bytes", low, high)
		if low == high {
			allowed = fmt.Sprintf("Allowed: text of %s bytes", low)
		}
	}
	return fmt.Sprintf("# %s. Default: %s.", allowed, show(v))
}

// documented is every line of umbral.toml that sets a key, with the comment above it. Keys without a default, in lists
// of tables, are commented out with "#" and no space.
type documented struct {
	line    string
	comment []string
}

func readExample(t *testing.T) map[string]documented {
	t.Helper()
	keys := map[string]documented{}
	assignment := regexp.MustCompile(`^#?([a-z0-9_]+) = `)
	table := regexp.MustCompile(`^#?\[+([a-z.]+)\]+$`)
	section := ""
	var comment []string
	for _, line := range strings.Split(Example(), "\n") {
		switch {
		case table.MatchString(line):
			section, comment = table.FindStringSubmatch(line)[1], nil
		case assignment.MatchString(line):
			key := section + "." + assignment.FindStringSubmatch(line)[1]
			if _, twice := keys[key]; twice {
				t.Errorf("%s stands twice in umbral.toml", key)
			}
			keys[key] = documented{line, comment}
			comment = nil
		case strings.HasPrefix(line, "# "):
			comment = append(comment, line)
		default:
			comment = nil
		}
	}
	return keys
}

func TestExampleIsTheDefault(t *testing.T) {
	c, err := Parse("umbral.toml", []byte(Example()))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Default(), c); d != "" {
		t.Errorf("umbral.toml is not the default (-default +umbral.toml):\n%s", d)
	}
	if c, err = Parse("empty", nil); err != nil || !cmp.Equal(Default(), c) {
		t.Errorf("an empty file gives %+v, %v", c, err)
	}
}

func TestExampleExplainsEveryKey(t *testing.T) {
	keys := readExample(t)
	known := map[string]bool{}
	explain := func(key string, f reflect.StructField, v reflect.Value, withDefault bool) {
		known[key] = true
		d, found := keys[key]
		if !found {
			t.Errorf("umbral.toml lacks %s", key)
			return
		}
		want := facts(f, v)
		if !withDefault {
			want, _, _ = strings.Cut(want, " Default: ")
		}
		if n := len(d.comment); n < 2 || d.comment[n-1] != want {
			t.Errorf("above %s in umbral.toml stands\n%s\nwant an explanation and\n%s", key, strings.Join(d.comment, "\n"), want)
		}
		if withDefault && d.line != f.Tag.Get("toml")+" = "+show(v) {
			t.Errorf("umbral.toml says %q, the default is %s", d.line, show(v))
		}
	}
	c := Default()
	each(reflect.ValueOf(&c).Elem(), "", func(key string, f reflect.StructField, v reflect.Value) {
		if !isTables(v.Type()) {
			explain(key, f, v, true)
			return
		}
		element := reflect.New(v.Type().Elem()).Elem()
		each(element, key, func(key string, f reflect.StructField, v reflect.Value) { explain(key, f, v, false) })
	})
	for key := range keys {
		if !known[key] {
			t.Errorf("umbral.toml explains %s, which is no key", key)
		}
	}
}

// The commented example of a command key works once the marks are gone.
func TestExampleOfKeys(t *testing.T) {
	text := regexp.MustCompile(`(?m)^#([a-z\[])`).ReplaceAllString(Example(), "$1")
	c, err := Parse("umbral.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Fleet.Keys) != 1 || c.Fleet.Keys[0].Name == "" {
		t.Errorf("keys: %+v", c.Fleet.Keys)
	}
}

// Every tag is one that the code knows, and each field has what a reader has to be told.
func TestTags(t *testing.T) {
	var walk func(reflect.Type, string)
	walk = func(typ reflect.Type, key string) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			name := join(key, f.Tag.Get("toml"))
			switch {
			case f.Tag.Get("toml") == "":
				t.Errorf("%s.%s has no key", typ, f.Name)
			case f.Type.Kind() == reflect.Struct && !isText(f.Type):
				walk(f.Type, name)
				continue
			case isTables(f.Type):
				walk(f.Type.Elem(), name)
			}
			_, limited := f.Tag.Lookup("range")
			_, closed := f.Tag.Lookup("oneof")
			_, length := f.Tag.Lookup("length")
			if !limited && !closed && !length && f.Type.Kind() != reflect.Bool {
				t.Errorf("%s has no limits", name)
			}
		}
	}
	walk(reflect.TypeFor[Config](), "")
}
