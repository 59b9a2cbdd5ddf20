package nn

// maxRank is the rank that loops over tensors are built for, after the dimensions that can be joined are joined.
const maxRank = 8

// nest walks several tensors of one shape together: operand 0 is written, the others are read. A stride of 0 repeats
// an element (broadcasting).
type nest struct {
	rank    int
	dims    [maxRank]int
	strides [4][maxRank]int // by operand
	count   int             // operands
}

// newNest is a nest whose innermost runs are long.
func newNest(shape []int, operands ...[]int) nest {
	n := joined(shape, operands...)
	n.lengthen()
	return n
}

// interleaves says that two operands' innermost dimensions are a merging of two runs: out a₀b₀a₁b₁…, in a₀a₁…b₀b₁….
func (n *nest) interleaves() bool {
	last := n.rank - 1
	return n.count == 2 && last >= 1 && n.dims[last] == 2 && n.dims[last-1] >= shortRun &&
		n.strides[0][last] == 1 && n.strides[0][last-1] == 2 && n.strides[1][last-1] == 1
}

// joined orders the dimensions so that the written operand is walked in the order of its memory, and joins those that
// all operands hold side by side.
func joined(shape []int, operands ...[]int) nest {
	n := nest{count: len(operands)}
	for d, size := range shape {
		if size == 1 {
			continue
		}
		at := n.rank
		for at > 0 && n.strides[0][at-1] < operands[0][d] {
			at--
		}
		for k := n.rank; k > at; k-- {
			n.dims[k] = n.dims[k-1]
			for o := range operands {
				n.strides[o][k] = n.strides[o][k-1]
			}
		}
		n.dims[at] = size
		for o := range operands {
			n.strides[o][at] = operands[o][d]
		}
		n.rank++
	}
	for k := n.rank - 1; k > 0; k-- {
		joinable := true
		for o := range n.count {
			joinable = joinable && n.strides[o][k-1] == n.strides[o][k]*n.dims[k]
		}
		if !joinable {
			continue
		}
		n.dims[k-1] *= n.dims[k]
		for o := range n.count {
			n.strides[o][k-1] = n.strides[o][k]
		}
		for m := k; m < n.rank-1; m++ {
			n.dims[m] = n.dims[m+1]
			for o := range n.count {
				n.strides[o][m] = n.strides[o][m+1]
			}
		}
		n.rank--
	}
	if n.rank == 0 {
		n.rank, n.dims[0] = 1, 1
		for o := range n.count {
			n.strides[o][0] = 1
		}
	}
	return n
}

// shortRun is an innermost run that isn't worth a run of its own.
const shortRun = 8

// lengthen makes the longest dimension the innermost where the innermost is short: a strided loop costs less than the
// walk from row to row.
func (n *nest) lengthen() {
	last := n.rank - 1
	if last < 1 || n.dims[last] >= shortRun {
		return
	}
	longest := last
	for k := range last {
		if n.dims[k] > n.dims[longest] {
			longest = k
		}
	}
	n.dims[longest], n.dims[last] = n.dims[last], n.dims[longest]
	for o := range n.count {
		n.strides[o][longest], n.strides[o][last] = n.strides[o][last], n.strides[o][longest]
	}
}

// A run of this many floats or fewer is not worth sharing.
const sharedRun = 4096

// divide cuts a long innermost run into equal ones, so that threads can share them.
func (n *nest) divide() {
	last := n.rank - 1
	if n.dims[last] <= sharedRun || n.rank == maxRank {
		return
	}
	size := sharedRun
	for n.dims[last]%size != 0 {
		if size--; size < sharedRun/4 {
			return
		}
	}
	n.rank++
	n.dims[last], n.dims[last+1] = n.dims[last]/size, size
	for o := range n.count {
		n.strides[o][last], n.strides[o][last+1] = n.strides[o][last]*size, n.strides[o][last]
	}
}

// elementNest is a nest of an element-wise step, whose runs threads can share.
func elementNest(shape []int, operands ...[]int) nest {
	n := newNest(shape, operands...)
	n.divide()
	return n
}

// rows is the number of innermost runs.
func (n *nest) rows() int {
	rows := 1
	for k := range n.rank - 1 {
		rows *= n.dims[k]
	}
	return rows
}

// inner is the length of an innermost run.
func (n *nest) inner() int { return n.dims[n.rank-1] }

// cursor walks the rows of a nest.
type cursor struct {
	index   [maxRank]int
	offsets [4]int
}

// seek goes to a row.
func (n *nest) seek(row int) (c cursor) {
	for k := n.rank - 2; k >= 0; k-- {
		c.index[k] = row % n.dims[k]
		row /= n.dims[k]
		for o := range n.count {
			c.offsets[o] += c.index[k] * n.strides[o][k]
		}
	}
	return c
}

// next goes to the row after.
func (n *nest) next(c *cursor) {
	for k := n.rank - 2; k >= 0; k-- {
		c.index[k]++
		for o := range n.count {
			c.offsets[o] += n.strides[o][k]
		}
		if c.index[k] < n.dims[k] {
			return
		}
		for o := range n.count {
			c.offsets[o] -= n.strides[o][k] * n.dims[k]
		}
		c.index[k] = 0
	}
}
