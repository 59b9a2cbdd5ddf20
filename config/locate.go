package config

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// spot is a place in a file, from line 1 and column 1; the zero spot is nowhere.
type spot struct{ line, column int }

// place is where a key and its value stand. A table's value stands where its name does.
type place struct {
	key, value spot
	text       bool // a text on one line, whose content begins one column further on
}

// places is the place of each key of a file.
type places map[string]place

// of is the place of a key, or of the nearest table above it that the file has.
func (p places) of(key string) place {
	for key != "" {
		if at, known := p[key]; known {
			return at
		}
		key = key[:max(0, strings.LastIndexAny(key, ".["))]
	}
	return place{}
}

// locate finds the place of each value, and of each table's name, as far as the document is TOML.
func locate(data []byte) places {
	at, _ := locateAll(data)
	return at
}

// locateAll also finds where a key or table is defined again for the first time, nowhere if there is none.
func locateAll(data []byte) (places, spot) {
	l := locator{places: places{}, tables: map[string]int{}, defined: map[string]bool{}}
	l.parser.Reset(data)
	table := ""
	for l.parser.NextExpression() {
		node := l.parser.Expression()
		switch node.Kind {
		case unstable.Table:
			table = l.key("", node)
			l.define(table)
		case unstable.ArrayTable:
			name := l.key("", node)
			table = fmt.Sprintf("%s[%d]", name, l.tables[name])
			l.tables[name]++
			l.places[table] = l.places[name]
		case unstable.KeyValue:
			l.value(l.key(table, node), node.Value())
		}
	}
	return l.places, l.again
}

type locator struct {
	parser  unstable.Parser
	places  places
	tables  map[string]int // how many tables of a name there were so far
	defined map[string]bool
	again   spot
}

func (l *locator) define(key string) {
	if l.defined[key] && l.again == (spot{}) {
		l.again = l.places[key].key
	}
	l.defined[key] = true
}

// key joins the parts of a key and notes where its last part stands.
func (l *locator) key(table string, node *unstable.Node) string {
	key := table
	for parts := node.Key(); parts.Next(); {
		part := parts.Node()
		key = join(key, string(part.Data))
		if n := l.tables[key]; n > 0 && !parts.IsLast() {
			key = fmt.Sprintf("%s[%d]", key, n-1) // [a.b] within the last [[a]]
		}
		at := l.spot(part.Raw)
		l.places[key] = place{key: at, value: at}
	}
	return key
}

func (l *locator) value(key string, node *unstable.Node) {
	l.define(key)
	switch node.Kind {
	case unstable.Array:
		children := node.Children()
		for i := 0; children.Next(); i++ {
			element := fmt.Sprintf("%s[%d]", key, i)
			l.places[element] = l.places[key]
			l.value(element, children.Node())
		}
		return
	case unstable.InlineTable:
		for children := node.Children(); children.Next(); {
			child := children.Node()
			l.value(l.key(key, child), child.Value())
		}
		return
	}
	raw := node.Raw
	if raw.Length == 0 && len(node.Data) > 0 {
		raw = l.parser.Range(node.Data)
	}
	if raw.Length == 0 {
		return
	}
	at := l.places[key]
	at.value = l.spot(raw)
	// Without escapes and line breaks, a text is as long as its content and two quotes.
	at.text = node.Kind == unstable.String && int(raw.Length) == len(node.Data)+2
	l.places[key] = at
}

func (l *locator) spot(raw unstable.Range) spot {
	before := l.parser.Data()[:raw.Offset]
	return spot{
		line:   1 + bytes.Count(before, []byte("\n")),
		column: len(before) - bytes.LastIndexByte(before, '\n'),
	}
}
