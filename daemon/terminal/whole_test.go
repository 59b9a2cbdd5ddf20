package terminal_test

import (
	"go/ast"
	"strings"
	"testing"
)

// assembly are the types that a Terminal is made of, each with the function that constructs it.
var assembly = map[string]string{
	"Terminal": "New", "gate": "newGate", "vitals": "newVitals", "senses": "newSenses", "judgement": "newJudgement",
	"sources": "newSources",
}

// Whatever a Terminal is made of is assigned where it is constructed and nowhere else.
func TestTerminalIsConstructedWhole(t *testing.T) {
	fields := map[string]bool{}
	var own []source
	for _, s := range sources(t) {
		if s.isTest() || !strings.HasPrefix(s.path, "daemon/terminal/") {
			continue
		}
		own = append(own, s)
		ast.Inspect(s.file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || assembly[spec.Name.Name] == "" {
				return true
			}
			for _, f := range spec.Type.(*ast.StructType).Fields.List {
				for _, name := range f.Names {
					fields[name.Name] = true
				}
			}
			return false
		})
	}
	if len(fields) < 20 {
		t.Fatalf("only %d fields found: %v", len(fields), fields)
	}
	constructors := map[string]bool{}
	for _, f := range assembly {
		constructors[f] = true
	}
	for _, s := range own {
		for _, d := range s.file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil && !(fn.Recv == nil && constructors[fn.Name.Name]) {
				checkWhole(t, s, fn, fields)
			}
		}
	}
}

// checkWhole reports assignments to one of the fields through t, v, s, j or g, as the assembly's parts are called.
func checkWhole(t *testing.T, s source, fn *ast.FuncDecl, fields map[string]bool) {
	parts := map[string]bool{}
	for _, list := range []*ast.FieldList{fn.Recv, fn.Type.Params} {
		if list == nil {
			continue
		}
		for _, p := range list.List {
			typ := p.Type
			if star, ok := typ.(*ast.StarExpr); ok {
				typ = star.X
			}
			if id, ok := typ.(*ast.Ident); ok && assembly[id.Name] != "" {
				for _, name := range p.Names {
					parts[name.Name] = true
				}
			}
		}
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		assign, ok := n.(*ast.AssignStmt)
		if !ok {
			return true
		}
		for _, left := range assign.Lhs {
			sel, ok := left.(*ast.SelectorExpr)
			if !ok || !fields[sel.Sel.Name] {
				continue
			}
			if root, ok := rootOf(sel).(*ast.Ident); ok && parts[root.Name] {
				t.Errorf("%s: %s assigns %s: a part is constructed whole", s.fset.Position(sel.Pos()), fn.Name.Name, sel.Sel.Name)
			}
		}
		return true
	})
}

// rootOf returns what a chain of selectors begins with.
func rootOf(e ast.Expr) ast.Expr {
	for {
		sel, ok := e.(*ast.SelectorExpr)
		if !ok {
			return e
		}
		e = sel.X
	}
}
