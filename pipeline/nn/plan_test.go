package nn

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// No two buffers that are in use at the same step overlap, and none lies in the zeros or beyond the arena.
func TestPlanKeepsTheLivingApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var buffers []*buffer
		for range rapid.IntRange(0, 40).Draw(t, "buffers") {
			first := rapid.IntRange(-1, 20).Draw(t, "first")
			last := rapid.OneOf(rapid.IntRange(first, 25), rapid.Just(forever)).Draw(t, "last")
			buffers = append(buffers, &buffer{size: rapid.IntRange(1, 300).Draw(t, "size"), first: first, last: last})
		}
		if n := len(buffers); n > 1 && rapid.Bool().Draw(t, "merged") {
			// As merge does: the second begins where the first ends, and both are of one size.
			a, b := buffers[0], buffers[1]
			b.size, b.first = a.size, min(a.last, 25)
			b.last = max(b.last, b.first)
			b.home, a.last = a, max(a.last, b.last)
		}
		zeros := room(rapid.IntRange(0, 100).Draw(t, "zeros"))
		total, err := plan(buffers, zeros, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		all := 0
		for i, a := range buffers {
			all += room(a.size)
			if a.offset < zeros || a.offset%16 != 0 || a.offset+a.size+slack > total {
				t.Fatalf("buffer %d: %+v in an arena of %d after %d zeros", i, *a, total, zeros)
			}
			for _, b := range buffers[:i] {
				if a.home == b || b.home == a {
					if a.offset != b.offset {
						t.Fatalf("%+v and %+v are merged", *a, *b)
					}
					continue
				}
				together := a.first <= b.last && b.first <= a.last
				if together && a.offset < b.offset+b.size && b.offset < a.offset+a.size {
					t.Fatalf("%+v and %+v overlap", *a, *b)
				}
			}
		}
		if total > zeros+all+slack {
			t.Fatalf("an arena of %d for buffers of %d together", total, all)
		}
	})
}

func TestPlanRefusesTooLargeAnArena(t *testing.T) {
	if _, err := plan([]*buffer{{size: 1000}}, 0, 4000); !errors.Is(err, ErrUnsupported) {
		t.Errorf("error %v, want ErrUnsupported", err)
	}
}

// places lists where a view's elements lie, in logical order.
func places(shape, strides []int) (list []int) {
	if len(shape) == 0 {
		return []int{0}
	}
	for i := range shape[0] {
		for _, p := range places(shape[1:], strides[1:]) {
			list = append(list, i*strides[0]+p)
		}
	}
	return list
}

// randomView draws a shape and the strides of a transposed, sliced tensor.
func randomView(t *rapid.T) (shape, strides []int) {
	whole := rapid.SliceOfN(rapid.IntRange(1, 4), 1, 5).Draw(t, "shape")
	strides = rowMajor(whole)
	for i, d := range whole {
		shape = append(shape, rapid.IntRange(1, d).Draw(t, "cut"))
		if d == 1 {
			strides[i] = rapid.IntRange(0, 7).Draw(t, "stride of one")
		}
	}
	order := rapid.Permutation([]int{0, 1, 2, 3, 4}[:len(shape)]).Draw(t, "order")
	v := (&view{shape: shape, strides: strides}).permute(order)
	return v.shape, v.strides
}

// A view in another shape holds the same floats in the same order; where it is refused there is none.
func TestRestride(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape, strides := randomView(t)
		var to []int
		for n := elements(shape); n > 1; {
			var divisors []int
			for d := 1; d <= n; d++ {
				if n%d == 0 {
					divisors = append(divisors, d)
				}
			}
			d := rapid.SampledFrom(divisors[1:]).Draw(t, "dimension")
			if to = append(to, d); rapid.Bool().Draw(t, "one") {
				to = append(to, 1)
			}
			n /= d
		}
		got, ok := restride(shape, strides, to)
		if want := places(shape, strides); ok && !slices.Equal(places(to, got), want) {
			t.Fatalf("%v with strides %v as %v: strides %v", shape, strides, to, got)
		}
		if !ok && slices.Equal(strides, rowMajor(shape)) {
			t.Fatalf("%v in row-major order is refused as %v", shape, to)
		}
	})
}

// A nest visits the same pairs of places as the plain loops, each once, from whatever row it starts.
func TestNestVisitsEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape, from := randomView(t)
		to := rowMajor(shape)
		order := rapid.Permutation([]int{0, 1, 2, 3, 4}[:len(shape)]).Draw(t, "memory order")
		n := 1
		for i := len(order) - 1; i >= 0; i-- {
			to[order[i]] = n
			n *= shape[order[i]]
		}
		var want [][2]int
		a, b := places(shape, to), places(shape, from)
		for i := range a {
			want = append(want, [2]int{a[i], b[i]})
		}
		for what, n := range map[string]nest{"joined": joined(shape, to, from), "lengthened": newNest(shape, to, from)} {
			var got [][2]int
			cut := rapid.IntRange(0, n.rows()).Draw(t, "cut")
			for _, part := range [][2]int{{0, cut}, {cut, n.rows()}} {
				c := n.seek(part[0])
				for range part[1] - part[0] {
					for k := range n.inner() {
						got = append(got, [2]int{c.offsets[0] + k*n.strides[0][n.rank-1], c.offsets[1] + k*n.strides[1][n.rank-1]})
					}
					n.next(&c)
				}
			}
			compare := func(x, y [2]int) int { return x[0] - y[0] }
			slices.SortFunc(got, compare)
			slices.SortFunc(want, compare)
			if !slices.Equal(got, want) {
				t.Fatalf("%s %v, strides %v and %v: visits %v, want %v", what, shape, to, from, got, want)
			}
		}
	})
}

// What refine returns divides both shapes, so that both are views of it.
func TestRefine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fine := rapid.SliceOfN(rapid.IntRange(2, 4), 1, 4).Draw(t, "fine")
		merge := func(label string) (shape []int) {
			for _, d := range fine {
				if len(shape) > 0 && rapid.Bool().Draw(t, label) {
					shape[len(shape)-1] *= d
				} else {
					shape = append(shape, d)
				}
			}
			return shape
		}
		a, b := merge("a"), merge("b")
		got := refine(a, b)
		if elements(got) != elements(fine) {
			t.Fatalf("refine(%v, %v) is %v", a, b, got)
		}
		for _, shape := range [][]int{a, b} {
			v := &view{shape: shape, strides: rowMajor(shape)}
			if _, ok := v.reshape(got); !ok {
				t.Fatalf("%v is no view of %v", got, shape)
			}
		}
	})
	if got := refine([]int{2, 3}, []int{3, 2}); got != nil {
		t.Errorf("refine of shapes whose boundaries do not divide is %v", got)
	}
}
