package nn

import (
	"fmt"
	"slices"
)

// buffer is a piece of the arena. Its place is chosen when all steps are known.
type buffer struct {
	size        int     // floats
	first, last int     // the steps between which it holds something
	offset      int     // in the arena
	home        *buffer // whose place it takes over, nil for a place of its own
}

// forever is the last step of what must outlive a run.
const forever = 1 << 30

// view is a tensor in memory: logical dimensions with a stride each, so that transposing, slicing, splitting and most
// reshaping cost nothing.
type view struct {
	buf      *buffer
	constant []float32 // instead of buf
	offset   int
	shape    []int
	strides  []int
}

func (v *view) String() string { return fmt.Sprint(v.shape) }

// resolve returns the floats from the view's first element on.
func (v *view) resolve(arena []float32) []float32 {
	if v.buf == nil {
		return v.constant[v.offset:]
	}
	return arena[v.buf.offset+v.offset:]
}

// start is the place of the first element in the arena.
func (v *view) start() int { return v.buf.offset + v.offset }

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// rowMajor are the strides of a tensor stored in the order of its dimensions.
func rowMajor(shape []int) []int {
	strides := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = n
		n *= shape[i]
	}
	return strides
}

// channelsLast are the strides of a tensor [N, C, H, W] stored as N, H, W, C.
func channelsLast(shape []int) []int {
	c, h, w := shape[1], shape[2], shape[3]
	return []int{c * h * w, 1, w * c, c}
}

// sameStrides compares strides where they matter: a dimension of 1 has no stride.
func sameStrides(shape, a, b []int) bool {
	for i, d := range shape {
		if d > 1 && a[i] != b[i] {
			return false
		}
	}
	return true
}

func (v *view) isRowMajor() bool { return sameStrides(v.shape, v.strides, rowMajor(v.shape)) }

// permute reorders the dimensions.
func (v *view) permute(order []int) *view {
	p := *v
	p.shape, p.strides = make([]int, len(order)), make([]int, len(order))
	for i, o := range order {
		p.shape[i], p.strides[i] = v.shape[o], v.strides[o]
	}
	return &p
}

// slice keeps count elements of a dimension, from start, each step apart.
func (v *view) slice(axis, start, step, count int) *view {
	s := *v
	s.shape, s.strides = slices.Clone(v.shape), slices.Clone(v.strides)
	s.offset += start * v.strides[axis]
	s.shape[axis] = count
	s.strides[axis] *= step
	return &s
}

// reshape looks at the same floats as another shape; false where the strides do not allow it.
func (v *view) reshape(shape []int) (*view, bool) {
	strides, ok := restride(v.shape, v.strides, shape)
	if !ok {
		return nil, false
	}
	r := *v
	r.shape, r.strides = slices.Clone(shape), strides
	return &r, true
}

// restride finds strides for another shape of the same elements in the same logical order.
func restride(from, strides, to []int) ([]int, bool) {
	result := make([]int, len(to))
	i, j := 0, 0
	for i < len(from) || j < len(to) {
		// Take dimensions from both sides until they hold the same number of elements.
		i0, j0 := i, j
		n, m := 1, 1
		if i < len(from) {
			n = from[i]
			i++
		}
		if j < len(to) {
			m = to[j]
			j++
		}
		for n != m {
			if n < m {
				if i == len(from) {
					return nil, false
				}
				n *= from[i]
				i++
			} else {
				if j == len(to) {
					return nil, false
				}
				m *= to[j]
				j++
			}
		}
		// The group's dimensions must follow each other in memory.
		inner := -1
		for k := i - 1; k >= i0; k-- {
			if from[k] == 1 {
				continue
			}
			if inner >= 0 && strides[k] != strides[inner]*from[inner] {
				return nil, false
			}
			inner = k
		}
		step := 1
		for k := i - 1; k >= i0; k-- {
			if from[k] != 1 {
				step = strides[k]
				break
			}
		}
		for k := j - 1; k >= j0; k-- {
			result[k] = step
			step *= to[k]
		}
	}
	return result, true
}
