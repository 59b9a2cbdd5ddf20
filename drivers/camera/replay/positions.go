package replay

import (
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// places says where in a TOML file each key stands: "step.2.from.width" for a key of the third step's view.
type places map[string][2]int

// find returns line and column, counted from 1, of a key or, where it is not written down, of what it belongs to.
func (p places) find(key string) (line, column int) {
	for {
		if at, ok := p[key]; ok {
			return at[0], at[1]
		}
		cut := strings.LastIndexByte(key, '.')
		if cut < 0 {
			return 1, 1
		}
		key = key[:cut]
	}
}

// positions reads data, which is known to be good TOML. The decoder tells no places of values that it could read, so that
// values that are well-formed and wrong need this second reading.
func positions(data []byte) places {
	p := places{}
	var parser unstable.Parser
	parser.Reset(data)
	table, steps := "", -1
	for parser.NextExpression() {
		e := parser.Expression()
		switch e.Kind {
		case unstable.ArrayTable:
			steps++
			table = "step." + strconv.Itoa(steps)
			p.note(&parser, table, e)
		case unstable.Table:
			table = keyOf(e.Key())
			if rest, ok := strings.CutPrefix(table, "step."); ok {
				table = "step." + strconv.Itoa(steps) + "." + rest
			}
			p.note(&parser, table, e)
		case unstable.KeyValue:
			p.value(&parser, table, e)
		}
	}
	return p
}

// value notes a key and, of an inline table or an array of them, the keys within.
func (p places) value(parser *unstable.Parser, table string, e *unstable.Node) {
	path := keyOf(e.Key())
	if table != "" {
		path = table + "." + path
	}
	p.note(parser, path, e)
	p.children(parser, path, e.Value())
}

func (p places) children(parser *unstable.Parser, path string, v *unstable.Node) {
	if v.Kind != unstable.InlineTable && v.Kind != unstable.Array {
		return
	}
	index := 0
	for it := v.Children(); it.Next(); {
		n := it.Node()
		switch n.Kind {
		case unstable.KeyValue:
			p.value(parser, path, n)
		case unstable.InlineTable:
			p.children(parser, path+"."+strconv.Itoa(index), n)
			index++
		}
	}
}

func (p places) note(parser *unstable.Parser, path string, e *unstable.Node) {
	it := e.Key()
	if !it.Next() {
		return
	}
	at := parser.Shape(it.Node().Raw).Start
	if _, ok := p[path]; !ok {
		p[path] = [2]int{at.Line, at.Column}
	}
}

func keyOf(it unstable.Iterator) string {
	var parts []string
	for it.Next() {
		parts = append(parts, string(it.Node().Data))
	}
	return strings.Join(parts, ".")
}
