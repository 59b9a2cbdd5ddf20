package nn

import (
	"fmt"
	"slices"
)

// packs are the packed weights that the programs of one Model share, by the output that they belong to.
type packs map[string][]float32

// share returns the weights packed for an output before, if they are the same, and keeps them for the next program if
// there are none. They could differ where folding depends on the input's shape; then the program keeps its own.
func (p packs) share(output string, part int, packed []float32) []float32 {
	key := fmt.Sprint(output, "/", part)
	before, ok := p[key]
	if !ok {
		p[key] = packed
	} else if slices.Equal(before, packed) {
		return before
	}
	return packed
}
