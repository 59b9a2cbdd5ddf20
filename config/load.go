package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxFile bounds a configuration file.
const maxFile = 1 << 20

// Load reads, checks and resolves the file at path: relative names in it are taken from its own folder. Errors in its
// content are of type Errors.
func Load(path string) (Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return Config{}, fmt.Errorf("config: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return Config{}, fmt.Errorf("config: %s: %w", path, err)
	}
	c, err := Parse(path, data)
	if err != nil {
		return Config{}, err
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return Config{}, fmt.Errorf("config: %s: %w", path, err)
	}
	c.resolve(folder)
	// Names have grown, and a socket's has room for little.
	if err := c.check().in(path, locate(data)); err != nil {
		return Config{}, err
	}
	return c, nil
}

// Parse reads and checks data; name stands for it in errors. What data does not say is as in Default. Relative names stay
// as they are. Errors are of type Errors, all that could be found at once.
func Parse(name string, data []byte) (Config, error) {
	var errs Errors
	if len(data) > maxFile {
		errs.add("", "more than %d bytes (is this the right file?)", maxFile)
		return Config{}, errs.in(name, nil)
	}
	var values map[string]any
	if err := toml.Unmarshal(data, &values); err != nil {
		return Config{}, Errors{notTOML(name, data, err)}
	}
	at := locate(data)
	c := Default()
	b := binder{}
	b.table(values, reflect.ValueOf(&c).Elem(), "")
	// A value that could not be read is told once: what is checked in its place is only the default.
	for _, e := range c.check() {
		if !b.failed[e.Key] {
			b.errs = append(b.errs, e)
		}
	}
	if err := b.errs.in(name, at); err != nil {
		return Config{}, err
	}
	return c, nil
}

// notTOML is the error of a file that is not TOML.
func notTOML(name string, data []byte, err error) Error {
	e := Error{File: name, Message: strings.TrimPrefix(err.Error(), "toml: ")}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		e.Line, e.Column = decode.Position()
		return e
	}
	// The parser tells everything but the place of what is defined twice.
	_, again := locateAll(data)
	e.Line, e.Column = again.line, again.column
	return e
}

// in gives the errors their places in a file.
func (e Errors) in(name string, at places) error {
	for i := range e {
		p := at.of(e[i].Key)
		where := p.value
		if e[i].ofKey {
			where = p.key
		}
		e[i].File, e[i].Line, e[i].Column = name, where.line, where.column
		if p.text {
			e[i].Column += e[i].inText
		}
	}
	return e.err()
}

// Validate checks the whole configuration: each value's range and what must fit together. The error is of type Errors.
func (c Config) Validate() error { return c.check().err() }

// resolve makes relative names absolute.
func (c *Config) resolve(folder string) {
	each(reflect.ValueOf(c).Elem(), "", func(_ string, f reflect.StructField, v reflect.Value) {
		kind, is := f.Tag.Lookup("path")
		if !is || v.String() == "" {
			return
		}
		prefix, name := "", v.String()
		if kind == "replay" {
			var replayed bool
			if name, replayed = strings.CutPrefix(name, replayPrefix); !replayed {
				return
			}
			prefix = replayPrefix
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(folder, name)
		}
		v.SetString(prefix + name)
	})
}

// each calls visit for every value of a configuration, tables and lists of tables aside.
func each(v reflect.Value, key string, visit func(key string, f reflect.StructField, v reflect.Value)) {
	for i := range v.NumField() {
		f, field := v.Type().Field(i), v.Field(i)
		name := join(key, f.Tag.Get("toml"))
		switch {
		case field.Kind() == reflect.Struct && !isText(field.Type()):
			each(field, name, visit)
		case isTables(field.Type()):
			visit(name, f, field)
			for j := range field.Len() {
				each(field.Index(j), fmt.Sprintf("%s[%d]", name, j), visit)
			}
		default:
			visit(name, f, field)
		}
	}
}

func isTables(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}
