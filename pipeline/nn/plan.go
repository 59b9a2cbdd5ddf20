package nn

import (
	"cmp"
	"fmt"
	"slices"
)

// plan gives every buffer its place in the arena, so that buffers in use at the same time never overlap, and returns
// the arena's size in floats; those merged with another have the other's. Larger buffers are placed first, each into the lowest gap that is wide enough.
func plan(buffers []*buffer, zeros int, limit int64) (int, error) {
	order := slices.Clone(buffers)
	slices.SortStableFunc(order, func(a, b *buffer) int { return cmp.Compare(b.size, a.size) })
	var placed []*buffer // by offset
	total := zeros
	for _, b := range order {
		if b.home != nil {
			continue
		}
		at := zeros
		for _, p := range placed {
			if p.first > b.last || p.last < b.first {
				continue
			}
			if p.offset-at >= room(b.size) {
				break
			}
			at = max(at, p.offset+room(p.size))
		}
		b.offset = at
		total = max(total, at+room(b.size))
		i, _ := slices.BinarySearchFunc(placed, at, func(p *buffer, at int) int { return cmp.Compare(p.offset, at) })
		placed = slices.Insert(placed, i, b)
	}
	for _, b := range buffers {
		b.offset = b.root().offset
	}
	if total += slack; int64(total)*4 > limit {
		return 0, fmt.Errorf("nn: the activations take %d bytes, limit %d (too large an input?): %w", int64(total)*4, limit, ErrUnsupported)
	}
	return total, nil
}

// room rounds a size up to a cache line, so that vectors start on one.
func room(size int) int { return roundUp(size, 16) }

func roundUp(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }
